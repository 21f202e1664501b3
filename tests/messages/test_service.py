import pytest

from microsocial.database import WordsErased
from microsocial.friends.model import NobodyLikeThat
from microsocial.messages.model import (
    CursorWrong,
    KeyTooLong,
    KeyUsed,
    MessageNotFound,
    MessageTooLong,
    NotFriends,
    NothingToSend,
    NotYourMessage,
)
from microsocial.records.model import ref_of


def test_a_message_reaches_the_friend_and_only_them(talk, ana, ben):
    ana.send(ben, "Hello *Ben*")
    talk.bring()
    (item,) = ben.page(ana)["items"]
    assert item["text"] == "Hello *Ben*"
    assert "<em>Ben</em>" in item["html"]
    assert item["from_me"] is False
    assert item["friend"] == ana.id
    assert not talk.cem.holds("Hello")


def test_open_screens_are_told_on_both_sides(talk, ana, ben):
    ana.send(ben, "Hello")
    assert "message.arrived" in ana.told()
    talk.bring()
    (event,) = [one for one in ben.villager.told if one.name == "message.arrived"]
    assert event.payload["message"]["text"] == "Hello"
    assert event.payload["message"]["friend"] == ana.id


def test_my_other_screens_are_not_told_that_it_is_there_before_it_left(ana, ben):
    ana.send(ben, "Hello")
    (event,) = [one for one in ana.villager.told if one.name == "message.arrived"]
    assert event.payload["message"]["state"] == "sending"


def test_delivery_is_said_in_words(talk, ana, ben):
    sent = ana.send(ben, "Hello")
    assert (sent["state"], sent["sentence"]) == ("sending", "It is on its way to Ben.")
    ana.write(
        lambda conn: ana.villager.delivery.failed(
            conn, ben.id, "Their machine does not answer. It may be off or offline."
        )
    )
    (item,) = ana.page(ben)["items"]
    assert item["sentence"] == "Ben's machine is asleep; Ben will get this when it wakes."
    talk.bring()
    (item,) = ana.page(ben)["items"]
    assert (item["state"], item["sentence"]) == ("delivered", "Ben has it.")


def test_messages_to_a_friend_who_is_away_come_once_each_and_in_order(talk, ana, ben):
    said = [f"message {number}" for number in range(20)]
    for words in said:
        ana.send(ben, words)
    talk.bring()
    talk.bring()
    assert ben.texts(ana) == said


def test_one_can_write_to_friends_only(talk, ana):
    with pytest.raises(NotFriends):
        ana.send(talk.cem, "Hello")
    with pytest.raises(NobodyLikeThat):
        ana.page(talk.cem)


def test_the_same_key_sends_once(talk, ana, ben):
    first = ana.send(ben, "Hello", key="k1")
    assert ana.send(ben, "Hello", key="k1")["id"] == first["id"]
    assert ana.texts(ben) == ["Hello"]
    ana.unsend(ben, first)
    with pytest.raises(KeyUsed):
        ana.send(ben, "Hello", key="k1")
    with pytest.raises(KeyTooLong):
        ana.send(ben, "Hello", key="k" * 101)


def test_nothing_and_too_much_are_refused(ana, ben):
    for words in ("", "  \n "):
        with pytest.raises(NothingToSend):
            ana.send(ben, words)
    with pytest.raises(MessageTooLong):
        ana.send(ben, "x" * 5001)
    assert ana.page(ben)["items"] == []


def test_an_edit_reaches_the_friend(talk, ana, ben):
    sent = ana.send(ben, "Helo")
    talk.bring()
    ben.told()
    ana.edit(ben, sent, "Hello")
    talk.bring()
    assert ben.texts(ana) == ["Hello"]
    assert "message.changed" in ben.told()


def test_unsending_takes_it_off_both_screens_and_out_of_both_files(talk, ana, ben):
    sent = ana.send(ben, "xylophone")
    talk.bring()
    ana.unsend(ben, sent)
    assert "message.deleted" in ana.told()
    talk.bring()
    assert ben.texts(ana) == ana.texts(ben) == []
    assert "message.deleted" in ben.told()
    assert not ana.holds("xylophone")
    assert not ben.holds("xylophone")
    assert any(isinstance(event, WordsErased) for event in ben.villager.emitted)


def test_only_the_writer_unsends(talk, ana, ben):
    ana.send(ben, "Hello")
    talk.bring()
    (item,) = ben.page(ana)["items"]
    with pytest.raises(NotYourMessage):
        ben.unsend(ana, item)
    with pytest.raises(MessageNotFound):
        ben.unsend(ana, {"id": "nothing"})


# Order and pages


def test_order_is_by_what_was_shown_first_and_a_fast_clock_cannot_lead(talk, ana, ben):
    ana.send(ben, "one")
    talk.bring()
    talk.clock.advance(1000)
    ben.send(ana, "two")
    talk.bring()
    talk.clock.advance(1000)
    ana.send(ben, "three")
    talk.bring()
    assert ana.texts(ben) == ben.texts(ana) == ["one", "two", "three"]


def test_pages_hold_everything_once(talk, ana, ben):
    for number in range(7):
        ana.send(ben, str(number))
    found, cursor = [], None
    while True:
        page = ana.page(ben, limit=3, cursor=cursor)
        found += [item["text"] for item in page["items"]]
        cursor = page["cursor"]
        if page["end"]:
            break
    assert cursor is None
    assert found == [str(number) for number in reversed(range(7))]


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1.", "1.1.short", "٣.1." + "a" * 22, "9" * 30 + ".1." + "a" * 22]
)
def test_a_cursor_that_was_never_given_is_refused(ana, ben, cursor):
    with pytest.raises(CursorWrong):
        ana.page(ben, cursor=cursor)


# The list and reading


def test_the_list_shows_the_last_message_and_whether_it_was_read(talk, ana, ben):
    assert ana.conversations() == []
    ben.send(ana, "first")
    ben.send(ana, "second")
    talk.bring()
    (conversation,) = ana.conversations()
    assert conversation["friend"]["name"] == "Ben"
    assert conversation["last"]["text"] == "second"
    assert conversation["unread"] is True
    assert ben.conversations()[0]["unread"] is False
    assert ana.mark_read(ben) is True
    assert ana.mark_read(ben) is False
    assert ana.conversations()[0]["unread"] is False
    ben.send(ana, "third")
    talk.bring()
    assert ana.conversations()[0]["unread"] is True


def test_a_conversation_costs_the_same_number_of_statements_however_long_it_is(talk, ana, ben):
    def statements():
        count = 0

        def look(conn):
            nonlocal count
            original = conn.execute

            def counted(*args, **kwargs):
                nonlocal count
                count += 1
                return original(*args, **kwargs)

            conn.execute = counted
            try:
                ana.room.page(conn, ben.id)
            finally:
                del conn.execute

        ana.read(look)
        return count

    ana.send(ben, "one")
    few = statements()
    for number in range(20):
        ana.send(ben, str(number))
    assert statements() == few


def test_former_friends_can_still_be_read_but_not_written_to(talk, ana, ben):
    ana.send(ben, "Hello")
    talk.bring()
    ana.write(lambda conn: ana.villager.friends.remove(conn, ben.id))
    assert ana.texts(ben) == ["Hello"]
    assert "not friends now" in ana.page(ben)["items"][0]["sentence"]
    with pytest.raises(NotFriends):
        ana.send(ben, "More")


def test_blocked_people_are_not_in_the_list(talk, ana, ben):
    ben.send(ana, "Hello")
    talk.bring()
    ana.write(lambda conn: ana.villager.friends.block(conn, ben.id))
    assert ana.conversations() == []


def test_a_rebuild_gives_the_same_conversation(talk, ana, ben):
    ana.send(ben, "one")
    gone = ana.send(ben, "two")
    ben.send(ana, "three")
    talk.bring()
    ana.unsend(ben, gone)
    before = ana.page(ben), ana.conversations()
    ana.write(ana.log.rebuild)
    assert (ana.page(ben), ana.conversations()) == before


def test_the_id_of_a_message_is_the_same_on_both_sides(talk, ana, ben):
    sent = ana.send(ben, "Hello")
    talk.bring()
    (there,) = ben.page(ana)["items"]
    assert there["id"] == sent["id"]
    row = ana.read(lambda conn: ana.log.by_ref(conn, sent["id"]))
    assert ref_of(ana.id, row.id) == sent["id"]
