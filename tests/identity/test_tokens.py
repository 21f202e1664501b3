import pytest

from microsocial.identity.model import MAX_TOKENS, LabelUnfit, Scope, TooManyTokens, UnknownToken
from microsocial.identity.tokens import Tokens


@pytest.fixture
def tokens(clock, entropy):
    return Tokens(clock, entropy)


def made(db, tokens, label="backup", scopes=(Scope.READ,)):
    return db.write_sync(lambda conn: tokens.make(conn, label, scopes))


def test_a_token_is_found_by_its_secret_with_its_scopes(db, tokens):
    new = made(db, tokens, scopes=(Scope.WRITE, Scope.READ))
    found = db.read_sync(lambda conn: tokens.find(conn, new.secret))
    assert found == new.token
    assert found.scopes == {Scope.READ, Scope.WRITE}


def test_the_secret_is_kept_as_a_hash_and_never_printed(db, tokens):
    new = made(db, tokens)
    assert new.secret.encode() not in db.snapshot()
    assert new.secret not in repr(new)


def test_a_deleted_token_opens_nothing(db, tokens):
    new = made(db, tokens)
    db.write_sync(lambda conn: tokens.end(conn, new.token.id))
    assert db.read_sync(lambda conn: tokens.find(conn, new.secret)) is None
    with pytest.raises(UnknownToken):
        db.write_sync(lambda conn: tokens.end(conn, new.token.id))


def test_a_runaway_script_cannot_fill_the_table(db, tokens):
    for _ in range(MAX_TOKENS):
        made(db, tokens)
    with pytest.raises(TooManyTokens):
        made(db, tokens)


@pytest.mark.parametrize("label", ["", "  ", "x" * 101, "\u200b"])
def test_a_token_needs_a_label_that_one_can_read(db, tokens, label):
    with pytest.raises(LabelUnfit):
        made(db, tokens, label=label)
