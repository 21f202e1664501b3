"""Deleting everything: what I said is taken back, friends' machines confirm it one by one, and then this node ends.

Rule 1: "removed" counts what a friend's machine has acknowledged, never what was only sent.
Rule 2: until the end a friend who is away is waited for, and friendships stand, so that the owner may stop. What is taken back is gone.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.archive.leaving import store
from microsocial.archive.leaving.model import (
    LeavingAlready,
    LeavingShape,
    NotLeaving,
    StillTakingBack,
    TooLateToStay,
    WaitingShape,
)
from microsocial.clock import Clock
from microsocial.delivery.service import Delivery
from microsocial.friends.service import Friends
from microsocial.records.service import Log

STEP = 100  # records taken back in one transaction; others write in between


class Departure:
    """The verbs; synchronous. What drives them is `going`."""

    def __init__(self, records: Log, delivery: Delivery, friends: Friends, clock: Clock) -> None:
        self._log = records
        self._delivery = delivery
        self._friends = friends
        self._clock = clock

    # What the owner decides

    def begin(self, conn: Connection) -> None:
        """From now on nothing new begins here, and everything that was said is taken back."""
        if store.began(conn) is not None:
            raise LeavingAlready
        self._delivery.residence.check(conn)
        store.begin(conn, self._clock.now(), self._friends.active(conn))
        self._delivery.residence.give_up(conn)
        # A profile has no tombstone; what is left of it is the name.
        self._log.set_one(conn, "profile", {"about": "", "avatar": None})

    def stop(self, conn: Connection) -> None:
        """Stay after all. What was taken back stays gone; friendships stand."""
        if store.began(conn) is None:
            raise NotLeaving
        if self.is_erasing(conn):
            raise TooLateToStay
        store.stop(conn)
        self._delivery.residence.keep(conn)

    def finish(self, conn: Connection) -> None:
        """Decide that nobody is waited for any longer. Farewells go out; the folder is emptied, now or at the next start."""
        if store.began(conn) is None:
            raise NotLeaving
        if store.how_many_to_take_back(conn, self._log.me.id):
            raise StillTakingBack
        store.begin_erasing(conn)
        for person in self._friends.active(conn):
            self._friends.remove(conn, person)

    # What goes on

    def is_going(self, conn: Connection) -> bool:
        return store.began(conn) is not None

    def is_erasing(self, conn: Connection) -> bool:
        began = store.began(conn)
        return began is not None and bool(began.erasing)

    def take_back_some(self, conn: Connection) -> int:
        """Take back the next few things; give how many are left."""
        if not self.is_going(conn):
            return 0
        for no in store.some_to_take_back(conn, self._log.me.id, STEP):
            self._log.withdraw(conn, self._log.by_no(conn, no))
        return store.how_many_to_take_back(conn, self._log.me.id)

    def look(self, conn: Connection) -> bool:
        """Note whose machine has confirmed; say whether that is news."""
        if not self.is_going(conn) or store.how_many_to_take_back(conn, self._log.me.id):
            return False
        accounts = {one.person: one for one in self._delivery.ledger.accounts(conn)}
        waiting = [row for row in store.all_departures(conn) if row.state == "waiting"]
        news = False
        for row in waiting:
            account = accounts.get(row.person)
            if account is None:
                store.set_departure(conn, row.person, "ended", self._clock.now())
            elif account.behind == 0 and account.acknowledged is not None:
                store.set_departure(conn, row.person, "removed", self._clock.now())
            else:
                continue
            news = True
        return news

    def farewells_left(self, conn: Connection) -> int:
        """To how many friends the farewell is still on its way."""
        return len(self._delivery.correspondents(conn))

    # What is shown

    def shape(self, conn: Connection) -> LeavingShape:
        began = store.began(conn)
        if began is None:
            return LeavingShape(
                state="no", removed=0, of=0, sentence="You are here to stay.", waiting=[]
            )
        rows = store.all_departures(conn)
        left = store.how_many_to_take_back(conn, self._log.me.id)
        waiting = [row for row in rows if row.state == "waiting"]
        removed = sum(row.state == "removed" for row in rows)
        persons = self._friends.persons(conn, [row.person for row in waiting])
        return LeavingShape(
            state="telling" if left or waiting else "told",
            removed=removed,
            of=sum(row.state != "ended" for row in rows),
            sentence=_sentence(
                left, removed, rows, [persons[row.person]["name"] for row in waiting]
            ),
            waiting=[WaitingShape(person=persons[row.person], since=row.since) for row in waiting],
        )


def _sentence(left: int, removed: int, rows: Sequence[Row[Any]], waiting: Sequence[str]) -> str:
    if left:
        return f"What you said is being taken back; {left:,} to go."
    told = sum(row.state != "ended" for row in rows)
    if not told:
        return "Nobody else has anything of yours. You can finish."
    if not waiting:
        who = "Your friend's machine has" if told == 1 else f"All {told} friends' machines have"
        return f"{who} removed everything of yours. You can finish."
    some = f"{removed} of {told} have removed everything of yours"
    if len(waiting) == 1:
        return (
            f"{some}. {waiting[0]}'s machine has not answered yet; wait for it, or finish without."
        )
    return (
        f"{some}. {len(waiting)} machines have not answered yet; wait for them, or finish without."
    )
