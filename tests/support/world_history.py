"""Random histories: what people do and what goes wrong, as a list of steps that means something however it is cut.

Every step picks among what is there by number, so that any part of a failing history is a history too, and the smallest one that
still fails can be found.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tests.support.world import HOUR_MS, Name, Person, World, name_of

Step = tuple[str, int, int]
T = TypeVar("T")

# How often each step is taken in a random history. Letters must move, or nothing else matters.
ACTIONS: dict[str, int] = {
    "carry": 30,
    "carry_any": 8,
    "carry_all": 4,
    "repeat": 4,
    "drop": 5,
    "crash_before": 1,
    "crash_after": 2,
    "give_up": 6,
    "write_letters": 8,
    "hello": 2,
    "post": 8,
    "post_for_one": 3,
    "post_for_me": 1,
    "edit": 4,
    "delete": 3,
    "comment": 6,
    "react": 2,
    "edit_comment": 2,
    "delete_comment": 2,
    "take_out": 1,
    "message": 4,
    "unsend": 1,
    "clear": 2,
    "purge": 1,
    "offer": 1,
    "remove": 1,
    "befriend": 3,
    "snapshot": 3,
    "restore": 3,
    "restart": 1,
    "clock_ahead": 1,
    "clock_back": 1,
    "time": 4,
}
COPYING = {"copy": 1}
KEYS = {"rotate": 2, "steal": 2}  # a thief then does whatever people do
ENDS = {"post_for_a_while": 6, "message_for_a_while": 3, "expire": 3, "purge_mine": 1}
MOVES = {"move": 2}


class History:
    """A world, and the steps that were taken in it."""

    def __init__(self, *names: str, seed: int = 1) -> None:
        self.world = World.of_friends(*names, seed=seed)
        self.snapshots: list[tuple[Person, bytes]] = []

    def take(self, steps: Sequence[Step]) -> None:
        for action, a, b in steps:
            getattr(self, action)(a, b)

    def finish(self) -> None:
        self.world.settle()
        self.world.check()
        self.world.outlive()

    # Choosing

    def person(self, a: int) -> Person:
        here = [person for person in self.world.people if not person.is_off]
        people = [person for person in here if not person.has_moved]
        return people[a % len(people)]

    def friend_of(self, person: Person, b: int) -> Person | None:
        friends = person.friends()
        return self._running(friends[b % len(friends)]) if friends else None

    def _running(self, person_id: str) -> Person:
        return self.world.running(person_id)[-1]

    def _pick(self, things: Sequence[T], b: int) -> T | None:
        return things[b % len(things)] if things else None

    def _records(self, person: Person, author: str | None, *kinds: str) -> list[Name]:
        return [
            name_of(stored)
            for kind in kinds
            for stored in person.records(kind=kind, withdrawn=0)
            if author is None or stored.author == author
        ]

    # The network

    def write_letters(self, a: int, b: int) -> None:
        self.world.write_letters()

    def carry(self, a: int, b: int) -> None:
        if self.world.transit:
            self.world.carry(self.world.transit.popleft(), copy=b)

    def carry_any(self, a: int, b: int) -> None:
        if self.world.transit:
            letter = self.world.transit[a % len(self.world.transit)]
            self.world.transit.remove(letter)
            self.world.carry(letter, copy=b)

    def carry_all(self, a: int, b: int) -> None:
        for _ in range(len(self.world.transit)):
            self.carry(a, b)

    def repeat(self, a: int, b: int) -> None:
        if self.world.transit:
            self.world.carry(self.world.transit[a % len(self.world.transit)], copy=b)

    def drop(self, a: int, b: int) -> None:
        if self.world.transit:
            self.world.transit.remove(self.world.transit[a % len(self.world.transit)])

    def crash_before(self, a: int, b: int) -> None:
        if self.world.transit:
            self.world.carry(self.world.transit.popleft(), crash="before", copy=b)

    def crash_after(self, a: int, b: int) -> None:
        if self.world.transit:
            self.world.carry(self.world.transit.popleft(), crash="after", copy=b)

    def give_up(self, a: int, b: int) -> None:
        person = self.person(a)
        if (friend := self._pick(sorted(person.in_flight), b)) is not None:
            person.give_up(friend)

    def hello(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self._pick(person.friends(), b):
            person.wants_hello.add(friend)

    # What people do

    def post(self, a: int, b: int) -> None:
        self.person(a).post(f"post {b}", "public" if b % 4 == 0 else "friends")

    def post_for_one(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self.friend_of(person, b):
            person.post(f"for one {b}", "circle" if b % 2 else "chosen", [friend])

    def post_for_me(self, a: int, b: int) -> None:
        self.person(a).post(f"note {b}", "me")

    def post_for_a_while(self, a: int, b: int) -> None:
        self.person(a).post(f"soon over {b}", lasts=(1 + b) * HOUR_MS // 5)

    def edit(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "post"), b):
            person.edit(record, f"edited {a}{b}")

    def delete(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "post"), b):
            person.delete(record)

    def comment(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._commentable(person, b):
            person.comment(record, f"comment {b}")

    def react(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._commentable(person, b):
            person.react(record)

    def _commentable(self, person: Person, b: int) -> Name | None:
        authors = {*person.friends(), person.id}
        posts = [
            name_of(stored)
            for stored in person.records(kind="post", withdrawn=0)
            if stored.author in authors and stored.audience != "me"
        ]
        return self._pick(posts, b)

    def edit_comment(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "comment"), b):
            person.edit(record, f"edited comment {a}{b}")

    def delete_comment(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "comment", "reaction"), b):
            person.delete(record)

    def take_out(self, a: int, b: int) -> None:
        person = self.person(a)
        entries = [
            stored
            for stored in person.records(thread_author=person.id, withdrawn=0, shown=1)
            if stored.author != person.id
        ]
        if stored := self._pick(entries, b):
            post = self.world.threads[name_of(stored)]
            person.take_out(post, name_of(stored))

    def message(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self.friend_of(person, b):
            person.message(friend, f"message {b}")

    def message_for_a_while(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self.friend_of(person, b):
            person.message(friend, f"soon over {b}", lasts=(1 + b) * HOUR_MS // 5)

    def unsend(self, a: int, b: int) -> None:
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "message"), b):
            person.delete(record)

    def clear(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self.friend_of(person, b):
            person.clear(friend)

    def purge(self, a: int, b: int) -> None:
        person = self.person(a)
        others = [name for name in self._records(person, None, "post") if name[0] != person.id]
        if record := self._pick(others, b):
            person.purge(record)

    def purge_mine(self, a: int, b: int) -> None:
        """Friends keep what they have."""
        person = self.person(a)
        if record := self._pick(self._records(person, person.id, "post"), b):
            person.purge(record)

    def offer(self, a: int, b: int) -> None:
        person = self.person(a)
        posts = [
            name_of(stored)
            for stored in person.records(kind="post", author=person.id, withdrawn=0)
            if stored.audience != "me"
        ]
        record = self._pick(posts, b)
        friend = self.friend_of(person, a + b)
        if record and friend:
            person.offer(record, friend)

    def remove(self, a: int, b: int) -> None:
        person = self.person(a)
        if friend := self.friend_of(person, b):
            person.remove(friend)

    def befriend(self, a: int, b: int) -> None:
        one, other = self.person(a), self.person(b)
        if one.is_thief or other.is_thief or one.is_stopped or other.is_stopped:
            return
        if one.knows_longer_keys(other) or other.knows_longer_keys(one):
            return  # the greeting would be refused
        if one.id != other.id and (other.id not in one.friends() or one.id not in other.friends()):
            self.world.befriend(one, other)

    # Machines and clocks

    def snapshot(self, a: int, b: int) -> None:
        person = self.person(a)
        self.snapshots.append((person, person.snapshot()))

    def restore(self, a: int, b: int) -> None:
        choices = [one for one in self.snapshots if not one[0].is_off]
        if chosen := self._pick(choices, a):
            chosen[0].restore(chosen[1])

    def restart(self, a: int, b: int) -> None:
        self.person(a).restart()

    def copy(self, a: int, b: int) -> None:
        """The folder is copied and started elsewhere; the first one goes on."""
        original = self.person(a)
        if len(self.world.running(original.id)) > 1:
            return
        copied = Person(self.world, original.name, original.snapshot(), original.clock)
        self.world.people.append(copied)
        self.world.clock.advance(1000)  # nobody starts two programs within one millisecond
        copied.start()

    def expire(self, a: int, b: int) -> None:
        self.person(a).expire()

    def move(self, a: int, b: int) -> None:
        person = self.person(a)
        if not person.is_thief and not person.is_stopped:
            person.move()

    def rotate(self, a: int, b: int) -> None:
        person = self.person(a)
        if not person.is_thief and not person.is_stopped:
            person.rotate(self.world.reason_for(person))

    def steal(self, a: int, b: int) -> None:
        victim = self.person(a)
        if len(self.world.running(victim.id)) == 1 and not victim.is_thief:
            self.world.steal(victim)

    def clock_ahead(self, a: int, b: int) -> None:
        self.world.clock.advance((1 + b % 20) * HOUR_MS)

    def clock_back(self, a: int, b: int) -> None:
        self.world.clock.advance(-(1 + b % 20) * HOUR_MS)

    def time(self, a: int, b: int) -> None:
        self.world.clock.advance(1000 * (1 + b))
        self.person(a).try_again()


def random_steps(seed: int, length: int, *more: dict[str, int]) -> list[Step]:
    """Give the same steps for the same seed; `more` of COPYING, KEYS, ENDS, MOVES may happen in them."""
    chance = random.Random(seed)
    weights = dict(ACTIONS)
    for actions in more:
        weights |= actions
    if chance.random() < 0.5:  # a quieter network lets histories go deeper
        weights |= {"drop": 1, "give_up": 2, "carry_all": 12}
    taken = chance.choices(list(weights), list(weights.values()), k=length)
    return [(action, chance.randrange(100), chance.randrange(100)) for action in taken]


def smallest(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """Leave out whatever can be left out while it still fails."""
    best = list(steps)
    size = max(1, len(best) // 2)
    while True:
        for shorter in _without_parts(best, size):
            if fails(shorter):
                best = shorter
                break
        else:
            if size == 1:
                return best
            size = max(1, size // 2)


def _without_parts(steps: Sequence[Step], size: int) -> Iterator[list[Step]]:
    for start in range(0, len(steps), size):
        yield [*steps[:start], *steps[start + size :]]
