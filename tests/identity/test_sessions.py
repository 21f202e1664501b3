import pytest

from microsocial.events import take_emitted
from microsocial.identity.model import (
    DAY_MS,
    SEEN_EVERY_MS,
    SESSION_IDLE_DAYS,
    SessionEnded,
    UnknownSession,
    csrf_of,
)
from microsocial.identity.sessions import Sessions


@pytest.fixture
def sessions(clock, entropy):
    return Sessions(clock, entropy)


def opened(db, sessions, label="Firefox on Linux"):
    return db.write_sync(lambda conn: sessions.open(conn, label))


def found(db, sessions, secret):
    return db.read_sync(lambda conn: sessions.find(conn, secret))


def test_a_session_is_found_by_its_secret_only(db, sessions):
    new = opened(db, sessions)
    assert found(db, sessions, new.secret).id == new.id
    assert found(db, sessions, new.id) is None
    assert found(db, sessions, "") is None
    assert found(db, sessions, "\ud800") is None


def test_the_secret_is_kept_as_a_hash_and_never_printed(db, sessions):
    new = opened(db, sessions)
    assert new.secret.encode() not in db.snapshot()
    assert csrf_of(new.secret).encode() not in db.snapshot()
    assert new.secret not in repr(new)


def test_each_session_has_its_own_csrf_token(db, sessions):
    assert opened(db, sessions).csrf != opened(db, sessions).csrf


def test_an_unused_session_is_over_after_a_season(db, sessions, clock):
    new = opened(db, sessions)
    clock.advance(SESSION_IDLE_DAYS * DAY_MS - 1)
    assert found(db, sessions, new.secret)
    clock.advance(1)
    assert found(db, sessions, new.secret) is None
    assert db.read_sync(sessions.all) == []


def test_a_used_session_lives_on(db, sessions, clock):
    new = opened(db, sessions)
    clock.advance(SESSION_IDLE_DAYS * DAY_MS - 1)
    db.write_sync(lambda conn: sessions.touch(conn, new.id))
    clock.advance(SESSION_IDLE_DAYS * DAY_MS - 1)
    assert found(db, sessions, new.secret)


def test_last_seen_is_not_a_write_per_request(db, sessions, clock):
    session = found(db, sessions, opened(db, sessions).secret)
    assert not sessions.is_due(session)
    clock.advance(SEEN_EVERY_MS)
    assert sessions.is_due(session)


def test_ending_one_tells_and_leaves_the_others(db, sessions):
    one, other = opened(db, sessions), opened(db, sessions)

    def end(conn):
        sessions.end(conn, one.id)
        return take_emitted(conn)

    assert db.write_sync(end) == [SessionEnded(one.id)]
    assert found(db, sessions, one.secret) is None
    assert found(db, sessions, other.secret)
    with pytest.raises(UnknownSession):
        db.write_sync(end)


def test_all_others_end_but_the_one_that_is_kept(db, sessions):
    kept, *others = (opened(db, sessions) for _ in range(3))

    def end(conn):
        sessions.end_others(conn, kept.id)
        return take_emitted(conn)

    ended = db.write_sync(end)
    assert {event.session for event in ended} == {other.id for other in others}
    assert [session.id for session in db.read_sync(sessions.all)] == [kept.id]


def test_a_browser_is_known_by_its_secret_and_the_pile_stays_small(db, sessions, clock):
    def remember(conn):
        clock.advance(1)
        return sessions.remember_browser(conn)

    secrets = [db.write_sync(remember) for _ in range(60)]

    def knows(secret):
        return db.read_sync(lambda conn: sessions.knows_browser(conn, secret))

    assert knows(secrets[-1])
    assert not knows(secrets[0])
    assert not knows("guessed")
    assert secrets[-1].encode() not in db.snapshot()


def test_a_clock_set_a_year_ahead_and_back_ends_no_session_in_use(db, clock, entropy):
    steady = type(clock)(1)
    sessions = Sessions(clock, entropy, steady.now)
    used, unused = opened(db, sessions), opened(db, sessions)
    assert found(db, sessions, used.secret)
    clock.advance(365 * DAY_MS)
    steady.advance(60_000)
    assert found(db, sessions, used.secret)
    assert found(db, sessions, unused.secret) is None
    opened(db, sessions)  # a login tidies up
    assert found(db, sessions, used.secret)
    db.write_sync(lambda conn: sessions.touch(conn, used.id))
    clock.advance(-365 * DAY_MS)
    assert found(db, sessions, used.secret)
    steady.advance(SESSION_IDLE_DAYS * DAY_MS)
    clock.advance(3 * 365 * DAY_MS)
    assert found(db, sessions, used.secret) is None
