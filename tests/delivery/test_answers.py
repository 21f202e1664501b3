"""What is answered to friends, former friends and strangers, and what an answer does."""

import pytest
from tests.support.world import Person, World, name_of

from microsocial.delivery import quotas
from microsocial.delivery.model import BUSY, CANNOT_OPEN, DISK_FULL, OVER_QUOTA, Ended, Wait
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import parse_envelope
from microsocial.protocol.exchange import Answer, read_answer
from microsocial.protocol.refusals import Malformed, Status


@pytest.fixture
def world() -> World:
    return World.of_friends("ana", "ben")


@pytest.fixture
def ana(world: World) -> Person:
    return world.people[0]


@pytest.fixture
def ben(world: World) -> Person:
    return world.people[1]


def answer_of(receiver: Person, sender: Person, sealed: bytes, purpose: str = "update") -> Answer:
    reply = receiver.write(lambda conn: receiver.delivery.receive(conn, sender.id, purpose, sealed))
    return read_answer(parse_envelope(reply, 1_000_000))


def send(sender: Person, receiver: Person, *, hello: bool = False) -> Answer:
    if hello:
        sender.wants_hello.add(receiver.id)
    letter = sender.write_letter(receiver.id)
    assert letter is not None
    return answer_of(receiver, sender, letter.outgoing.sealed, letter.outgoing.purpose)


def hear(sender: Person, receiver: Person) -> object:
    """Send, and act on the answer; give the step."""
    letter = sender.write_letter(receiver.id)
    assert letter is not None
    reply = receiver.receive(letter)
    assert reply is not None
    return sender.hear_answer(reply)


def account_of(person: Person, friend: Person) -> object:
    (account,) = person.read(lambda conn: person.delivery.ledger.accounts(conn, friend.id))
    return account


def test_removed_blocked_and_never_friends_hear_the_same(ana: Person, ben: Person) -> None:
    stranger = World("dan").people[0]
    sealed = b"MS1" + bytes(3_000)
    answers = []
    answers.append(answer_of(ana, stranger, sealed))
    ben_letter = ben
    ben_letter.wants_hello.add(ana.id)
    ana.write(lambda conn: ana.delivery.end(conn, ben.id, tell=True))
    answers.append(answer_of(ana, ben, sealed))
    ana.write(lambda conn: ana.delivery.end(conn, ben.id))
    answers.append(answer_of(ana, ben, sealed))
    said = [{**answer.payload(), "to": ""} for answer in answers]
    assert said[0] == said[1] == said[2]
    assert said[0]["status"] == "not-friends" and said[0]["prekey"] is None


def test_not_friends_ends_the_retries(world: World, ana: Person, ben: Person) -> None:
    ana.write(lambda conn: ana.delivery.end(conn, ben.id))  # as a block: ben is not told
    ben.post("hello")
    assert isinstance(hear(ben, ana), Ended)
    assert ben.friends() == [] and ben.write_letter(ana.id) is None


def test_a_farewell_tells_and_ends(world: World, ana: Person, ben: Person) -> None:
    told = []
    ben.delivery.when_ended(lambda _, person: told.append(person))
    ana.remove(ben)
    world.run()
    assert [outgoing.purpose for outgoing in world.sent] == ["farewell"]
    assert told == [ana.id] and ben.friends() == []
    ana.post("later")
    ben.post("later")
    world.run()
    assert len(world.sent) == 1


def test_a_late_farewell_does_not_end_a_renewed_friendship(
    world: World, ana: Person, ben: Person
) -> None:
    ana.remove(ben)
    late = ana.write_letter(ben.id)
    assert late is not None
    ana.give_up(ben.id)
    world.befriend(ana, ben)
    ana.post("friends again")
    world.run()
    ben.receive(late)
    assert ana.id in ben.friends()


def test_poison_is_skipped_listed_and_never_sent_again(
    world: World, ana: Person, ben: Person
) -> None:
    post = ben.post("for friends")
    world.run()
    on = {**_on(ana, post), "audience": "public"}
    fields = {"text": "under another class", "name": "Ana", "on": on}
    poison = ana.write(lambda conn: ana.log.say(conn, "comment", fields, audience="public"))
    good = ana.post("hello")
    world.run()
    assert ben.find(name_of(poison)) is None and ben.holds(good)
    assert ana.refused_by(ben) == ["wrong-audience"]
    world.sent.clear()
    world.run()
    assert world.sent == []


def _on(person: Person, post: tuple[str, str]) -> dict[str, object]:
    stored = person.stored(post)
    return {
        "author": stored.author,
        "id": stored.id,
        "revision": stored.revision,
        "hash": b64u(stored.hash),
        "audience": stored.audience,
    }


def test_over_quota_nothing_is_applied_and_the_position_stays(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "MAX_RECORDS_A_DAY", 2)
    posts = [ana.post(f"post {count}") for count in range(3)]
    before = ben.correspondent(ana).position
    assert hear(ana, ben) == Wait(OVER_QUOTA)
    assert ben.correspondent(ana).position == before
    assert not any(ben.holds(post) for post in posts)
    assert account_of(ana, ben).error == OVER_QUOTA  # type: ignore[attr-defined]
    monkeypatch.setattr(quotas, "MAX_RECORDS_A_DAY", 100)
    world.settle()
    assert all(ben.holds(post) for post in posts)


def test_a_clear_counts_as_much_as_it_names(
    ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "MAX_RECORDS_A_DAY", 50)
    named = [[ana.id, b64u(bytes([count]) * 16)] for count in range(60)]
    ana.write(
        lambda conn: ana.log.say(
            conn, "clear", {"to": [ben.id], "messages": named}, audience="chosen"
        )
    )
    assert hear(ana, ben) == Wait(OVER_QUOTA)
    assert not ben.forgot((ana.id, named[0][1]))


def test_a_quota_is_for_a_day(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "MAX_RECORDS_A_DAY", 1)
    ana.post("today")
    world.run()
    later = ana.post("tomorrow")
    world.run()
    assert not ben.holds(later)
    world.clock.advance(quotas.DAY_MS)
    world.settle()
    assert ben.holds(later)


def test_a_full_disk_is_told_and_tried_again(world: World, ana: Person, ben: Person) -> None:
    post = ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    sealed = letter.outgoing.sealed
    reply = ben.write(lambda conn: ben.delivery.decline(conn, ana.id, sealed, Status.FULL))
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, letter.outgoing, reply))
    assert step == Wait(DISK_FULL)
    world.settle()
    assert ben.holds(post)
    assert account_of(ana, ben).error is None  # type: ignore[attr-defined]


def test_a_stopped_copy_is_busy_and_applies_nothing(world: World, ana: Person, ben: Person) -> None:
    ben.write(lambda conn: ben.delivery._standing.stop_for_copy(conn, 2**50))
    post = ana.post("hello")
    assert hear(ana, ben) == Wait(BUSY)
    assert not ben.holds(post)
    assert ben.write_letter(ana.id) is None


def test_what_is_not_a_letter_changes_nothing(ana: Person, ben: Person) -> None:
    with pytest.raises(Malformed):
        answer_of(ana, ben, b"nonsense")
    assert answer_of(ana, ben, b"MS1" + bytes(3_000)).says is Status.STALE_PREKEY


def test_a_letter_in_another_purpose_does_not_open(ana: Person, ben: Person) -> None:
    ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    answer = answer_of(ben, ana, letter.outgoing.sealed, "reunion")
    assert answer.says is Status.STALE_PREKEY


def test_an_answer_of_somebody_else_does_nothing(world: World, ana: Person, ben: Person) -> None:
    cem = World("cem").people[0]
    ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    forged = Answer(
        sender=ben.id,
        receiver=ana.id,
        key=0,
        your_key=0,
        update=letter.outgoing.hash,
        status="not-friends",
        now=0,
    )
    raw = cem.me.sign("answer", forged.payload()).raw
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, letter.outgoing, raw))
    assert isinstance(step, Wait) and ben.id in ana.friends()


def test_a_prekey_that_cannot_be_opened_twice_is_not_tried_in_a_circle(
    ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    reply = ben.write(
        lambda conn: ben.delivery.decline(conn, ana.id, letter.outgoing.sealed, Status.STALE_PREKEY)
    )
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, letter.outgoing, reply))
    assert step == Wait(CANNOT_OPEN)


def test_opening_needs_no_writing(ana: Person, ben: Person) -> None:
    post = ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    opened = ben.read(
        lambda conn: ben.delivery.open_incoming(conn, ana.id, "update", letter.outgoing.sealed)
    )
    assert not ben.holds(post)
    ben.write(lambda conn: ben.delivery.apply(conn, opened))
    assert ben.holds(post)
