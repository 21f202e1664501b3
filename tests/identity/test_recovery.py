import pytest

from microsocial.identity.recovery import (
    backup_key,
    capsule_key,
    kept_public_halves,
    public_halves,
)
from microsocial.identity.service import Identity, new_sheet
from microsocial.protocol.crypto import hpke_open, hpke_seal, x25519_public
from microsocial.protocol.keys import signing_key
from microsocial.protocol.words import entropy_of


@pytest.fixture
def sheet(entropy):
    return new_sheet(entropy)


@pytest.fixture
def words(db, clock, sheet):
    db.write_sync(lambda conn: Identity(clock).create(conn, sheet, "password hash", "answer hash"))
    return entropy_of(sheet.words)


def test_a_new_node_can_seal_what_only_the_words_open(db, words):
    kept = db.read_sync(kept_public_halves)
    assert hpke_open(capsule_key(words), b"x", hpke_seal(kept.capsule, b"x", b"plain")) == b"plain"
    assert kept.backup == x25519_public(backup_key(words))


def test_the_same_words_always_give_the_same_halves_and_other_words_others(words):
    assert public_halves(words) == public_halves(words)
    assert public_halves(words) != public_halves(bytes(32))


def test_every_key_from_the_words_is_another(words):
    seeds = {capsule_key(words), backup_key(words), *(signing_key(words, n).seed for n in range(3))}
    assert len(seeds) == 5


def test_what_opens_them_is_nowhere_on_disk(db, words):
    stored = db.snapshot()
    assert capsule_key(words) not in stored
    assert backup_key(words) not in stored
    assert public_halves(words).backup in stored  # positive control


def test_an_older_folder_has_none_until_its_words_are_typed(db):
    assert db.read_sync(kept_public_halves) is None
