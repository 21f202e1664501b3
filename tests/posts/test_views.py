"""Shapes, and what they cost."""

from sqlalchemy import event

from microsocial.posts.views import Views


def statements(person, query):
    """Count the statements that a query sends to the database."""
    sent = []

    def counted(conn):
        def note(_conn, _cursor, statement, *_rest):
            sent.append(statement)

        event.listen(conn, "before_cursor_execute", note)
        try:
            return query(conn)
        finally:
            event.remove(conn, "before_cursor_execute", note)

    person.read(counted)
    return len(sent)


def test_a_page_costs_the_same_number_of_statements_whatever_is_on_it(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    family = ana.circle("Family", ben)

    def page(conn):
        return ana.feeds.page(conn, 100)

    def fill(times):
        for n in range(times):
            mine = ana.publish(f"Mine {n}", "circle", circle=family)
            ana.publish(f"Public {n}", "public")
            theirs = ben.publish(f"Theirs {n}")
            village.bring()
            for person in (ana, ben):
                person.comment(mine, "Hm")
                person.react(theirs, "👍")
            cem.publish(f"Cem {n}")
            village.bring()

    fill(1)
    few = statements(ana, page)
    fill(4)
    assert len(ana.feed()) == 20
    assert statements(ana, page) == few
    assert 5 <= few <= 20


def test_the_feed_carries_the_newest_two_comments_and_names_everybody(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Talk to me")
    village.bring()
    for n in range(3):
        ben.comment(post, f"Ben {n}")
        village.clock.advance(10)
    cem.comment(post, "Cem")
    village.bring()
    [shown] = ana.feed()
    assert [one["text"] for one in shown["comments"]] == ["Ben 2", "Cem"]
    assert [person["name"] for person in shown["commenters"]] == ["Ben", "Cem"]
    assert len(ana.show(post)["comments"]) == 4


def test_media_are_described_in_one_go_and_given_back_to_their_posts(village):
    asked = []

    def describe(_conn, stored):
        asked.append(len(stored))
        return [{"id": item["id"]} for item in stored]

    ana = village.person("Ana")
    for text in ("one", "two", "three"):
        ana.publish(text, "me")
    views = Views(ana.id, ana.friends, ana.delivery, describe)

    def with_media(conn):
        rows = conn.exec_driver_sql("SELECT * FROM posts ORDER BY record").all()
        return views.posts(conn, rows)

    assert [post["media"] for post in ana.read(with_media)] == [[], [], []]
    assert asked == []
    ana.write(
        lambda conn: conn.exec_driver_sql(
            """UPDATE posts SET media = CASE text WHEN 'one' THEN '[{"id":"a"},{"id":"b"}]'
               WHEN 'three' THEN '[{"id":"c"}]' ELSE '[]' END"""
        )
    )
    assert [post["media"] for post in ana.read(with_media)] == [
        [{"id": "a"}, {"id": "b"}],
        [],
        [{"id": "c"}],
    ]
    assert asked == [3]
