"""The age format: what other age programs must be able to open."""

import io

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.archive.backups.age import CannotOpen, Key, key_written, lock_for
from microsocial.protocol.crypto import x25519_public


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_written_as_age_writes_it(seed) -> None:
    written = Key(seed).written
    assert str(pyrage.x25519.Identity.from_str(written)) == written
    assert key_written(written) == Key(seed)


@pytest.mark.parametrize(
    "text", ["", "AGE-SECRET-KEY-1", "age1qqqq", "AGE-SECRET-KEY-1" + "Q" * 58]
)
def test_what_is_no_key_is_not_read_as_one(text) -> None:
    with pytest.raises(ValueError, match=r"bech32|identity"):
        key_written(text)


def test_any_age_program_opens_what_is_sealed() -> None:
    key = Key(b"k" * 32)
    identity = pyrage.x25519.Identity.from_str(key.written)
    assert pyrage.decrypt(key.seal(b"hello"), [identity]) == b"hello"
    assert key.open(pyrage.encrypt(b"hello", [identity.to_public()])) == b"hello"
    assert key.open(lock_for("for the words", x25519_public(b"k" * 32))) == b"for the words"


def test_nothing_secret_is_printed() -> None:
    assert Key(b"secret seed of thirty-two bytes!").__repr__() == "Key()"


class Full(io.BytesIO):
    def write(self, piece):
        raise OSError(28, "No space left on device")


def test_a_full_disk_in_the_middle_of_a_stream_is_told_as_one() -> None:
    key = Key(b"k" * 32)
    with pytest.raises(OSError, match="No space") as full:
        key.seal_stream(io.BytesIO(b"x" * 200_000), Full())
    assert full.value.errno == 28
    with pytest.raises(OSError, match="No space"):
        key.open_stream(io.BytesIO(key.seal(b"x" * 200_000)), Full())


def test_any_changed_byte_is_noticed_whole_or_in_a_stream() -> None:
    key = Key(b"k" * 32)
    sealed = key.seal(b"x" * 1000)
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            key.open(flipped)
        with pytest.raises(CannotOpen):
            key.open_stream(io.BytesIO(flipped), io.BytesIO())
    for short in (0, 100, len(sealed) - 1):
        with pytest.raises(CannotOpen):
            key.open(sealed[:short])


def test_names_tell_others_nothing_and_the_holder_the_same_every_time() -> None:
    one, other = Key(b"k" * 32), Key(b"l" * 32)
    assert one.name(b"piece", b"x") == one.name(b"piece", b"x") != other.name(b"piece", b"x")
    assert one.name(b"piece", b"x") != one.name(b"blob", b"x")
