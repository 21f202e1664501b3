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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection
from tests.support import FakeClock, SeededEntropy
from tests.support.world_checks import check, check_when_all_is_over
from tests.support.world_keys import (
    introduction,
    keep_log,
    kept_log,
    me_with,
    stolen_me,
    take_keys,
    turned_away,
    words_of,
)
from tests.support.world_rooms import furnish, say_clear

from microsocial.database import Database, in_memory
from microsocial.delivery import store as delivery_store
from microsocial.delivery.model import (
    LongerKeyLog,
    NextStep,
    Outgoing,
    SendKeys,
    SendReunion,
    SendUpdate,
    Wait,
)
from microsocial.delivery.service import Delivery
from microsocial.delivery.standing import RUN
from microsocial.identity.rotation import turn
from microsocial.protocol.keys import KeyLog, Reason, merge
from microsocial.records import store
from microsocial.records.keys.mine import disown
from microsocial.records.keys.suspects import Suspect
from microsocial.records.model import Stored
from microsocial.records.service import Log
from microsocial.records.visibility import ONE_VALUED

T = TypeVar("T")
Name = tuple[str, str]  # of a record: author, id

MAX_ROUNDS = 400  # letters in one `settle`; far more than any history needs
HOUR_MS = 3_600_000
HOME = "https://example.org"  # where everybody lives who never moved


@cache
def template() -> bytes:
    return in_memory().snapshot()


@dataclass(frozen=True, eq=False)
class Letter:
    """Something on its way: a request, or the reply to one."""

    outgoing: Outgoing
    sender: "Person"
    receiver: str
    number: int = 0  # of the key that signed the request
    reply: bytes | None = None


class Crash(Exception):
    """The machine went off in the middle of a transaction."""


class Person:
    """One running copy of one person. Memory (what is in flight) is lost when it restarts."""

    def __init__(
        self,
        world: "World",
        name: str,
        snapshot: bytes,
        clock: FakeClock,
        *,
        is_thief: bool = False,
        address: str = HOME,
    ) -> None:
        self.world = world
        self.name = name
        self.clock = clock
        self.is_thief = is_thief
        self.address = address
        self.in_flight: dict[str, Outgoing] = {}
        self.wants_hello: set[str] = set()
        self.wants_keys: dict[str, bool] = {}  # to whom I show my key log, and whether with a hello
        self.waits: set[str] = set()  # for whom nothing goes on just now
        self.db = Database.from_snapshot(snapshot)
        self.is_off = False
        self._move_in()

    def _move_in(self) -> None:
        """Make the rooms of whoever this folder belongs to, under the key that lies in it."""
        key_log = self.read(lambda conn: kept_log(conn, self.name))
        self.me = (
            stolen_me(self.name, key_log, self.world.said_by_thieves)
            if self.is_thief
            else me_with(self.name, key_log)
        )
        self.log = Log(self.me, self.clock, self.world.entropy)
        self.delivery = Delivery(self.log, self.clock, self.world.entropy)
        furnish(self.log)

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
        self.wants_keys.clear()
        self.waits.clear()
        if self.world.addresses:
            self.world.clock.advance(1)  # nobody starts two machines within one millisecond
        self.write(self.delivery.start)
        self.write(lambda conn: self.delivery.residence.arrive(conn, self.address))
        self.say_where()
        self.wants_hello = set(self.read(self.delivery.correspondents))

    def snapshot(self) -> bytes:
        return self.db.snapshot()

    def restore(self, snapshot: bytes) -> None:
        self.db.close()
        self.db = Database.from_snapshot(snapshot)
        self._move_in()
        self.start()

    def restart(self) -> None:
        self.start()

    @property
    def run(self) -> int:
        return int.from_bytes(self.read(lambda conn: delivery_store.fact(conn, RUN)) or b"", "big")

    @property
    def has_moved(self) -> bool:
        """Whether this machine only says where its person lives now."""
        return self.read(self.delivery.residence.moved_to) is not None

    @property
    def is_stopped(self) -> bool:
        return self.is_off or self.has_moved or self.read(self.delivery.stopped) is not None

    # What a person does

    def post(
        self,
        text: str,
        audience: str = "friends",
        to: "Iterable[Person]" = (),
        *,
        lasts: int | None = None,
        record_id: str | None = None,
    ) -> Name:
        readers = [person.id for person in to]
        fields = {"text": text, **self._until(lasts)}

        def publish(conn: Connection) -> Stored:
            return self.log.say(
                conn, "post", fields, audience=audience, readers=readers, record_id=record_id
            )

        stored = self.write(publish)
        self.world.entitle(self, stored, readers)
        return self.world.note_end(stored)

    def _until(self, lasts: int | None) -> dict[str, int]:
        """Later than what the author's own clock names, which may be ahead of the machine's (spec 4.13)."""
        return {} if lasts is None else {"expires": self.write(self.log.tick) + lasts}

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

    def message(self, to: "Person", text: str, *, lasts: int | None = None) -> Name:
        fields = {"to": [to.id], "text": text, **self._until(lasts)}
        stored = self.write(lambda conn: self.log.say(conn, "message", fields, audience="chosen"))
        self.world.entitled[name_of(stored)] = {to.id}
        return self.world.note_end(stored)

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

    def expire(self) -> None:
        """Erase what is over, as the node does by the minute."""
        self.write(self.log.expire)

    # Moving

    def move(self) -> "Person":
        """Another machine gets the folder and goes on; this one only says where to (spec 9.7)."""
        self.world.addresses += 1
        address = f"https://{self.world.addresses}.example.org"
        self.write(lambda conn: self.delivery.residence.move(conn, address))
        arrived = Person(
            self.world,
            self.name,
            self.snapshot(),
            self.clock,
            is_thief=self.is_thief,
            address=address,
        )
        self.world.people.append(arrived)
        arrived.start()
        return arrived

    def say_where(self) -> None:
        """As every node does when it starts, and when a friend gives back what a copy said of it."""
        if not self.world.addresses or self.is_stopped:
            return
        told = self.find((self.id, "address"))
        if told is None or told.fields["urls"] != [self.address]:
            fields = {"urls": [self.address], "home": []}
            self.write(lambda conn: self.log.set_one(conn, "address", fields))

    # Keys

    def rotate(self, reason: Reason = "planned") -> None:
        """Type the 24 words: ask friends first, then renew the key, or take the current one."""
        longest = self.world.longest_log_of(self)
        turned = turn(words_of(self.name), self.me.key_log, longest, reason)

        def keep(conn: Connection) -> None:
            keep_log(conn, turned.key_log)
            self.delivery.turned(conn, turned.key_log)

        def hand_over(conn: Connection) -> None:
            self.me.become(turned.key, turned.key_log)
            self.delivery.settle_key(conn)

        self.write(keep)
        self.write(hand_over)
        self.wants_hello |= set(self.read(self.delivery.correspondents))

    def suspects(self) -> list[Suspect]:
        return self.read(self.log.suspects.all)

    def decide(self) -> None:
        """Say of everything that waits for it who said it: the world knows."""

        def say(conn: Connection) -> None:
            found = self.log.suspects.all(conn)
            mine = [one for one in found if one.stored.hash not in self.world.said_by_thieves]
            others = [one for one in found if one not in mine]
            self.log.suspects.take(conn, mine)
            self.log.suspects.give_up(conn, others)
            disown(conn, self.log, [one.stored for one in others])

        self.write(say)

    def undo_take_backs(self) -> None:
        """Disown what a thief said and a friend gave back as mine (R4)."""

        def undo(conn: Connection) -> None:
            found = store.find_by(conn, author=self.id)
            thiefs = [one for one in found if one.hash in self.world.said_by_thieves]
            disown(conn, self.log, [one for one in thiefs if one.kind not in ONE_VALUED])

        self.write(undo)

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

    def forgot(self, record: Name) -> str | None:
        """Why it was let go here, if it was."""
        gone = self.read(lambda conn: store.find_forgotten(conn, *record))
        return gone.why if gone is not None else None

    def knows_longer_keys(self, friend: "Person") -> bool:
        known = self.read(lambda conn: self.log.key_logs(conn, [friend.id])).get(friend.id)
        return known is not None and known.number > friend.me.key_number

    def urls_of(self, friend: "Person") -> tuple[str, ...]:
        return self.read(lambda conn: self.delivery.urls(conn, friend.id))

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
        if friend in self.wants_keys:
            outgoing = introduction(self, friend)
            self.in_flight[friend] = outgoing
            return Letter(outgoing, self, friend, self.me.key_number)
        hello = friend in self.wants_hello
        outgoing = self.write(lambda conn: self.delivery.next_outgoing(conn, friend, hello=hello))
        if outgoing is None:
            return None
        self.wants_hello.discard(friend)
        self.in_flight[friend] = outgoing
        return Letter(outgoing, self, friend, self.me.key_number)

    def receive(self, letter: Letter, crash: str | None = None) -> Letter | None:
        """Take a request in; the reply, if it was not lost in a crash."""
        outgoing = letter.outgoing

        def take(conn: Connection) -> bytes:
            reply = self._answer(conn, letter)
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
        return Letter(outgoing, letter.sender, self.id, letter.number, reply)

    def _answer(self, conn: Connection, letter: Letter) -> bytes:
        outgoing = letter.outgoing
        if str(outgoing.purpose) == "keys":
            return take_keys(conn, self, letter)
        return turned_away(conn, self, letter) or self.delivery.receive(
            conn, letter.sender.id, outgoing.purpose, outgoing.sealed
        )

    def hear_answer(self, letter: Letter, crash: str | None = None) -> NextStep | None:
        """Act on a reply, if its letter is the one in flight."""
        outgoing = letter.outgoing
        if self.is_off or self.in_flight.get(outgoing.person) is not outgoing:
            return None

        def act(conn: Connection) -> NextStep:
            step = self._act(conn, outgoing, letter.reply or b"")
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
        self._note(outgoing.person, step)
        self.say_where()
        return step

    def _act(self, conn: Connection, outgoing: Outgoing, reply: bytes) -> NextStep:
        if str(outgoing.purpose) == "keys":
            return self.delivery.on_introduction(conn, outgoing.person, outgoing.sealed, reply)
        return self.delivery.on_answer(conn, outgoing, reply)

    def _note(self, friend: str, step: NextStep) -> None:
        """What a courier remembers between two letters."""
        if self.wants_keys.pop(friend, False):
            self.wants_hello.add(friend)
        if isinstance(step, SendUpdate | SendReunion) and step.hello:
            self.wants_hello.add(friend)
        if isinstance(step, SendKeys):
            self.wants_keys[friend] = step.hello
        if isinstance(step, Wait):
            self.waits.add(friend)
            self.wants_hello.add(friend)

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
    ends: dict[Name, int] = field(default_factory=dict)  # of what was said for a while
    addresses: int = 0  # that somebody moved to
    leads_home: bool = False
    said_by_thieves: set[bytes] = field(default_factory=set)  # hashes of envelopes
    reasons: dict[tuple[str, int], Reason] = field(default_factory=dict)  # of steps taken

    def __init__(self, *names: str, seed: int = 0) -> None:
        self.entropy = SeededEntropy(seed)
        self.clock = FakeClock()
        self.transit, self.sent, self.entitled, self.threads, self.ends = deque(), [], {}, {}, {}
        self.said_by_thieves, self.reasons = set(), {}
        self.leads_home = False
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
                        [friend.address],
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

    def note_end(self, stored: Stored) -> Name:
        if stored.expires is not None:
            self.ends[name_of(stored)] = stored.expires
        return name_of(stored)

    def running(self, person_id: str) -> list[Person]:
        return [one for one in self.people if one.id == person_id and not one.is_off]

    # The network

    def write_letters(self) -> None:
        for person in self.people:
            if not person.is_off:
                wanted = {*person.wants_hello, *person.wants_keys}
                for friend in sorted({*person.read(person.delivery.due), *wanted}):
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
        copies = self._reached(letter)
        if copies:
            receiver = copies[copy % len(copies)]
            self.post(receiver.receive(letter, crash))
            if not receiver.is_off:
                self.post(receiver.write_letter(letter.sender.id))

    def _reached(self, letter: Letter) -> list[Person]:
        """Who takes in what is sent there; in the end addresses lead to their owners, not to thieves."""
        sent_to = letter.outgoing.urls
        running = [one for one in self.running(letter.receiver) if one.address in sent_to]
        owners = [one for one in running if not one.is_thief]
        return owners if owners and self.leads_home else running

    def run(self) -> int:
        """Carry everything, in order and once, until nobody has anything to say; the number of letters."""
        for count in range(MAX_ROUNDS):
            if not self.transit:
                self.write_letters()
            if not self.transit:
                return count
            # In no step with how they take turns: nobody is always the first to be reached.
            self.carry(self.transit.popleft(), copy=count + count // 2)
        raise AssertionError(f"they never stop: {[letter.outgoing for letter in self.transit]}")

    # Theft

    def steal(self, victim: Person) -> Person:
        """Somebody copies the folder, starts it, and is that person to everybody."""
        thief = Person(
            self,
            victim.name,
            victim.snapshot(),
            victim.clock,
            is_thief=True,
            address=victim.address,
        )
        self.clock.advance(1000)
        self.people.append(thief)
        thief.start()
        return thief

    def reason_for(self, person: Person) -> Reason:
        """The same for one step whoever forgot it: two reasons for one step would be two hands on the words."""
        return self.reasons.setdefault((person.id, person.me.key_number + 1), "planned")

    def longest_log_of(self, person: Person) -> KeyLog:
        """What friends who are awake know of somebody's keys, and what made their copy stop (spec 3.4)."""
        longest = person.me.key_log
        for friend in self.people:
            if friend.id != person.id and not friend.is_off:
                known = friend.read(lambda conn, it=friend: it.log.key_logs(conn, [person.id]))
                longest = merge(longest, known.get(person.id, longest))
        told = person.read(person.delivery.longer_log)
        return merge(longest, told) if told else longest

    def owners(self) -> list[Person]:
        return [one for one in self.people if not one.is_thief]

    def _victims(self) -> list[Person]:
        """The copies of robbed people that their owner goes on with."""
        robbed = sorted({one.id for one in self.people if one.is_thief})
        return [
            max(
                (one for one in self.owners() if one.id == victim),
                key=lambda one: (not one.has_moved, one.run),
            )
            for victim in robbed
        ]

    def _rotate_as_stolen(self, victim: Person) -> None:
        """Catch up first, and repeat steps that were forgotten in a restore, as they were."""
        while victim.me.key_log.reasons[-1:] != ("stolen",):
            number = self.longest_log_of(victim).number + 1
            victim.rotate(self.reasons.setdefault((victim.id, number), "stolen"))

    def end_thefts(self) -> None:
        """The owners notice: they renew their keys as stolen, are shown what is not theirs, and say so."""
        for victim in self._victims():
            for copied in self.running(victim.id):
                copied.is_off = copied is not victim and not copied.is_thief
            victim.is_off = False
            self._rotate_as_stolen(victim)
            victim.say_where()
        self._calm()
        for _ in range(3):  # what a friend who comes back holds is asked as well
            for victim in self._victims():
                victim.decide()
                victim.undo_take_backs()
            self._calm()

    def settle(self) -> None:
        """End of faults: what is on its way is lost, everybody tries again and says hello."""
        self.transit.clear()
        if self._victims():
            self.end_thefts()
            return
        self._calm()

    def _calm(self) -> None:
        owners = self.owners()
        has_copies = len({person.id for person in owners}) < len(owners)
        # A copy stops when it hears of what the other did: let each be first.
        has_changed = any(
            one.me.key_number for one in self.people
        )  # who fell behind types the words first
        rounds = (4 if has_copies else 2) + has_changed
        for count in range(rounds):
            self.people.reverse()
            self.leads_home = count > 0
            if count == 2:
                self._end_copies()
            self.clock.advance(HOUR_MS)
            for person in self.people:
                self._end_pauses(person)
            self.run()
        self.leads_home = False

    def _end_copies(self) -> None:
        """Their owner switches off all but one: a stopped one, or (two that did the same never notice) the older."""
        for person_id in sorted({person.id for person in self.people}):
            copies = [one for one in self.running(person_id) if not one.is_thief]
            here = [one for one in copies if not one.has_moved]
            standing = [one for one in here if not one.is_stopped] or here
            newest = max(standing, key=lambda one: one.run, default=None)
            for one in copies:
                one.is_off = one is not newest

    def _end_pauses(self, person: Person) -> None:
        if person.is_off:
            return
        copies = [one for one in self.running(person.id) if not one.is_thief]
        others_run = any(not one.is_stopped for one in copies)
        if not person.is_thief and person.is_stopped and not others_run and not person.has_moved:
            self._go_on(person)
        person.expire()
        person.say_where()
        person.in_flight.clear()
        person.waits.clear()
        person.wants_hello |= set(person.read(person.delivery.correspondents))

    def _go_on(self, person: Person) -> None:
        if person.read(person.delivery.stopped) == LongerKeyLog.sentence():
            person.rotate()  # the words bring it to the current key
        else:
            person.go_on_here()  # a clock that went back made it look like a copy

    def check(self) -> None:
        check(self)

    def outlive(self) -> None:
        """Time goes on until all is over that was said for a while."""
        if self.ends:
            check_when_all_is_over(self)


@cache
def _friends(names: tuple[str, ...]) -> tuple[list[bytes], int]:
    world = World(*names, seed=1_000_003)  # its own: no other world repeats its chance
    world.befriend_all()
    return [person.snapshot() for person in world.people], world.clock.now()


def name_of(stored: Stored) -> Name:
    return (stored.author, stored.id)
