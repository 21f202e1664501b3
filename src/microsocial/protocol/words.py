"""The 24 words of the recovery sheet (BIP-39, English). All identity keys come from them (spec 3.1)."""

from collections.abc import Sequence
from functools import lru_cache

from mnemonic import Mnemonic

from microsocial.errors import Invalid

ENTROPY_BYTES = 32
WORDS = 24


class WordsWrong(Invalid):
    """These are not the 24 words of a recovery sheet. Compare each one with the sheet."""


@lru_cache(maxsize=1)
def _english() -> Mnemonic:
    return Mnemonic("english")


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(_english().wordlist)


def new_words(entropy: bytes) -> list[str]:
    """Write 32 random bytes as 24 words."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError("24 words are made from 32 bytes")
    return _english().to_mnemonic(entropy).split(" ")


def entropy_of(words: Sequence[str]) -> bytes:
    """Read the 24 words back, in any case; raise WordsWrong naming what to look at."""
    typed = [word.strip().lower() for word in words if word.strip()]
    if len(typed) != WORDS:
        raise WordsWrong(f"The sheet has 24 words; these are {len(typed)}.")
    for number, word in enumerate(typed, start=1):
        if word not in _known():
            raise WordsWrong(
                f"Word {number}, “{word[:20]}”, is not a word of the list. Compare it with the sheet."
            )
    try:
        return bytes(_english().to_entropy(typed))
    except ValueError as error:  # the checksum inside the last word
        raise WordsWrong(
            "All words are known, but they do not belong together. One is another word, or two changed places."
        ) from error
