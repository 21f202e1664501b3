"""What friends hold in my name that my log does not know, said under a key that was stolen since.

It is fetched in a reunion like anything I lost, but kept apart: the owner says what is theirs. Nothing decides by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.database import WordsErased
from microsocial.events import emit
from microsocial.protocol.disowning import reach
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.envelope import parse_envelope
from microsocial.protocol.exchange import Held
from microsocial.protocol.kinds import KINDS
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.payloads import read_record
from microsocial.protocol.revisions import wins
from microsocial.records import store
from microsocial.records.arriving import Arriving, rank_of, unstored
from microsocial.records.ground import Ground
from microsocial.records.keys import store as kept
from microsocial.records.model import Stored

DAY_MS = 86_400_000
# Who looks in once a month can still undo what came back; for longer nothing that was replaced should lie around.
TAKEN_BACK_FOR_MS = 30 * DAY_MS
TAKEN_BACK_SHOWN = (
    500  # newest first; more is a restored backup, not a theft that somebody looks through
)


@dataclass(frozen=True)
class Suspect:
    """One revision in my name, who holds it, and what it would replace."""

    stored: Stored
    holders: tuple[str, ...]
    mine: Stored | None
    found: int

    @property
    def name(self) -> str:
        """How the owner's API calls this very revision."""
        return b64u(self.stored.hash)


class Suspects:
    def __init__(self, ground: Ground, arriving: Arriving) -> None:
        self._ground = ground
        self._arriving = arriving

    # In a reunion

    def are_known(self, conn: Connection, person: str, listed: Iterable[Held]) -> set[bytes]:
        """Give what of a list in my name need not be fetched: disowned, or waiting for the owner's word. Notes who holds it."""
        me = self._ground.me.id
        hashes = {unb64u(held.hash) for held in listed if held.author == me and held.hash}
        waiting = kept.known_suspects(conn, hashes)
        for hashed in waiting:
            kept.put(conn, kept.suspect_holders, hash=hashed, person=person)
        return waiting | kept.aside_among(conn, me, hashes)

    def disowned(self, conn: Connection, listed: Iterable[Held]) -> list[Held]:
        """Give what of a list I have disowned: its holder lacks what I have under these names."""
        me = self._ground.me.id
        mine = [held for held in listed if held.author == me and held.hash]
        aside = kept.aside_among(conn, me, {unb64u(held.hash) for held in mine if held.hash})
        return [held for held in mine if held.hash and unb64u(held.hash) in aside]

    def is_another(self, held: Held, let_go: bytes | None) -> bool:
        """Say whether somebody holds another revision of what I let go: since my key was stolen, it may be a thief's."""
        me = self._ground.me
        if held.author != me.id or held.hash is None or not reach(me.key_log, me.key_number):
            return False
        return unb64u(held.hash) != let_go

    def are_doubtful(self, conn: Connection, found: Stored, holder: str) -> bool:
        """Say whether it was signed under a key that a theft ended; keep it apart if it would change my log."""
        me = self._ground.me
        if found.key_number >= reach(me.key_log, me.key_number) or found.id in KINDS:
            return False
        mine = store.find(conn, found.author, found.id)
        if mine is None or (mine.hash != found.hash and wins(rank_of(found), rank_of(mine))):
            now = self._ground.clock.now()
            raw = found.envelope.raw
            kept.add_suspect(conn, holder, hash=found.hash, id=found.id, envelope=raw, found=now)
        return True

    # The owner's word

    def all(self, conn: Connection) -> list[Suspect]:
        """What waits for the owner's word, the last found first."""
        return self._suspects(conn, kept.undecided(conn))

    def count(self, conn: Connection) -> int:
        """How much waits for the owner's word."""
        return kept.count_undecided(conn)

    def among(self, conn: Connection, hashes: Collection[bytes]) -> list[Suspect]:
        """What of these revisions waits for the owner's word, in the order in which they were said, deletions first."""
        found = self._suspects(conn, kept.undecided_among(conn, hashes))
        return sorted(found, key=lambda one: (not one.stored.withdrawn, one.stored.revision))

    def moments(self, conn: Connection) -> list[tuple[int, bytes]]:
        """When each thing that waits for the owner's word was said, as its signer has it; the first said first."""
        read = (self._read(row.envelope, row.found) for row in kept.undecided(conn))
        return sorted((stored.revision, stored.hash) for stored in read)

    def _suspects(self, conn: Connection, rows: Sequence[Row[Any]]) -> list[Suspect]:
        holders: dict[bytes, list[str]] = defaultdict(list)
        for row in kept.holders(conn, [row.hash for row in rows]):
            holders[row.hash].append(row.person)
        return [
            Suspect(
                stored := self._read(row.envelope, row.found),
                tuple(sorted(holders[row.hash])),
                store.find(conn, stored.author, stored.id),
                row.found,
            )
            for row in rows
        ]

    def taken_back(self, conn: Connection) -> list[Suspect]:
        """What came back from friends lately and still stands as they gave it."""
        rows = kept.taken_back_since(conn, self._too_late(), TAKEN_BACK_SHOWN)
        by_ref = {row.ref: row for row in reversed(rows) if row.hash is not None}
        found = []
        for ref, row in by_ref.items():
            (stored,) = store.find_by(conn, ref=ref) or (None,)
            if stored is None or stored.hash != row.hash or stored.author != self._ground.me.id:
                continue
            before = self._read(row.before, row.taken) if row.before else None
            found.append(Suspect(stored, (row.person,), before, row.taken))
        return sorted(found, key=lambda one: (-one.found, one.name))

    def forget_replaced(self, conn: Connection) -> None:
        """Erase what taking back replaced, when it is too late to undo it. Cheap: call it hourly."""
        if kept.forget_replaced(conn, self._too_late()):
            emit(conn, WordsErased())

    def _too_late(self) -> int:
        return self._ground.clock.now() - TAKEN_BACK_FOR_MS

    def take(self, conn: Connection, suspects: Collection[Suspect]) -> None:
        """The owner said it: it stands as if it had come back in a reunion."""
        for suspect in sorted(suspects, key=lambda one: (not one.stored.withdrawn, one.name)):
            for holder in suspect.holders:
                self._take(conn, suspect.stored, holder)
        kept.decide(conn, [one.stored.hash for one in suspects], "mine")

    def _take(self, conn: Connection, found: Stored, holder: str) -> None:
        before = store.find(conn, found.author, found.id)
        stored = before
        if before is None or before.hash != found.hash:
            stored = self._arriving.take_mine(conn, found, before, holder, sure=True) or before
        if stored is None:
            return
        store.add_offered(conn, holder, [stored.no])
        if stored.hash != found.hash:
            self._ground.change(conn, stored, only_for=holder)
        elif not store.has_change_for(conn, stored.no, holder):
            self._ground.change(conn, stored, only_for=holder, held=True)

    def give_up(self, conn: Connection, suspects: Sequence[Suspect]) -> None:
        kept.decide(conn, [one.stored.hash for one in suspects], "not-mine")

    def _read(self, raw: bytes, received: int) -> Stored:
        envelope = parse_envelope(raw, MAX_RECORD_BYTES)
        return unstored(envelope, read_record(envelope), self._ground.me.id, received)
