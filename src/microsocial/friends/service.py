"""`Friends`: the verbs that need no network. What has to go out first is in knocking.py."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from microsocial.clock import Clock, Entropy
from microsocial.delivery.model import CorrespondenceBegan
from microsocial.delivery.service import Delivery
from microsocial.events import LiveEvent, emit
from microsocial.friends import forgetting, people, store
from microsocial.friends.capsules import Capsules
from microsocial.friends.circles import Circles, fold
from microsocial.friends.doors import Doors
from microsocial.friends.help import Helping
from microsocial.friends.invites import Invites
from microsocial.friends.model import (
    FriendShape,
    FriendshipEnded,
    InviteShown,
    NobodyLikeThat,
    NoSuchRequest,
    NotAFriend,
    NothingToSettle,
    Person,
    SeveralLikeThat,
    TiesChanged,
    Yourself,
)
from microsocial.friends.page import Pages
from microsocial.friends.peer import AddressHandler, ProfileHandler
from microsocial.friends.places import Places
from microsocial.identity.me import Me
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.signatures import SignedRequest
from microsocial.records.service import Log
from microsocial.transport.guard import Network

SHORTEST_PREFIX = 4  # of an id; less could be a name


class Friends:
    """Whom I know. `circles`, `invites` and `doors` are parts of it that may be used directly."""

    def __init__(
        self,
        me: Me,
        log: Log,
        delivery: Delivery,
        clock: Clock,
        entropy: Entropy,
        opened: Iterable[Network] = (),
    ) -> None:
        self._me = me
        self._log = log
        self._delivery = delivery
        self._clock = clock
        self.circles = Circles(clock, entropy)
        self.invites = Invites(me.id, clock, entropy)
        self.places = Places(me.id, clock, opened)
        self.pages = Pages(me.id, log, delivery, self.circles, self.places)
        self.capsules = Capsules(me, log, self.circles, clock)
        self.help = Helping(me, log, clock, entropy)
        self.doors = Doors(
            me, log, delivery, self.invites, self.pages, self.places, self.capsules, clock
        )
        log.register("profile", ProfileHandler(me.id, self.pages))
        log.register("address", AddressHandler(me.id, delivery, self.pages, self.places))
        delivery.when_left(self.they_left)
        delivery.when_ended(self.they_ended)
        delivery.when_revived(self.they_never_left)
        log.rings.when_grown(self._keys_renewed)

    @property
    def me(self) -> Me:
        return self._me

    # Who is who

    def person(self, conn: Connection, person: str) -> Person:
        return self.persons(conn, (person,))[person]

    def persons(self, conn: Connection, ids: Iterable[str]) -> dict[str, Person]:
        """Name anybody: me, friends, former friends, strangers met in threads. One batch for all of them."""
        return people.persons(conn, self._me.id, ids)

    def active(self, conn: Connection) -> list[str]:
        """Who is my friend now."""
        return store.in_state(conn, "friend")

    def is_friend(self, conn: Connection, person: str) -> bool:
        row = store.find(conn, store.friends, person=person)
        return row is not None and row.state == "friend"

    def known(self, conn: Connection, person: str) -> None:
        """Raise NobodyLikeThat unless this is somebody who is or was a friend, or asks, or was asked."""
        tables = (store.friends, store.asks, store.knocks, store.blocks)
        if not any(store.find(conn, table, person=person) for table in tables):
            raise NobodyLikeThat

    def met(self, conn: Connection, person: str) -> None:
        """Raise NobodyLikeThat unless I know them, or they wrote in a thread that lies here."""
        if person != self._me.id and not people.wrote_here(conn, person):
            self.known(conn, person)

    def resolve(self, conn: Connection, text: str) -> str:
        """Find the one person meant by an id, a unique beginning of it, or a name that only one friend bears."""
        text = text.strip()
        tables = (store.friends, store.asks, store.knocks, store.blocks)
        ids = {self._me.id}.union(*(store.everybody(conn, table) for table in tables))
        if text in ids:
            return text
        by_name = {
            person["id"]
            for person in self.persons(conn, ids).values()
            if fold(person["name"]) == fold(text)
        }
        friends_of_that_name = by_name & set(self.active(conn))
        by_prefix = {one for one in ids if len(text) >= SHORTEST_PREFIX and one.startswith(text)}
        found = (friends_of_that_name or by_name) | by_prefix
        if not found:
            raise NobodyLikeThat
        if len(found) > 1:
            raise SeveralLikeThat
        return found.pop()

    # Friends

    def friend(self, conn: Connection, person: str) -> FriendShape:
        """Give the page about one person, in sentences."""
        self.met(conn, person)
        return self.pages.friend(conn, person)

    def all(self, conn: Connection) -> dict[str, list[FriendShape]]:
        """Give `friends`, `requests` (who asks) and `asked` (whom I asked), by name."""
        blocked = self.blocked(conn)
        return {
            "friends": self.pages.friends(conn, self.active(conn)),
            "requests": self.pages.friends(conn, set(self.doors.asking(conn)) - blocked),
            "asked": self.pages.friends(conn, store.everybody(conn, store.knocks)),
        }

    def invite(self, conn: Connection, address: str | None = None) -> InviteShown:
        """Make an invite link on this address, or on the first one that I tell my friends."""
        mine = people.urls_of(conn, self._me.id)
        return self.invites.make(conn, address or (mine[0] if mine else "http://localhost:8080"))

    def receive_greeting(
        self, conn: Connection, claims: SignedRequest, sealed: bytes, from_address: str | None
    ) -> bytes:
        """Answer somebody at the door: sealed bytes of my own greeting, or a signed answer (spec 9.3, 9.4)."""
        return self.doors.receive(conn, claims, sealed, from_address)

    def is_awaited(self, conn: Connection, person: str) -> bool:
        """Say whether a greeting of mine waits for theirs, or I came back and have not found their machine yet.

        They may be my friend already on their side, so their first update is asked to wait ("busy"): "not-friends"
        would end the friendship before it has begun here.
        """
        return any(store.find(conn, table, person=person) for table in (store.knocks, store.sought))

    def decline(self, conn: Connection, person: str) -> None:
        """Say no, silently; asking again stays quiet too."""
        asked = store.asks.c.person == person
        decided = update(store.asks).where(asked, store.asks.c.declined.is_(None))
        if conn.execute(decided.values(declined=self._clock.now(), greeting=b"")).rowcount == 0:
            raise NoSuchRequest
        self._changed(conn, person)

    def remove(self, conn: Connection, person: str) -> None:
        """End a friendship: they are told, and nothing new reaches them. Or take back a request of mine."""
        if not self.is_friend(conn, person):
            if not store.drop(conn, store.knocks, person=person):
                raise NotAFriend
            self._changed(conn, person)
            self.tidy(conn)
            return
        self._end(conn, person, by_me=True, tell=True)

    def they_ended(self, conn: Connection, person: str) -> None:
        """Take note that somebody's machine said we are friends no longer."""
        if self.is_friend(conn, person):
            self._end(conn, person, by_me=False, tell=False)
            self.tidy(conn)

    def tidy(self, conn: Connection) -> None:
        """Now and then: forget what is of no use about people who only passed by."""
        forgetting.tidy(conn, self._delivery.correspondents(conn))

    def they_left(self, conn: Connection, person: str) -> None:
        """Take note that somebody gives up their node, and so every friendship of theirs."""
        tie = store.friends.c.person == person
        conn.execute(update(store.friends).where(tie).values(has_left=1))

    def they_never_left(self, conn: Connection, person: str) -> None:
        """Take note that somebody's goodbye was a thief's, or that ours was: we are friends again."""
        row = store.find(conn, store.friends, person=person)
        if row is None or row.state != "former" or row.ended_by != "them":
            return
        again = update(store.friends).where(store.friends.c.person == person)
        sees_from = self._delivery.sees_from(conn, person)
        friend = {"state": "friend", "ended": None, "ended_by": None, "sees_from": sees_from}
        conn.execute(again.values(friend))
        self.places.note(conn, (person,))
        emit(conn, LiveEvent("friend.arrived", {"friend": self.pages.friend(conn, person)}))

    def _keys_renewed(self, conn: Connection, _before: int, key_log: KeyLog) -> None:
        if self.is_friend(conn, key_log.id):
            self._changed(conn, key_log.id)

    def _changed(self, conn: Connection, person: str) -> FriendShape:
        page = self.pages.friend(conn, person)
        emit(conn, LiveEvent("friend.changed", {"friend": page}))
        return page

    def go_on(self, conn: Connection, person: str) -> None:
        """Two keys claim to be theirs; the owner asked them, and goes on with the one that was known."""
        if not self._log.rings.is_forked(conn, person):
            raise NothingToSettle
        self._log.rings.settle_fork(conn, person)
        emit(conn, CorrespondenceBegan(person))

    def block(self, conn: Connection, person: str) -> None:
        """Hear nothing of somebody any more. They are not told."""
        if person == self._me.id:
            raise Yourself
        store.put(conn, store.blocks, person=person, since=self._clock.now())
        emit(conn, TiesChanged())
        store.drop(conn, store.asks, person=person)
        store.drop(conn, store.knocks, person=person)
        store.drop(conn, store.allowed_hosts, person=person)
        if self.is_friend(conn, person):
            self._end(conn, person, by_me=True, tell=False)
        else:
            self._delivery.end(conn, person)
            self._changed(conn, person)

    def unblock(self, conn: Connection, person: str) -> None:
        """Let somebody be heard again. A friendship does not come back by itself."""
        if not store.drop(conn, store.blocks, person=person):
            raise NobodyLikeThat
        emit(conn, TiesChanged())

    def blocked(self, conn: Connection) -> set[str]:
        return set(store.everybody(conn, store.blocks))

    def _end(self, conn: Connection, person: str, *, by_me: bool, tell: bool) -> None:
        conn.execute(
            update(store.friends)
            .where(store.friends.c.person == person)
            .values(state="former", ended=self._clock.now(), ended_by="me" if by_me else "them")
        )
        self.circles.leave_all(conn, person)
        self.places.forget(conn, person)
        if by_me:  # else delivery knows it already, and told us
            self._delivery.end(conn, person, tell=tell)
        emit(conn, FriendshipEnded(person, by_me))
        sentence = self.pages.friend(conn, person)["sentence"]
        emit(conn, LiveEvent("friend.ended", {"friend": person, "sentence": sentence}))

    # Where people are

    def look_for_homes(self, conn: Connection) -> None:
        """At the start: whoever waits behind a private address since an earlier version, or another address of mine, is asked about."""
        self.places.note(conn, self.active(conn))

    def at_home(self, conn: Connection, person: str, place: str) -> FriendShape:
        """Say yes: this friend lives at this private place, and is called there."""
        self.places.accept(conn, person, place)
        return self._changed(conn, person)

    def not_at_home(self, conn: Connection, person: str, place: str) -> FriendShape:
        """Say no, or take a yes back."""
        self.places.decline(conn, person, place)
        return self._changed(conn, person)

    def allowed_hosts(self, conn: Connection, person: str) -> frozenset[str]:
        """The private `host:port`s that the owner accepted for this person, for the address guard."""
        query = select(store.allowed_hosts.c.host).where(store.allowed_hosts.c.person == person)
        return frozenset(conn.execute(query).scalars())
