"""Brings an export back: in small transactions, so that it can be stopped, or broken off, and simply be done again.

Rule 1: nothing here is told to friends, and nothing rings: what comes back was known once.
Rule 2: a file that is damaged or changed is left out, named and counted; the rest comes back.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from microsocial.archive.website.model import (
    BATCH,
    ExportDamaged,
    ExportKnowsNewerKeys,
    ExportOfSomebodyElse,
)
from microsocial.archive.website.reading import Reading
from microsocial.archive.website.returning import Files, Restored, bring_facts
from microsocial.archive.website.shelf import About
from microsocial.archive.work import Progress
from microsocial.clock import Clock
from microsocial.database import WordsErased
from microsocial.events import Event, LiveEvent, emit, take_emitted
from microsocial.friends.model import ProfileChanged
from microsocial.friends.service import Friends
from microsocial.media.model import BlobsLoosened, BlobsWanted
from microsocial.media.service import Media
from microsocial.media.store import holders_wanted
from microsocial.messages import store as messages_store
from microsocial.posts import store as posts_store
from microsocial.posts.model import PublicChanged
from microsocial.posts.words import number, possessive
from microsocial.protocol.encoding import b64u
from microsocial.protocol.keys import KeyLog, merge
from microsocial.protocol.payloads import Message
from microsocial.protocol.refusals import Forked
from microsocial.records.model import ChangeLogged, Checked, Stored
from microsocial.records.returning import Known, Outcome
from microsocial.records.service import Log

T = TypeVar("T")
# What others must hear all the same. Bells, open screens, and friends' machines asked for pictures are not among it.
STILL_TOLD: tuple[type[Event], ...] = (
    WordsErased,
    BlobsLoosened,
    ChangeLogged,
    PublicChanged,
    ProfileChanged,
)


class Node(Protocol):
    """Where it comes back to: a running node, or one that is only open."""

    @property
    def clock(self) -> Clock: ...
    def room(self, kind: type[T]) -> T: ...


class Writing(Protocol):
    """Makes one change, whole or not at all, and waits until it is on disk."""

    def __call__(self, change: Callable[[Connection], T]) -> T: ...


@dataclass
class Tally:
    """What came of it so far."""

    outcomes: "Counter[Outcome]" = field(default_factory=Counter)
    pictures: int = 0
    damaged: list[str] = field(default_factory=list)  # files that were left out
    pictures_damaged: int = 0

    @property
    def looked_at(self) -> int:
        return sum(self.outcomes.values())

    def sentence(self) -> str:
        back = self.outcomes["back"] + self.outcomes["newer"]
        said = [_came_back(back, self.pictures)]
        for count, word, what in (
            (self.outcomes["gone"], "thing", "that you deleted or cleared stayed away."),
            (self.outcomes["refused"], "thing", "could not be believed and stayed out."),
            (self.pictures_damaged, "picture", "in it could not be read."),
        ):
            said += [f"{_counted(count, word).capitalize()} {what}"] if count else []
        said += [f"Left out: {name}" for name in self.damaged]
        return " ".join(said)


class Importing:
    """One import. Runs in a thread; `write` makes each change."""

    def __init__(self, node: Node, write: Writing, progress: Progress) -> None:
        self._log = node.room(Log)
        self._media = node.room(Media)
        self._friends = node.room(Friends)
        self._clock = node.clock
        self._write = write
        self._progress = progress
        self._tally = Tally()

    def run(self, path: Path) -> str:
        """Bring everything back that is missing; give the closing sentence.

        Raises:
            NotAnExport, ExportOfSomebodyElse, ExportKnowsNewerKeys; Stopped
        """
        with Reading(path) as export:
            self._check(export)
            files = Files(self._media, export.zip, self._log.me.id)
            logs = self._write(lambda conn: self._learn_keys(conn, export.key_logs))
            for name in export.shelves:
                self._shelf(export, name, logs, files)
            self._facts(export)
            self._tally.pictures_damaged = files.damaged
        self._write(_refreshed)
        return self._tally.sentence()

    def _check(self, export: Reading) -> None:
        mine = self._log.me.key_log
        if export.owner.id != mine.id:
            me = self._quietly(lambda conn: self._friends.person(conn, mine.id))["name"]
            raise ExportOfSomebodyElse(f"It is {possessive(export.said.name)}, and you are {me}.")
        if not mine.extends(export.owner):
            raise ExportKnowsNewerKeys

    def _learn_keys(self, conn: Connection, offered: dict[str, KeyLog]) -> dict[str, KeyLog]:
        """The keys that records are checked with: ours, continued by what the export knows; who contradicts ours is left out."""
        known = self._log.key_logs(conn, offered.keys())
        found: dict[str, KeyLog] = {}
        for person, log in offered.items():
            try:
                found[person] = merge(known[person], log) if person in known else log
            except Forked:
                found[person] = known[person]
        return found

    # Records

    def _shelf(self, export: Reading, name: str, logs: dict[str, KeyLog], files: Files) -> None:
        try:
            records = list(export.records(name))
        except ExportDamaged as damaged:
            self._tally.damaged.append(str(damaged))
            return
        for some in _batches(records):
            self._progress.check()
            self._batch(some, logs, files)
            self._progress.at(
                self._tally.looked_at, export.said.records, _came_back_so_far(self._tally)
            )

    def _batch(
        self, records: Sequence[tuple[bytes, About]], logs: dict[str, KeyLog], files: Files
    ) -> None:
        checked = self._log.check([raw for raw, _ in records], logs)
        brought = [(one, about) for one, (_, about) in zip(checked, records, strict=True)]
        outcomes = self._quietly(lambda conn: self._bring_back(conn, brought, logs))
        self._tally.outcomes.update(outcomes)
        paths = {name: path for _, about in brought for name, path in about.media.items()}
        if paths:
            self._pictures(brought, paths, files)

    def _bring_back(
        self,
        conn: Connection,
        brought: Sequence[tuple[Checked, About]],
        logs: dict[str, KeyLog],
    ) -> list[Outcome]:
        talking = messages_store.friends_unread(conn)
        outcomes = self._log.bring_back(
            conn, [(checked, _known(about)) for checked, about in brought]
        )
        standing = [
            (checked, about)
            for (checked, about), outcome in zip(brought, outcomes, strict=True)
            if outcome in {"back", "newer"}
        ]
        for checked, about in standing:
            self._beside(conn, checked, about)
            if checked.author != self._log.me.id:
                self._log.keep_key_log(conn, logs[checked.author])
        self._keep_read(conn, standing, talking)
        return outcomes

    def _beside(self, conn: Connection, checked: Checked, about: About) -> None:
        """Who a post was for, in the owner's words."""
        stored = self._log.find(conn, checked.author, checked.id)
        if stored is None or about.label is None:
            return
        if not posts_store.audiences_of(conn, [stored.ref]):
            posts_store.put(
                conn,
                posts_store.post_audiences,
                post=stored.ref,
                circle=about.circle,
                label=about.label,
                people=json.dumps(about.people),
            )

    def _keep_read(
        self,
        conn: Connection,
        brought: Sequence[tuple[Checked, About]],
        talking: set[str],
    ) -> None:
        """What was read before is not news now."""
        me = self._log.me.id
        said = [(one, about) for one, about in brought if isinstance(one.record, Message)]
        unread = {one.author for one, about in said if about.unread}
        for friend in {one.author for one, _ in said} - {me} - unread - talking:
            messages_store.mark_read(conn, friend)

    # Pictures

    def _pictures(
        self,
        brought: Sequence[tuple[Checked, About]],
        paths: dict[str, str],
        files: Files,
    ) -> None:
        missing = self._quietly(lambda conn: files.missing(conn, self._standing(conn, brought)))
        restored: list[Restored] = []
        for blob in missing:
            path = paths.get(b64u(blob.hash))
            found = files.restore(blob, path) if path else None
            restored += [found] if found else []
        if restored:
            now = self._clock.now()
            self._quietly(lambda conn: files.keep(conn, restored, now))
            self._tally.pictures += len(restored)

    def _standing(self, conn: Connection, brought: Sequence[tuple[Checked, About]]) -> list[Stored]:
        found = (
            self._log.find(conn, checked.author, checked.id)
            for checked, about in brought
            if about.media
        )
        return [stored for stored in found if stored is not None and not stored.withdrawn]

    # Facts

    def _facts(self, export: Reading) -> None:
        try:
            facts = export.facts()
        except ExportDamaged as damaged:
            self._tally.damaged.append(str(damaged))
            return
        self._quietly(lambda conn: bring_facts(conn, facts))

    def _quietly(self, change: Callable[[Connection], T]) -> T:
        """Make a change of which only what must be heard is told."""

        def silent(conn: Connection) -> T:
            result = change(conn)
            for event in take_emitted(conn):
                if isinstance(event, STILL_TOLD):
                    emit(conn, event)
            return result

        return self._write(silent)


def _batches(records: Sequence[tuple[bytes, About]]) -> Iterator[list[tuple[bytes, About]]]:
    left = iter(records)
    while some := list(islice(left, BATCH)):
        yield some


def _known(about: About) -> Known:
    return Known(
        received=about.received,
        via=about.via,
        shown=about.shown,
        readers=tuple(about.readers),
        granted=tuple(about.granted),
        offered=tuple(about.offered),
    )


def _refreshed(conn: Connection) -> None:
    """Open screens look at everything again, and pictures that friends have and we still lack are asked for."""
    emit(conn, LiveEvent("resync", {}))
    for holder in holders_wanted(conn):
        emit(conn, BlobsWanted(holder))


def _came_back_so_far(tally: Tally) -> str:
    return f"Looked at {tally.looked_at:,}. {tally.sentence()}"


def _came_back(records: int, pictures: int) -> str:
    if not records and not pictures:
        return "Everything in it is here already."
    things = [
        _counted(count, word)
        for count, word in ((records, "thing"), (pictures, "picture file"))
        if count
    ]
    return f"{' and '.join(things).capitalize()} came back."


def _counted(count: int, word: str) -> str:
    said = number(count) if count < 13 else f"{count:,}"
    return f"{said} {word}" if count == 1 else f"{said} {word}s"
