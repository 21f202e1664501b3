import pytest
from tests.support import SeededEntropy

from microsocial.identity.model import Scope
from microsocial.identity.recovery import (
    WordsOfAnother,
    backup_key,
    beginning,
    capsule_key,
    kept_public_halves,
    own_entropy,
    public_halves,
)
from microsocial.identity.service import Identity, new_sheet
from microsocial.identity.sessions import Sessions
from microsocial.identity.tokens import Tokens
from microsocial.protocol.crypto import hpke_open, hpke_seal, x25519_public
from microsocial.protocol.keys import rotation, signing_key
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


def test_who_comes_back_has_the_newest_key_and_nobody_else_comes_in(
    db, clock, entropy, sheet, words
):
    sessions, tokens = Sessions(clock, entropy), Tokens(clock, entropy)
    secret = db.write_sync(lambda conn: sessions.open(conn, "Firefox")).secret
    browser = db.write_sync(sessions.remember_browser)
    token = db.write_sync(lambda conn: tokens.make(conn, "a program", [Scope.READ])).secret
    log = beginning(words)
    step = rotation(log, signing_key(words, 1), signing_key(words, 2).public)
    longer = log.with_event(step)
    identity = Identity(clock)
    db.write_sync(lambda conn: identity.come_back(conn, words, longer, "new hash"))
    me = db.read_sync(identity.me)
    assert (me.id, me.key_number) == (log.id, 1)
    assert db.read_sync(identity.password_hash) == "new hash"
    assert db.read_sync(identity.words_asked) is None
    assert db.read_sync(lambda conn: sessions.find(conn, secret)) is None
    assert not db.read_sync(lambda conn: sessions.knows_browser(conn, browser))
    assert db.read_sync(lambda conn: tokens.find(conn, token)) is None


def test_an_empty_folder_becomes_the_home_of_who_comes_back(db, clock, sheet):
    words = entropy_of(sheet.words)
    identity = Identity(clock)
    db.write_sync(lambda conn: identity.come_back(conn, words, beginning(words), "hash"))
    assert db.read_sync(identity.me).id == beginning(words).id
    assert db.read_sync(kept_public_halves) == public_halves(words)


def test_words_are_those_of_one_person(sheet):
    words = entropy_of(sheet.words)
    assert own_entropy(sheet.words, beginning(words).id) == words
    with pytest.raises(WordsOfAnother):
        own_entropy(new_sheet(SeededEntropy(2)).words, beginning(words).id)
