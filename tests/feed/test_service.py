"""The timeline, its end, and search."""

import pytest

from microsocial.feed.model import CursorWrong, NothingToFind, QueryTooLong


def pages(person, limit, between=lambda: None):
    """Read the whole feed page by page."""
    cursor, texts = None, []
    while True:
        page = person.read(lambda conn, at=cursor: person.feeds.page(conn, limit, at))
        texts.append([post["text"] for post in page["items"]])
        if page["end"]:
            assert page["cursor"] is None
            return texts
        cursor = page["cursor"]
        between()


def search(person, words, **more):
    return person.read(lambda conn: person.feeds.search(conn, words, 20), **more)


def test_the_feed_is_newest_first_and_ends(village):
    ana, ben = village.people_named("Ana", "Ben")
    for n in range(5):
        (ana if n % 2 else ben).publish(str(n))
        village.clock.advance(10)
        village.bring()
    assert pages(ana, 2) == [["4", "3"], ["2", "1"], ["0"]]
    assert pages(ana, 5) == [["4", "3", "2", "1", "0"]]
    assert pages(village.person("Zoe"), 5) == [[]]


def test_paging_is_not_disturbed_by_what_arrives_meanwhile(village):
    ana = village.person("Ana")
    for n in range(4):
        ana.publish(str(n), "me")
    assert pages(ana, 2, between=lambda: ana.publish("new", "me")) == [["3", "2"], ["1", "0"]]


def test_posts_of_one_moment_are_all_shown_once(village):
    ana, ben = village.people_named("Ana", "Ben")
    for n in range(6):
        ben.publish(str(n))
    village.bring()
    read = [text for page in pages(ana, 1) for text in page]
    assert sorted(read) == [str(n) for n in range(6)]


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "1.", ".1", "1.x", "-1.1", "1" * 40 + ".1", "\u0661.\u0661"]
)
def test_a_made_up_cursor_is_refused_or_ignored(village, cursor):
    ana = village.person("Ana")
    if not cursor:
        assert ana.read(lambda conn: ana.feeds.page(conn, 5, cursor))["end"]
        return
    with pytest.raises(CursorWrong):
        ana.read(lambda conn: ana.feeds.page(conn, 5, cursor))


def test_the_read_mark_only_moves_forward(village):
    ana = village.person("Ana")
    assert ana.read(lambda conn: ana.feeds.page(conn, 1))["read_until"] == 0
    assert ana.write(lambda conn: ana.feeds.read(conn, 500)) == 500
    assert ana.write(lambda conn: ana.feeds.read(conn, 300)) == 500
    assert ana.read(lambda conn: ana.feeds.page(conn, 1))["read_until"] == 500


def test_one_persons_posts_are_what_i_may_see_of_them(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    ana.publish("For all")
    ana.publish("For Ben", "chosen", people=[ben])
    village.bring()

    def of_ana(person):
        page = person.read(lambda conn: person.feeds.of_person(conn, ana.id, 10))
        return [post["text"] for post in page["items"]]

    assert of_ana(ben) == ["For Ben", "For all"]
    assert of_ana(cem) == ["For all"]


def test_search_finds_all_words_in_any_case_and_forgets_what_is_deleted(village):
    ana, ben = village.people_named("Ana", "Ben Straße")
    ana.publish("The GOATS are out")
    post = ben.publish("Two goats, one cheese")
    village.bring()
    assert [one["text"] for one in search(ana, "goats")["posts"]] == [
        "Two goats, one cheese",
        "The GOATS are out",
    ]
    assert [one["text"] for one in search(ana, "CHEESE goat")["posts"]] == ["Two goats, one cheese"]
    assert [one["name"] for one in search(ana, "strasse")["people"]] == ["Ben Straße"]
    assert search(ana, "sheep") == {"posts": [], "messages": [], "people": []}
    ben.delete(post)
    village.bring()
    assert search(ana, "cheese")["posts"] == []


def test_search_finds_messages_until_they_are_cleared(village):
    ana, ben = village.people_named("Ana", "Ben")
    for text in ("Straße one", "Nothing", "STRASSE two"):
        ana.write(lambda conn, it=text: ana.messages.send(conn, ben.id, it))
        village.clock.advance(10)
    village.bring()
    for person in (ana, ben):
        found = search(person, "strasse")["messages"]
        assert [message["text"] for message in found] == ["STRASSE two", "Straße one"]
    ben.write(lambda conn: ben.messages.clear(conn, ana.id))
    village.bring()
    for person in (ana, ben):
        assert search(person, "strasse")["messages"] == []


def test_blocked_people_are_not_found(village):
    ana, ben = village.people_named("Ana", "Ben")
    ben.publish("Goats")
    village.bring()
    ana.write(lambda conn: ana.friends.block(conn, ben.id))
    assert search(ana, "goats")["posts"] == []
    assert ana.texts() == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("", NothingToFind),
        ("  ", NothingToFind),
        ("x" * 201, QueryTooLong),
        ("a b c d e f g h i j k l m n o p q r s t u", QueryTooLong),
    ],
)
def test_a_search_needs_some_words_but_not_a_book(village, words, error):
    ana = village.person("Ana")
    with pytest.raises(error):
        search(ana, words)
