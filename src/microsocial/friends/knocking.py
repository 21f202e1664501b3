"""Going to somebody's door: looking who lives there, and greeting them until a greeting comes back.

Rule 1: read, then the network, then write. No transaction ever waits for another machine.
Rule 2: everything may be repeated. A greeting that was lost, or whose reply was lost, is simply said again.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.errors import MicrosocialError
from microsocial.friends import knocks, store
from microsocial.friends.homes import accepted_places
from microsocial.friends.knocks import Knock
from microsocial.friends.model import (
    INVITE_VALID_MS,
    Blocked,
    FriendShape,
    InviteExpired,
    InviteUnknown,
    InviteUsed,
    Look,
    NoReplyYet,
    NoteTooLong,
    NotWhoTheySay,
    Yourself,
)
from microsocial.friends.residents import Resident, address_of, read_resident
from microsocial.friends.service import Friends
from microsocial.identity.me import Me
from microsocial.protocol.encoding import b64u, hash_of, unb64u
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import Answer, InviteProof, read_answer
from microsocial.protocol.invites import Invite, mac, parse_invite
from microsocial.protocol.limits import (
    MAX_ANSWER_BYTES,
    MAX_NOTE_CHARACTERS,
    MAX_WELL_KNOWN_BYTES,
)
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Malformed, Status
from microsocial.protocol.sealing import seal
from microsocial.transport.http_out import Destination, Response, Signer

log = logging.getLogger(__name__)

GREETINGS = "/peer/v1/greetings"
WELL_KNOWN = "/.well-known/microsocial"
MAX_AT_ONCE = 4  # one dead machine must not hold up the others, nor may all of them hold us up
LONGEST_SLEEP_S = 60.0  # clocks jump and machines sleep: looking again costs one query
SHORTEST_SLEEP_S = 1.0
SEALED = b"MS1"  # what a greeting in reply begins with; a signed answer cannot


class Carrier(Protocol):
    """Who brings bytes to other machines: `transport.http_out.HttpOut`."""

    async def get(
        self, url: str, *, allowed: frozenset[str] = frozenset(), max_bytes: int
    ) -> Response: ...

    async def post(
        self,
        to: Destination,
        path: str,
        body: bytes,
        *,
        signer: Signer,
        purpose: str,
        max_bytes: int = ...,
    ) -> Response: ...


@dataclass(frozen=True)
class Sent:
    """A greeting that has left, to judge the reply by."""

    knock: Knock
    sealed: bytes

    @property
    def hash(self) -> str:
        return hash_of(self.sealed)


class Knocking:
    """The verbs of friendship that need the network. One per node; `run` tries again what did not get through."""

    def __init__(
        self,
        db: Database,
        carrier: Carrier,
        friends: Friends,
        me: Me,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._db = db
        self._carrier = carrier
        self._friends = friends
        self._me = me
        self._clock = clock
        self._entropy = entropy
        self._under_way: set[str] = set()

    # Looking

    async def look(self, link: str) -> Look:
        """Say who it is before saying yes; `link` is an invite link or an address. Nothing is kept."""
        invite = _invite_in(link)
        resident = await self._visit(invite.url if invite else address_of(link), invite)
        return await self._db.read(lambda conn: self._friends.doors.look(conn, resident))

    async def _visit(self, url: str, invite: Invite | None) -> Resident:
        if invite is not None and invite.id == self._me.id:
            raise Yourself
        resident = await self._ask(url, accepted_places(url))
        if resident.moved_to is not None and resident.moved_to != url:  # spec 10.1: look once
            resident = replace(await self._ask(resident.moved_to, frozenset()), is_as_asked=False)
        if resident.person == self._me.id:
            raise Yourself
        if invite is not None and resident.person != invite.id:
            raise NotWhoTheySay
        return resident

    async def _ask(self, url: str, allowed: frozenset[str]) -> Resident:
        asked = url + WELL_KNOWN
        response = await self._carrier.get(asked, allowed=allowed, max_bytes=MAX_WELL_KNOWN_BYTES)
        return read_resident(url, response)

    # Becoming friends

    async def add(self, link: str, note: str = "") -> FriendShape:
        """Take an invite link, or ask at an address: whichever this is."""
        if len(note) > MAX_NOTE_CHARACTERS:
            raise NoteTooLong(field="note")
        return await (self.accept_invite(link) if _invite_in(link) else self.request(link, note))

    async def accept_invite(self, link: str) -> FriendShape:
        """Take an invite: friends after one round trip. The same link again does no harm."""
        invite = parse_invite(link)
        if await self._db.read(lambda conn: self._friends.is_friend(conn, invite.id)):
            return await self._page(invite.id)
        resident = await self._visit(invite.url, invite)
        proof = InviteProof(
            id=b64u(invite.invite_id), mac=mac(invite.secret, self._me.id, invite.id)
        )
        expires = self._clock.now() + INVITE_VALID_MS
        await self._db.write(
            lambda conn: self._start(conn, resident.knock("invited_me", proof), resident, expires)
        )
        await self._knock(resident.person, or_raise=True)
        page = await self._page(resident.person)
        if page["state"] != "friend":
            raise NoReplyYet(page["sentence"])
        return page

    async def request(self, address: str, note: str = "") -> FriendShape:
        """Ask whoever lives at an address. Kept as asked until a greeting comes back."""
        resident = await self._visit(address_of(address), None)
        person = resident.person
        if await self._db.read(lambda conn: self._friends.is_friend(conn, person)):
            return await self._page(person)
        await self._db.write(
            lambda conn: self._start(conn, resident.knock("i_asked", note=note), resident)
        )
        await self._knock(person)
        return await self._page(person)

    async def accept(self, person: str) -> FriendShape:
        """Say yes to somebody who asks: a greeting back. When their machine is asleep it is tried again."""
        if await self._db.write(lambda conn: self._friends.doors.say_yes(conn, person)):
            await self._knock(person)
        return await self._page(person)

    def _start(
        self, conn: Connection, knock: Knock, resident: Resident, expires: int | None = None
    ) -> None:
        self._friends.doors.check_open(conn)
        if store.find(conn, store.blocks, person=knock.person):
            raise Blocked
        doors = self._friends.doors
        if resident.is_as_asked:
            doors.allow(conn, knock.person, accepted_places(resident.url))
        doors.see_face(conn, knock.person, resident.name, resident.hue)
        knocks.start(conn, knock, self._clock.now(), expires)

    async def _page(self, person: str) -> FriendShape:
        return await self._db.read(lambda conn: self._friends.friend(conn, person))

    # One greeting, and what comes back

    async def _knock(self, person: str, *, or_raise: bool = False) -> None:
        """Greet somebody once (twice when their prekey was old). What fails is tried again by `run`."""
        if person in self._under_way:
            return
        self._under_way.add(person)
        try:
            again = await self._greet(person)
            if again:
                await self._greet(person)
        except (InviteUsed, InviteExpired, InviteUnknown):
            if or_raise:
                raise
        except MicrosocialError as error:
            sentence = str(error)
            await self._db.write(
                lambda conn: knocks.failed(conn, person, sentence, self._clock.now(), self._entropy)
            )
        finally:
            self._under_way.discard(person)

    async def _greet(self, person: str) -> bool:
        """Greet once; say whether to do it again at once."""
        sent = await self._db.write(lambda conn: self._write_greeting(conn, person))
        if sent is None:
            return False
        allowed = await self._db.read(lambda conn: self._friends.allowed_hosts(conn, person))
        to = Destination(person, sent.knock.urls, allowed, sent.knock.key_log.current)
        response = await self._carrier.post(
            to, GREETINGS, sent.sealed, signer=self._me, purpose="greeting"
        )
        if not response.is_protocol:
            raise NoReplyYet
        outcome = await self._db.write(lambda conn: self._conclude(conn, sent, response.body))
        if isinstance(outcome, MicrosocialError):
            raise outcome
        return outcome

    def _write_greeting(self, conn: Connection, person: str) -> Sent | None:
        knock = knocks.find(conn, person)
        if knock is None or self._friends.doors.is_closed(conn):
            return None
        envelope = self._friends.doors.greeting(conn, person, knock.invite, knock.note)
        return Sent(knock, seal(envelope.raw, "greeting", self._me.id, person, knock.prekey))

    def _conclude(self, conn: Connection, sent: Sent, reply: bytes) -> bool | MicrosocialError:
        """Act on the reply. An error is given back, not raised, so that what was learned stays."""
        knock = sent.knock
        if self._friends.is_friend(conn, knock.person):  # they knocked here meanwhile
            return False
        if reply.startswith(SEALED):
            self._friends.doors.welcome(conn, knock, reply)
            return False
        answer = read_reply(reply, sent, self._me.id)
        now = self._clock.now()
        if answer.says is Status.STALE_PREKEY and answer.prekey:
            fresh = decode_prekey(answer.prekey, knock.key_log)
            knocks.take_prekey(conn, knock.person, fresh.envelope)
            return fresh.id != knock.prekey.id
        if answer.says is Status.MOVED and answer.address is not None:
            return self._friends.doors.follow(conn, knock, unb64u(answer.address))
        if answer.says is Status.WAITING:
            knocks.waits(conn, knock.person, now, self._entropy)
            return False
        refusal = self._refusal(conn, knock, answer)
        if refusal is None:
            return NoReplyYet()
        store.drop(conn, store.knocks, person=knock.person)
        return refusal

    def _refusal(self, conn: Connection, knock: Knock, answer: Answer) -> MicrosocialError | None:
        name = self._friends.person(conn, knock.person)["name"]
        ask = f"Ask {name} for a new one."
        if answer.says is Status.INVITE_USED:
            return InviteUsed(f"This invitation has already been used by somebody else. {ask}")
        if answer.says is Status.INVITE_EXPIRED:
            return InviteExpired(f"This invitation is older than a week. {ask}")
        if answer.says is Status.INVITE_UNKNOWN:
            return InviteUnknown(f"This invitation is not valid any more. {ask}")
        return None

    # Trying again

    async def run(self) -> None:
        """Try again what did not get through, until cancelled."""
        await self._db.write(lambda conn: knocks.wake_failed(conn, self._clock.now()))
        while True:
            await self.try_due()
            await asyncio.sleep(await self._db.read(self._seconds_until_due))

    def _seconds_until_due(self, conn: Connection) -> float:
        now = self._clock.now()
        moment = knocks.next_due(conn, now)
        wait = LONGEST_SLEEP_S if moment is None else (moment - now) / 1000
        return min(max(wait, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)

    async def try_due(self) -> None:
        """Greet everybody whose time has come, a few at once."""
        now = self._clock.now()
        gate = asyncio.Semaphore(MAX_AT_ONCE)

        async def one(person: str) -> None:
            async with gate:
                try:
                    await self._knock(person)
                except Exception:
                    log.exception("Greeting somebody failed in a way nobody thought of")

        people = await self._db.read(lambda conn: knocks.due(conn, now))
        await asyncio.gather(*(one(person) for person in people))


def read_reply(reply: bytes, sent: Sent, me: str) -> Answer:
    """Read a signed answer to this very greeting; raise PeerBroke for any other."""
    envelope = parse_envelope(reply, MAX_ANSWER_BYTES)
    verify_envelope(envelope, sent.knock.key_log.current)
    answer = read_answer(envelope)
    # spec 7.4: only the answer that names what was sent counts
    if (answer.sender, answer.receiver, answer.update) != (sent.knock.person, me, sent.hash):
        raise Malformed("an answer to something else")
    return answer


def _invite_in(link: str) -> Invite | None:
    """Read a link; None when it is no invite link at all (and may be an address)."""
    return parse_invite(link) if "#" in link else None
