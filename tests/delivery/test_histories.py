"""The smallest histories of reconciliation: each breaks without the rule it is named after.

R3 to R6 (thefts, key changes) are in test_thefts.py. Where it is cheap a second test takes the rule away and shows the history break.
"""

import pytest
from tests.support.world import HOUR_MS, Letter, Name, Person, World

from microsocial.database import Database
from microsocial.delivery import incoming, reunion, updates
from microsocial.delivery.model import Wait
from microsocial.delivery.reunion import ReunionSteps
from microsocial.records.ground import Ground
from microsocial.records.reunion import Reunion
from microsocial.records.service import Log


@pytest.fixture
def world() -> World:
    return World.of_friends("ana", "ben", "cem")


@pytest.fixture
def ana(world: World) -> Person:
    return world.people[0]


@pytest.fixture
def ben(world: World) -> Person:
    return world.people[1]


@pytest.fixture
def cem(world: World) -> Person:
    return world.people[2]


def letter_to(sender: Person, receiver: Person, *, hello: bool = False) -> Letter:
    if hello:
        sender.wants_hello.add(receiver.id)
    letter = sender.write_letter(receiver.id)
    assert letter is not None
    return letter


def exchange(sender: Person, receiver: Person) -> None:
    """One letter and its answer, right away."""
    reply = receiver.receive(letter_to(sender, receiver))
    assert reply is not None
    sender.hear_answer(reply)


def r01(world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(updates, "MAX_PAGE_RECORDS", 1)
    first, second = ana.post("first"), ana.post("second")
    before_the_edit = ana.snapshot()
    ana.edit(first, "edited")
    exchange(ana, ben)
    assert ben.holds(second) and not ben.holds(first)
    ana.restore(before_the_edit)
    world.settle()
    return ben.text(first)


def test_r01_a_position_also_names_the_newest_change_of_its_time(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `None` until it comes; the edit was lost with everybody, so the first wording is the truth again.
    assert r01(world, ana, ben, monkeypatch) == "first"
    world.check()


def test_r01_breaks_without_the_second_mark(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = Log.stands
    monkeypatch.setattr(Log, "stands", lambda self, conn, points: stands(self, conn, points[:1]))
    assert r01(world, ana, ben, monkeypatch) is None


def r02(world: World, ana: Person, ben: Person) -> None:
    ben_before = ben.snapshot()
    ana.post("first")
    exchange(ana, ben)
    ana_before = ana.snapshot()
    ana.post("second")
    letter = letter_to(ana, ben)
    ben.restore(ben_before)
    ben.receive(letter)  # continues from a place where ben is no more
    ana.restore(ana_before)
    ben.wants_hello.clear()
    world.settle()
    world.check()


# spec 7.2
def test_r02_an_update_is_applied_only_where_it_continues(
    world: World, ana: Person, ben: Person
) -> None:
    r02(world, ana, ben)
    assert [stored.fields["text"] for stored in ben.records(kind="post")] == ["first"]


def test_r02_breaks_when_anything_is_applied(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_continues", lambda *_: True)
    try:
        r02(world, ana, ben)
    except AssertionError:
        return  # ben holds what ana does not know
    assert [stored.fields["text"] for stored in ben.records(kind="post")] != ["first"]


def test_r07_what_one_may_not_see_costs_no_update(world: World, ana: Person, ben: Person) -> None:
    for _ in range(30):
        ana.post("a note", "me")
    post = ana.post("hello", "chosen", [ben])
    world.run()
    assert ben.text(post) == "hello"
    assert len(world.sent) == 1


def test_r08_an_entry_whose_post_is_lost_waits_for_it(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    world.run()
    comment = ben.comment(post, "hi")
    world.run()
    ana.restore(before)
    ben.wants_hello.add(ana.id)
    exchange(ben, ana)  # ana says where she is now
    exchange(ben, ana)  # the comment returns before its post
    assert not ana.stored(comment).shown
    world.settle()
    assert ana.holds(post) and ana.stored(comment).shown
    assert cem.text(comment) == "hi"
    world.check()


def r09(world: World, ana: Person, ben: Person, cem: Person) -> bool:
    before = ana.snapshot()
    ana.remove(ben)
    post = ana.post("not for ben")
    exchange(ana, cem)
    ana.restore(before)
    world.settle()
    assert ana.holds(post) and ana.stored(post).taken_back == (not ben.holds(post))
    return ben.find(post) is not None


def test_r09_what_comes_back_goes_only_to_those_who_list_it(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    assert not r09(world, ana, ben, cem)
    world.check()


def test_r09_the_owner_may_offer_it_again(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    exchange(ana, cem)
    ana.restore(before)
    world.settle()
    assert not ben.holds(post)
    ana.write(lambda conn: ana.log.release(conn, ana.log.get(conn, *post)))
    world.settle()
    assert ben.holds(post)
    world.check()


def test_r10_a_third_friend_gives_back_what_two_have_lost(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    world.run()
    ana_before, ben_before = ana.snapshot(), ben.snapshot()
    comment = ben.comment(post, "hi")
    world.run()
    assert cem.holds(comment)
    ana.restore(ana_before)
    ben.restore(ben_before)
    world.settle()
    assert ana.text(comment) == ben.text(comment) == cem.text(comment) == "hi"
    world.check()


@pytest.mark.parametrize("clock_ahead_ms", [0, 3_600_000])
def test_r11_what_was_said_between_removal_and_renewal_stays_unseen(
    world: World, ana: Person, ben: Person, clock_ahead_ms: int
) -> None:
    world.clock.advance(clock_ahead_ms)
    ana.remove(ben)
    post = ana.post("while we were not friends")
    world.clock.advance(-clock_ahead_ms)
    world.befriend(ana, ben)
    world.settle()
    assert ben.find(post) is None
    world.check()


def test_r11_breaks_when_the_machines_clock_decides(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Log, "tick", lambda self, _: self._ground.clock.now())
    ana.remove(ben)
    post = ana.post("while we were not friends")
    world.befriend(ana, ben)
    world.settle()
    assert ben.holds(post)


def test_r12_a_renewed_friendship_remembers_what_the_pair_exchanged(
    world: World, ana: Person, ben: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    exchange(ana, ben)
    ana.restore(before)
    ana.remove(ben)
    world.befriend(ana, ben)
    world.settle()
    assert ana.holds(post) and ben.holds(post)
    world.check()


def test_r13_earlier_posts_can_be_offered_to_one_friend() -> None:
    world = World("ana", "ben", "cem")
    ana, ben, cem = world.people
    world.befriend(ana, cem)
    post = ana.post("hello")
    world.run()
    comment = cem.comment(post, "hi")
    world.run()
    world.befriend(ana, ben)
    world.settle()
    assert ben.find(post) is None
    ana.offer(post, ben)
    world.settle()
    assert ben.holds(post) and ben.text(comment) == "hi"
    world.check()


def test_r14_only_the_answer_in_flight_counts(world: World, ana: Person, ben: Person) -> None:
    first = ana.post("first")
    early = letter_to(ana, ben)
    late_reply = ben.receive(early)
    assert late_reply is not None
    ana.give_up(ben.id)
    before = ana.correspondent(ben).answered
    letter_to(ana, ben)
    assert ana.hear_answer(late_reply) is None  # the courier drops it
    step = ana.write(
        lambda conn: ana.delivery.on_answer(conn, ana.in_flight[ben.id], late_reply.reply or b"")
    )
    assert isinstance(step, Wait)  # and so does delivery, if it came so far
    assert ana.correspondent(ben).answered == before
    world.settle()
    assert ben.holds(first)
    world.check()


def test_r14_a_hello_in_flight_is_followed_by_another_update(
    world: World, ana: Person, ben: Person
) -> None:
    before = ben.snapshot()
    post = ana.post("hello")
    reply = ben.receive(letter_to(ana, ben))
    assert reply is not None
    ben.restore(before)
    ana.receive(letter_to(ben, ana))  # the hello overtakes the answer
    ben.in_flight.clear()
    ana.hear_answer(reply)  # and would be swallowed by it
    world.run()
    assert ben.holds(post)
    world.check()


def test_r15_of_two_running_copies_the_older_stops_and_friends_do_not(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    copied = Person(world, "ana", ana.snapshot(), world.clock)
    world.clock.advance(1000)
    world.people.append(copied)
    copied.start()
    of_the_older, of_the_newer = ana.post("from the older"), copied.post("from the newer")
    world.settle()
    assert ana.is_stopped and not copied.is_stopped
    assert not ben.is_stopped and not cem.is_stopped
    assert ben.holds(of_the_newer)
    assert copied.holds(of_the_older) == ben.holds(of_the_older)
    world.check()


def test_r15_the_owner_continues_where_they_like(world: World, ana: Person, ben: Person) -> None:
    copied = Person(world, "ana", ana.snapshot(), world.clock)
    world.clock.advance(1000)
    world.people.append(copied)
    copied.start()
    copied.post("there")
    world.settle()
    assert ana.is_stopped
    copied.is_off, ana.is_off = True, False
    ana.go_on_here()
    post = ana.post("here")
    world.settle()
    assert not ana.is_stopped and ben.holds(post)
    world.check()


def test_r15_an_old_position_is_no_kill_switch(world: World, ana: Person, ben: Person) -> None:
    old_hello = letter_to(ben, ana, hello=True)
    ana.restart()
    ana.post("hello")
    world.settle()
    ana.receive(old_hello)
    assert not ana.is_stopped


def test_r16_a_prekey_from_a_clock_gone_wrong_is_replaced_by_an_older_one(
    world: World, ana: Person, ben: Person
) -> None:
    before = ben.snapshot()
    months = 90 * 86_400_000
    world.clock.advance(months)
    ben.write(ben.delivery.tick)
    world.settle()
    world.clock.advance(-months)
    ben.restore(before)
    ben.go_on_here()
    post = ana.post("hello")
    world.settle()
    assert ben.holds(post)
    world.check()


def test_r17_a_clear_names_nothing_that_was_never_offered(
    world: World, ana: Person, ben: Person
) -> None:
    unsent = ana.message(ben, "never sent")
    ana.clear(ben)
    world.settle()
    assert not ana.holds(unsent) and ben.records(kind="clear") == [] == ben.records(kind="message")
    world.check()


def test_r17_a_supplementary_clear_follows_when_the_rest_turns_up(
    world: World, ana: Person, ben: Person
) -> None:
    message = ana.message(ben, "hello")
    before = ana.snapshot()
    letter = letter_to(ana, ben)
    ana.restore(before)  # forgets that it was offered
    ana.clear(ben)
    ben.receive(letter)
    assert ben.holds(message)
    world.settle()
    assert not ben.holds(message) and not ana.holds(message)
    world.check()


def r18(world: World, ana: Person, ben: Person) -> None:
    before_the_post = ana.snapshot()
    post = ana.post("hello")
    exchange(ana, ben)
    before_the_purge = ben.snapshot()
    ana.restore(before_the_post)
    ben.purge(post)
    hello = ben.receive(letter_to(ana, ben))
    assert hello is not None
    ana.hear_answer(hello)  # ben's position is foreign
    listed = ben.receive(letter_to(ana, ben))
    assert listed is not None
    ana.hear_answer(listed)  # "gone"
    ben.restore(before_the_purge)  # and its hello is lost
    ben.wants_hello.clear()
    end = ben.receive(letter_to(ana, ben))
    assert end is not None
    ana.hear_answer(end)
    world.settle()
    assert ben.holds(post)
    world.check()
    assert ana.holds(post)


def test_r18_a_friend_that_goes_back_during_a_reunion_is_listed_again(
    world: World, ana: Person, ben: Person
) -> None:
    """Spec 8.3: only the end of this very reunion may move the place that was stated."""
    r18(world, ana, ben)


def test_r18_breaks_when_a_list_is_given_from_an_ordinary_position(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReunionSteps, "_between_positions", lambda _, friend: friend.position)
    with pytest.raises(AssertionError, match="lacks"):
        r18(world, ana, ben)


def lose(world: World, ana: Person, ben: Person, *texts: str) -> list[Name]:
    """Ana loses what Ben has of her, and learns that his place is foreign; in the order in which he lists it."""
    before = ana.snapshot()
    posts = [ana.post(text) for text in texts]
    exchange(ana, ben)
    ana.restore(before)
    exchange(ana, ben)
    return sorted(posts)


def carry_pages(sender: Person, receiver: Person) -> Letter | None:
    """Pages of a reunion until there is none; give what comes after them."""
    while (letter := sender.write_letter(receiver.id)) and letter.outgoing.purpose == "reunion":
        reply = receiver.receive(letter)
        assert reply is not None
        sender.hear_answer(reply)
    return letter


def r18_hello(world: World, ana: Person, ben: Person) -> bool:
    (post,) = lose(world, ana, ben, "hello")
    before_the_purge = ben.snapshot()
    ben.purge(post)
    exchange(ana, ben)  # "gone"
    ben.restore(before_the_purge)
    exchange(ben, ana)  # the hello, from another place
    world.run()  # no pause, no next try
    return ana.holds(post)


def test_r18_a_hello_during_a_reunion_starts_it_again(
    world: World, ana: Person, ben: Person
) -> None:
    """Spec 8.3."""
    assert r18_hello(world, ana, ben)
    world.settle()
    world.check()


def test_r18_waits_for_the_next_try_when_a_hello_does_not_start_it_again(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_is_elsewhere", lambda *_: False)
    assert not r18_hello(world, ana, ben)


def test_r18_the_late_end_of_a_reunion_that_a_hello_began_anew_makes_nobody_wait(
    world: World, ana: Person, ben: Person
) -> None:
    lose(world, ana, ben, "hello")
    end = carry_pages(ana, ben)
    assert end is not None and end.outgoing.reunion is not None
    new = ana.post("new")
    ben.restart()  # his place in the reunion moves
    exchange(ben, ana)  # and he says hello
    held = ben.receive(end)
    assert held is not None
    assert not isinstance(ana.hear_answer(held), Wait)
    world.run()  # no pause, no next try
    assert ben.holds(new)
    world.check()


def test_r18_a_reunion_ends_with_a_new_position(world: World, ana: Person, ben: Person) -> None:
    lose(world, ana, ben, "hello")
    exchange(ana, ben)
    listed_from = ben.correspondent(ana).position
    world.run()
    ended_at = ben.correspondent(ana).position
    assert ana.correspondent(ben).answered == ended_at != listed_from


def r18_pages(world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reunion, "MAX_HOLDINGS", 1)
    _, later = lose(world, ana, ben, "one", "other")
    exchange(ana, ben)  # the first page
    before_the_purge = ben.snapshot()
    ben.purge(later)
    end = carry_pages(ana, ben)  # the second: "gone"
    # A virtual machine resumes from an earlier moment: nothing in it is started again.
    ben.db.close()
    ben.db = Database.from_snapshot(before_the_purge)
    if end is not None:
        reply = ben.receive(end)
        assert reply is not None
        ana.hear_answer(reply)
    world.settle()
    assert ben.holds(later)
    world.check()
    assert ana.holds(later)


def test_r18_what_is_let_go_between_two_pages_starts_the_list_again(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spec 8.3: also for a machine that goes back and does not notice."""
    r18_pages(world, ana, ben, monkeypatch)


def test_r18_breaks_when_what_is_let_go_between_two_pages_moves_nothing(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ground, "let_go", lambda *_: None)
    with pytest.raises(AssertionError, match="lacks"):
        r18_pages(world, ana, ben, monkeypatch)


def test_what_others_delete_in_a_thread_that_its_owner_purged_is_deleted_everywhere(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    world.run()
    comment = ben.comment(post, "hi")
    world.run()
    ana.purge(post)  # friends keep what they have
    ben.delete(comment)
    world.run()
    assert cem.holds(post) and not cem.holds(comment)
    world.settle()
    world.check()


def test_what_comes_back_under_a_post_that_is_deleted_does_not_stand(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    before = ana.snapshot()
    comment = ana.comment(post, "and more")
    letter = letter_to(ana, ben)
    ana.restore(before)
    ana.delete(post)
    ben.receive(letter)
    world.settle()
    assert not ana.holds(comment) and not ben.holds(comment)
    world.check()


def test_what_is_over_is_gone_in_a_list(world: World, ana: Person, ben: Person) -> None:
    """Spec 4.13, also when the node has not come round to erasing it."""
    before = ana.snapshot()
    post = ana.post("for an hour", lasts=HOUR_MS)
    exchange(ana, ben)
    ana.restore(before)
    world.clock.advance(HOUR_MS)
    exchange(ana, ben)  # a hello, by which she learns that she lost something
    assert ben.holds(post)
    exchange(ana, ben)
    assert ben.forgot(post) == "expired" and ana.find(post) is None
    world.settle()
    world.check()


def test_a_post_deleted_before_it_was_sent_leaves_no_tombstone(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("never mind")
    ana.delete(post)
    world.settle()
    assert ben.find(post) is None
    assert ana.stored(post).withdrawn


def test_what_left_before_a_restore_is_followed_by_its_tombstone(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    before = ana.snapshot()
    letter = letter_to(ana, ben)
    ana.restore(before)  # forgets that it was offered
    ana.delete(post)
    ben.receive(letter)
    assert ben.holds(post)
    world.settle()
    assert not ben.holds(post)
    world.check()


def test_a_tombstone_passes_through_a_purge(world: World, ana: Person, ben: Person) -> None:
    post = ana.post("hello")
    world.run()
    before = ana.snapshot()
    ben.purge(post)
    ana.delete(post)
    world.run()
    assert ben.stored(post).withdrawn
    ana.restore(before)
    world.settle()
    assert ana.stored(post).withdrawn  # given back by the one who had purged it
    world.check()


def test_a_stale_edit_cannot_bring_back_what_is_deleted(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    world.run()
    before = ana.snapshot()
    ana.delete(post)
    exchange(ana, ben)
    ana.restore(before)
    world.clock.advance(60_000)
    ana.edit(post, "edited after the restore")  # a higher revision than the tombstone
    world.settle()
    assert ana.stored(post).withdrawn and ben.stored(post).withdrawn
    world.check()


def test_concurrent_edits_of_two_copies_end_the_same_everywhere(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    world.run()
    copied = Person(world, "ana", ana.snapshot(), world.clock)
    world.clock.advance(1000)
    world.people.append(copied)
    copied.start()
    ana.edit(post, "one")
    copied.edit(post, "other")
    exchange(ana, ben)
    exchange(copied, cem)
    world.settle()
    assert ben.text(post) == cem.text(post) == copied.text(post)
    world.check()


def test_what_came_back_comes_back_again_after_a_second_restore_of_the_same_backup(
    world: World, ana: Person, ben: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    exchange(ana, ben)
    ana.restore(before)
    world.settle()
    assert ana.holds(post)
    ana.restore(before)  # the position ben has now was minted in a log that looked like this one
    world.settle()
    assert ana.holds(post)
    world.check()


def test_two_reunions_that_cross_come_to_an_end(world: World, ana: Person, ben: Person) -> None:
    before = ana.snapshot(), ben.snapshot()
    of_ana, of_ben = ana.post("hello"), ben.post("hello")
    world.run()
    ana.restore(before[0])
    ben.restore(before[1])
    assert ana.find(of_ana) is None and ben.find(of_ben) is None
    world.run()
    cem = world.people[2]
    assert cem.holds(of_ana) and cem.holds(of_ben)
    world.settle()
    assert ana.holds(of_ana) and ben.holds(of_ben)
    world.check()


def test_of_two_friends_in_reunion_at_once_the_one_with_the_older_revision_gets_the_newer(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    exchange(ana, ben)
    exchange(ana, cem)
    ana.delete(post)
    exchange(ana, cem)
    ana.restore(before)
    world.run()  # both are listed before either gives anything back
    world.settle()
    assert not any(person.holds(post) for person in (ana, ben, cem))
    world.check()


def test_two_copies_in_a_reunion_with_the_same_friend_do_not_keep_each_other_busy(
    world: World, ana: Person, ben: Person
) -> None:
    before = ana.snapshot()
    post = ana.post("hello")
    world.run()
    ana.restore(before)
    copied = Person(world, "ana", ana.snapshot(), world.clock)
    world.clock.advance(1000)
    world.people.append(copied)
    copied.start()
    world.run()  # each waits after a while, however they take turns
    world.settle()
    assert next(one for one in (ana, copied) if not one.is_off).holds(post)
    world.check()


def test_a_comment_of_a_reader_whom_a_restore_forgot_is_not_refused_for_ever(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("for ben", "chosen", [ben])
    before = ana.snapshot()
    ana.offer(post, cem)
    world.run()
    ana.restore(before)  # forgets that cem was offered it
    exchange(ana, cem)  # a hello, by which each learns where the other is
    comment = cem.comment(post, "hi")
    world.settle()
    assert ana.text(comment) == ben.text(comment) == "hi"
    world.check()


def listed_by_one_brought_by_another(ana: Person, ben: Person, cem: Person) -> Name:
    before = ana.snapshot()
    post = ana.post("hello")
    ana.world.run()
    comment = cem.comment(post, "hi")
    ana.world.run()
    ana.restore(before)
    exchange(ana, cem)
    exchange(cem, ana)  # the comment is here and waits for its post
    exchange(ana, cem)  # who lists the post
    for _ in range(3):
        exchange(ana, ben)  # who brings it
    exchange(ana, cem)  # who brings it as well
    return comment


def test_what_one_friend_wrote_stands_again_though_another_brought_the_post_first(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    comment = listed_by_one_brought_by_another(ana, ben, cem)
    assert ana.stored(comment).shown
    world.settle()
    world.check()


def test_it_waits_when_only_the_list_says_who_reads(
    ana: Person, ben: Person, cem: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reunion, "_read_by", lambda *_: None)
    comment = listed_by_one_brought_by_another(ana, ben, cem)
    assert not ana.stored(comment).shown
