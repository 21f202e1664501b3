"""The door: what becomes of a greeting, whoever brings it (spec 9.2-9.4).

Rule 1: a stranger learns nothing here but "waiting": not whether they are blocked, declined, or one too many.
Rule 2: opening and checking come before deciding, sealing after it; only `decide` changes anything.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection, Row, func, select

from microsocial.clock import Clock
from microsocial.delivery.service import Delivery
from microsocial.events import LiveEvent, emit
from microsocial.friends import knocks, people, store
from microsocial.friends.capsules import Capsules
from microsocial.friends.greetings import (
    Contradicts,
    Introduced,
    KeyBehind,
    Said,
    introduce,
    read_introduction,
    read_said,
    write_greeting,
)
from microsocial.friends.homes import housemate_places, is_private
from microsocial.friends.invites import Invites
from microsocial.friends.knocks import Knock
from microsocial.friends.model import (
    ASK_MEMORY_MS,
    MAX_ASKS_PER_HOUR,
    MAX_WAITING_ASKS,
    FriendshipBegan,
    Look,
    Met,
    NoSuchRequest,
    RequestArrived,
)
from microsocial.friends.page import Pages
from microsocial.friends.places import Places
from microsocial.friends.residents import Resident
from microsocial.identity.me import Me
from microsocial.protocol.encoding import hash_of
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.exchange import Answer, InviteProof
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.payloads import Address
from microsocial.protocol.refusals import CannotOpen, Malformed, Status
from microsocial.protocol.sealing import open_sealed, seal, sealed_prekey_id
from microsocial.protocol.signatures import SignedRequest, verify
from microsocial.records.model import Refused
from microsocial.records.service import Log

HOUR_MS = 3600 * 1000


# Makes the answer's bytes. What is sealed in it is dear and needs no transaction.
Reply = Callable[[], bytes]


@dataclass(frozen=True)
class Opened:
    """A greeting that was opened and checked, or the status that says why not."""

    sender: str
    sealed: bytes = field(repr=False)
    introduced: Introduced | None = None
    status: Status | None = None
    known: KeyLog | None = None
    contradicting: KeyLog | None = None  # a second valid log of a friend (spec 3.4)
    is_proven: bool = False  # it was said by the sender


class Doors:
    def __init__(
        self,
        me: Me,
        log: Log,
        delivery: Delivery,
        invites: Invites,
        pages: Pages,
        places: Places,
        capsules: Capsules,
        clock: Clock,
    ) -> None:
        self._me = me
        self._log = log
        self._delivery = delivery
        self._invites = invites
        self._pages = pages
        self._places = places
        self._capsules = capsules
        self._clock = clock

    # The door

    def receive(
        self, conn: Connection, claims: SignedRequest, sealed: bytes, from_address: str | None
    ) -> bytes:
        """All steps at once: sealed bytes of my own greeting, or a signed answer."""
        return self.answer(conn, self.open(conn, claims, sealed), from_address)()

    def open(self, conn: Connection, claims: SignedRequest, sealed: bytes) -> Opened:
        """Open and check a greeting, and who brings it (dear; only reads). Raises PeerBroke for what no honest machine sends."""
        sender = claims.id
        closed = Opened(sender, sealed)
        private = self._delivery.prekeys.private(conn, sealed_prekey_id(sealed))
        if self._delivery.residence.moved_to(conn):
            return replace(closed, status=Status.MOVED)
        if self._delivery.stopped(conn):
            return replace(closed, status=Status.BUSY)
        if private is None:
            return replace(closed, status=Status.STALE_PREKEY)
        try:
            raw = open_sealed(sealed, "greeting", sender, self._me.id, private)
        except CannotOpen:
            return replace(closed, status=Status.STALE_PREKEY)
        said = read_said(raw, sender, self._me.id)
        verify(claims, said.key_log.key(claims.number))
        # Until here nothing depends on who they are to me: who proves nothing learns nothing.
        return self._proven(conn, replace(closed, is_proven=True), said)

    def _proven(self, conn: Connection, closed: Opened, said: Said) -> Opened:
        if self._log.rings.is_forked(conn, closed.sender):
            return replace(closed, status=Status.BUSY)
        known = self._log.key_logs(conn, (closed.sender,)).get(closed.sender)
        try:
            return replace(closed, introduced=introduce(said, known))
        except KeyBehind as error:
            return replace(closed, status=Status.KEY_BEHIND, known=error.known)
        except Contradicts as error:
            if not self._is_friend(conn, closed.sender):
                raise
            return replace(closed, status=Status.BUSY, contradicting=error.offered)

    def answer(self, conn: Connection, opened: Opened, from_address: str | None) -> Reply:
        """Do what a greeting asks for; call what comes back after the commit, outside of the transaction."""
        introduced = opened.introduced
        status = opened.status
        if opened.contradicting is not None:
            self._delivery.keys.freeze(conn, opened.contradicting)
        if introduced is not None:
            status = self.decide(conn, introduced, from_address)
        if introduced is None or status is not None:
            raw = self._answer(conn, replace(opened, status=status))
            return lambda: raw
        mine = self.greeting(conn, opened.sender).raw
        return partial(seal, mine, "greeting", self._me.id, opened.sender, introduced.prekey)

    def decide(
        self, conn: Connection, introduced: Introduced, from_address: str | None
    ) -> Status | None:
        """Let somebody in (None: answer with my greeting), or say the status to answer with."""
        person = introduced.person
        knock = store.find(conn, store.knocks, person=person)
        tie = store.find(conn, store.friends, person=person)
        is_shut = self._delivery.residence.is_given_up(conn)
        if is_shut or store.find(conn, store.blocks, person=person):
            return Status.INVITE_UNKNOWN if introduced.greeting.invite else Status.WAITING
        if self._is_friend(conn, person):
            self._renew(conn, introduced)
            return None
        if knock is not None:  # spec 9.4: two requests that cross are a friendship
            self.befriend(conn, introduced, knock.met)
            return None
        if introduced.greeting.invite is None:
            return self._let_wait(conn, introduced, from_address)
        return self._take_invite(conn, introduced, introduced.greeting.invite, tie, from_address)

    def _is_friend(self, conn: Connection, person: str) -> bool:
        tie = store.find(conn, store.friends, person=person)
        return tie is not None and tie.state == "friend"

    def _take_invite(
        self,
        conn: Connection,
        introduced: Introduced,
        proof: InviteProof,
        tie: Row[tuple[object, ...]] | None,
        from_address: str | None,
    ) -> Status | None:
        taking = self._invites.take(conn, proof, introduced.person)
        if not taking.is_welcome:
            return taking.status
        if tie is not None and tie.ended_by == "me" and taking.is_again:
            return Status.INVITE_UNKNOWN  # whom I removed does not come back through the old door
        urls = introduced.address.urls
        self.allow(conn, introduced.person, housemate_places(urls, from_address, taking.address))
        self.befriend(conn, introduced, "took_my_invite")
        return None

    def _let_wait(
        self, conn: Connection, introduced: Introduced, from_address: str | None
    ) -> Status:
        """Keep a request for the owner, if there is room; the answer is the same either way."""
        person, now = introduced.person, self._clock.now()
        conn.execute(store.asks.delete().where(store.asks.c.declined < now - ASK_MEMORY_MS))
        before = store.find(conn, store.asks, person=person)
        if before is not None and before.declined is not None:
            return Status.WAITING
        if before is None and self._is_crowded(conn, now):
            return Status.WAITING
        mine = next(iter(people.urls_of(conn, self._me.id)), "")
        home = housemate_places(introduced.address.urls, from_address, mine)
        store.put(
            conn,
            store.asks,
            person=person,
            greeting=introduced.raw,
            note=introduced.greeting.note.strip() or None,
            received=before.received if before else now,
            declined=None,
            home=json.dumps(sorted(home)),
        )
        self.see_face(conn, person, introduced.profile.name, introduced.profile.hue)
        if before is None:
            emit(conn, RequestArrived(person, introduced.profile.name))
            emit(conn, LiveEvent("request.arrived", {"friend": self._pages.friend(conn, person)}))
        return Status.WAITING

    def _is_crowded(self, conn: Connection, now: int) -> bool:
        waiting = select(func.count()).where(store.asks.c.declined.is_(None))
        lately = select(func.count()).where(store.asks.c.received > now - HOUR_MS)
        return (
            conn.execute(waiting).scalar_one() >= MAX_WAITING_ASKS
            or conn.execute(lately).scalar_one() >= MAX_ASKS_PER_HOUR
        )

    def say_yes(self, conn: Connection, person: str) -> bool:
        """Answer a request with yes: from now on my greeting knocks at their door. False when they are a friend."""
        tie = store.find(conn, store.friends, person=person)
        if tie is not None and tie.state == "friend":
            return False
        row = store.find(conn, store.asks, person=person)
        if row is None or row.declined is not None:
            if store.find(conn, store.knocks, person=person) is None:
                raise NoSuchRequest
            return True
        known = self._log.key_logs(conn, (person,)).get(person)
        asked = read_introduction(row.greeting, person, self._me.id, known)
        self.allow(conn, person, json.loads(row.home))
        urls = tuple(asked.address.urls)
        knock = Knock(person, urls, asked.key_log, asked.prekey, "asked_me")
        knocks.start(conn, knock, self._clock.now())
        store.drop(conn, store.asks, person=person)
        return True

    def welcome(self, conn: Connection, knock: Knock, sealed: bytes) -> None:
        """Take in the greeting that came back: we are friends. Raise PeerBroke when it is not what it should be."""
        private = self._delivery.prekeys.private(conn, sealed_prekey_id(sealed))
        if private is None:
            raise CannotOpen
        raw = open_sealed(sealed, "greeting", knock.person, self._me.id, private)
        introduced = read_introduction(raw, knock.person, self._me.id, knock.key_log)
        self.befriend(conn, introduced, knock.met)

    def is_closed(self, conn: Connection) -> bool:
        """Say whether nobody goes out to greet anybody from here: I have moved, or give up this node."""
        residence = self._delivery.residence
        return residence.moved_to(conn) is not None or residence.is_given_up(conn)

    def check_open(self, conn: Connection) -> None:
        """Raise MovedAway or GivenUp when no friendship may begin here."""
        self._delivery.residence.check(conn)

    def follow(self, conn: Connection, knock: Knock, record: bytes) -> bool:
        """Take where somebody whom I greet says that they live now (spec 9.7); say whether that is news."""
        (checked,) = self._log.check([record], {knock.person: knock.key_log})
        found = checked.record
        if checked.author != knock.person or not isinstance(found, Address):
            raise Malformed("something else than the address of who has moved")
        knocks.take_urls(conn, knock.person, found.urls)
        return bool(found.urls) and tuple(found.urls) != knock.urls

    def look(self, conn: Connection, resident: Resident) -> Look:
        """Say who somebody at an address is, as far as is known here."""
        person = people.persons(conn, self._me.id, (resident.person,))[resident.person]
        if person["name"] == people.NAMELESS:
            person = people.unmet(conn, self._me.id, person, resident.name, resident.hue)
        return Look(person=person, address=resident.url, note=self._about(conn, resident))

    def _about(self, conn: Connection, resident: Resident) -> str | None:
        tie = store.find(conn, store.friends, person=resident.person)
        if tie is not None and tie.state == "friend":
            return "You are friends already."
        if store.find(conn, store.blocks, person=resident.person):
            return "You have blocked this person."
        if is_private(resident.url):
            return "This address is private: it works on this machine or in your home network only."
        return None

    def asking(self, conn: Connection) -> list[str]:
        """Who waits for a yes or no, longest first."""
        query = select(store.asks.c.person).where(store.asks.c.declined.is_(None))
        return list(conn.execute(query.order_by(store.asks.c.received)).scalars())

    # Friendship

    def befriend(self, conn: Connection, introduced: Introduced, met: Met) -> None:
        """Begin a friendship from their greeting. From this moment on they see what I say to friends."""
        person, greeting = introduced.person, introduced.greeting
        sees_from = self._log.tick(conn)
        asked = store.find(conn, store.asks, person=person)
        store.put(
            conn,
            store.friends,
            person=person,
            state="friend",
            met=met,
            since=self._clock.now(),
            sees_from=sees_from,
            ended=None,
            ended_by=None,
            has_left=0,
        )
        store.drop(conn, store.asks, person=person)
        store.drop(conn, store.knocks, person=person)
        self._delivery.begin(
            conn,
            person,
            sees_from,
            greeting.position,
            greeting.prekey,
            introduced.key_log,
            introduced.address.urls,
            heard=asked.received if asked else self._clock.now(),
        )
        self._renew(conn, introduced)
        self._places.note(conn, (person,))
        self._capsules.renew(conn, at_once=True)
        emit(conn, FriendshipBegan(person))
        emit(conn, LiveEvent("friend.arrived", {"friend": self._pages.friend(conn, person)}))

    def _renew(self, conn: Connection, introduced: Introduced) -> None:
        """Take in what a greeting says about its sender: keys, name, addresses."""
        self._log.keep_key_log(conn, introduced.key_log)
        for envelope in introduced.records:
            try:
                keys = {introduced.person: introduced.key_log}
                self._log.accept(conn, envelope, introduced.person, keys)
            except Refused:  # an older one than what is known here: nothing new
                continue

    def greeting(
        self,
        conn: Connection,
        to: str,
        invite: InviteProof | None = None,
        note: str = "",
    ) -> Envelope:
        """Write my own greeting to somebody."""
        return write_greeting(
            self._me,
            to,
            prekey=self._delivery.current_prekey(conn),
            profile=self._log.get(conn, self._me.id, "profile").envelope,
            address=self._log.get(conn, self._me.id, "address").envelope,
            position=self._delivery.position_in(conn, to),
            invite=invite,
            note=note,
        )

    def allow(self, conn: Connection, person: str, places: Iterable[str]) -> None:
        for place in places:
            store.put(conn, store.allowed_hosts, person=person, host=place)

    def see_face(self, conn: Connection, person: str, name: str, hue: int) -> None:
        """Remember how somebody who is no friend yet calls themselves."""
        store.put(conn, store.faces, person=person, name=name, hue=hue, about="")

    def _answer(self, conn: Connection, opened: Opened) -> bytes:
        stale = opened.status is Status.STALE_PREKEY
        answer = Answer(
            sender=self._me.id,
            receiver=opened.sender,
            key=self._me.key_number,
            your_key=opened.introduced.greeting.key if opened.introduced else 0,
            update=hash_of(opened.sealed),
            status=opened.status or Status.WAITING,
            prekey=self._delivery.current_prekey(conn).encoded() if stale else None,
            keys=tuple(opened.known.encoded()) if opened.known else (),
            address=self._delivery.residence.record(conn),
            now=self._clock.now(),
        )
        return self._me.sign("answer", answer.payload()).raw
