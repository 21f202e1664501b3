"""What a peer sends us: opened and verified first (dear, only reads), applied second (short, one transaction).

The reply is signed in every case that a friend or stranger may bring about; PeerBroke is left for what is not even a
letter. Whatever is not applied leaves no trace but the moment we heard from them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.delivery import quotas, store
from microsocial.delivery.keys import KeyMatters, compare_logs
from microsocial.delivery.letters import Letters
from microsocial.delivery.model import CorrespondenceEnded, HelloArrived
from microsocial.delivery.residence import Residence
from microsocial.delivery.reunion import Progress, ReunionSteps
from microsocial.delivery.standing import NewerRun, Standing, Stands
from microsocial.delivery.store import Correspondent
from microsocial.errors import PeerBroke
from microsocial.events import emit
from microsocial.protocol import exchange
from microsocial.protocol.envelope import Envelope, parse_envelope, verify_envelope
from microsocial.protocol.exchange import Farewell, Refused, Reunion, Update
from microsocial.protocol.keys import KeyLog, decode_key_log, merge
from microsocial.protocol.limits import MAX_UPDATE_BYTES
from microsocial.protocol.payloads import Clear
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import (
    BadSignature,
    CannotOpen,
    Malformed,
    Status,
    UnknownKey,
)
from microsocial.protocol.sealing import open_sealed, sealed_prekey_id
from microsocial.records.model import Checked
from microsocial.records.model import Refused as RecordRefused
from microsocial.records.service import Log

Letter = Update | Reunion | Farewell
Tell = Callable[[Connection, str], None]
_READERS: dict[str, Callable[[Envelope], Letter]] = {
    "update": exchange.read_update,
    "reunion": exchange.read_reunion,
    "farewell": exchange.read_farewell,
}


@dataclass(frozen=True)
class Incoming:
    """A letter as far as it could be read. With a `status` it will not be applied, and that is why."""

    person: str
    sealed: bytes = field(repr=False)
    status: Status | None = None
    letter: Letter | None = None
    key_log: KeyLog | None = None  # the sender's, the newest that is known now
    author_logs: Mapping[str, KeyLog] = field(
        default_factory=dict
    )  # of other authors in it, merged
    checked: list[Checked] | None = None  # an update's records; none when it would not be applied
    my_longer_log: KeyLog | None = None
    contradicting: KeyLog | None = None  # a second valid log of the sender or of me


class Incomings:
    def __init__(
        self,
        log: Log,
        clock: Clock,
        standing: Standing,
        keys: KeyMatters,
        residence: Residence,
        letters: Letters,
        reunions: ReunionSteps,
        when_left: list[Tell],
        when_ended: list[Tell],
    ) -> None:
        self._log = log
        self._clock = clock
        self._standing = standing
        self._keys = keys
        self._residence = residence
        self._letters = letters
        self._reunions = reunions
        self._when_left = when_left
        self._when_ended = when_ended

    # First half: open and verify

    def open(self, conn: Connection, person: str, purpose: str, sealed: bytes) -> Incoming:
        """Read and verify, with a connection that need not be able to write. Raises PeerBroke."""
        prekey_id = sealed_prekey_id(sealed)
        found = Incoming(person, sealed)
        friend = store.find(conn, person)
        if friend is None or friend.state != "active":
            return replace(found, status=Status.NOT_FRIENDS)
        if self._standing.stopped(conn) or self._log.rings.is_forked(conn, person):
            return replace(found, status=Status.BUSY)
        private = store.private_half(conn, prekey_id)
        if private is None:
            return replace(found, status=Status.STALE_PREKEY)
        try:
            raw = open_sealed(sealed, purpose, person, self._log.me.id, private)
        except CannotOpen:
            return replace(found, status=Status.STALE_PREKEY)
        return self._verify(conn, friend, found, purpose, parse_envelope(raw, MAX_UPDATE_BYTES))

    def _verify(
        self,
        conn: Connection,
        friend: Correspondent,
        found: Incoming,
        purpose: str,
        envelope: Envelope,
    ) -> Incoming:
        read = _READERS.get(purpose)
        if read is None:
            raise Malformed(f"a {purpose} does not belong here")
        letter = read(envelope)
        if (letter.sender, letter.receiver) != (found.person, self._log.me.id):
            raise Malformed("a letter between other people")
        offered = letter.keys if isinstance(letter, Update) else {}
        known = self._log.key_logs(conn, [found.person])[found.person]
        key_log, fork = compare_logs(known, offered.get(found.person, ()))
        mine, fork_of_mine = compare_logs(self._log.me.key_log, offered.get(self._log.me.id, ()))
        if fork or fork_of_mine:  # it proves itself, whoever brings it
            return replace(found, status=Status.BUSY, contradicting=fork or fork_of_mine)
        found = replace(found, letter=letter, key_log=key_log)
        try:
            verify_envelope(envelope, key_log.key(letter.key))
        except UnknownKey:
            return replace(found, status=Status.KEY_UNKNOWN)
        if letter.key < key_log.number:  # spec 7.8
            return replace(found, status=Status.KEY_BEHIND)
        if mine.number > self._log.me.key_number:  # R6
            return replace(found, status=Status.BUSY, my_longer_log=mine)
        if isinstance(letter, Update) and _continues(letter, friend):
            return self._check(conn, found, letter)
        return found

    def _check(self, conn: Connection, found: Incoming, update: Update) -> Incoming:
        known = self._log.key_logs(conn, update.keys.keys())
        others = {
            person: log
            for person in update.keys
            if person not in (found.person, self._log.me.id)
            and (log := read_log(person, known.get(person), update.keys[person])) is not None
        }
        assert found.key_log is not None
        logs = {**others, found.person: found.key_log, self._log.me.id: self._log.me.key_log}
        return replace(found, author_logs=others, checked=self._log.check(update.raws, logs))

    # Second half: apply

    def apply(self, conn: Connection, found: Incoming) -> bytes:
        """Do what the letter asks in this transaction; give the reply. Send it only after the commit."""
        friend = store.find(conn, found.person)
        if friend is None or friend.state != "active" or found.status is Status.NOT_FRIENDS:
            return self._letters.answer(
                conn, found.person, found.sealed, Status.NOT_FRIENDS, is_friend=False
            )
        if self._residence.moved_to(conn):
            return self._answer(conn, friend, found, Status.MOVED)
        if found.my_longer_log is not None:
            self._standing.stop_for_keys(conn, found.my_longer_log)
        if found.contradicting is not None:
            self._keys.freeze(conn, found.contradicting)
        if found.status is not None or found.letter is None or found.key_log is None:
            return self._answer(conn, friend, found, found.status or Status.BUSY)
        self._hear(conn, friend, found.letter, found.key_log)
        if isinstance(found.letter, Reunion):
            return self._reunions.holdings(conn, friend, found.key_log, found.sealed, found.letter)
        if isinstance(found.letter, Farewell):
            return self._farewell(conn, friend, found, found.letter)
        return self._update(conn, friend, found, found.letter)

    def decline(self, conn: Connection, person: str, sealed: bytes, status: Status) -> bytes:
        """Say why nothing can be applied just now (`full`, `busy`), when the transaction failed."""
        friend = store.find(conn, person)
        if friend is None or friend.state != "active":
            status = Status.NOT_FRIENDS
        return self._letters.answer(
            conn,
            person,
            sealed,
            status,
            position=friend.position if friend and status != Status.NOT_FRIENDS else None,
            is_friend=status != Status.NOT_FRIENDS,
        )

    def _hear(
        self, conn: Connection, friend: Correspondent, letter: Letter, key_log: KeyLog
    ) -> None:
        """Whatever comes of it: they are there, and say how they can be written to."""
        values: dict[str, Any] = {
            "last_heard": self._clock.now(),
            "key_number": letter.key,
            "knows_key": letter.your_key,
        }
        self._log.keep_key_log(conn, key_log)
        if not isinstance(letter, Farewell):
            prekey = _newer_prekey(friend.prekey, letter.prekey, key_log)
            values |= {"prekey": prekey} if prekey else {}
        if isinstance(letter, Update):
            place = self._standing.read(conn, friend.person, letter.have)
            if isinstance(place, NewerRun):
                self._standing.stop_for_copy(conn, place.run)
            if letter.hello:
                values |= {"hint": letter.have}
                if _is_elsewhere(friend, letter.have):
                    values |= {"reunion": None}  # R18: a hello during it starts it again
                emit(conn, HelloArrived(friend.person))
        store.change(conn, friend.person, **values)

    def _update(
        self, conn: Connection, friend: Correspondent, found: Incoming, update: Update
    ) -> bytes:
        if self._standing.stopped(conn):
            return self._answer(conn, friend, found, Status.BUSY)
        if not _continues(update, friend) or found.checked is None:
            return self._answer(conn, friend, found, Status.HELD)
        size = sum(len(checked.envelope.raw) for checked in found.checked if checked.envelope)
        count = sum(_names_in(checked) for checked in found.checked)
        if not quotas.fits(conn, friend, count, size, self._clock.now()):
            return self._answer(conn, friend, found, Status.QUOTA)
        place = self._standing.read(conn, friend.person, update.have)
        unsure = not isinstance(place, Stands)
        store.change(conn, friend.person, position=update.upto, is_between=0)
        refused = self._take(conn, found, found.checked, unsure=unsure)
        # Spec 4.14: another one than `upto` if something was set aside, and they compare with me anew.
        now = store.find(conn, friend.person) or friend
        return self._answer(
            conn, friend, found, Status.APPLIED, position=now.position, refused=refused
        )

    def _take(
        self, conn: Connection, found: Incoming, checked: list[Checked], *, unsure: bool
    ) -> tuple[Refused, ...]:
        """Accept each record, or note why not: poison is never retried."""
        refused: list[Refused] = []
        for one in checked:
            if one.envelope is not None and one.envelope.kind == "disown":
                self._keep_log(conn, found, one)  # how far back it counts stands in there
            try:
                accepted = self._log.accept(conn, one, found.person, unsure=unsure)
            except RecordRefused as refusal:
                refused.append(_refused(found.person, one, refusal.reason))
                continue
            if accepted.status == "stored":
                self._keep_log(conn, found, one)
        return tuple(refused)

    def _keep_log(self, conn: Connection, found: Incoming, one: Checked) -> None:
        if one.author in found.author_logs:
            self._log.keep_key_log(conn, found.author_logs[one.author])

    def _farewell(
        self, conn: Connection, friend: Correspondent, found: Incoming, letter: Farewell
    ) -> bytes:
        if letter.since != friend.position:  # one from before we became friends again
            return self._answer(conn, friend, found, Status.HELD)
        store.change(
            conn,
            friend.person,
            state="ended",
            reunion=None,
            hint=None,
            ended_key=letter.key,
            ended_mine=self._log.me.key_number,
        )
        for tell in [*(self._when_left if letter.left else ()), *self._when_ended]:
            tell(conn, friend.person)
        emit(conn, CorrespondenceEnded(friend.person, by_them=True))
        return self._letters.answer(
            conn, found.person, found.sealed, Status.NOT_FRIENDS, is_friend=False
        )

    def _answer(
        self,
        conn: Connection,
        friend: Correspondent,
        found: Incoming,
        status: Status,
        *,
        position: str | None = None,
        refused: tuple[Refused, ...] = (),
    ) -> bytes:
        key_log = found.key_log or self._log.key_logs(conn, [friend.person])[friend.person]
        return self._letters.answer(
            conn,
            friend.person,
            found.sealed,
            status,
            your_key=key_log.number,
            position=friend.position if position is None else position,
            refused=refused,
            keys=self._keys_for(friend, key_log, status),
            address=self._residence.record(conn) if status is Status.MOVED else None,
        )

    def _keys_for(self, friend: Correspondent, key_log: KeyLog, status: Status) -> tuple[str, ...]:
        """Spec 7.3: their own log when they sign under an old key; else mine, when they know an old one of mine.

        Which one they know is not read where their letter cannot be opened: whoever went back in time knows an older one.
        """
        if status is Status.KEY_BEHIND:
            return tuple(key_log.encoded())
        mine = self._log.me.key_log
        knows = 0 if status is Status.STALE_PREKEY else friend.knows_key
        return tuple(mine.encoded()) if knows < mine.number else ()


def _names_in(checked: Checked) -> int:
    """How many records this one makes us remember: a clear names up to 2,000 that may never have been here."""
    record = checked.record
    return 1 + (len(record.messages) if isinstance(record, Clear) else 0)


def _continues(update: Update, friend: Correspondent) -> bool:
    """Spec 7.2, R2: only what begins exactly where I am may be applied."""
    return bool(update.since == friend.position)


def _is_elsewhere(friend: Correspondent, have: str) -> bool:
    """Say whether they are not where they listed in the reunion that is under way."""
    stated = Progress.read(friend.reunion).stated if friend.reunion else None
    return stated not in (None, have)


def read_log(person: str, known: KeyLog | None, texts: tuple[str, ...]) -> KeyLog | None:
    """Read an offered key log of `person`; what is not valid, or contradicts what is known, counts for nothing."""
    if known is not None and len(texts) <= len(known.events):
        return known
    try:
        log = decode_key_log(texts)
        return merge(known, log) if known is not None else (log if log.id == person else None)
    except PeerBroke:
        return known


def _newer_prekey(known: str | None, offered: str, key_log: KeyLog) -> str | None:
    """The offered prekey if it is good and newer: a letter may be late (only an answer in flight is taken as it is)."""
    found = _revision_of(offered, key_log)
    if offered == known or found is None:
        return None
    before = _revision_of(known, key_log) if known is not None else None
    return offered if before is None or found > before else None


def _revision_of(prekey: str, key_log: KeyLog) -> int | None:
    """Give None for what is no prekey, or was signed before their key was renewed."""
    try:
        return decode_prekey(prekey, key_log).revision
    except (Malformed, BadSignature, UnknownKey):
        return None


def _refused(person: str, checked: Checked, reason: str) -> Refused:
    return Refused(checked.author or person, checked.id or "unreadable", reason)
