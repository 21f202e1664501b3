"""Renewing the key of a running node: friends are asked first, the old key goes, the new one counts at once.

Two transactions. The first stores the new key; the second, in the same thread as every other change, hands it to the rooms, so that
nothing is ever signed by a key that is not on disk. Between them, or after a crash there, the old key signs: friends take that still.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from microsocial.database import Database
from microsocial.delivery.courier import Courier
from microsocial.delivery.model import KeysInTwoHands
from microsocial.delivery.rounds import KEYS_CONTENT_TYPE, KEYS_PATH
from microsocial.delivery.service import Delivery
from microsocial.errors import MicrosocialError
from microsocial.identity import rotation
from microsocial.identity.me import Me
from microsocial.identity.recovery import own_entropy
from microsocial.identity.rotation import Turn
from microsocial.protocol.keys import KeyLog, Reason, merge
from microsocial.protocol.refusals import Forked
from microsocial.transport.http_out import Destination, HttpOut, Response

# Who does not answer within this is asleep; their turn comes when they wake.
ASK_SECONDS = 5.0

PLANNED = "Your key is new. Your friends' machines learn it by themselves."
CAUGHT_UP = (
    "Your key had been changed on another machine. This one has the newest now, and goes on."
)
STOLEN = (
    "Your key is new, and the stolen one counts no more. "
    "Your friends' machines are asked what they hold in your name; look through it as it comes."
)


@dataclass(frozen=True)
class Rotated:
    """The key number from now on, and what to tell the owner."""

    number: int
    sentence: str


class Rotating:
    """One per node."""

    def __init__(
        self,
        db: Database,
        me: Me,
        delivery: Delivery,
        courier: Courier,
        carrier: HttpOut,
        destination: Callable[[Connection, str], Destination],
    ) -> None:
        self._db = db
        self._me = me
        self._delivery = delivery
        self._courier = courier
        self._carrier = carrier
        self._destination = destination
        self._one_at_a_time = asyncio.Lock()

    async def rotate(self, words: Sequence[str], reason: Reason) -> Rotated:
        """Renew the key, or take the current one where this node is behind.

        Raises:
            WordsWrong, WordsOfAnother: nothing was changed.
            MovedAway, GivenUp: I do not live on this node any more.
            KeysInTwoHands: a friend knows another change of my keys than this node.
        """
        async with self._one_at_a_time:
            await self._db.read(self._delivery.residence.check)
            entropy = await asyncio.to_thread(own_entropy, words, self._me.id)
            turned = rotation.turn(entropy, self._me.key_log, await self._longest(), reason)
            await self._db.write(lambda conn: self._keep(conn, entropy, turned))
            await self._db.write(lambda conn: self._hand_over(conn, turned))
            self._courier.greet_everybody()
        if not turned.is_new:
            return Rotated(turned.key_log.number, CAUGHT_UP)
        return Rotated(turned.key_log.number, PLANNED if reason == "planned" else STOLEN)

    def _keep(self, conn: Connection, entropy: bytes, turned: Turn) -> None:
        rotation.keep(conn, entropy, turned)
        self._delivery.turned(conn, turned.key_log)

    def _hand_over(self, conn: Connection, turned: Turn) -> None:
        self._me.become(turned.key, turned.key_log)
        self._delivery.settle_key(conn)

    # Spec 3.4: the longest log that friends know

    async def _longest(self) -> KeyLog:
        told = await self._db.read(self._delivery.longer_log)
        friends = await self._db.read(self._delivery.active)
        known = await asyncio.gather(*map(self._ask, friends))
        longest = self._me.key_log
        for log in (told, *known):
            try:
                longest = merge(longest, log) if log is not None else longest
            except Forked:
                raise KeysInTwoHands from None
        return longest

    async def _ask(self, person: str) -> KeyLog | None:
        """Show a friend my log; who knows a longer one answers with it."""
        body = self._delivery.introduction()
        try:
            to = await self._db.read(lambda conn: self._destination(conn, person))
            async with asyncio.timeout(ASK_SECONDS):
                response = await self._post(to, body)
            return await self._db.read(
                lambda conn: self._delivery.keys.log_in(conn, person, body, response.body)
            )
        except Forked:
            raise KeysInTwoHands from None
        except (TimeoutError, MicrosocialError):
            return None

    def _post(self, to: Destination, body: bytes) -> Awaitable[Response]:
        return self._carrier.post(
            to, KEYS_PATH, body, signer=self._me, purpose="", content_type=KEYS_CONTENT_TYPE
        )
