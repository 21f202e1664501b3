"""What does one publish, one delivery and one page of the feed cost: statements and processor time?"""

import time
from collections.abc import Callable

from sqlalchemy import event
from tests.support.village import Village, Villager

FRIENDS = 8
TIMES = 100
WARM_UP = 20  # every statement has been compiled by then, as in a node that has run for a minute


def ask() -> list[str]:
    village = Village()
    ana, *friends = village.people_named("Ana", *(f"Friend {number}" for number in range(FRIENDS)))
    ben = friends[0]

    def publish() -> None:
        ana.publish("A walk along the river.")

    def bring() -> None:
        publish()
        village.carry(ana, ben)

    answers = [_cost(f"publish to {FRIENDS} friends", ana, publish)]
    newest = ana.feed(1)[0]
    answers += [
        _cost("comment", ana, lambda: ana.comment(newest, "Which river?")),
        _cost("show a page of the feed, 20 posts", ana, lambda: ana.feed(20)),
    ]
    village.bring()
    answers += [
        _cost(
            "publish and bring it to one friend: both nodes, counted at the author's", ana, bring
        ),
        _cost("the same, counted at the friend's", ben, bring),
    ]
    village.close()
    return answers


def _cost(what: str, person: Villager, do: Callable[[], object]) -> str:
    for _ in range(WARM_UP):
        do()
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    engine = person.read(lambda conn: conn.engine)
    event.listen(engine, "before_cursor_execute", count)
    began = time.process_time()
    for _ in range(TIMES):
        do()
    milliseconds = (time.process_time() - began) * 1000 / TIMES
    event.remove(engine, "before_cursor_execute", count)
    return f"- {what}: {statements / TIMES:.0f} statements, {milliseconds:.1f} ms of the processor"
