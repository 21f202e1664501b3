"""My capsule: what friends keep for the day on which I have nothing but my 24 words (spec 3.8).

Rule 1: it is said anew only when what it holds has changed; each time goes to every friend, so not more often than needed.
Rule 2: what does not fit is left out in one fixed order, the least missed first.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select

from microsocial.clock import Clock
from microsocial.friends import store
from microsocial.friends.circles import Circles
from microsocial.identity.me import Me
from microsocial.identity.recovery import kept_public_halves
from microsocial.protocol.capsules import CapsuleCircle, CapsuleFriend, Contents, seal_capsule
from microsocial.protocol.crypto import sha256
from microsocial.protocol.limits import MAX_ADDRESS_URLS
from microsocial.protocol.payloads import Profile
from microsocial.records.service import Log

HOUR_MS = 3600 * 1000
# At most one letter to each friend an hour because of it; a large one, which only somebody with hundreds of friends has, once a day.
RENEWED_EVERY_MS = HOUR_MS
LARGE_RENEWED_EVERY_MS = 24 * HOUR_MS
LARGE_BYTES = 64 * 1024


class Capsules:
    def __init__(self, me: Me, log: Log, circles: Circles, clock: Clock) -> None:
        self._me = me
        self._log = log
        self._circles = circles
        self._clock = clock

    def renew(self, conn: Connection, *, at_once: bool = False) -> bool:
        """Say my capsule anew if it changed and it is time; `at_once` does not wait while it is small."""
        halves = kept_public_halves(conn)
        if halves is None:  # an older folder that has not seen its words since
            return False
        contents = self.contents(conn)
        said = sha256(contents.written() + halves.capsule)
        told = self._log.find(conn, self._me.id, "capsule")
        if told is None and not contents.friends:
            return False  # nobody would keep it
        if told is not None and self._wait_ms(conn, said, at_once=at_once) != 0:
            return False
        sealed = seal_what_fits(contents, self._me.id, halves.capsule)
        self._log.set_one(conn, "capsule", {"sealed": sealed})
        store.put(
            conn, store.capsules, only=1, said=said, bytes=len(sealed), made=self._clock.now()
        )
        return True

    def wait_ms(self, conn: Connection) -> int | None:
        """Give how long it must wait until it may be said anew; None when there is nothing new in it."""
        halves = kept_public_halves(conn)
        if halves is None:
            return None
        said = sha256(self.contents(conn).written() + halves.capsule)
        return self._wait_ms(conn, said, at_once=False)

    def _wait_ms(self, conn: Connection, said: bytes, *, at_once: bool) -> int | None:
        before = store.find(conn, store.capsules, only=1)
        if before is None:
            return 0
        if before.said == said:
            return None
        is_large = before.bytes > LARGE_BYTES
        if at_once and not is_large:
            return 0
        pause = LARGE_RENEWED_EVERY_MS if is_large else RENEWED_EVERY_MS
        passed = self._clock.now() - before.made
        # A clock set back must not hold it up for longer.
        return max(0, pause - passed) if passed >= 0 else 0

    def contents(self, conn: Connection) -> Contents:
        """Everything that I would need, friends in the order in which we met."""
        stored = self._log.get(conn, self._me.id, "profile")
        profile = stored.payload
        assert isinstance(profile, Profile)
        friends = self._friends(conn)
        place = {friend.id: number for number, friend in enumerate(friends)}
        return Contents(
            name=profile.name,
            about=profile.about,
            hue=profile.hue,
            avatar=profile.avatar,
            audience=profile.audience,
            urls=tuple(_urls(store.by_person(conn, store.addresses, (self._me.id,)), self._me.id)),
            friends=tuple(friends),
            circles=tuple(
                CapsuleCircle(
                    name=circle.name,
                    people=tuple(place[one] for one in circle.people if one in place),
                )
                for circle in self._circles.all(conn)
            ),
            blocked=tuple(sorted(store.everybody(conn, store.blocks))),
        )

    def _friends(self, conn: Connection) -> list[CapsuleFriend]:
        ties = conn.execute(
            select(store.friends)
            .where(store.friends.c.state == "friend")
            .order_by(store.friends.c.since, store.friends.c.person)
        ).all()
        ids = [tie.person for tie in ties]
        profiles = store.by_person(conn, store.profiles, ids)
        faces = store.by_person(conn, store.faces, ids)
        addresses = store.by_person(conn, store.sought, ids) | store.by_person(
            conn, store.addresses, ids
        )
        allowed: dict[str, list[str]] = defaultdict(list)
        for row in conn.execute(select(store.allowed_hosts).order_by(store.allowed_hosts.c.host)):
            allowed[row.person].append(row.host)
        return [
            CapsuleFriend(
                id=tie.person,
                sees_from=tie.sees_from,
                name=_name(profiles.get(tie.person) or faces.get(tie.person)),
                urls=tuple(_urls(addresses, tie.person)),
                allowed=tuple(allowed[tie.person]),
                met=tie.met,
            )
            for tie in ties
        ]


def seal_what_fits(contents: Contents, author: str, public: bytes) -> str:
    """Seal as much as a capsule may hold (spec 3.8)."""
    for lighter in _ever_lighter(contents):
        sealed = seal_capsule(lighter, author, public)
        if sealed is not None:
            return sealed
    raise AssertionError("a name alone fits")


def _ever_lighter(contents: Contents) -> Iterator[Contents]:
    """Leave out one thing after the other, in the order of spec 3.8; the newest friends at last, a tenth at a time."""
    yield contents
    for left_out in ({"avatar": None}, {"about": ""}):
        contents = replace(contents, **left_out)
        yield contents
    contents = _with_friends(contents, name="")
    yield contents
    nearest = tuple(replace(friend, urls=friend.urls[:1]) for friend in contents.friends)
    contents = replace(contents, friends=nearest)
    yield contents
    for emptied in ({"blocked": ()}, {"circles": ()}):
        contents = replace(contents, **emptied)
        yield contents
    while contents.friends:
        contents = replace(contents, friends=contents.friends[: len(contents.friends) * 9 // 10])
        yield contents


def _with_friends(contents: Contents, **change: Any) -> Contents:
    return replace(contents, friends=tuple(replace(one, **change) for one in contents.friends))


def _name(row: Any | None) -> str:
    return str(row.name) if row is not None else ""


def _urls(rows: Any, person: str) -> list[str]:
    row = rows.get(person)
    return list(json.loads(row.urls))[:MAX_ADDRESS_URLS] if row is not None else []
