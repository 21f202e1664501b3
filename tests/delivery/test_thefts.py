"""Keys that change, and a thief with the whole folder: the smallest histories, and what happens when a rule is taken away.

A thief is a copy that runs on: it posts, edits, deletes, clears and ends friendships as the person, until the words are typed.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from tests.support.world import Letter, Name, Person, World

from microsocial.delivery import answers, store
from microsocial.delivery.keys import KeyMatters
from microsocial.delivery.model import LongerKeyLog, Wait
from microsocial.records.keys import store as kept
from microsocial.records.keys.mine import disown
from microsocial.records.keys.suspects import TAKEN_BACK_FOR_MS, Suspects
from microsocial.records.store import take_backs


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


def carry(sender: Person, receiver: Person) -> None:
    """Everything one has to say to another, and nothing else."""
    while (letter := sender.write_letter(receiver.id)) is not None:
        reply = receiver.receive(letter)
        assert reply is not None
        sender.hear_answer(reply)
        sender.waits.clear()


def test_a_planned_change_is_learned_by_everybody_and_disturbs_nobody(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    before = ana.post("before")
    world.run()
    ana.rotate()
    after, back = ana.post("after"), ben.post("back")
    world.run()
    assert ben.holds(before) and ben.holds(after) and ana.holds(back)
    assert ben.read(lambda conn: ben.log.key_logs(conn, [ana.id])[ana.id]).number == 1
    assert not ana.suspects()
    world.settle()
    world.check()


def test_a_friend_who_slept_through_two_changes_follows(
    world: World, ana: Person, ben: Person
) -> None:
    ben.is_off = True
    ana.rotate()
    ana.post("under the second key")
    world.run()
    ana.rotate()
    post = ana.post("under the third key")
    world.run()
    ben.is_off = False
    of_ben = ben.post("good morning")
    world.settle()
    assert ben.holds(post) and ana.holds(of_ben)
    world.check()


def edited(thief: Person, post: Name) -> None:
    thief.edit(post, "a thief's words")


def deleted(thief: Person, post: Name) -> None:
    thief.delete(post)


def r03(world: World, ana: Person, ben: Person, misdeed: Callable[[Person, Name], None]) -> Name:
    post = ana.post("hello")
    world.run()
    thief = world.steal(ana)
    misdeed(thief, post)
    carry(thief, ben)
    assert ben.text(post) != "hello"
    world.settle()
    return post


@pytest.mark.parametrize("misdeed", [edited, deleted])
def test_r03_what_a_thief_changed_is_as_it_was(
    world: World, ana: Person, ben: Person, misdeed: Callable[[Person, Name], None]
) -> None:
    post = r03(world, ana, ben, misdeed)
    assert ana.text(post) == ben.text(post) == "hello"
    world.check()


@pytest.mark.parametrize("misdeed", [edited, deleted])
def test_r03_breaks_when_positions_are_remembered(
    world: World,
    ana: Person,
    ben: Person,
    misdeed: Callable[[Person, Name], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(KeyMatters, "_lose_places", lambda *_: None)
    post = r03(world, ana, ben, misdeed)
    assert ben.find(post) is None  # setting it aside leaves nothing


def test_what_a_thief_said_anew_is_gone_everywhere(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    thief = world.steal(ana)
    post = thief.post("buy this")
    world.run()
    comment = cem.comment(post, "really?")
    message = thief.message(ben, "send money")
    world.run()
    world.settle()
    for person in (ana, ben, cem):
        assert person.find(post) is None
    assert ben.find(message) is None
    assert not cem.stored(comment).shown
    world.check()


def test_a_thief_cannot_shield_a_post_by_disowning_it_first(
    world: World, ana: Person, ben: Person
) -> None:
    thief = world.steal(ana)
    post = thief.post("buy this")
    carry(thief, ben)
    posted = thief.stored(post)
    thief.write(lambda conn: disown(conn, thief.log, [posted]))
    carry(thief, ben)
    assert ben.holds(post)  # it counts for nothing, but was remembered
    world.settle()
    assert ben.find(post) is None
    world.check()


def test_a_thiefs_clear_is_undone_on_both_sides(world: World, ana: Person, ben: Person) -> None:
    of_ana, of_ben = ana.message(ben, "remember this"), ben.message(ana, "and this")
    world.run()
    thief = world.steal(ana)
    thief.clear(ben)
    carry(thief, ben)
    assert not ben.holds(of_ana) and not ben.holds(of_ben)
    world.settle()
    assert ben.holds(of_ana) and ben.holds(of_ben)
    world.check()


def test_nobody_completes_a_thiefs_clear(world: World, ana: Person, ben: Person) -> None:
    """Spec 4.11: ben would erase at ana's what she holds; it would be gone before she can disown the clear."""
    of_ben = ben.message(ana, "remember this")
    world.run()
    thief = world.steal(ana)
    thief.clear(ben)
    carry(thief, ben)
    thief.is_off = True
    ana.rotate("stolen")
    carry(ana, ben)
    before = ben.snapshot()
    ben.post("lost")
    carry(ben, ana)
    ben.restore(before)  # so he asks what she has of his: the message that he let go
    world.run()
    assert ana.holds(of_ben) and not ben.records(kind="clear", author=ben.id)
    world.settle()
    assert ana.holds(of_ben) and ben.holds(of_ben)
    world.check()


def test_what_is_set_aside_while_the_end_of_a_reunion_is_on_its_way_is_compared_after_it(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    world.run()
    thief = world.steal(ana)
    thief.edit(post, "a thief's words")
    carry(thief, ben)
    thief.is_off = True
    ana.rotate("stolen")
    carry(ana, ben)
    before = ben.snapshot()
    ben.post("lost")
    carry(ben, ana)
    ben.restore(before)  # so he asks what she has of his
    ended = ana.receive(_end_of_reunion(ben, ana))
    ana.decide()
    carry(ana, ben)
    assert ended is not None
    ben.hear_answer(ended)  # to what began before he set anything aside
    letter = ben.write_letter(ana.id)
    assert letter is not None and letter.outgoing.purpose == "reunion"
    world.settle()
    assert ben.text(post) == "hello"
    world.check()


def _end_of_reunion(sender: Person, receiver: Person) -> Letter:
    """Everything up to the letter that ends a reunion."""
    while (letter := sender.write_letter(receiver.id)) is not None:
        if letter.outgoing.purpose == "update" and letter.outgoing.reunion is not None:
            return letter
        reply = receiver.receive(letter)
        assert reply is not None
        sender.hear_answer(reply)
    raise AssertionError("no reunion")


def under_a_post_that_is_gone(thief: Person, ana: Person, ben: Person) -> None:
    (comment,) = ana.records(kind="comment")
    thief.delete((ana.id, comment.id))
    carry(thief, ben)
    ana.delete((ana.id, ana.records(kind="post")[0].id))


def of_a_post_that_is_purged(thief: Person, ana: Person, ben: Person) -> None:
    post = (ana.id, ana.records(kind="post")[0].id)
    thief.edit(post, "a thief's words")
    carry(thief, ben)
    ana.purge(post)


def under_the_name_of_a_message_that_is_cleared(thief: Person, ana: Person, ben: Person) -> None:
    (message,) = ana.records(kind="message")
    ana.clear(ana.world.people[2])
    thief.purge((ana.id, message.id))
    thief.post("a thief's words", record_id=message.id)
    carry(thief, ben)


LET_GO = [
    under_a_post_that_is_gone,
    of_a_post_that_is_purged,
    under_the_name_of_a_message_that_is_cleared,
]


def said_under_a_name_that_was_let_go(
    world: World, misdeed: Callable[[Person, Person, Person], None]
) -> None:
    ana, ben, cem = world.people
    post = ana.post("hello")
    ana.comment(post, "well?")
    ana.message(cem, "how are you?")
    world.run()
    misdeed(world.steal(ana), ana, ben)
    world.settle()
    world.check()


@pytest.mark.parametrize("misdeed", LET_GO)
def test_what_a_thief_said_under_a_name_that_was_let_go_is_gone_too(
    world: World, misdeed: Callable[[Person, Person, Person], None]
) -> None:
    """Spec 8.4: it is no more in the author's log than anything else of a thief's."""
    said_under_a_name_that_was_let_go(world, misdeed)


@pytest.mark.parametrize("misdeed", LET_GO)
def test_it_stays_when_a_name_that_was_let_go_is_not_looked_at(
    world: World,
    misdeed: Callable[[Person, Person, Person], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Suspects, "is_another", lambda *_: False)
    with pytest.raises(AssertionError, match=r"which a thief said|ana forgot"):
        said_under_a_name_that_was_let_go(world, misdeed)


def test_what_was_let_go_is_not_asked_about_when_friends_hold_that_very_revision(
    world: World, ana: Person, ben: Person
) -> None:
    post = ana.post("hello")
    world.run()
    ana.purge(post)
    ana.rotate("stolen")
    world.run()
    assert ben.holds(post) and not ana.suspects()


def test_what_a_thief_took_out_of_a_thread_is_back(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    world.run()
    comment = cem.comment(post, "hi")
    world.run()
    thief = world.steal(ana)
    thief.take_out(post, comment)
    carry(thief, ben)
    carry(thief, cem)
    assert not ben.holds(comment) and not cem.holds(comment)
    world.settle()
    assert ben.holds(comment) and cem.holds(comment)
    world.check()


def test_a_thiefs_comment_leaves_the_threads_of_friends_too(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    cem.remove(ana)
    world.settle()  # cem knows ana from ben's threads only
    post = ben.post("hello")
    world.run()
    mine = ana.comment(post, "how nice")
    world.run()
    thief = world.steal(ana)
    thief.edit(mine, "a thief's words")
    added = thief.comment(post, "more of them")
    world.run()
    assert cem.text(mine) == "a thief's words" and cem.holds(added)
    world.settle()
    assert ben.text(mine) == cem.text(mine) == "how nice"
    assert ben.find(added) is None and cem.find(added) is None
    world.check()


def test_a_friendship_that_a_thief_ended_goes_on(world: World, ana: Person, ben: Person) -> None:
    post = ana.post("hello")
    world.run()
    thief = world.steal(ana)
    thief.remove(ben)
    carry(thief, ben)
    assert ana.id not in ben.friends()
    ana.post("are you there?")
    world.run()
    assert ben.id not in ana.friends()  # ben's machine said so
    world.settle()
    assert ana.id in ben.friends() and ben.id in ana.friends() and ben.holds(post)
    world.check()


def test_what_was_said_after_a_thiefs_goodbye_was_not_for_them(
    world: World, ana: Person, ben: Person
) -> None:
    before = ben.post("hello")
    world.run()
    thief = world.steal(ana)
    thief.remove(ben)
    carry(thief, ben)
    meanwhile = ben.post("what have I done to her?")
    world.settle()
    after = ben.post("it was a thief")
    world.run()
    assert ana.holds(before) and ana.holds(after) and ana.find(meanwhile) is None
    world.check()


def test_who_ended_a_friendship_on_purpose_stays_away_after_a_theft(
    world: World, ana: Person, ben: Person
) -> None:
    ben.remove(ana)
    world.run()
    world.steal(ana)
    world.settle()
    assert ana.id not in ben.friends() and ben.id not in ana.friends()


@pytest.mark.parametrize(
    ("days", "is_blocked", "again"), [(1, False, True), (100, False, False), (1, True, False)]
)
def test_who_left_comes_back_by_a_theft_only_soon_and_never_past_a_block(
    world: World, ana: Person, ben: Person, days: int, is_blocked: bool, again: bool
) -> None:
    """Else whoever ended it could make themselves a friend again, and read on."""
    ben.remove(ana)
    world.run()
    world.clock.advance(days * 86_400_000)
    if is_blocked:
        ana.write(lambda conn: ana.delivery.end(conn, ben.id))
    ben.rotate("stolen")
    ana.write(lambda conn: ana.log.keep_key_log(conn, ben.me.key_log))
    state = ana.read(lambda conn: store.find(conn, ben.id).state)
    assert (state == "active") is again


def test_a_thief_is_refused_from_the_change_on(world: World, ana: Person, ben: Person) -> None:
    thief = world.steal(ana)
    ana.rotate("stolen")
    world.run()
    post = thief.post("still me")
    world.run()
    assert ben.find(post) is None
    assert thief.is_stopped  # it was shown the longer log, and needs the words
    with pytest.raises(LongerKeyLog):
        thief.go_on_here()


def test_a_friend_who_was_away_throughout_ends_right(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = ana.post("hello")
    world.run()
    thief = world.steal(ana)
    thief.edit(post, "a thief's words")
    carry(thief, ben)
    ben.is_off = True
    world.settle()
    later = ana.post("all is well")
    world.run()
    ben.is_off = False
    world.settle()
    assert ben.text(post) == "hello" and ben.holds(later)
    world.check()


def test_what_is_undecided_stays_as_it_is_and_is_never_taken_by_itself(
    world: World, ana: Person, ben: Person
) -> None:
    """Spec 8.4."""
    thief = world.steal(ana)
    post = thief.post("buy this")
    carry(thief, ben)
    thief.is_off = True
    ana.rotate("stolen")
    world.run()
    assert [suspect.stored.id for suspect in ana.suspects()] == [post[1]]
    assert ana.suspects()[0].holders == (ben.id,)
    assert ana.find(post) is None and ben.holds(post)
    ben.restart()
    ana.restart()
    world.run()
    assert ana.find(post) is None and len(ana.suspects()) == 1


def test_what_the_owner_says_is_theirs_is_taken_in(world: World, ana: Person, ben: Person) -> None:
    before = ana.snapshot()
    post = ana.post("said before the machine was lost")
    world.run()
    ana.restore(before)
    ana.rotate("stolen")  # with a backup from before the post
    world.run()
    assert ana.find(post) is None and len(ana.suspects()) == 1
    ana.decide()
    world.settle()
    assert ana.holds(post) and ben.holds(post) and not ana.suspects()
    world.check()


def r04(world: World, ana: Person, ben: Person) -> Name:
    post = ana.post("hello")
    world.run()
    before = ana.snapshot()
    thief = world.steal(ana)
    thief.edit(post, "a thief's words")
    carry(thief, ben)
    thief.is_off = True
    ana.restore(before)
    ana.wants_hello.add(ben.id)
    world.run()
    assert ana.text(post) == "a thief's words"  # given back in a reunion, as if it were hers
    return post


def test_r04_what_was_taken_back_from_a_thief_can_be_undone(
    world: World, ana: Person, ben: Person, cem: Person
) -> None:
    post = r04(world, ana, ben)
    (shown,) = ana.read(ana.log.suspects.taken_back)
    assert shown.stored.fields["text"] == "a thief's words"
    assert shown.mine is not None and shown.mine.fields["text"] == "hello"
    world.settle()
    assert ana.text(post) == ben.text(post) == cem.text(post) == "hello"
    world.check()


def test_what_was_replaced_leaves_the_files_when_it_is_too_late_to_undo(
    world: World, ana: Person, ben: Person
) -> None:
    r04(world, ana, ben)

    def replaced() -> list[bytes | None]:
        return list(ana.read(lambda conn: conn.execute(select(take_backs.c.before))).scalars())

    world.clock.advance(TAKEN_BACK_FOR_MS)
    ana.write(ana.log.suspects.forget_replaced)
    assert any(replaced()), "on the last day it can still be undone"
    assert ana.read(ana.log.suspects.taken_back)
    world.clock.advance(1)
    ana.write(ana.log.suspects.forget_replaced)
    assert replaced() and not any(replaced())
    assert not ana.read(ana.log.suspects.taken_back)


def test_r04_breaks_when_what_it_replaced_is_not_kept(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "before_taking_back", lambda *_: None)
    post = r04(world, ana, ben)
    world.settle()
    assert ana.find(post) is None and ben.find(post) is None


def test_r04_breaks_after_a_theft_when_nothing_is_doubted(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ana.log._ground, "is_doubtful", lambda *_: False)
    thief = world.steal(ana)
    post = thief.post("buy this")
    carry(thief, ben)
    ana.rotate("stolen")
    world.run()
    assert ana.holds(post)  # the rule is what keeps it apart


def r05(world: World, ana: Person, ben: Person) -> Name:
    """Ben knows the new key; his letter reaches the thief, who says "taken"."""
    thief = world.steal(ana)
    letter = _letter(ben, ana, "to the real one")
    ana.rotate("stolen")
    carry(ana, ben)
    reply = Letter(
        letter.outgoing,
        ben,
        ana.id,
        0,
        thief.write(
            lambda conn: thief.delivery.receive(conn, ben.id, "update", letter.outgoing.sealed)
        ),
    )
    ben.in_flight[ana.id] = letter.outgoing
    step = ben.hear_answer(reply)
    assert isinstance(step, Wait) == (ben.correspondent(ana).answered != letter.outgoing.upto)
    return (ben.id, ben.records(author=ben.id, kind="post")[0].id)


def _letter(sender: Person, receiver: Person, text: str) -> Letter:
    sender.post(text)
    letter = sender.write_letter(receiver.id)
    assert letter is not None
    return letter


def test_r05_a_thiefs_answer_counts_for_nothing(world: World, ana: Person, ben: Person) -> None:
    r05(world, ana, ben)
    assert ben.correspondent(ana).acknowledged == 0


def test_r05_breaks_when_answers_count_under_any_key(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers.Answers, "_check_sender", lambda *_: None)
    monkeypatch.setattr(answers, "verify_envelope", lambda *_: None)
    monkeypatch.setattr(answers, "decode_prekey", lambda *_: None)
    r05(world, ana, ben)
    assert ben.correspondent(ana).acknowledged != 0


def r06(world: World, ana: Person, ben: Person) -> None:
    before = ana.snapshot()
    ana.rotate()
    ana.post("under the new key")
    world.run()
    ana.restore(before)
    ana.post("under the old key")
    world.run()


def test_r06_a_node_restored_from_before_its_own_change_stops_and_the_words_bring_it_on(
    world: World, ana: Person, ben: Person
) -> None:
    r06(world, ana, ben)
    assert ana.is_stopped and ana.me.key_number == 0
    ana.rotate()
    assert ana.me.key_number == 1 and not ana.is_stopped
    world.settle()
    texts = {stored.fields["text"] for stored in ben.records(author=ana.id, kind="post")}
    assert texts == {"under the new key", "under the old key"}
    world.check()


def test_r06_breaks_when_a_longer_log_of_mine_does_not_stop_me(
    world: World, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers.Answers, "_look_at_mine", lambda *_: None)
    r06(world, ana, ben)
    assert not ana.is_stopped and ben.id in ana.waits  # and would try for ever


def test_r06_a_change_is_never_made_from_a_shorter_log_than_friends_know(
    world: World, ana: Person, ben: Person
) -> None:
    before = ana.snapshot()
    ana.rotate()
    world.run()
    ana.restore(before)
    ana.rotate("stolen")  # asks first: this is the second change, not another first one
    assert ana.me.key_log.reasons == ("planned", "stolen")
    world.settle()
    world.check()
