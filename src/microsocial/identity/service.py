"""The person: made once from 24 words, loaded at every start, and shown to nobody but as a name and a signature.

Rule 1: neither the words nor the entropy behind them are stored; of the keys only the current one is.
Rule 2: slow hashes are made by the caller, off the event loop (`passwords`); this module only keeps and compares times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.identity import store
from microsocial.identity.me import Me
from microsocial.identity.model import AlreadySetUp, NoWordsAsked, WordsDoNotMatch
from microsocial.identity.recovery import keep_public_halves, public_halves
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.keys import KeyLog, begin, decode_key_log, inception, signing_key
from microsocial.protocol.words import ENTROPY_BYTES, WORDS, entropy_of, new_words


@dataclass(frozen=True)
class Sheet:
    """The recovery sheet at its only moment: 24 words, and the numbers of the two that will be asked back."""

    words: tuple[str, ...] = field(repr=False)
    asked: tuple[int, int]

    @property
    def answer(self) -> str:
        """What the person will have to type; to be hashed slowly and kept until then."""
        return spoken({str(number): self.words[number - 1] for number in self.asked}, self.asked)


@dataclass(frozen=True)
class WordsAsked:
    """The question that waits, and the slow hash of its answer."""

    numbers: tuple[int, int]
    hashed: str = field(repr=False)


def new_sheet(entropy: Entropy) -> Sheet:
    words = tuple(new_words(entropy(ENTROPY_BYTES)))
    first, step = (byte for byte in entropy(2))
    one = first % WORDS
    other = (one + 1 + step % (WORDS - 1)) % WORDS
    return Sheet(words, (min(one, other) + 1, max(one, other) + 1))


def spoken(answers: Mapping[str, str], asked: tuple[int, int]) -> str:
    """The two words in one line as they are compared; raise WordsDoNotMatch when one was not given."""
    try:
        return " ".join(answers[str(number)].strip().lower() for number in asked)
    except KeyError:
        raise WordsDoNotMatch(
            f"Words {asked[0]} and {asked[1]} are needed.", field="words"
        ) from None


class Identity:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(self, conn: Connection, sheet: Sheet, password_hash: str, answer_hash: str) -> Me:
        """Make the person. Raises AlreadySetUp: a node has one owner."""
        if store.find_identity(conn) is not None:
            raise AlreadySetUp
        entropy = entropy_of(sheet.words)
        key = signing_key(entropy, 0)
        # The next key is only promised: its private half exists on paper alone until it is needed.
        log = begin(inception(key, signing_key(entropy, 1).public))
        store.add_identity(
            conn,
            person=log.id,
            key_number=log.number,
            seed=key.seed,
            key_log=" ".join(log.encoded()),
            password=password_hash,
            words_asked=f"{sheet.asked[0]} {sheet.asked[1]}",
            words_hash=answer_hash,
            created=self._clock.now(),
        )
        keep_public_halves(conn, public_halves(entropy))
        return Me(key, log)

    def come_back(
        self, conn: Connection, entropy: bytes, key_log: KeyLog, password_hash: str
    ) -> None:
        """Be the person of these words under the newest key of the log, here; nobody who could come in before still can."""
        known = {
            "key_number": key_log.number,
            "seed": signing_key(entropy, key_log.number).seed,
            "key_log": " ".join(key_log.encoded()),
            "password": password_hash,
            "words_asked": None,
            "words_hash": None,
        }
        if store.find_identity(conn) is None:
            store.add_identity(conn, person=key_log.id, created=self._clock.now(), **known)
        else:
            store.change_identity(conn, **known)
        store.drop_everybody(conn)
        keep_public_halves(conn, public_halves(entropy))

    def me(self, conn: Connection) -> Me | None:
        """Load the person, or None on a node in which nobody lives yet."""
        row: Any = store.find_identity(conn)
        if row is None:
            return None
        return Me(SigningKey(row.seed), decode_key_log(row.key_log.split(" ")))

    def password_hash(self, conn: Connection) -> str:
        row: Any = store.find_identity(conn)
        return str(row.password)

    def change_password(self, conn: Connection, password_hash: str) -> None:
        store.change_identity(conn, password=password_hash)

    def lock_out(self, conn: Connection, password_hash: str) -> None:
        """A new password, and nobody who could come in before still can."""
        store.change_identity(conn, password=password_hash)
        store.drop_everybody(conn)

    def words_asked(self, conn: Connection) -> WordsAsked | None:
        """The question about the sheet that still waits for its answer."""
        row: Any = store.find_identity(conn)
        if row is None or row.words_asked is None:
            return None
        first, second = map(int, row.words_asked.split(" "))
        return WordsAsked((first, second), row.words_hash)

    def confirm_words(self, conn: Connection) -> None:
        """Note that the sheet is in the person's hands, and forget even the hash of the two words."""
        if self.words_asked(conn) is None:
            raise NoWordsAsked
        store.change_identity(conn, words_asked=None, words_hash=None)
