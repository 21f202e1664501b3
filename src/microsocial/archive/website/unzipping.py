"""A zip from outside, mistrusted: nothing in it is believed that could cost memory, disk or a file of ours.

Rule 1: nothing is ever unpacked to where the zip says; who reads asks for a name and says how much it may have at most.
Rule 2: what is read is checked as it is read: length, checksum, and that the file's own head says what the directory said.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from microsocial.archive.website.model import (
    MAX_DIRECTORY_BYTES,
    MAX_FILES,
    MAX_NAME_BYTES,
    ExportDamaged,
    NotAnExport,
)
from microsocial.archive.website.zips import (
    CENTRAL,
    DEFLATED,
    END,
    END_64,
    LOCAL,
    LOCATOR_64,
    MOST_16,
    MOST_32,
    STORED,
)

_END = struct.Struct("<HHHHLLH")  # after its four letters, as the others
_END_64 = struct.Struct("<QHHLLQQQQ")
_LOCATOR_64 = struct.Struct("<LQL")
_CENTRAL = struct.Struct("<HHHHHHLLLHHHHHLL")
_LOCAL = struct.Struct("<HHHHHLLLHH")
_LETTERS = 4
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED = 1
_ZIP64 = 1
STEP_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entry:
    """Where a file lies in the zip, and what is said of it."""

    at: int
    method: int
    packed: int
    length: int
    checksum: int


class Unzipping:
    """An open zip. Give it a path; it is a context manager. Names are those below the one folder that may hold everything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("rb")
        self._size = path.stat().st_size
        # Of each file only where its line in the directory lies: a large library has many files.
        self._lines: dict[str, int] = {}
        try:
            self._read_directory()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def has(self, name: str) -> bool:
        return name in self._lines

    def read(self, name: str, most: int) -> bytes:
        """The whole of a small file. Raises ExportDamaged, naming it."""
        return b"".join(self.pieces(name, most))

    def pieces(self, name: str, most: int) -> Iterator[bytes]:
        """A file's bytes, some at a time; raises ExportDamaged, perhaps only at the end, when it is not what was said."""
        entry = self._entry(name)
        if entry.length > most or entry.packed > most + STEP_BYTES:
            raise ExportDamaged(f"{name} is larger than it can be.")
        length, checksum = 0, 0
        for piece in self._unpacked(name, entry):
            length, checksum = length + len(piece), zlib.crc32(piece, checksum)
            if length > entry.length:
                raise ExportDamaged(f"{name} is larger than it says.")
            yield piece
        if (length, checksum) != (entry.length, entry.checksum):
            raise ExportDamaged(f"{name} is damaged.")

    # One file

    def _entry(self, name: str) -> Entry:
        if name not in self._lines:
            raise ExportDamaged(f"{name} is missing.")
        fixed, _, extra = self._line(self._lines[name])
        _, _, flags, method, _, _, checksum, packed, length, *_, at = fixed
        if flags & _ENCRYPTED:
            raise ExportDamaged(f"{name} is locked with a password. Import the zip as it was made.")
        length, packed, at = _large(extra, [length, packed, at])
        return Entry(at, method, packed, length, checksum)

    def _unpacked(self, name: str, entry: Entry) -> Iterator[bytes]:
        self._file.seek(entry.at)
        head = self._file.read(_LETTERS + _LOCAL.size)
        if not head.startswith(LOCAL) or len(head) < _LETTERS + _LOCAL.size:
            raise ExportDamaged(f"{name} is not where it should be.")
        *_, name_length, extra_length = _LOCAL.unpack_from(head, _LETTERS)
        if not _clean(self._file.read(name_length)).endswith(name):
            raise ExportDamaged(f"{name} is not where it should be.")
        at = entry.at + _LETTERS + _LOCAL.size + name_length + extra_length
        if entry.method == STORED and entry.packed == entry.length:
            yield from self._raw(name, at, entry.packed)
        elif entry.method == DEFLATED:
            yield from self._inflated(name, at, entry)
        else:
            raise ExportDamaged(f"{name} is packed in a way that is not known here.")

    def _raw(self, name: str, at: int, length: int) -> Iterator[bytes]:
        while length:
            self._file.seek(at)  # who reads may look at another file in between
            piece = self._file.read(min(length, STEP_BYTES))
            if not piece:
                raise ExportDamaged(f"{name} is cut off.")
            at, length = at + len(piece), length - len(piece)
            yield piece

    def _inflated(self, name: str, at: int, entry: Entry) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        try:
            for packed in self._raw(name, at, entry.packed):
                left = packed
                while left and not unpacker.eof:
                    yield unpacker.decompress(left, STEP_BYTES)
                    left = unpacker.unconsumed_tail
        except zlib.error as error:
            raise ExportDamaged(f"{name} is damaged.") from error

    # The directory

    def _read_directory(self) -> None:
        count, length, at = self._signpost()
        if count > MAX_FILES or length > MAX_DIRECTORY_BYTES:
            raise NotAnExport("There are more files in it than any export has.")
        if at + length > self._size:
            raise ExportDamaged("Its list of files is cut off.")
        end = at + length
        top: str | None = None
        for _ in range(count):
            if at >= end:
                raise ExportDamaged("Its list of files is too short.")
            fixed, raw, extra = self._line(at)
            name = _clean(raw)
            top = _top(name) if top in (None, _top(name)) else ""
            if len(raw) <= MAX_NAME_BYTES and not name.endswith("/"):
                if name in self._lines:
                    raise ExportDamaged(f"{name} is in it twice.")
                self._lines[name] = at
            at += _LETTERS + _CENTRAL.size + len(raw) + len(extra) + fixed[11]
        if top:
            self._lines = {name.removeprefix(top): at for name, at in self._lines.items()}

    def _line(self, at: int) -> tuple[tuple[int, ...], bytes, bytes]:
        """What the directory says at this place: its numbers, the name, what else."""
        self._file.seek(at)
        head = self._file.read(_LETTERS + _CENTRAL.size)
        if not head.startswith(CENTRAL) or len(head) < _LETTERS + _CENTRAL.size:
            raise ExportDamaged("Its list of files cannot be read.")
        fixed = _CENTRAL.unpack_from(head, _LETTERS)
        return fixed, self._file.read(fixed[9]), self._file.read(fixed[10])

    def _signpost(self) -> tuple[int, int, int]:
        """How many files there are, how long the directory is, and where it begins."""
        tail_at = max(0, self._size - _LETTERS - _END.size - _LONGEST_COMMENT)
        self._file.seek(tail_at)
        tail = self._file.read(_LETTERS + _END.size + _LONGEST_COMMENT)
        at = tail.rfind(END)
        if at < 0 or len(tail) < at + _LETTERS + _END.size:
            if self._starts_like_a_zip():
                raise ExportDamaged("It is cut off: its end is missing.")
            raise NotAnExport("It is not a zip.")
        _, _, _, count, length, start, _ = _END.unpack_from(tail, at + _LETTERS)
        if count == MOST_16 or MOST_32 in (length, start):
            return self._signpost_64(tail_at + at)
        return count, length, start

    def _signpost_64(self, before: int) -> tuple[int, int, int]:
        self._file.seek(max(0, before - _LETTERS - _LOCATOR_64.size))
        locator = self._file.read(_LETTERS + _LOCATOR_64.size)
        if not locator.startswith(LOCATOR_64):
            raise ExportDamaged("Its list of files is not where it should be.")
        _, at, _ = _LOCATOR_64.unpack_from(locator, _LETTERS)
        self._file.seek(min(at, self._size))
        found = self._file.read(_LETTERS + _END_64.size)
        if not found.startswith(END_64) or len(found) < _LETTERS + _END_64.size:
            raise ExportDamaged("Its list of files is not where it should be.")
        *_, count, length, start = _END_64.unpack_from(found, _LETTERS)
        return count, length, start

    def _starts_like_a_zip(self) -> bool:
        self._file.seek(0)
        return self._file.read(_LETTERS) == LOCAL


def _clean(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\\", "/")


def _top(name: str) -> str:
    """The folder that holds everything, when somebody packed the unpacked folder again."""
    return name[: name.index("/") + 1] if "/" in name else ""


def _large(extra: bytes, fields: list[int]) -> list[int]:
    """Numbers that did not fit stand in the extra field of zip64, in this order. Raises ExportDamaged."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            large = iter(struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length - length % 8]))
            try:
                return [next(large)[0] if number == MOST_32 else number for number in fields]
            except (StopIteration, struct.error) as error:
                raise ExportDamaged("Its list of files cannot be read.") from error
        at += 4 + length
    return fields
