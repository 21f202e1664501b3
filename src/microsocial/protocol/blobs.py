"""Sealed photos and clips: chunks that can be opened one by one (spec 11). Public blobs are stored plain."""

from dataclasses import dataclass

from microsocial.protocol.crypto import AEAD_TAG_BYTES, aead_open, aead_seal, sha256
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_BLOB_BYTES, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES
from microsocial.protocol.refusals import CannotOpen

KEY_BYTES = 32


@dataclass(frozen=True)
class Shape:
    """How many plain bytes, in chunks of which size. Everything about where sealed bytes lie follows from it."""

    length: int  # plain bytes
    chunk: int

    def __post_init__(self) -> None:
        if not (
            1 <= self.length <= MAX_BLOB_BYTES and MIN_CHUNK_BYTES <= self.chunk <= MAX_CHUNK_BYTES
        ):
            raise ValueError("a blob of impossible shape")

    @property
    def chunks(self) -> int:
        return -(-self.length // self.chunk)

    @property
    def sealed_bytes(self) -> int:
        return self.length + self.chunks * AEAD_TAG_BYTES

    def sealed_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the sealed chunks lie, [from, to), that hold the plain bytes [start, end)."""
        if not 0 <= start < end <= self.length:
            raise ValueError("a range outside of the blob")
        first, last = start // self.chunk, (end - 1) // self.chunk
        step = self.chunk + AEAD_TAG_BYTES
        return first * step, min((last + 1) * step, self.sealed_bytes)

    def bound_to(self) -> bytes:
        # spec 11.3: a blob cut short or cut otherwise does not open
        return (
            b"microsocial/1 blob" + self.length.to_bytes(8, "big") + self.chunk.to_bytes(4, "big")
        )

    def nonce(self, index: int) -> bytes:
        is_last = index == self.chunks - 1
        return index.to_bytes(8, "big") + int(is_last).to_bytes(4, "big")

    def sealed_length(self, index: int) -> int:
        is_last = index == self.chunks - 1
        plain = self.length - index * self.chunk if is_last else self.chunk
        return plain + AEAD_TAG_BYTES


def seal_chunk(plain: bytes, index: int, key: bytes, shape: Shape) -> bytes:
    """Seal chunk `index`. A key seals one blob, once."""
    if len(plain) + AEAD_TAG_BYTES != shape.sealed_length(index):
        raise ValueError("a chunk of the wrong length")
    return aead_seal(key, shape.nonce(index), plain, shape.bound_to())


def open_chunk(sealed: bytes, index: int, key: bytes, shape: Shape) -> bytes:
    """Open chunk `index`; raise CannotOpen."""
    if not 0 <= index < shape.chunks or len(sealed) != shape.sealed_length(index):
        raise CannotOpen
    return aead_open(key, shape.nonce(index), sealed, shape.bound_to())


def seal_blob(plain: bytes, key: bytes, chunk: int) -> bytes:
    """Seal a whole blob with its fresh key."""
    shape = Shape(len(plain), chunk)
    return b"".join(
        seal_chunk(plain[index * chunk : (index + 1) * chunk], index, key, shape)
        for index in range(shape.chunks)
    )


def open_blob(sealed: bytes, key: bytes, shape: Shape) -> bytes:
    """Open a whole blob; raise CannotOpen."""
    if len(sealed) != shape.sealed_bytes:
        raise CannotOpen
    return open_range(sealed, 0, shape.length, key, shape)


def open_range(sealed: bytes, start: int, end: int, key: bytes, shape: Shape) -> bytes:
    """Open the plain bytes [start, end) from the sealed bytes of `shape.sealed_span(start, end)`; raise CannotOpen."""
    sealed_from, sealed_to = shape.sealed_span(start, end)
    if len(sealed) != sealed_to - sealed_from:
        raise CannotOpen
    step = shape.chunk + AEAD_TAG_BYTES
    first = sealed_from // step
    opened = b"".join(
        open_chunk(sealed[at : at + step], first + number, key, shape)
        for number, at in enumerate(range(0, len(sealed), step))
    )
    skipped = first * shape.chunk
    return opened[start - skipped : end - skipped]


def name_of(stored: bytes) -> str:
    """A blob's name: the hash of what is stored and fetched, sealed or plain (spec 11.4)."""
    return b64u(sha256(stored))
