"""The log itself: what is said, what is accepted in whatever order, who may see it. Delivery is tested in tests/delivery."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.world import Name, Person, World, name_of

from microsocial.database import WordsErased
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import Envelope
from microsocial.records import store
from microsocial.records.model import (
    Accepted,
    ChangeLogged,
    OnlyForMe,
    RecordArrived,
    RecordNotFound,
    Refused,
    Stored,
    ref_of,
)

MAX = 10**9


@pytest.fixture
def ana() -> Person:
    return World.of_friends("ana", "ben", "cem").people[0]


@pytest.fixture
def ben(ana: Person) -> Person:
    return ana.world.people[1]


@pytest.fixture
def cem(ana: Person) -> Person:
    return ana.world.people[2]


def envelope_of(person: Person, record: Name) -> Envelope:
    return person.stored(record).envelope


def bring(receiver: Person, envelope: Envelope, via: Person, *authors: Person) -> Accepted:
    logs = {person.id: person.me.key_log for person in (via, *authors)}
    return receiver.write(lambda conn: receiver.log.accept(conn, envelope, via.id, logs))


def refusal(receiver: Person, envelope: Envelope, via: Person, *authors: Person) -> str:
    with pytest.raises(Refused) as refused:
        bring(receiver, envelope, via, *authors)
    return str(refused.value.reason)


def visible_to(author: Person, friend: Person) -> list[str]:
    """The texts that a friend would be sent from the beginning."""
    sees_from = author.correspondent(friend).sees_from
    page = author.read(lambda conn: author.log.page(conn, friend.id, sees_from, 0, MAX, MAX))
    return [stored.fields.get("text", "") for stored in page.entries]


def forged(author: Person, kind: str, fields: dict[str, Any], **changed: Any) -> Envelope:
    tick = author.clock.now()
    base = {
        "author": author.id,
        "key": 0,
        "id": b64u(author.world.entropy(16)),
        "revision": tick,
        "created": tick,
        "audience": "friends",
    }
    return author.me.sign(kind, {**base, **fields, **changed})


# Saying


def test_a_record_is_found_by_author_and_id_by_ref_and_by_number(ana: Person) -> None:
    post = ana.post("hello")
    stored = ana.stored(post)
    assert stored.ref == ref_of(*post) and len(stored.ref) == 22
    assert ana.read(lambda conn: ana.log.by_ref(conn, stored.ref)) == stored
    assert ana.read(lambda conn: ana.log.by_no(conn, stored.no)) == stored
    with pytest.raises(RecordNotFound):
        ana.read(lambda conn: ana.log.get(conn, ana.id, "nothing"))


def test_times_of_one_author_strictly_increase_even_when_the_clock_stands_still(
    ana: Person,
) -> None:
    moments = [ana.stored(ana.post(f"post {count}")).created for count in range(5)]
    ana.clock.advance(-10_000)
    moments.append(ana.stored(ana.post("after the clock went back")).created)
    assert moments == sorted(set(moments))


def test_an_edit_keeps_what_is_fixed_and_the_fields_we_do_not_know(ana: Person) -> None:
    fields = {"text": "hello", "mood": "curious"}
    stored = ana.write(lambda conn: ana.log.say(conn, "post", fields, audience="friends"))
    revised = ana.write(lambda conn: ana.log.revise(conn, stored, {"text": "hello again"}))
    assert revised.fields["mood"] == "curious"
    assert (revised.created, revised.audience, revised.no) == (
        stored.created,
        stored.audience,
        stored.no,
    )
    assert revised.revision > stored.revision


def test_a_withdrawn_record_keeps_its_kind_and_loses_its_words(ana: Person) -> None:
    post = ana.post("a secret")
    ana.delete(post)
    stored = ana.stored(post)
    assert stored.withdrawn and stored.kind == "post"
    assert "a secret" not in stored.envelope.payload.decode()


def test_only_one_profile_stands_and_it_is_revised(ana: Person) -> None:
    for name in ("Ana", "Anna"):
        ana.write(lambda conn, name=name: ana.log.set_one(conn, "profile", {"name": name}))
    (profile,) = ana.records(kind="profile", author=ana.id)
    assert profile.fields["name"] == "Anna" and profile.id == "profile"


def test_each_change_is_told_once_to_whom_it_concerns(ana: Person, ben: Person) -> None:
    told: list[ChangeLogged] = []
    ana.db.bus.subscribe(ChangeLogged, told.append)
    ana.post("for all")
    ana.message(ben, "for one")
    assert [event.persons for event in told] == [None, frozenset({ben.id})]


def test_deleting_asks_for_the_words_to_leave_the_files(ana: Person) -> None:
    asked: list[WordsErased] = []
    ana.db.bus.subscribe(WordsErased, asked.append)
    post = ana.post("a secret")
    assert asked == []
    ana.delete(post)
    assert asked


# Arriving


def revisions(author: Person) -> list[Envelope]:
    """A post, three edits, and its tombstone."""
    post = author.post("first")
    envelopes = [envelope_of(author, post)]
    for count in range(3):
        author.edit(post, f"edit {count}")
        envelopes.append(envelope_of(author, post))
    author.delete(post)
    return [*envelopes, envelope_of(author, post)]


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=4))
def test_in_any_order_and_with_repetitions_the_tombstone_wins(
    order: Sequence[int], repeated: Sequence[int]
) -> None:
    ana, ben = World.of_friends("ana", "ben").people
    envelopes = revisions(ana)
    for which in [*order, *repeated]:
        bring(ben, envelopes[which], ana)
    (stored,) = ben.records(kind="post")
    assert stored.envelope == envelopes[-1]


def test_without_a_tombstone_the_highest_revision_wins_in_any_order() -> None:
    ana, *_ = World.of_friends("ana", "ben").people
    envelopes = revisions(ana)[:3]
    for order in itertools.permutations(envelopes):
        ben = World.of_friends("ana", "ben").people[1]
        for envelope in order:
            bring(ben, envelope, ana)
        assert [stored.envelope for stored in ben.records(kind="post")] == [envelopes[-1]]


def test_of_two_envelopes_of_one_revision_the_greater_hash_stands(
    ana: Person, ben: Person, cem: Person
) -> None:
    record_id = b64u(bytes(16))
    one, other = (forged(ana, "post", {"text": text}, id=record_id) for text in ("one", "other"))
    for receiver, order in ((ben, (one, other)), (cem, (other, one))):
        for envelope in order:
            bring(receiver, envelope, ana)
    standing = {person.stored((ana.id, record_id)).envelope for person in (ben, cem)}
    assert standing == {max(one, other, key=lambda envelope: envelope.hash)}


def test_a_repetition_changes_nothing_and_is_told_to_nobody(ana: Person, ben: Person) -> None:
    arrived: list[RecordArrived] = []
    ben.db.bus.subscribe(RecordArrived, arrived.append)
    envelope = envelope_of(ana, ana.post("hello"))
    statuses = [bring(ben, envelope, ana).status for _ in range(3)]
    assert statuses == ["stored", "known", "known"]
    assert len(arrived) == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"created": 1}, "changed-created"),
        ({"audience": "public"}, "changed-created"),
    ],
)
def test_a_revision_may_not_change_what_is_fixed(
    ana: Person, ben: Person, changed: dict[str, Any], reason: str
) -> None:
    first = forged(ana, "post", {"text": "hello"})
    bring(ben, first, ana)
    (stored,) = ben.records(kind="post")
    second = {**stored.fields, "revision": stored.revision + 1, **changed}
    assert refusal(ben, ana.me.sign("post", second), ana) == reason


def test_a_profile_may_begin_anew_after_everything_was_lost(ana: Person, ben: Person) -> None:
    first = forged(ana, "profile", {"name": "Ana"}, id="profile")
    bring(ben, first, ana)
    (stored,) = ben.records(kind="profile")
    moment = stored.revision + 1
    anew = {**stored.fields, "created": moment, "revision": moment, "name": "Ana again"}
    assert bring(ben, ana.me.sign("profile", anew), ana).status == "stored"


def test_a_record_of_somebody_else_is_refused(ana: Person, ben: Person, cem: Person) -> None:
    envelope = envelope_of(cem, cem.post("hello"))
    assert refusal(ben, envelope, ana, cem) == "not-yours"


def test_a_signature_of_somebody_else_is_refused(ana: Person, ben: Person, cem: Person) -> None:
    claimed = {**ana.stored(ana.post("hello")).fields, "author": ana.id}
    assert refusal(ben, cem.me.sign("post", claimed), ana) == "bad-signature"


def test_a_record_of_unknown_keys_is_refused(ana: Person, ben: Person) -> None:
    envelope = forged(ana, "post", {"text": "hello"}, key=7)
    assert refusal(ben, envelope, ana) == "bad-signature"


def test_a_message_for_somebody_else_is_refused(ana: Person, ben: Person, cem: Person) -> None:
    envelope = envelope_of(ana, ana.message(cem, "for cem"))
    assert refusal(ben, envelope, ana) == "not-addressed"


def test_what_is_for_its_author_alone_is_refused(ana: Person, ben: Person) -> None:
    assert refusal(ben, envelope_of(ana, ana.post("for me", "me")), ana) == "not-addressed"


def test_a_comment_in_a_third_persons_thread_is_not_taken_from_its_signer(
    ana: Person, ben: Person, cem: Person
) -> None:
    post = cem.post("hello")
    cem.world.run()
    comment = ana.comment(post, "hi")
    assert refusal(ben, envelope_of(ana, comment), ana) == "not-addressed"


def test_an_entry_waits_unshown_for_its_post_and_stands_when_it_comes(
    ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    comment = ana.comment(post, "first!")
    assert bring(ben, envelope_of(ana, comment), ana).status == "stored"
    assert not ben.stored(comment).shown
    bring(ben, envelope_of(ana, post), ana)
    assert ben.stored(comment).shown


def test_a_waiting_entry_that_may_not_stand_is_dropped_when_its_post_comes(
    ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    on = {
        "author": ana.id,
        "id": post[1],
        "revision": 1,
        "hash": b64u(bytes(32)),
        "audience": "public",
    }
    fields = {"text": "hi", "name": "Ana", "on": on}
    comment = forged(ana, "comment", fields, audience="public")
    stored = bring(ben, comment, ana).stored
    assert stored is not None and not stored.shown
    bring(ben, envelope_of(ana, post), ana)
    assert ben.find(name_of(stored)) is None


def test_an_unknown_kind_is_kept_and_relayed_inside_a_thread(
    ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    ana.world.run()
    seen = ben.stored(post)
    on = {
        "author": ana.id,
        "id": post[1],
        "revision": seen.revision,
        "hash": b64u(seen.hash),
        "audience": "friends",
    }
    said = ben.write(
        lambda conn: ben.log.say(conn, "vote", {"choice": 2, "on": on}, audience="friends")
    )
    ana.world.run()
    assert ana.stored(name_of(said)).fields["choice"] == 2
    assert cem.find(name_of(said)) is not None


def test_what_is_forgotten_does_not_come_back_but_its_tombstone_does(
    ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    envelope = envelope_of(ana, post)
    bring(ben, envelope, ana)
    ben.purge(post)
    assert bring(ben, envelope, ana).status == "forgotten"
    assert ben.find(post) is None
    ana.delete(post)
    assert bring(ben, envelope_of(ana, post), ana).status == "stored"


def test_a_removal_reaches_into_its_own_threads_only(ana: Person, ben: Person, cem: Person) -> None:
    mine = ana.post("my thread")
    of_cem = cem.post("cem's thread")
    ana.world.run()
    comment = cem.comment(of_cem, "hi")
    fields = {"post": mine[1], "entry": {"author": comment[0], "id": comment[1]}}
    removal = ana.write(lambda conn: ana.log.say(conn, "removal", fields, audience="friends"))
    bring(ben, removal.envelope, ana)  # names an entry that ben does not know yet
    ana.world.run()
    assert ben.holds(comment)


def test_with_a_post_its_whole_thread_goes(ana: Person, ben: Person, cem: Person) -> None:
    post = ana.post("hello")
    ana.world.run()
    comment = ben.comment(post, "hi")
    ana.world.run()
    assert cem.holds(comment)
    ana.delete(post)
    ana.world.run()
    assert not any(person.holds(comment) for person in (ana, ben, cem))
    assert bring(ana, forged_again(ben, post, ana), ben).status == "forgotten"


def forged_again(author: Person, post: Name, owner: Person) -> Envelope:
    on = {
        "author": owner.id,
        "id": post[1],
        "revision": 1,
        "hash": b64u(bytes(32)),
        "audience": "friends",
    }
    return forged(author, "comment", {"text": "too late", "name": "x", "on": on})


# Who may see what


def test_friends_see_what_is_for_friends_and_nothing_from_before(ana: Person, ben: Person) -> None:
    world = World("ana", "ben")
    ana, ben = world.people
    ana.post("before we met")
    world.befriend(ana, ben)
    ana.post("for friends")
    ana.post("for anyone", "public")
    ana.post("for me", "me")
    assert visible_to(ana, ben) == ["for friends", "for anyone"]


def test_a_circle_is_the_people_it_was_when_published(
    ana: Person, ben: Person, cem: Person
) -> None:
    ana.post("for ben", "circle", [ben])
    ana.post("for both", "chosen", [ben, cem])
    assert visible_to(ana, ben) == ["for ben", "for both"]
    assert visible_to(ana, cem) == ["for both"]


def test_a_profile_is_for_every_friend_however_late() -> None:
    world = World("ana", "ben")
    ana, ben = world.people
    ana.write(lambda conn: ana.log.set_one(conn, "profile", {"name": "Ana"}))
    world.befriend(ana, ben)
    world.run()
    assert ben.records(kind="profile", author=ana.id)


def test_a_thread_is_for_those_who_see_its_post(ana: Person, ben: Person, cem: Person) -> None:
    post = ana.post("for ben", "chosen", [ben])
    ana.world.run()
    comment = ben.comment(post, "hi")
    ana.comment(post, "hello again")
    ana.world.run()
    assert "hello again" in visible_to(ana, ben)
    assert visible_to(ana, cem) == []
    assert cem.find(comment) is None


def test_nobodys_own_words_are_sent_back_to_them(ana: Person, ben: Person) -> None:
    post = ana.post("hello")
    ana.world.run()
    ben.comment(post, "hi")
    ana.world.run()
    assert visible_to(ana, ben) == ["hello"]


def test_what_others_said_to_me_is_never_mine_to_show(
    ana: Person, ben: Person, cem: Person
) -> None:
    cem.post("cem's words")
    cem.world.run()
    assert visible_to(ana, ben) == []
    for stored in ana.records():
        assert not ana.read(lambda conn, stored=stored: ana.log.may_see(conn, ben.id, stored, 0))


def test_what_is_for_me_alone_cannot_be_offered(ana: Person, ben: Person) -> None:
    post = ana.post("for me", "me")
    with pytest.raises(OnlyForMe):
        ana.offer(post, ben)


def test_the_public_log_holds_what_is_public_and_nothing_else(
    ana: Person, ben: Person, cem: Person
) -> None:
    public = ana.post("for anyone", "public")
    ana.post("for friends")
    ana.post("for ben", "chosen", [ben])
    ana.message(ben, "a message")
    gone = ana.post("gone again", "public")
    ana.delete(gone)
    ben.post("ben's own", "public")
    ana.world.run()
    comment = ben.comment(public, "hi")
    ana.world.run()
    page = ana.read(lambda conn: ana.log.public_page(conn, 0, MAX, MAX))
    assert [name_of(stored) for stored in page.entries] == [public, gone, comment]
    assert not page.more
    first = ana.read(lambda conn: ana.log.public_page(conn, 0, MAX, 1))
    assert first.more and len(first.entries) == 1
    rest = ana.read(lambda conn: ana.log.public_page(conn, first.upto, MAX, MAX))
    assert [name_of(stored) for stored in rest.entries] == [gone, comment]


# Changes


def test_marks_outlive_the_revisions_they_stood_for(ana: Person) -> None:
    post = ana.post("hello")
    points = [ana.read(ana.log.head)]
    for count in range(3):
        ana.edit(post, f"edit {count}")
        points.append(ana.read(ana.log.head))
    assert ana.read(lambda conn: ana.log.stands(conn, points))
    kept = ana.read(
        lambda conn: conn.execute(
            store.changes.select().where(store.changes.c.record.is_not(None))
        ).all()
    )
    assert len([row for row in kept if row.record == ana.stored(post).no]) == 1


class Shelf:
    """A handler that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Name, int, bool]] = []

    def may_stand(self, conn: Any, stored: Stored, via: str) -> str | None:
        return None

    def project(self, conn: Any, stored: Stored) -> None:
        self.told.append((name_of(stored), stored.revision, stored.withdrawn))

    def clear(self, conn: Any) -> None:
        self.told.clear()


def test_a_rebuild_projects_every_record_again_as_it_stands(ana: Person, ben: Person) -> None:
    first, second = ana.post("first"), ana.post("second")
    ana.edit(first, "edited")
    ana.delete(second)
    shelf = Shelf()
    ana.log.register("post", shelf)
    ana.write(ana.log.rebuild)
    ana.write(ana.log.rebuild)
    assert shelf.told == [
        (first, ana.stored(first).revision, False),
        (second, ana.stored(second).revision, True),
    ]
