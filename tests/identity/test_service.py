import pickle

import pytest
from sqlalchemy.exc import IntegrityError
from tests.support import SeededEntropy

from microsocial.identity.me import Me
from microsocial.identity.model import AlreadySetUp, NoWordsAsked, WordsDoNotMatch
from microsocial.identity.service import Identity, new_sheet, spoken
from microsocial.protocol.envelope import verify_envelope
from microsocial.protocol.keys import signing_key
from microsocial.protocol.words import entropy_of


@pytest.fixture
def identity(clock):
    return Identity(clock)


@pytest.fixture
def sheet(entropy):
    return new_sheet(entropy)


@pytest.fixture
def me(db, identity, sheet):
    return db.write_sync(lambda conn: identity.create(conn, sheet, "password hash", "answer hash"))


def test_the_same_words_always_make_the_same_person(sheet, me):
    assert signing_key(entropy_of(sheet.words), 0).public == me.key_log.current


def test_a_restart_finds_the_same_person_who_still_signs(db, identity, me):
    again = db.read_sync(identity.me)
    assert again.id == me.id
    verify_envelope(again.sign("profile", {"name": "Ana"}), me.key_log.current)


def test_nobody_lives_in_a_new_node(db, identity):
    assert db.read_sync(identity.me) is None


def test_a_node_has_one_owner(db, identity, me):
    other = new_sheet(SeededEntropy(2))
    with pytest.raises(AlreadySetUp):
        db.write_sync(lambda conn: identity.create(conn, other, "x", "x"))


def test_the_words_and_what_they_come_from_are_nowhere_on_disk(db, sheet, me):
    stored = db.snapshot()
    assert me.id.encode() in stored
    for word in sheet.words:
        assert f" {word} ".encode() not in stored
    entropy = entropy_of(sheet.words)
    assert entropy not in stored
    assert signing_key(entropy, 1).seed not in stored  # the next key exists on paper alone
    assert signing_key(entropy, 0).seed in stored


def test_secrets_do_not_print_themselves(sheet, me):
    seed = me.signing_key.seed
    shown = repr(me) + repr(sheet) + str(me.signing_key)
    assert seed.hex() not in shown
    assert repr(seed) not in shown
    assert not any(word in shown.split() for word in sheet.words)
    with pytest.raises(TypeError):
        pickle.dumps(me)


def test_two_different_words_of_the_sheet_are_asked_back():
    for seed in range(300):
        sheet = new_sheet(SeededEntropy(seed))
        first, second = sheet.asked
        assert 1 <= first < second <= 24


def test_the_answer_is_read_by_number_in_any_case(sheet):
    first, second = sheet.asked
    typed = {
        str(first): f" {sheet.words[first - 1].upper()} ",
        str(second): sheet.words[second - 1],
    }
    assert spoken(typed, sheet.asked) == sheet.answer


def test_a_missing_word_is_said_by_its_number(sheet):
    with pytest.raises(WordsDoNotMatch, match=str(sheet.asked[1])):
        spoken({str(sheet.asked[0]): "abandon"}, sheet.asked)


def test_after_the_answer_even_its_hash_is_gone(db, identity, me):
    assert db.read_sync(identity.words_asked).hashed == "answer hash"
    db.write_sync(identity.confirm_words)
    assert db.read_sync(identity.words_asked) is None
    assert b"answer hash" not in db.snapshot()
    with pytest.raises(NoWordsAsked):
        db.write_sync(identity.confirm_words)


def test_a_key_that_is_not_the_current_one_is_refused(sheet, me):
    with pytest.raises(ValueError, match="not the current"):
        Me(signing_key(entropy_of(sheet.words), 1), me.key_log)


def test_the_database_itself_allows_one_person(db, me):
    with pytest.raises(IntegrityError):
        db.write_sync(
            lambda conn: conn.exec_driver_sql(
                "INSERT INTO identity (only, person, key_number, seed, key_log, password, created)"
                " VALUES (2, 'x', 0, x'', '', '', 0)"
            )
        )
