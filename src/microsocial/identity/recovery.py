"""What only the 24 words can open: the capsule that friends keep, and every backup (spec 3.7).

The private halves are derived when the words are typed, used, and forgotten; the node keeps the public halves alone, so that it
can seal without the words. A folder made before these existed learns them the next time its words are typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from microsocial.errors import Invalid
from microsocial.identity import store
from microsocial.protocol.crypto import hkdf, new_hpke_key, x25519_public
from microsocial.protocol.keys import KeyLog, begin, inception, signing_key
from microsocial.protocol.words import entropy_of


class WordsOfAnother(Invalid):
    """These are 24 good words, but of another person: they did not make this identity. Look for the other sheet."""


@dataclass(frozen=True)
class PublicHalves:
    """What the node keeps of the two keys: enough to seal, nothing to open with."""

    capsule: bytes  # MLKEM768-X25519, as in a prekey (spec 5.1)
    backup: bytes  # X25519


def capsule_key(entropy: bytes) -> bytes:
    """Derive the private seed that opens my capsule (spec 3.7). `entropy` is `words.entropy_of(words)`."""
    return hkdf(entropy, b"microsocial capsule")


def backup_key(entropy: bytes) -> bytes:
    """Derive the X25519 private key that opens my backups: 32 bytes, the content of an age identity."""
    return hkdf(entropy, b"microsocial backup")


def public_halves(entropy: bytes) -> PublicHalves:
    capsule, backup = new_hpke_key(capsule_key(entropy))[1], x25519_public(backup_key(entropy))
    return PublicHalves(capsule, backup)


def beginning(entropy: bytes) -> KeyLog:
    """Give the key log that these words began with, and so the id (spec 3.2)."""
    return begin(inception(signing_key(entropy, 0), signing_key(entropy, 1).public))


def own_entropy(words: Sequence[str], person: str) -> bytes:
    """Read the words of this very person. Raises WordsWrong, WordsOfAnother."""
    entropy = entropy_of(words)
    if beginning(entropy).id != person:
        raise WordsOfAnother(field="words")
    return entropy


def keep_public_halves(conn: Connection, halves: PublicHalves) -> None:
    """Remember them; called whenever the right words are at hand, so it does no harm to do it again."""
    store.keep_halves(conn, capsule=halves.capsule, backup=halves.backup)


def kept_public_halves(conn: Connection) -> PublicHalves | None:
    """Give them, or None in a folder that is older than they are and has not seen its words since."""
    row = store.find_halves(conn)
    return PublicHalves(bytes(row.capsule), bytes(row.backup)) if row else None
