"""What must hold in the simulator when nothing is on its way any more.

For every pair of friends: what one holds of the other is what the other's log says, and the one knows where the other lives. Nobody
knows more than is theirs, nobody has what a thief said, and nobody has what was for a while when that is over.
"""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from microsocial.records import store
from microsocial.records.ground import EXPIRED
from microsocial.records.model import Stored
from microsocial.records.visibility import may_see

if TYPE_CHECKING:
    from tests.support.world import Person, World

QUIETLY = (EXPIRED, "purged")  # what is let go here without a word to anybody


def check(world: "World") -> None:
    standing = [one for one in world.owners() if not one.is_stopped]
    for one, other in itertools.permutations(standing, 2):
        if other.id in one.friends() and one.id != other.id and _has_found(one, other):
            _check_pair(one, other)
    for person in world.owners():
        _check_no_leak(world, person)
        _check_no_thief(world, person)


def check_when_all_is_over(world: "World") -> None:
    """Spec 4.13: from that moment of its own clock on, with the thread."""
    world.clock.advance(max(0, max(world.ends.values()) - world.clock.now()))
    for person in world.owners():
        person.expire()
        for stored in person.records(withdrawn=0, shown=1):
            post = world.threads.get((stored.author, stored.id), (stored.author, stored.id))
            if stored.author == person.id and person.forgot(post) == "purged":
                continue  # my own words: with the post I let go when it ends
            assert post not in world.ends, f"{person} still has {_told(stored)}, which is over"


def _has_found(author: "Person", friend: "Person") -> bool:
    """Say whether they can know of each other; decision 0015: when both have moved it may have to be told by hand."""
    finds = author.urls_of(friend) == (friend.address,)
    if author.id not in friend.friends():
        # Who went back to before the friendship, on a machine that the other never heard of, cannot be told of it.
        assert not finds, f"only {author} thinks they are friends with {friend}"
        return False
    is_found = friend.urls_of(author) == (author.address,)
    assert is_found or not finds, f"{friend} writes to where {author} was"
    return is_found


def _check_pair(author: "Person", friend: "Person") -> None:
    offered = {(stored.author, stored.id): stored for stored in _visible(author, friend)}
    held = {(stored.author, stored.id): stored for stored in _held_from(friend, author)}
    for record, stored in offered.items():
        if friend.forgot(record) and not stored.withdrawn:
            continue
        there = held.get(record)
        if there is None and stored.kind == "disown":
            there = friend.find(record)  # passed on: no entry of a thread itself
        if there is None and stored.withdrawn:
            continue  # nothing there to delete
        assert there is not None, f"{friend} lacks {_told(stored)} of {author}"
        assert there.hash == stored.hash, (
            f"{friend} has another {_told(stored)} of {author}: "
            f"{_told(there)}; {author} has {_told(stored)}"
        )
    for record, there in held.items():
        here, why = author.find(record), author.forgot(record)
        if here is None and why is not None:
            may_go = there.withdrawn or author.id != record[0] or why in QUIETLY
            assert may_go, f"{author} forgot {there}"
            continue
        assert here is not None, f"{author} lacks {_told(there)} that {friend} holds"
        assert here.hash == there.hash, f"{friend} has {_told(there)}, {author} {_told(here)}"


def _visible(author: "Person", friend: "Person") -> list[Stored]:
    sees_from = author.correspondent(friend).sees_from
    query = select(store.records).where(may_see(store.records, friend.id, sees_from, author.id))
    return author.read(lambda conn: [store.stored_of(row) for row in conn.execute(query)])


def _held_from(friend: "Person", author: "Person") -> Iterator[Stored]:
    names, _ = friend.read(lambda conn: friend.log.holdings(conn, author.id, None, 10_000))
    for held in names:
        if held.state == "held":
            yield friend.stored((held.author, held.id))


def _check_no_thief(world: "World", person: "Person") -> None:
    """Former friends never learn of a theft, nor who has something from them alone, nor whom nobody finds."""
    if person.is_off:
        return
    here = [one for one in world.owners() if not one.is_off]
    ties = {
        one.id: {other.id for other in here if other is one or _is_told(one, other)} for one in here
    }
    for stored in person.records():
        ways = {person.id, stored.thread_author or person.id}
        if ways <= ties.get(stored.author, set()):
            is_thiefs = stored.hash in world.said_by_thieves
            assert not is_thiefs, f"{person} still has {_told(stored)}, which a thief said"


def _is_told(one: "Person", other: "Person") -> bool:
    return other.id in one.friends() and one.urls_of(other) == (other.address,)


def _check_no_leak(world: "World", person: "Person") -> None:
    for stored in person.records():
        name = (stored.author, stored.id)
        if stored.author == person.id:
            continue
        if stored.kind in {"post", "message"}:
            allowed = world.entitled[name]
        elif name in world.threads:
            post = world.threads[name]
            allowed = {post[0], *world.entitled[post]}
        else:
            continue
        assert person.id in allowed, f"{person} should never have seen {stored}"


def _told(stored: Stored) -> str:
    return f"{stored.kind} {stored.id[:6]} rev {stored.revision} withdrawn={stored.withdrawn} shown={stored.shown} back={stored.taken_back}"
