"""An export from outside: whose it is, whether it is as they made it, and what is in it."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec

from microsocial.archive.website import layout, shelf, stamp
from microsocial.archive.website.model import (
    MAX_FACTS_BYTES,
    MAX_RECORDS_FILE_BYTES,
    MAX_STAMP_BYTES,
    ExportDamaged,
    NotAnExport,
)
from microsocial.archive.website.shelf import About, Facts
from microsocial.archive.website.stamp import Stamped
from microsocial.archive.website.unzipping import Unzipping
from microsocial.errors import PeerBroke
from microsocial.protocol.encoding import b64u
from microsocial.protocol.keys import KeyLog, decode_key_log


class Reading:
    """An export that carries its owner's stamp. Every file that is read is what was stamped, or ExportDamaged.

    `owner` is their key log. Raises NotAnExport.
    """

    def __init__(self, path: Path) -> None:
        self.zip = Unzipping(path)
        try:
            self._believe()
        except BaseException:
            self.zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def _believe(self) -> None:
        if not self.zip.has(layout.STAMP):
            raise NotAnExport(f"{layout.STAMP} is missing.")
        envelope, self.said = stamp.read(self.zip.read(layout.STAMP, MAX_STAMP_BYTES))
        self._stamped = {one.name: one for one in self.said.files}
        self.key_logs = self._key_logs()
        if self.said.author not in self.key_logs:
            raise ExportDamaged(f"{layout.KEYS} does not hold its owner's keys.")
        self.owner = self.key_logs[self.said.author]
        stamp.check(envelope, self.said, self.owner)

    def _key_logs(self) -> dict[str, KeyLog]:
        """Everybody's keys; logs that prove nothing are left out, and with them what they would have proved."""
        try:
            found = msgspec.json.decode(
                self._read(layout.KEYS, MAX_FACTS_BYTES), type=dict[str, list[str]]
            )
        except (msgspec.DecodeError, RecursionError) as error:
            raise ExportDamaged(f"{layout.KEYS} cannot be read.") from error
        logs: dict[str, KeyLog] = {}
        for person, events in found.items():
            try:
                log = decode_key_log(events)
            except PeerBroke:
                continue
            if log.id == person:
                logs[person] = log
        return logs

    def _read(self, name: str, most: int) -> bytes:
        content = self.zip.read(name, most)
        if Stamped(name, len(content), b64u(sha256(content).digest())) != self._stamped.get(name):
            raise ExportDamaged(f"{name} is not as it was written.")
        return content

    @property
    def shelves(self) -> list[str]:
        """The files of records, in order of arrival."""
        return [one.name for one in self.said.files if one.name.endswith(layout.ENVELOPES)]

    def records(self, name: str) -> Iterator[tuple[bytes, About]]:
        """The records of one of the `shelves`, each with what was known about it. Raises ExportDamaged."""
        envelopes = self._read(name, MAX_RECORDS_FILE_BYTES)
        about = name.removesuffix(layout.ENVELOPES) + layout.ABOUT
        yield from shelf.taken_apart(envelopes, self._read(about, MAX_RECORDS_FILE_BYTES), name)

    def facts(self) -> Facts:
        """What was known beside records. Raises ExportDamaged."""
        try:
            return msgspec.json.decode(self._read(layout.FACTS, MAX_FACTS_BYTES), type=Facts)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ExportDamaged(f"{layout.FACTS} cannot be read.") from error
