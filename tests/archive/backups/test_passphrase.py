"""The one file that a passphrase opens: any age program's, with the work that we choose."""

import pyrage
import pytest
from tests.support.time_and_chance import SeededEntropy

from microsocial.archive.backups import passphrase
from microsocial.archive.backups.age import CannotOpen
from microsocial.archive.backups.passphrase import locked_with, unlocked

SECRET = "AGE-SECRET-KEY-1 something"


@pytest.fixture
def little_work(monkeypatch):
    """Slow on purpose is slow in tests too."""
    monkeypatch.setattr(passphrase, "WORK", 4)


def test_another_age_program_opens_it() -> None:
    locked = locked_with("four wörds are enough", SECRET, SeededEntropy(1))
    assert pyrage.passphrase.decrypt(locked, "four wörds are enough").decode() == SECRET


def test_it_opens_with_the_passphrase_alone(little_work) -> None:
    locked = locked_with("four words are enough", SECRET, SeededEntropy(1))
    assert unlocked("four words are enough", locked) == SECRET
    for wrong in ("four words are enougH", ""):
        with pytest.raises(CannotOpen):
            unlocked(wrong, locked)


def test_any_changed_bit_is_noticed(little_work) -> None:
    locked = locked_with("four words are enough", SECRET, SeededEntropy(1))
    for at in range(len(locked)):
        for bit in (1, 16):
            flipped = locked[:at] + bytes([locked[at] ^ bit]) + locked[at + 1 :]
            with pytest.raises(CannotOpen):
                unlocked("four words are enough", flipped)
    for length in range(len(locked)):
        with pytest.raises(CannotOpen):
            unlocked("four words are enough", locked[:length])
    with pytest.raises(CannotOpen):
        unlocked("four words are enough", locked + b"x")


def test_a_file_that_asks_for_gigabytes_of_memory_is_refused_at_once() -> None:
    locked = locked_with("four words are enough", SECRET, SeededEntropy(1))
    with pytest.raises(CannotOpen):
        unlocked("four words are enough", locked.replace(b" 17\n", b" 31\n"))
