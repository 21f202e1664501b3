"""Coming back to an empty machine with the 24 words, and a friend's link, a backup or an export; or with a backup alone.

Rule 1: never a new key without a key log, and the longest that friends know (spec 3.4): two changes of one step look like a theft.
Rule 2: everything is put together in a folder of its own inside the data folder; the last step gives the database its name. What
is interrupted leaves nobody living here, and is simply begun again.

`recover` comes back into a folder in which no node runs, `come_back` into that of one that runs and waits for its person.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from microsocial.archive.backups.model import DataFolderNotEmpty, day_of
from microsocial.archive.backups.restoring import settle, someone_lives_in
from microsocial.archive.work import Progress
from microsocial.clock import SystemClock, system_entropy
from microsocial.database import open_folder
from microsocial.errors import Invalid, MicrosocialError, PeerBroke
from microsocial.events import take_emitted
from microsocial.friends.asking import Asking, Known, WordsInTwoHands, longer, rank_of
from microsocial.friends.residents import Resident
from microsocial.friends.returning import Returning
from microsocial.identity import passwords
from microsocial.identity.model import first_hue, fit_name, fit_password
from microsocial.identity.recovery import capsule_key
from microsocial.identity.rotation import turn
from microsocial.node.life import RECOVERING, Node, opened
from microsocial.node.sources import BackupAlone, Place, Source
from microsocial.protocol.capsules import Capsule, CapsuleFriend, Contents, open_capsule
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.keys import KeyLog, Reason
from microsocial.protocol.payloads import read_record
from microsocial.settings import Settings
from microsocial.transport.http_out import HttpOut

ASKED_AT_ONCE = 8
ONE_FRIEND_S = 20.0  # a machine that sleeps must not hold up those that answer
ROUNDS = 3  # a newer capsule may name friends who know a newer one still

T = TypeVar("T")


class NobodyAnswered(PeerBroke):
    """None of your friends' machines answers, so nobody knows whether this key log is the newest. Try again later; if none of them will ever answer again, add --anyway."""

    status = 502


class NameNeeded(Invalid):
    """Your friend keeps nothing of yours but your key log. Say your name with --name."""


@dataclass(frozen=True)
class Asked:
    """What the person wants."""

    words: bytes = field(repr=False)
    source: Source
    reason: Reason
    password: str = field(repr=False)
    name: str | None = None
    anyway: bool = False


@dataclass(frozen=True)
class AskedAsItWas:
    """A backup is to be brought back as it was, under the keys of then: nobody else can have the old machine."""

    source: BackupAlone
    password: str = field(repr=False)


@dataclass(frozen=True)
class Back:
    """Who has come back. `reason` is None where the keys stayed as they were."""

    id: str
    name: str
    number: int
    reason: Reason | None
    friends: int
    answered: int
    data: Path
    sentences: list[str]


@dataclass
class _Learned:
    """What is known so far: grows while friends are asked."""

    key_log: KeyLog
    capsules: list[Envelope]
    friends: dict[str, CapsuleFriend]
    found: dict[str, Resident]

    def learn(self, known: Known) -> None:
        self.key_log = longer(self.key_log, known.key_log)
        self.found[known.resident.person] = known.resident
        if known.capsule is not None:
            self.capsules.append(known.capsule)

    def newest(self, words: bytes) -> tuple[Contents, int] | None:
        """Open the newest capsule that these words open; with its revision."""
        ranked = sorted(self.capsules, key=lambda one: rank_of(one, self.key_log), reverse=True)
        for envelope in ranked:
            record = read_record(envelope)
            assert isinstance(record, Capsule)
            try:
                opened = open_capsule(record.sealed, self.key_log.id, capsule_key(words))
            except PeerBroke:
                continue
            return opened, record.revision
        return None


async def recover(
    settings: Settings, asked: Asked | AskedAsItWas, progress: Progress | None = None
) -> Back:
    """Make the empty data folder, in which no node runs, the home of this person.

    Raises:
        DataFolderNotEmpty, WordsOfAnother, HelpNotGiven, NobodyAnswered, NameNeeded, WordsInTwoHands, and what the source raises
    """
    with open_folder(settings.data) as folder:
        if someone_lives_in(folder):
            raise DataFolderNotEmpty(str(folder.path))
        async with _built(settings, asked, progress or Progress()) as (beside, back):
            settle(folder, beside)
    return back


async def come_back(node: Node, asked: Asked | AskedAsItWas, progress: Progress) -> Back:
    """Make the running node, in which nobody lives, the home of this person. Raises what `recover` raises."""
    async with _built(node.settings, asked, progress) as (beside, back):
        await node.come_home(beside)
    return back


@asynccontextmanager
async def _built(
    settings: Settings, asked: Asked | AskedAsItWas, progress: Progress
) -> AsyncIterator[tuple[Path, Back]]:
    """The folder in which the person was put together, for as long as it takes to move in."""
    fit_password(asked.password)
    beside = settings.data / RECOVERING
    shutil.rmtree(beside, ignore_errors=True)
    inside = changed(settings, data=beside)
    try:
        if isinstance(asked, AskedAsItWas):
            yield beside, await asyncio.to_thread(_as_it_was, inside, asked, progress)
        else:
            yield beside, await _with_words(inside, asked, progress)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _as_it_was(settings: Settings, asked: AskedAsItWas, progress: Progress) -> Back:
    made = asked.source.restore(settings, progress)
    password_hash = passwords.slow_hash(fit_password(asked.password))
    with opened(settings) as node:
        assert node.rooms is not None
        rooms = node.rooms
        node.db.write_sync(lambda conn: node.identity.lock_out(conn, password_hash))
        return Back(
            id=rooms.me.id,
            name=node.db.read_sync(node.name),
            number=rooms.me.key_number,
            reason=None,
            friends=len(node.db.read_sync(rooms.friends.capsules.contents).friends),
            answered=0,
            data=settings.data.parent,
            sentences=[f"Everything is as it was on {day_of(made)}."],
        )


async def _with_words(settings: Settings, asked: Asked, progress: Progress) -> Back:
    carrier = HttpOut(
        SystemClock(settings.clock_offset_ms),
        system_entropy,
        allow_private=settings.allow_private_addresses,
    )
    try:
        asking = Asking(carrier, system_entropy, asked.words)
        place = Place(settings, asked.words, asking, progress)
        return await _put_together(place, asked)
    finally:
        await carrier.close()


async def _put_together(place: Place, asked: Asked) -> Back:
    ground = await asked.source.look(place)
    learned = _Learned(
        ground.key_log,
        list(ground.capsules),
        {friend.id: friend for friend in ground.friends},
        {resident.person: resident for resident in ground.found},
    )
    await _ask_friends(place, learned)
    if learned.friends and not learned.found and not asked.anyway:
        raise NobodyAnswered
    opened = learned.newest(asked.words)
    contents, revision = opened or (Contents(name=asked.name or ""), 0)
    if asked.name:
        contents = replace(contents, name=fit_name(asked.name))
    place.progress.at(0, 0, "Putting together what is yours …")
    key_log = turn(asked.words, learned.key_log, learned.key_log, asked.reason).key_log
    return await asyncio.to_thread(
        _furnish, place, asked, key_log, _with_all(contents, learned), revision, learned
    )


def _with_all(contents: Contents, learned: _Learned) -> Contents:
    """Who is known from elsewhere is a friend too: who helped, or was one at the time of the backup."""
    named = {friend.id for friend in contents.friends} | set(contents.blocked)
    others = [friend for friend in learned.friends.values() if friend.id not in named]
    return replace(contents, friends=(*contents.friends, *others))


# Asking


async def _ask_friends(place: Place, learned: _Learned) -> None:
    """Ask everybody for the longest log and the newest capsule, and whom a newer capsule names as well."""
    asked: set[str] = set(learned.found)
    for _ in range(ROUNDS):
        opened = learned.newest(place.words)
        for friend in opened[0].friends if opened else ():
            learned.friends[friend.id] = friend
        due = [friend for friend in learned.friends.values() if friend.id not in asked]
        if not due:
            return
        place.progress.check()
        place.progress.at(0, 0, f"Asking {len(due)} of your friends …")
        gate = asyncio.Semaphore(ASKED_AT_ONCE)
        await asyncio.gather(*(_ask(place, learned, friend, gate) for friend in due))
        asked |= {friend.id for friend in due}


async def _ask(
    place: Place, learned: _Learned, friend: CapsuleFriend, gate: asyncio.Semaphore
) -> None:
    async with gate:
        asking = place.asking.friend(
            friend.id, friend.urls, frozenset(friend.allowed), learned.key_log
        )
        try:
            learned.learn(await asyncio.wait_for(asking, ONE_FRIEND_S))
        except WordsInTwoHands:
            raise
        except (MicrosocialError, TimeoutError):
            return  # asleep, or no friend any more: looked for again when the node runs


# Furnishing


def _furnish(
    place: Place,
    asked: Asked,
    key_log: KeyLog,
    contents: Contents,
    revision: int,
    learned: _Learned,
) -> Back:
    password_hash = passwords.slow_hash(fit_password(asked.password))

    def turn_key(conn: Connection, node: Node) -> None:
        if node.rooms is not None:  # as the backup was
            node.rooms.delivery.turned(conn, key_log)
        node.identity.come_back(conn, asked.words, key_log, password_hash)

    def furnish(conn: Connection, node: Node) -> str:
        return _take_in(conn, node, contents, revision, learned.found, asked.reason)

    with opened(place.settings) as node:
        node.db.write_sync(lambda conn: _quietly(conn, node, turn_key))
    with opened(place.settings) as node:
        name = node.db.write_sync(lambda conn: _quietly(conn, node, furnish))
        sentences = asked.source.bring(node, place.progress)
    return Back(
        id=key_log.id,
        name=name,
        number=key_log.number,
        reason=asked.reason,
        friends=len(contents.friends),
        answered=len(learned.found),
        data=place.settings.data.parent,
        sentences=sentences,
    )


def _take_in(
    conn: Connection,
    node: Node,
    contents: Contents,
    revision: int,
    found: Mapping[str, Resident],
    reason: Reason,
) -> str:
    """Make facts of what the capsule says. Gives the person's name."""
    rooms, returning = node.rooms, node.room(Returning)
    assert rooms is not None
    rooms.log.saw_tick(conn, revision)
    if rooms.log.find(conn, rooms.me.id, "profile") is None:
        if not contents.name:
            raise NameNeeded(field="name")
        rooms.log.set_one(
            conn, "profile", _profile(contents, rooms.me.id), audience=contents.audience
        )
    returning.take_in(conn, contents, found)
    if reason == "stolen":
        rooms.delivery.keys.begin_theft(conn)
    return node.name(conn)


def _profile(contents: Contents, me: str) -> dict[str, object]:
    kept: dict[str, object] = {
        "name": contents.name,
        "about": contents.about,
        "hue": contents.hue or first_hue(me),
    }
    if contents.avatar is not None:
        kept["avatar"] = msgspec.to_builtins(contents.avatar)
    return kept


def _quietly(conn: Connection, node: Node, change: Callable[[Connection, Node], T]) -> T:
    """Nothing runs here yet that could act on what is told."""
    result = change(conn, node)
    take_emitted(conn)
    return result
