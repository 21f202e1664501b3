"""Coming back: what the capsule says becomes facts again, and friends whose machines do not answer yet are looked for.

A friend counts as one from the first moment. Until their machine has been found, nothing goes to them, and what comes from them is
asked to wait ("busy"): "not-friends" would end on their side what has not begun again on this one.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Mapping
from typing import get_args

from sqlalchemy import Connection, func, select, update

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.delivery import store as correspondence
from microsocial.delivery.backoff import Backoff
from microsocial.delivery.service import Delivery
from microsocial.errors import MicrosocialError
from microsocial.friends import store
from microsocial.friends.asking import Carrier, find
from microsocial.friends.circles import fold
from microsocial.friends.model import Met
from microsocial.friends.residents import Resident
from microsocial.friends.service import Friends
from microsocial.protocol.capsules import CapsuleFriend, Contents
from microsocial.protocol.encoding import b64u
from microsocial.records.service import Log

log = logging.getLogger(__name__)

LONGEST_SLEEP_S = 60.0  # clocks jump and machines sleep: looking again costs one query
SHORTEST_SLEEP_S = 0.5
MAX_AT_ONCE = 4
UNREAD_POSITION_BYTES = 12
CIRCLE_ID_BYTES = 16


class Returning:
    """What the capsule brings back, and the search for those whom it names."""

    def __init__(
        self,
        db: Database,
        carrier: Carrier,
        friends: Friends,
        log: Log,
        delivery: Delivery,
        clock: Clock,
        entropy: Entropy,
        backoff: Backoff,
    ) -> None:
        self._db = db
        self._carrier = carrier
        self._friends = friends
        self._log = log
        self._delivery = delivery
        self._clock = clock
        self._entropy = entropy
        self._backoff = backoff
        self._knocked: set[str] = set()
        self._look = asyncio.Event()

    # Facts

    def take_in(
        self, conn: Connection, contents: Contents, found: Mapping[str, Resident]
    ) -> list[str]:
        """Make friends, circles and blocks of what the capsule says, beside what is known here; give who is new."""
        for person in contents.blocked:
            self._friends.block(conn, person)
        new = [one for one in contents.friends if self._is_new(conn, one)]
        for one in new:
            self._befriend(conn, one)
            if one.id in found:
                self.begin(conn, found[one.id])
        self._circles(conn, contents)
        return [one.id for one in new]

    def _is_new(self, conn: Connection, friend: CapsuleFriend) -> bool:
        """Whom I know here, as a friend or as one who was, I know better."""
        return store.find(conn, store.friends, person=friend.id) is None and not store.find(
            conn, store.blocks, person=friend.id
        )

    def _befriend(self, conn: Connection, friend: CapsuleFriend) -> None:
        self._log.saw_tick(conn, friend.sees_from)
        store.put(
            conn,
            store.friends,
            person=friend.id,
            state="friend",
            met=friend.met if friend.met in get_args(Met) else "came_back",
            since=friend.sees_from,
            sees_from=friend.sees_from,
            ended=None,
            ended_by=None,
            has_left=0,
        )
        self._friends.doors.allow(conn, friend.id, friend.allowed)
        if friend.name:
            store.put(conn, store.faces, person=friend.id, name=friend.name, hue=None, about="")
        store.put(
            conn,
            store.sought,
            person=friend.id,
            urls=json.dumps(friend.urls),
            attempts=0,
            next_try=0,
            error=None,
        )

    def _circles(self, conn: Connection, contents: Contents) -> None:
        for circle in contents.circles:
            known = store.find(conn, store.circles, folded=fold(circle.name))
            circle_id = known.id if known else b64u(self._entropy(CIRCLE_ID_BYTES))
            if known is None:
                made = self._clock.now()
                named = {"name": circle.name, "folded": fold(circle.name), "made": made}
                store.put(conn, store.circles, id=circle_id, **named)
            for place in circle.people:
                person = contents.friends[place].id
                if self._friends.is_friend(conn, person):
                    store.put(conn, store.circle_people, circle=circle_id, person=person)

    def begin(self, conn: Connection, resident: Resident) -> None:
        """Write to a friend whose machine was found: a reunion brings back what they hold."""
        tie = store.find(conn, store.friends, person=resident.person)
        waiting = store.drop(conn, store.sought, person=resident.person)
        if tie is None or tie.state != "friend" or not waiting:
            return
        urls = [resident.url]
        # A position that nobody minted is foreign, so it all begins with a reunion (spec 8.1).
        unread = b64u(self._entropy(UNREAD_POSITION_BYTES))
        prekey = resident.prekey.envelope
        self._delivery.begin(
            conn, resident.person, tie.sees_from, unread, prekey, resident.key_log, urls
        )
        if self._friends.me.key_log.reasons[-1:] == ("stolen",):
            correspondence.change(conn, resident.person, theft=1)

    # The search

    async def run(self) -> None:
        """Look for those who have not been found, until cancelled."""
        await self._db.write(self._wake)
        while True:
            await self.try_due()
            seconds = await self._db.read(self._seconds_until_due)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), seconds)
                await asyncio.sleep(
                    SHORTEST_SLEEP_S
                )  # who comes again and again makes us look once, not all the time
            self._look.clear()

    def is_sought(self, conn: Connection, person: str) -> bool:
        return store.find(conn, store.sought, person=person) is not None

    def came(self, person: str) -> None:
        """Somebody awaited stands at our door: if they are still to be found, their machine is awake, so look again now."""
        self._knocked.add(person)
        self._look.set()

    def _wake(self, conn: Connection) -> None:
        conn.execute(update(store.sought).values(next_try=self._clock.now(), attempts=0))

    def _seconds_until_due(self, conn: Connection) -> float:
        moment = conn.execute(select(func.min(store.sought.c.next_try))).scalar()
        wait = LONGEST_SLEEP_S if moment is None else (moment - self._clock.now()) / 1000
        return min(max(wait, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)

    async def try_due(self) -> None:
        now = self._clock.now()
        gate = asyncio.Semaphore(MAX_AT_ONCE)

        async def one(person: str) -> None:
            async with gate:
                try:
                    await self._look_for(person)
                except MicrosocialError as error:
                    sentence = str(error)
                    await self._db.write(lambda conn: self._failed(conn, person, sentence))

        due = {*await self._db.read(lambda conn: _due(conn, now)), *self._knocked}
        self._knocked.clear()
        await asyncio.gather(*map(one, due))

    async def _look_for(self, person: str) -> None:
        row = await self._db.read(lambda conn: store.find(conn, store.sought, person=person))
        if row is None:
            return
        allowed = await self._db.read(lambda conn: self._friends.allowed_hosts(conn, person))
        resident = await find(self._carrier, person, tuple(json.loads(row.urls)), allowed)
        await self._db.write(lambda conn: self.begin(conn, resident))

    def _failed(self, conn: Connection, person: str, sentence: str) -> None:
        row = store.find(conn, store.sought, person=person)
        if row is None:
            return
        pause = self._backoff.wait_ms(row.attempts + 1, self._entropy(1)[0] / 255)
        values = {"attempts": row.attempts + 1, "next_try": self._clock.now() + pause}
        chosen = update(store.sought).where(store.sought.c.person == person)
        conn.execute(chosen.values(**values, error=sentence))


def _due(conn: Connection, now: int) -> Collection[str]:
    query = select(store.sought.c.person).where(store.sought.c.next_try <= now)
    return list(conn.execute(query.order_by(store.sought.c.next_try)).scalars())
