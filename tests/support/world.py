"""People with whole nodes but without machines, and a network that may do anything to what they send.

    world = World("ana", "ben")
    ana, ben = world.people
    world.befriend(ana, ben)
    post = ana.post("hello")
    world.settle()                       # no more faults: everything arrives
    assert ben.holds(post)
    world.check()                        # both sides agree, nobody knows more than is for them

Time, keys and chance are fake and repeat themselves; records, delivery, cryptography and SQLite are the real ones.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, select
from tests.support import FakeClock, SeededEntropy
from tests.support.world_rooms import furnish, say_clear

from microsocial.database import Database, in_memory
from microsocial.delivery import store as delivery_store
from microsocial.delivery.model import NextStep, Outgoing, Wait
from microsocial.delivery.service import Delivery
from microsocial.delivery.standing import RUN
from microsocial.identity.me import Me
from microsocial.protocol.keys import begin, inception, signing_key
from microsocial.records import store
from microsocial.records.model import Stored
from microsocial.records.service import Log
from microsocial.records.visibility import may_see

T = TypeVar("T")
Name = tuple[str, str]  # of a record: author, id

MAX_ROUNDS = 400  # letters in one `settle`; far more than any history needs
HOUR_MS = 3_600_000


@cache
def me_of(name: str) -> Me:
    entropy = name.encode().ljust(32, b"\0")
    key = signing_key(entropy, 0)
    return Me(key, begin(inception(key, signing_key(entropy, 1).public)))


@cache
def template() -> bytes:
    return in_memory().snapshot()


@dataclass(frozen=True, eq=False)
class Letter:
    """Something on its way: a request, or the reply to one."""

    outgoing: Outgoing
    sender: "Person"
    receiver: str
    reply: bytes | None = None


class Crash(Exception):
    """The machine went off in the middle of a transaction."""


class Person:
    """One running copy of one person. Memory (what is in flight) is lost when it restarts."""

    def __init__(self, world: "World", name: str, snapshot: bytes, clock: FakeClock) -> None:
        self.world = world
        self.name = name
        self.me = me_of(name)
        self.clock = clock
        self.log = Log(self.me, clock, world.entropy)
        self.delivery = Delivery(self.log, clock, world.entropy)
        furnish(self.log)
        self.in_flight: dict[str, Outgoing] = {}
        self.wants_hello: set[str] = set()
        self.waits: set[str] = set()  # for whom nothing goes on just now
        self.db = Database.from_snapshot(snapshot)
        self.is_off = False

    def __repr__(self) -> str:
        return self.name

    @property
    def id(self) -> str:
        return self.me.id

    # The machine

    def write(self, change: Callable[[Connection], T]) -> T:
        return self.db.write_sync(change)

    def read(self, query: Callable[[Connection], T]) -> T:
        return self.db.read_sync(query)

    def start(self) -> None:
        """Begin a run, and greet everybody."""
        self.in_flight.clear()
        self.waits.clear()
        self.write(self.delivery.start)
        self.wants_hello = set(self.read(self.delivery.correspondents))

    def snapshot(self) -> bytes:
        return self.db.snapshot()

    def restore(self, snapshot: bytes) -> None:
        self.db.close()
        self.db = Database.from_snapshot(snapshot)
        self.start()

    def restart(self) -> None:
        self.start()

    @property
    def run(self) -> int:
        return int.from_bytes(self.read(lambda conn: delivery_store.fact(conn, RUN)) or b"", "big")

    @property
    def is_stopped(self) -> bool:
        return self.is_off or self.read(self.delivery.stopped) is not None

    # What a person does

    def post(self, text: str, audience: str = "friends", to: "Iterable[Person]" = ()) -> Name:
        readers = [person.id for person in to]

        def publish(conn: Connection) -> Stored:
            return self.log.say(conn, "post", {"text": text}, audience=audience, readers=readers)

        stored = self.write(publish)
        self.world.entitle(self, stored, readers)
        return name_of(stored)

    def edit(self, record: Name, text: str) -> None:
        self.write(lambda conn: self.log.revise(conn, self.log.get(conn, *record), {"text": text}))

    def delete(self, record: Name) -> None:
        self.write(lambda conn: self.log.withdraw(conn, self.log.get(conn, *record)))

    def comment(self, post: Name, text: str) -> Name:
        def say(conn: Connection) -> Stored:
            on = self.log.get(conn, *post)
            fields = {"text": text, "name": self.name}
            return self.log.say(conn, "comment", fields, audience=on.audience, thread=on)

        stored = self.write(say)
        self.world.entitled[name_of(stored)] = {
            self.id,
            post[0],
            *self.world.entitled.get(post, set()),
        }
        self.world.threads[name_of(stored)] = post
        return name_of(stored)

    def react(self, post: Name, emoji: str = "🎉") -> Name:
        def say(conn: Connection) -> Stored:
            on = self.log.get(conn, *post)
            fields = {"emoji": emoji, "name": self.name}
            return self.log.say(conn, "reaction", fields, audience=on.audience, thread=on)

        stored = self.write(say)
        self.world.threads[name_of(stored)] = post
        return name_of(stored)

    def take_out(self, post: Name, entry: Name) -> None:
        fields = {"post": post[1], "entry": {"author": entry[0], "id": entry[1]}}
        audience = self.stored(post).audience
        self.write(lambda conn: self.log.say(conn, "removal", fields, audience=audience))

    def message(self, to: "Person", text: str) -> Name:
        fields = {"to": [to.id], "text": text}
        stored = self.write(lambda conn: self.log.say(conn, "message", fields, audience="chosen"))
        self.world.entitled[name_of(stored)] = {to.id}
        return name_of(stored)

    def clear(self, friend: "Person") -> None:
        """Clear the conversation: name what was received or ever offered, forget the rest quietly (R17)."""

        def clear(conn: Connection) -> None:
            names = []
            for stored in store.find_by(conn, kind="message"):
                is_ours = {stored.author, *getattr(stored.payload, "to", ())} == {
                    self.id,
                    friend.id,
                }
                if stored.withdrawn or not is_ours:
                    continue
                if stored.author == friend.id or self.log.was_offered(conn, friend.id, stored):
                    names.append(name_of(stored))
                else:
                    self.log.forget(conn, stored.author, stored.id, "cleared")
            if names:
                say_clear(conn, self.log, friend.id, names)

        self.write(clear)

    def purge(self, record: Name) -> None:
        self.write(lambda conn: self.log.forget(conn, *record, "purged"))

    def offer(self, record: Name, to: "Person") -> None:
        self.write(lambda conn: self.log.offer_to(conn, to.id, self.log.get(conn, *record)))
        for entry, post in self.world.threads.items():
            if post == record:
                self.world.entitled.setdefault(entry, set()).add(to.id)
        self.world.entitled.setdefault(record, set()).add(to.id)

    def remove(self, friend: "Person") -> None:
        self.write(lambda conn: self.delivery.end(conn, friend.id, tell=True))

    # What a person has

    def friends(self) -> list[str]:
        return self.read(self.delivery.active)

    def find(self, record: Name) -> Stored | None:
        return self.read(lambda conn: self.log.find(conn, *record))

    def stored(self, record: Name) -> Stored:
        found = self.find(record)
        assert found is not None, f"{self} lacks {record}"
        return found

    def holds(self, record: Name) -> bool:
        found = self.find(record)
        return found is not None and not found.withdrawn

    def text(self, record: Name) -> str | None:
        found = self.find(record)
        return None if found is None or found.withdrawn else str(found.fields["text"])

    def records(self, **where: Any) -> list[Stored]:
        return self.read(lambda conn: store.find_by(conn, **where))

    def forgot(self, record: Name) -> bool:
        return self.read(lambda conn: store.find_forgotten(conn, *record)) is not None

    def refused_by(self, friend: "Person") -> list[str]:
        (account,) = self.read(lambda conn: self.delivery.ledger.accounts(conn, friend.id))
        return [reason for _, _, reason in account.refused]

    def correspondent(self, friend: "Person") -> Any:
        return self.read(lambda conn: delivery_store.find(conn, friend.id))

    # Letters

    def write_letter(self, friend: str) -> Letter | None:
        """Send what is next to a friend, unless something is in flight."""
        if self.is_off or friend in self.in_flight or friend in self.waits:
            return None
        hello = friend in self.wants_hello
        outgoing = self.write(lambda conn: self.delivery.next_outgoing(conn, friend, hello=hello))
        if outgoing is None:
            return None
        self.wants_hello.discard(friend)
        self.in_flight[friend] = outgoing
        return Letter(outgoing, self, friend)

    def receive(self, letter: Letter, crash: str | None = None) -> Letter | None:
        """Take a request in; the reply, if it was not lost in a crash."""
        outgoing = letter.outgoing

        def take(conn: Connection) -> bytes:
            reply = self.delivery.receive(conn, letter.sender.id, outgoing.purpose, outgoing.sealed)
            if crash == "before":
                raise Crash
            return reply

        try:
            reply = self.write(take)
        except Crash:
            self.restart()
            return None
        if crash == "after":
            self.restart()
            return None
        return Letter(outgoing, letter.sender, self.id, reply)

    def hear_answer(self, letter: Letter, crash: str | None = None) -> NextStep | None:
        """Act on a reply, if its letter is the one in flight."""
        outgoing = letter.outgoing
        if self.is_off or self.in_flight.get(outgoing.person) is not outgoing:
            return None

        def act(conn: Connection) -> NextStep:
            assert letter.reply is not None
            step = self.delivery.on_answer(conn, outgoing, letter.reply)
            if crash == "before":
                raise Crash
            return step

        try:
            step = self.write(act)
        except Crash:
            self.restart()
            return None
        if crash == "after":
            self.restart()
            return None
        del self.in_flight[outgoing.person]
        if isinstance(step, Wait):
            self.waits.add(outgoing.person)
            self.wants_hello.add(outgoing.person)
        return step

    def try_again(self) -> None:
        """The pause after a failure is over, for everybody."""
        self.waits.clear()

    def go_on_here(self) -> None:
        """The owner says that this copy is the one to keep."""
        self.write(self.delivery.continue_here)
        self.start()

    def give_up(self, friend: str) -> None:
        """No answer came. The next try says hello."""
        if self.in_flight.pop(friend, None) is not None:
            self.wants_hello.add(friend)


@dataclass
class World:
    """Everybody, and what is on its way between them."""

    people: list[Person]
    entropy: SeededEntropy
    clock: FakeClock
    transit: deque[Letter] = field(default_factory=deque)
    sent: list[Outgoing] = field(default_factory=list)
    entitled: dict[Name, set[str]] = field(default_factory=dict)
    threads: dict[Name, Name] = field(default_factory=dict)

    def __init__(self, *names: str, seed: int = 0) -> None:
        self.entropy = SeededEntropy(seed)
        self.clock = FakeClock()
        self.transit, self.sent, self.entitled, self.threads = deque(), [], {}, {}
        self.people = [Person(self, name, template(), self.clock) for name in names]
        for person in self.people:
            person.start()

    def befriend(self, one: Person, other: Person) -> None:
        """Both at once, as after an invite: each learns the other's keys and position."""
        greetings = {
            person: person.write(
                lambda conn, person=person, friend=friend: (
                    person.delivery.current_prekey(conn),
                    person.delivery.position_in(conn, friend.id),
                )
            )
            for person, friend in ((one, other), (other, one))
        }
        for person, friend in ((one, other), (other, one)):
            prekey, position = greetings[friend]
            person.write(
                lambda conn, person=person, friend=friend, prekey=prekey, position=position: (
                    person.delivery.begin(
                        conn,
                        friend.id,
                        person.log.tick(conn),
                        position,
                        prekey,
                        friend.me.key_log,
                        ["https://example.org"],
                    )
                )
            )
            person.wants_hello.add(friend.id)

    @classmethod
    def of_friends(cls, *names: str, seed: int = 1) -> "World":
        """A world in which all are friends and nothing has been said; cheap, as a copy of one made before."""
        snapshots, now = _friends(names)
        world = cls(seed=seed)
        world.clock.advance(now - world.clock.now())
        world.people = [
            Person(world, name, snapshot, world.clock)
            for name, snapshot in zip(names, snapshots, strict=True)
        ]
        return world

    def befriend_all(self) -> None:
        for one, other in itertools.combinations(self.people, 2):
            self.befriend(one, other)
        self.settle()
        self.sent.clear()

    def entitle(self, author: Person, stored: Stored, readers: Iterable[str]) -> None:
        """Write down who may ever know a post: who was meant when it was published."""
        meant = {
            "public": author.friends(),
            "friends": author.friends(),
            "me": [],
        }.get(stored.audience, list(readers))
        self.entitled[name_of(stored)] = {author.id, *meant}

    def running(self, person_id: str) -> list[Person]:
        return [one for one in self.people if one.id == person_id and not one.is_off]

    # The network

    def write_letters(self) -> None:
        for person in self.people:
            if not person.is_off:
                for friend in sorted({*person.read(person.delivery.due), *person.wants_hello}):
                    self.post(person.write_letter(friend))

    def post(self, letter: Letter | None) -> None:
        if letter is not None:
            self.transit.append(letter)
            if letter.reply is None:
                self.sent.append(letter.outgoing)

    def carry(self, letter: Letter, crash: str | None = None, copy: int = 0) -> None:
        """Bring one letter there, and let what follows be written."""
        if letter.reply is not None:
            letter.sender.hear_answer(letter, crash)
            self.post(
                letter.sender.write_letter(letter.outgoing.person)
                if not letter.sender.is_off
                else None
            )
            return
        copies = self.running(letter.receiver)
        if copies:
            receiver = copies[copy % len(copies)]
            self.post(receiver.receive(letter, crash))
            if not receiver.is_off:
                self.post(receiver.write_letter(letter.sender.id))

    def run(self) -> int:
        """Carry everything, in order and once, until nobody has anything to say; the number of letters."""
        for count in range(MAX_ROUNDS):
            if not self.transit:
                self.write_letters()
            if not self.transit:
                return count
            self.carry(self.transit.popleft(), copy=count)
        raise AssertionError(f"they never stop: {[letter.outgoing for letter in self.transit]}")

    def settle(self) -> None:
        """End of faults: what is on its way is lost, everybody tries again and says hello."""
        self.transit.clear()
        has_copies = len({person.id for person in self.people}) < len(self.people)
        # A copy stops when it hears of what the other did: let each be first.
        for count in range(4 if has_copies else 2):
            self.people.reverse()
            if count == 2:
                self._end_copies()
            self.clock.advance(HOUR_MS)
            for person in self.people:
                self._end_pauses(person)
            self.run()

    def _end_copies(self) -> None:
        """Their owner switches off all but one: a stopped one, or (two that did the same never notice) the older."""
        for person_id in sorted({person.id for person in self.people}):
            copies = self.running(person_id)
            standing = [one for one in copies if not one.is_stopped] or copies
            newest = max(standing, key=lambda one: one.run, default=None)
            for one in copies:
                one.is_off = one is not newest

    def _end_pauses(self, person: Person) -> None:
        if person.is_off:
            return
        others_run = any(not one.is_stopped for one in self.running(person.id))
        if person.is_stopped and not others_run:
            person.go_on_here()  # a clock that went back made it look like a copy
        person.in_flight.clear()
        person.waits.clear()
        person.wants_hello |= set(person.read(person.delivery.correspondents))

    # What must hold

    def check(self) -> None:
        """For every pair: what one holds of the other is what the other's log says; and nobody knows more than is theirs."""
        standing = [person for person in self.people if not person.is_stopped]
        for one, other in itertools.permutations(standing, 2):
            if other.id in one.friends() and one.id != other.id:
                self._check_pair(one, other)
        for person in self.people:
            self._check_no_leak(person)

    def _check_pair(self, author: Person, friend: Person) -> None:
        assert author.id in friend.friends(), f"only {author} thinks they are friends with {friend}"
        offered = {name_of(stored): stored for stored in self.visible(author, friend)}
        held = {name_of(stored): stored for stored in self.held_from(friend, author)}
        for record, stored in offered.items():
            if friend.forgot(record) and not stored.withdrawn:
                continue
            there = held.get(record)
            if there is None and stored.withdrawn:
                continue  # nothing there to delete
            assert there is not None, f"{friend} lacks {self.told(stored)} of {author}"
            assert there.hash == stored.hash, (
                f"{friend} has another {self.told(stored)} of {author}: "
                f"{self.told(there)}; {author} has {self.told(stored)}"
            )
        for record, there in held.items():
            here = author.find(record)
            if here is None and author.forgot(record):
                assert there.withdrawn or author.id != record[0], f"{author} forgot {there}"
                continue
            assert here is not None, f"{author} lacks {self.told(there)} that {friend} holds"
            assert here.hash == there.hash, (
                f"{friend} has {self.told(there)}, {author} {self.told(here)}"
            )

    def visible(self, author: Person, friend: Person) -> list[Stored]:
        sees_from = author.correspondent(friend).sees_from
        query = select(store.records).where(may_see(store.records, friend.id, sees_from, author.id))
        return author.read(lambda conn: [store.stored_of(row) for row in conn.execute(query)])

    def held_from(self, friend: Person, author: Person) -> Iterator[Stored]:
        names, _ = friend.read(lambda conn: friend.log.holdings(conn, author.id, None, 10_000))
        for held in names:
            if held.state == "held":
                yield friend.stored((held.author, held.id))

    def told(self, stored: Stored) -> str:
        return f"{stored.kind} {stored.id[:6]} rev {stored.revision} withdrawn={stored.withdrawn} shown={stored.shown} back={stored.taken_back}"

    def _check_no_leak(self, person: Person) -> None:
        for stored in person.records():
            if stored.author == person.id:
                continue
            if stored.kind in {"post", "message"}:
                allowed = self.entitled[name_of(stored)]
            elif name_of(stored) in self.threads:
                post = self.threads[name_of(stored)]
                allowed = {post[0], *self.entitled[post]}
            else:
                continue
            assert person.id in allowed, f"{person} should never have seen {stored}"


@cache
def _friends(names: tuple[str, ...]) -> tuple[list[bytes], int]:
    world = World(*names, seed=1_000_003)  # its own: no other world repeats its chance
    world.befriend_all()
    return [person.snapshot() for person in world.people], world.clock.now()


def name_of(stored: Stored) -> Name:
    return (stored.author, stored.id)
