"""What open screens are told costs the writer nothing, and a burst of it little more than one."""

import pytest
from sqlalchemy import event

from microsocial.feed.live import SHOWN

MANY = 40


class Counted:
    """How many statements one person's database is asked while this is open."""

    def __init__(self, person):
        self._engine = person.read(lambda conn: conn.engine)
        self.statements = 0

    def __enter__(self):
        event.listen(self._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_):
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, *_):
        self.statements += 1


@pytest.fixture
def friends(village):
    ana, ben = village.people_named("Ana", "Ben")
    ben.thread = ben.publish("A thread of Ben's")
    ana.publish("So that everything is warm")
    village.bring()
    return ana, ben


def say(ana, ben, kind):
    if kind == "post":
        ana.publish("A word")
    elif kind == "comment":
        ana.comment(ben.thread, "A word")
    else:
        ana.write(lambda conn: ana.messages.send(conn, ben.id, "A word"))


@pytest.mark.parametrize(("kind", "each"), [("post", 7), ("comment", 16), ("message", 7)])
def test_what_arrives_costs_few_statements_in_the_write(village, friends, kind, each):
    """Before it was shown after the commit, it was 14, 25 and 10."""
    ana, ben = friends
    for _ in range(MANY):
        say(ana, ben, kind)
    ben.is_watched = False
    with Counted(ben) as counted:
        village.carry(ana, ben)
    assert counted.statements <= each * MANY + 30  # opening and answering the letter


def test_a_burst_is_shown_with_as_many_statements_as_one(village, friends):
    ana, ben = friends
    ben.emitted.clear()
    for _ in range(MANY):
        for kind in ("post", "comment", "message"):
            say(ana, ben, kind)
    village.bring()
    happened = [one for one in ben.emitted if isinstance(one, SHOWN)]
    assert len(happened) == MANY * 4  # the comments are noticed too
    with Counted(ben) as burst:
        told = ben.read(lambda conn: ben.live.shown(conn, happened))
    with Counted(ben) as one:
        ben.read(lambda conn: ben.live.shown(conn, happened[-4:]))
    assert len(told) == MANY * 4
    assert burst.statements <= one.statements + 2


def test_each_thing_is_told_once_as_it_stands_and_nothing_that_is_gone(village, friends):
    ana, ben = friends
    ben.emitted.clear()
    kept, gone = ana.publish("Kept"), ana.publish("Gone")
    village.bring()
    ana.edit(kept, "Changed")
    ana.delete(gone)
    ana.react(ben.thread, "👍")
    ana.react(ben.thread, "🌊")
    village.bring()
    happened = [one for one in ben.emitted if isinstance(one, SHOWN)]
    told = ben.read(lambda conn: ben.live.shown(conn, happened))
    assert [(one.name, one.payload.get("post", {})) for one in told if "post" in one.name] == [
        ("post.arrived", told[0].payload["post"]),
        ("post.changed", told[0].payload["post"]),
    ]
    assert told[0].payload["post"]["text"] == "Changed"
    assert [one.name for one in told].count("reaction.changed") == 1


def test_nobody_is_told_of_the_blocked(village, friends):
    ana, ben = friends
    ben.emitted.clear()
    ana.publish("A word")
    ana.comment(ben.thread, "A word")
    village.bring()
    happened = [one for one in ben.emitted if isinstance(one, SHOWN)]
    ben.write(lambda conn: ben.friends.block(conn, ana.id))
    assert ben.read(lambda conn: ben.live.shown(conn, happened)) == []
