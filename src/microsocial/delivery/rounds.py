"""One letter there and its answer back, over whatever carries it. When to speak to whom is the courier's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy import Connection

from microsocial.database import Database
from microsocial.delivery.answers import Listed
from microsocial.delivery.model import (
    BUSY,
    KEYS_NOT_TAKEN,
    NOT_UNDERSTOOD,
    Draft,
    NextStep,
    Outgoing,
    SendKeys,
    SendUpdate,
    Wait,
)
from microsocial.errors import MicrosocialError
from microsocial.protocol.crypto import PublicKey
from microsocial.transport.errors import TooSlow
from microsocial.transport.http_out import PEER_CONTENT_TYPE, Destination, Response, Signer

TOO_MANY_REQUESTS = 429
THEIR_TROUBLE = (
    500  # and above: their disk cannot even be read, or their proxy has nobody behind it
)
EXCHANGE_PATH = "/peer/v1/exchange"
KEYS_PATH = "/peer/v1/keys"
KEYS_CONTENT_TYPE = "application/json"
# One request with all addresses that a person has; a hostile machine holds its place for no longer.
EXCHANGE_SECONDS = 90.0


class Post(Protocol):
    """What decides what is sent: `delivery.service.Delivery`. All of it runs in a transaction."""

    def correspondents(self, conn: Connection) -> list[str]: ...
    def due(self, conn: Connection) -> list[str]: ...
    def draft(self, conn: Connection, person: str, hello: bool = False) -> Draft | None: ...
    def open_answer(self, conn: Connection, outgoing: Outgoing, answer: bytes) -> Listed | None: ...
    def on_answer(
        self, conn: Connection, outgoing: Outgoing, answer: bytes, listed: Listed | None = None
    ) -> NextStep: ...
    def introduction(self) -> bytes: ...
    def on_introduction(
        self, conn: Connection, person: str, body: bytes, answer: bytes
    ) -> NextStep: ...
    def failed(
        self, conn: Connection, person: str, sentence: str, next_try: int | None = None
    ) -> None: ...


class Carrier(Protocol):
    """What brings bytes there: `transport.http_out.HttpOut`."""

    async def post(
        self,
        to: Destination,
        path: str,
        body: bytes,
        *,
        signer: Signer,
        purpose: str,
        content_type: str = PEER_CONTENT_TYPE,
    ) -> Response: ...


Whereabouts = Callable[[Connection, str], tuple[frozenset[str], PublicKey | None]]
Seal = Callable[[Draft], Awaitable[Outgoing]]


class Rounds:
    """Args as the courier's."""

    def __init__(
        self,
        db: Database,
        post: Post,
        carrier: Carrier,
        signer: Signer,
        whereabouts: Whereabouts,
        seal: Seal,
    ) -> None:
        self._db = db
        self._post = post
        self._carrier = carrier
        self._signer = signer
        self._whereabouts = whereabouts
        self._seal = seal
        self._shown: set[str] = set()  # who took my key log just now

    async def once(self, draft: Draft) -> NextStep:
        """Send a letter and act on what comes back; whoever does not know my newest key is shown it (spec 10.6)."""
        outgoing = await self._seal(draft)
        if outgoing.purpose == "keys":
            return await self._introduce(outgoing, SendKeys())
        reply = await self._bring(outgoing, EXCHANGE_PATH, outgoing.sealed, outgoing.purpose)
        if isinstance(reply, Wait):
            return reply
        listed = await self._verify(outgoing, reply) if outgoing.purpose == "reunion" else None
        step = await self._db.write(
            lambda conn: self._post.on_answer(conn, outgoing, reply, listed)
        )
        if not isinstance(step, SendKeys):
            self._shown.discard(outgoing.person)
            return step
        return await self._introduce(outgoing, step)

    async def _verify(self, outgoing: Outgoing, reply: bytes) -> Listed | None:
        """Hundreds of signatures: not in the transaction, for which everybody else would wait."""
        return await self._db.read_long(lambda conn: self._post.open_answer(conn, outgoing, reply))

    async def _introduce(self, outgoing: Outgoing, asked: SendKeys) -> NextStep:
        """Spec 10.6, once: who took my key log and still does not know it is asked again later."""
        if outgoing.person in self._shown:
            self._shown.discard(outgoing.person)
            return Wait(KEYS_NOT_TAKEN)
        body = self._post.introduction()
        reply = await self._bring(outgoing, KEYS_PATH, body, "", KEYS_CONTENT_TYPE)
        if isinstance(reply, Wait):
            return reply
        person = outgoing.person
        step = await self._db.write(
            lambda conn: self._post.on_introduction(conn, person, body, reply)
        )
        if not isinstance(step, SendUpdate):
            return step
        self._shown.add(outgoing.person)
        return SendUpdate(asked.hello)

    async def _bring(
        self,
        outgoing: Outgoing,
        path: str,
        body: bytes,
        purpose: str,
        content_type: str = PEER_CONTENT_TYPE,
    ) -> bytes | Wait:
        """Give the reply, or why there is none."""
        allowed, key = await self._db.read(lambda conn: self._whereabouts(conn, outgoing.person))
        to = Destination(outgoing.person, outgoing.urls, allowed, key)
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                response = await self._carrier.post(
                    to,
                    path,
                    body,
                    signer=self._signer,
                    purpose=purpose,
                    content_type=content_type,
                )
        except TimeoutError:
            return Wait(TooSlow.sentence())
        except MicrosocialError as error:
            return Wait(str(error))
        if response.status == TOO_MANY_REQUESTS or response.status >= THEIR_TROUBLE:
            return Wait(BUSY)
        return response.body if response.is_protocol else Wait(NOT_UNDERSTOOD)
