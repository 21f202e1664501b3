"""Where the one who comes back takes their key log from: a friend, a backup or an export. Each brings along what it has besides."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keys import Opened, unlock, unlock_with_words
from microsocial.archive.backups.restoring import restore
from microsocial.archive.website.importing import Importing
from microsocial.archive.website.reading import Reading
from microsocial.archive.work import Progress
from microsocial.database import open_folder
from microsocial.errors import NotFound
from microsocial.friends.asking import Asking
from microsocial.friends.homes import accepted_places
from microsocial.friends.residents import Resident
from microsocial.identity.recovery import WordsOfAnother, beginning
from microsocial.node.life import Node, opened
from microsocial.protocol.capsules import CapsuleFriend
from microsocial.protocol.envelope import Envelope, parse_envelope
from microsocial.protocol.help import HelpLink
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.settings import Settings


class NoExportThere(NotFound):
    """There is no such file. Look at the name of your export, and where it lies."""


@dataclass(frozen=True)
class Ground:
    """What is known before the friends are asked."""

    key_log: KeyLog
    capsules: tuple[Envelope, ...] = ()
    friends: tuple[CapsuleFriend, ...] = ()
    found: tuple[Resident, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the new home is put together, and by whom."""

    settings: Settings  # of the folder in which it is put together
    words: bytes = field(repr=False)
    asking: Asking
    progress: Progress

    def node(self) -> Node:
        return Node(self.settings)

    def check(self, key_log: KeyLog) -> None:
        """Raises WordsOfAnother."""
        if key_log.id != beginning(self.words).id:
            raise WordsOfAnother(field="words")


class Source(Protocol):
    """One of the three."""

    async def look(self, place: Place) -> Ground:
        """Say what this source knows of me. May fill the place."""
        ...

    def bring(self, node: Node, progress: Progress) -> list[str]:
        """Bring the rest, now that the node is somebody's; give sentences for the person."""
        ...


@dataclass(frozen=True)
class FromFriend:
    link: HelpLink

    async def look(self, place: Place) -> Ground:
        place.progress.at(0, 0, "Asking your friend …")
        known = await place.asking.with_link(self.link)
        place.check(known.key_log)
        helper = CapsuleFriend(
            id=known.resident.person,
            sees_from=place.node().clock.now(),
            name=known.resident.name,
            urls=(known.resident.url,),
            allowed=tuple(accepted_places(self.link.url)),
        )
        capsules = (known.capsule,) if known.capsule else ()
        return Ground(known.key_log, capsules, (helper,), (known.resident,))

    def bring(self, node: Node, progress: Progress) -> list[str]:  # noqa: ARG002 - the friend brings the rest by a reunion
        return []


@dataclass(frozen=True)
class BackupAlone:
    """A backup and its passphrase."""

    folder: Path
    passphrase: str = field(repr=False)

    def restore(self, settings: Settings, progress: Progress) -> int:
        """Bring it back into the folder; tell when it was made. Raises PassphraseWrong, and what `restore` raises."""
        return _restore(unlock(BackupFolder(self.folder), self.passphrase), settings, progress)


@dataclass(frozen=True)
class FromBackup:
    folder: Path
    passphrase: str | None = field(default=None, repr=False)  # else the words open it

    async def look(self, place: Place) -> Ground:
        return await asyncio.to_thread(self._look, place)

    def _look(self, place: Place) -> Ground:
        _restore(self._opened(place.words), place.settings, place.progress)
        with opened(place.settings) as node:
            assert node.rooms is not None
            place.check(node.rooms.me.key_log)
            log, friends = node.rooms.log, node.rooms.friends
            told = node.db.read_sync(lambda conn: log.find(conn, log.me.id, "capsule"))
            contents = node.db.read_sync(friends.capsules.contents)
            capsules = (told.envelope,) if told else ()
            return Ground(node.rooms.me.key_log, capsules, contents.friends)

    def _opened(self, words: bytes) -> Opened:
        backup = BackupFolder(self.folder)
        if self.passphrase is not None:
            return unlock(backup, self.passphrase)
        return unlock_with_words(backup, words)

    def bring(self, node: Node, progress: Progress) -> list[str]:  # noqa: ARG002 - it is all there
        return []


@dataclass(frozen=True)
class FromExport:
    file: Path

    async def look(self, place: Place) -> Ground:
        if not self.file.is_file():
            raise NoExportThere(str(self.file))
        place.progress.at(0, 0, "Reading your export …")
        return await asyncio.to_thread(self._look, place)

    def _look(self, place: Place) -> Ground:
        with Reading(self.file) as export:
            place.check(export.owner)
            raws = (raw for name in export.shelves for raw, _ in export.records(name))
            found = (parse_envelope(raw, MAX_RECORD_BYTES) for raw in raws)
            return Ground(export.owner, tuple(one for one in found if one.kind == "capsule"))

    def bring(self, node: Node, progress: Progress) -> list[str]:
        return [Importing(node, node.db.write_sync, progress).run(self.file)]


def _restore(backup: Opened, settings: Settings, progress: Progress) -> int:
    with open_folder(settings.data) as folder:
        now = Node(settings).clock.now()
        return restore(backup, folder, now, progress).manifest.made
