"""Clearing from either side: R17 of the design, and what both people read about it."""

from sqlalchemy import event

from microsocial.database import Database, WordsErased
from microsocial.messages import store
from microsocial.messages.model import ConversationCleared
from microsocial.protocol.encoding import b64u

BOTH = "You cleared this conversation on both sides."


def test_clearing_empties_both_sides_and_both_read_what_happened(talk, ana, ben):
    ana.send(ben, "walrus")
    ben.send(ana, "oyster")
    talk.bring()
    done = ben.clear(ana)
    assert done.count == 2
    assert "It is gone here" in done.sentence
    assert ben.texts(ana) == []
    talk.bring()
    assert ana.texts(ben) == []
    assert ben.notes(ana) == [BOTH]
    assert ana.notes(ben) == ["Ben cleared this conversation on both sides."]
    for side in (ana, ben):
        assert not side.holds("walrus")
        assert not side.holds("oyster")
        assert any(isinstance(event, WordsErased) for event in side.villager.emitted)


def test_open_screens_hear_of_a_clear_once(talk, ana, ben):
    for number in range(5):
        ana.send(ben, str(number))
    talk.bring()
    ben.told()
    ana.clear(ben)
    talk.bring()
    assert [name for name in ben.told() if name.startswith("message")] == ["messages.cleared"]
    cleared = [one for one in ben.villager.emitted if isinstance(one, ConversationCleared)]
    assert cleared == [ConversationCleared(ana.id, by_me=False)]


def test_what_comes_after_a_clear_stays(talk, ana, ben):
    ana.send(ben, "before")
    talk.bring()
    ana.clear(ben)
    ana.send(ben, "after")
    talk.bring()
    assert ben.texts(ana) == ana.texts(ben) == ["after"]


def test_what_never_left_is_erased_without_a_word_about_it(talk, ana, ben):
    ana.send(ben, "unsaid")
    done = ana.clear(ben)
    assert done.count == 1
    assert done.sentence == "You cleared this conversation. Nothing of it had left your machine."
    assert not ana.holds("unsaid")
    talk.bring()
    assert ben.page(ana) == {"items": [], "cursor": None, "end": True, "notes": []}


def test_a_clear_lists_only_what_the_friend_ever_had(talk, ana, ben):
    ana.send(ben, "known")
    talk.bring()
    ana.send(ben, "unsaid")
    ana.clear(ben)
    (clear,) = ana.villager.read(
        lambda conn: [ana.log.by_ref(conn, ref) for ref in _clears(ana, conn, ben)]
    )
    assert len(clear.fields["messages"]) == 1


def test_a_message_in_flight_when_it_was_cleared_stays_gone(talk, ana, ben):
    ana.send(ben, "late")
    letter = ana.write(lambda conn: ana.villager.delivery.next_outgoing(conn, ben.id))
    ana.clear(ben)
    answer = ben.write(
        lambda conn: ben.villager.delivery.receive(conn, ana.id, letter.purpose, letter.sealed)
    )
    assert ben.texts(ana) == ["late"]
    ana.write(lambda conn: ana.villager.delivery.on_answer(conn, letter, answer))
    talk.bring()
    assert ben.texts(ana) == []
    assert not ben.holds("late")


def test_a_clear_wins_over_an_edit_that_comes_later(talk, ana, ben):
    sent = ana.send(ben, "first")
    talk.bring()
    ana.edit(ben, sent, "second")
    ben.clear(ana)
    talk.bring()
    assert ana.texts(ben) == ben.texts(ana) == []
    assert not ben.holds("second")
    assert not ana.holds("second")


def test_both_may_clear_at_once(talk, ana, ben):
    ana.send(ben, "one")
    ben.send(ana, "two")
    talk.bring()
    ana.clear(ben)
    ben.clear(ana)
    talk.bring()
    assert ana.texts(ben) == ben.texts(ana) == []


def test_a_clear_reaches_nothing_but_messages_between_the_two(talk, ana, ben):
    cem = talk.cem
    talk.village.befriend(ana.villager, cem.villager)
    post = ana.villager.publish("A post", "friends")
    ana.send(cem, "for Cem")
    sent = ana.send(ben, "for Ben")
    talk.bring()
    names = [_name(ana, one["id"]) for one in (post, sent)]
    names += [_name(ana, item["id"]) for item in ana.page(cem)["items"]]
    fields = {"to": [ana.id], "messages": [list(name) for name in names]}
    ben.write(lambda conn: ben.log.say(conn, "clear", fields, audience="chosen"))
    talk.bring()
    assert ana.texts(ben) == []
    assert ana.texts(cem) == ["for Cem"]
    assert ana.villager.show(post)["text"] == "A post"


def test_a_friend_who_holds_what_was_cleared_unknowingly_gets_a_clear_for_it(talk, ana, ben):
    """R17: Ana's older copy does not know that the message was offered; a reunion tells."""
    older = ana.villager.db.snapshot()
    ana.send(ben, "kept at Ben's")
    talk.bring()
    (item,) = ben.page(ana)["items"]
    _restore(ana, older)
    author, record_id = _name(ben, item["id"])
    ana.write(lambda conn: ana.log.forget(conn, author, record_id, "cleared"))
    ben.send(ana, "are you there?")
    ana.write(ana.villager.delivery.start)
    _hello(ana, ben)
    talk.bring()
    assert ben.texts(ana) == ["are you there?"]
    assert not ben.holds("kept at Ben's")


def test_nobody_completes_a_clear_of_the_other(talk, ana, ben):
    """They have it or get it back; or it was a thief's, and nothing was to go (spec 4.11)."""
    ben.send(ana, "cleared by Ana")
    talk.bring()
    older = ana.villager.db.snapshot()
    ana.clear(ben)
    talk.bring()
    _restore(ana, older)
    before = ben.villager.db.snapshot()
    ben.send(ana, "lost")
    talk.bring_from(ben, ana)
    _restore(ben, before)
    ben.write(ben.villager.delivery.start)
    for _ in range(4):
        talk.bring_from(ben, ana)  # a reunion: she lists what he let go
    assert ben.read(lambda conn: len(_clears(ben, conn, ana))) == 1
    assert ana.holds("cleared by Ana")
    _hello(ana, ben)
    talk.bring()
    assert not ana.holds("cleared by Ana")
    assert not ben.holds("cleared by Ana")


def test_a_clear_that_only_completes_another_is_not_told_again(talk, ana, ben):
    ana.send(ben, "one")
    talk.bring()
    ana.clear(ben)
    talk.bring()
    again = {"to": [ben.id], "messages": [[ana.id, "A" * 22]]}
    ana.write(lambda conn: ana.log.say(conn, "clear", again, audience="chosen"))
    talk.bring()
    assert ana.notes(ben) == [BOTH]
    assert ben.notes(ana) == ["Ana cleared this conversation on both sides."]


def test_clearing_nothing_says_so(ana, ben):
    done = ana.clear(ben)
    assert (done.count, done.sentence) == (0, "There was nothing to clear.")


def test_a_cleared_conversation_stays_in_the_list_with_what_happened(talk, ana, ben):
    ana.send(ben, "one")
    talk.bring()
    ben.clear(ana)
    talk.bring()
    (conversation,) = ana.conversations()
    assert conversation["last"] is None
    assert conversation["sentence"] == "Ben cleared this conversation on both sides."


def test_a_rebuild_after_a_clear_gives_the_same(talk, ana, ben):
    ana.send(ben, "one")
    talk.bring()
    ben.clear(ana)
    talk.bring()
    ana.send(ben, "two")
    before = ana.page(ben)
    ana.write(ana.log.rebuild)
    assert ana.page(ben) == before


def test_a_long_conversation_is_cleared_in_several_records(talk, ana, ben, monkeypatch):
    monkeypatch.setattr("microsocial.messages.service.MAX_CLEARED_MESSAGES", 3)
    for number in range(8):
        ana.send(ben, str(number))
    talk.bring()
    assert ana.clear(ben).count == 8
    talk.bring()
    assert ben.texts(ana) == []
    assert ana.notes(ben) == [BOTH]
    assert ben.notes(ana) == ["Ana cleared this conversation on both sides."]


def _clears(side, conn, other):
    return store.refs_of_clears(conn, other.id)


def _name(side, ref):
    stored = side.read(lambda conn: side.log.by_ref(conn, ref))
    return stored.author, stored.id


def _restore(side, snapshot):
    side.villager.db.close()
    side.villager.db = Database.from_snapshot(snapshot)


def _hello(one, other):
    """Say hello both ways, as courier would after a start."""
    for a, b in ((one, other), (other, one)):
        letter = a.write(
            lambda conn, a=a, b=b: a.villager.delivery.next_outgoing(conn, b.id, hello=True)
        )
        answer = b.write(
            lambda conn, a=a, b=b, letter=letter: b.villager.delivery.receive(
                conn, a.id, letter.purpose, letter.sealed
            )
        )
        a.write(
            lambda conn, a=a, letter=letter, answer=answer: a.villager.delivery.on_answer(
                conn, letter, answer
            )
        )


def test_a_clear_of_what_was_never_here_costs_a_few_statements_however_much_it_names(
    talk, ana, ben
):
    """A friend may name two thousand messages; one by one they would hold the writer for seconds on a small machine."""

    def statements(names):
        fields = {"to": [ana.id], "messages": [[ben.id, name] for name in names]}
        ben.write(lambda conn: ben.log.say(conn, "clear", fields, audience="chosen"))
        count = 0

        def counted(*_):
            nonlocal count
            count += 1

        engine = ana.read(lambda conn: conn.engine)
        event.listen(engine, "before_cursor_execute", counted)
        talk.bring_from(ben, ana)
        event.remove(engine, "before_cursor_execute", counted)
        return count

    few = statements([b64u(bytes([number]) * 16) for number in range(3)])
    many = statements([b64u(number.to_bytes(16, "big")) for number in range(1000, 2500)])
    assert many <= few + 2
    late = {"to": [ana.id], "text": "Cleared before it came", "media": []}
    name = b64u((1500).to_bytes(16, "big"))
    ben.write(lambda conn: ben.log.say(conn, "message", late, audience="chosen", record_id=name))
    talk.bring_from(ben, ana)
    assert ana.texts(ben) == []
