"""A zip as a stream of bytes (PKWARE APPNOTE 6.3, with zip64). Pure: whoever has content puts it in, whoever sends takes it out.

Rule 1: lengths and checksums stand before the content, never after it: every program reads such a zip, also one that
takes it as it comes.
Rule 2: what is remembered of each file until the end is kept packed: some 40 bytes a file, whatever lies in it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

STORED, DEFLATED = 0, 8
LOCAL, CENTRAL, END, END_64, LOCATOR_64 = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
)
# What the fields of the first zips hold; what is larger stands in the fields of zip64, and these say so.
MOST_16, MOST_32 = 0xFFFF, 0xFFFFFFFF
_PLAIN, _ZIP64 = 20, 45  # the edition of the format that a reader needs
_UNIX = 3 << 8
_READABLE = 0o100644 << 16  # a file that its owner may change and everybody read
_HEADER = "<HHHHHLLLHH"
UNPACK_STEP = 64 * 1024


class ZipStream:
    """Give each file in turn, then `end`; every verb yields the bytes that come next."""

    def __init__(self) -> None:
        self.length = 0  # bytes given so far
        self._files = 0
        self._remembered = zlib.compressobj()
        self._packed: list[bytes] = []
        self._central_length = 0

    def deflated(self, name: str, content: bytes, when: datetime) -> Iterator[bytes]:
        """A file whose content gets smaller: words."""
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(content) + packer.flush()
        lengths = (zlib.crc32(content), len(packed), len(content))
        yield from self._file(name, when, DEFLATED, lengths, [packed])

    def stored(
        self, name: str, length: int, checksum: int, pieces: Iterable[bytes], when: datetime
    ) -> Iterator[bytes]:
        """A file as it is: pictures, which are small already. `checksum` is the CRC-32 of all its bytes."""
        yield from self._file(name, when, STORED, (checksum, length, length), pieces)

    def _file(
        self,
        name: str,
        when: datetime,
        method: int,
        lengths: tuple[int, int, int],
        pieces: Iterable[bytes],
    ) -> Iterator[bytes]:
        if max(lengths) > MOST_32:
            raise ValueError("a file too large for one entry")
        named = name.encode("ascii")
        shared = (0, method, *_clock(when), *lengths, len(named))
        start = self.length
        self._remember(named, shared, start)
        yield self._given(LOCAL + struct.pack(_HEADER, _PLAIN, *shared, 0) + named)
        content_at = self.length
        for piece in pieces:
            yield self._given(piece)
        if self.length - content_at != lengths[1]:
            raise ValueError("a file of another length than was said")

    def _remember(self, name: bytes, shared: tuple[int, ...], start: int) -> None:
        """Keep what the directory at the end says of this file."""
        extra = struct.pack("<HHQ", 1, 8, start) if start >= MOST_32 else b""
        needs = _ZIP64 if extra else _PLAIN
        entry = (
            CENTRAL
            + struct.pack("<H", _UNIX | _ZIP64)
            + struct.pack(_HEADER, needs, *shared, len(extra))
            + struct.pack("<HHHLL", 0, 0, 0, _READABLE, min(start, MOST_32))
            + name
            + extra
        )
        self._files += 1
        self._central_length += len(entry)
        self._packed.append(self._remembered.compress(entry))

    def end(self) -> Iterator[bytes]:
        """The directory, by which programs find the files."""
        directory_at = self.length
        self._packed.append(self._remembered.flush())
        unpacker = zlib.decompressobj()
        for piece in self._packed:
            while piece:
                yield self._given(unpacker.decompress(piece, UNPACK_STEP))
                piece = unpacker.unconsumed_tail  # noqa: PLW2901 - the rest of the same piece
        yield self._given(unpacker.flush())
        yield self._given(self._signpost(directory_at))

    def _signpost(self, at: int) -> bytes:
        files, length = self._files, self._central_length
        large = b""
        if files >= MOST_16 or length >= MOST_32 or at >= MOST_32:
            fields = (44, _UNIX | _ZIP64, _ZIP64, 0, 0, files, files, length, at)
            large = END_64 + struct.pack("<QHHLLQQQQ", *fields)
            large += LOCATOR_64 + struct.pack("<LQL", 0, self.length, 1)
        count, shown = min(files, MOST_16), (min(length, MOST_32), min(at, MOST_32))
        return large + END + struct.pack("<HHHHLLH", 0, 0, count, count, *shown, 0)

    def _given(self, piece: bytes) -> bytes:
        self.length += len(piece)
        return piece


def _clock(when: datetime) -> tuple[int, int]:
    """Time and day as zips say them: to two seconds, 1980 to 2107, in the time of the place."""
    if not 1980 <= when.year <= 2107:
        return 0, (1 << 5) | 1
    time = (when.hour << 11) | (when.minute << 5) | (when.second // 2)
    return time, ((when.year - 1980) << 9) | (when.month << 5) | when.day
