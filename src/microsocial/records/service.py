"""`Log`: what the rooms above say, revise, withdraw and look up; what delivery sends and takes in."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.exchange import Held
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.payloads import read_record
from microsocial.protocol.revisions import next_revision
from microsocial.records import pages, store
from microsocial.records.arriving import Arriving, check, unstored
from microsocial.records.forgetting import remember_absent
from microsocial.records.ground import EXPIRED, Ground, Tell
from microsocial.records.handlers import Handler, Watcher
from microsocial.records.keys.apart import SettingAside
from microsocial.records.keys.rings import KeyRings
from microsocial.records.keys.suspects import Suspects
from microsocial.records.model import (
    Accepted,
    Change,
    Checked,
    Me,
    OnlyForMe,
    Page,
    RecordNotFound,
    Stored,
)
from microsocial.records.returning import Known, Outcome, Returning
from microsocial.records.reunion import Named, Reunion

RECORD_ID_BYTES = 16
EXPIRE_STEP = 200  # records erased in one transaction; others write in between
REBUILD_STEP = 500  # records projected between two reads


class Log:
    """My log and what others brought to it. Every verb takes the connection of the caller's transaction."""

    def __init__(self, me: Me, clock: Clock, entropy: Entropy) -> None:
        self.me = me
        self._ground = Ground(me, clock, entropy)
        self._arriving = Arriving(self._ground)
        self.rings = KeyRings(me, clock)
        self.apart = SettingAside(self._ground, self.rings)
        self.suspects = Suspects(self._ground, self._arriving)
        self._reunion = Reunion(self._ground, self._arriving, self.suspects)
        self._ground.is_aside = self.apart.is_aside
        self._ground.is_doubtful = self.suspects.are_doubtful
        self.register("disown", self.apart)
        self._returning = Returning(self._ground, self._arriving)

    def register(self, kind: str, handler: Handler) -> None:
        self._ground.handlers[kind] = handler

    def watch(self, watcher: Watcher) -> None:
        """Let a room hear of every record, before its kind's handler does."""
        self._ground.watchers.append(watcher)

    def when_let_go(self, tell: Tell) -> None:
        """Have `tell(conn, stored)` called when something held here is given up before its time."""
        self._ground.when_let_go.append(tell)

    def tick(self, conn: Connection) -> int:
        """A moment later than every other one I named: for `created`, revisions and `sees_from`."""
        return self._ground.tick(conn)

    def saw_tick(self, conn: Connection, moment: int) -> None:
        """Never again name a moment below this one, which I named before everything was lost."""
        self._ground.saw_tick(conn, moment)

    # Saying

    def say(
        self,
        conn: Connection,
        kind: str,
        fields: Mapping[str, Any],
        *,
        audience: str,
        readers: Iterable[str] | None = None,
        record_id: str | None = None,
        thread: Stored | None = None,
    ) -> Stored:
        """Sign and keep a new record of mine, and log its one change.

        `readers` are the people of `circle` and `chosen`; those of messages and clears follow from `to`. `thread` is
        the post that an entry answers; it gives the field `on` unless `fields` has it.
        """
        tick = self._ground.tick(conn)
        names = {
            "author": self.me.id,
            "key": self.me.key_number,
            "id": record_id or b64u(self._ground.entropy(RECORD_ID_BYTES)),
            "revision": tick,
            "created": tick,
            "audience": audience,
        }
        on = {"on": _as_seen(thread)} if thread is not None else {}
        return self._keep_mine(conn, kind, {**names, **on, **fields}, None, readers or ())

    def revise(self, conn: Connection, stored: Stored, fields: Mapping[str, Any]) -> Stored:
        """Say a record of mine again with these fields changed; readers stay."""
        revised = {
            **stored.fields,
            "key": self.me.key_number,
            "revision": next_revision(stored.revision, self._ground.tick(conn)),
            **fields,
        }
        return self._keep_mine(conn, stored.kind, revised, stored)

    def withdraw(self, conn: Connection, stored: Stored) -> Stored:
        """Delete a record of mine everywhere it was offered; only a tombstone is left."""
        before = stored.fields
        tombstone = {
            "author": self.me.id,
            "key": self.me.key_number,
            "id": stored.id,
            "revision": next_revision(stored.revision, self._ground.tick(conn)),
            "created": stored.created,
            "audience": stored.audience,
            "of": stored.kind,
            **({"on": before["on"]} if "on" in before else {}),
        }
        return self._keep_mine(conn, "tombstone", tombstone, stored)

    def set_one(
        self, conn: Connection, kind: str, fields: Mapping[str, Any], *, audience: str = "friends"
    ) -> Stored:
        """Say a record of which there is one per person: profile, address."""
        stored = store.find(conn, self.me.id, kind)
        if stored is not None:
            return self.revise(conn, stored, fields)
        return self.say(conn, kind, fields, audience=audience, record_id=kind)

    def _keep_mine(
        self,
        conn: Connection,
        kind: str,
        payload: dict[str, Any],
        before: Stored | None,
        readers: Iterable[str] = (),
    ) -> Stored:
        envelope = self.me.sign(kind, payload)
        found = unstored(envelope, read_record(envelope), self.me.id, self._ground.clock.now())
        if before is not None:
            found = replace(
                found,
                no=before.no,
                kind=before.kind,
                received=before.received,
                taken_back=before.taken_back,
            )
        shown = found.thread is None or bool(store.find_by(conn, ref=found.thread))
        return self._ground.keep(conn, replace(found, shown=shown), before, readers, told=True)

    def offer_to(self, conn: Connection, person: str, stored: Stored) -> None:
        """Let one more friend see a record of mine, by a change for them alone (R13). Its thread follows by itself.

        Raises OnlyForMe.
        """
        if stored.audience == "me":
            raise OnlyForMe
        store.add_readers(conn, stored.no, [person], granted=True)
        self._ground.change(conn, stored, only_for=person)
        for entry in store.find_by(conn, thread=stored.ref, shown=1):
            self._ground.change(conn, entry, only_for=person)

    def release(self, conn: Connection, stored: Stored) -> Stored:
        """Offer what a friend gave back to everybody it was meant for, because the owner says so."""
        stored = replace(stored, taken_back=False)
        store.put(conn, stored)
        self._ground.change(conn, stored)
        return stored

    # Arriving

    def check(self, raws: Sequence[bytes], key_logs: Mapping[str, KeyLog]) -> list[Checked]:
        """Read and verify envelopes: the expensive half of accepting, without a transaction."""
        return check(raws, key_logs)

    def accept(
        self,
        conn: Connection,
        envelope: Envelope | Checked,
        via: str,
        key_logs: Mapping[str, KeyLog] | None = None,
        *,
        unsure: bool = False,
    ) -> Accepted:
        """Let somebody's record stand, or raise Refused. `unsure`: a restore may have forgotten what `via` was offered."""
        if isinstance(envelope, Envelope):
            (envelope,) = check([envelope.raw], key_logs or {})
        return self._arriving.accept(conn, envelope, via, unsure=unsure)

    def relay(self, conn: Connection, stored: Stored) -> None:
        """Tell an entry in my thread to the thread's readers (accepting one does it by itself)."""
        self._arriving.relay(conn, stored)

    def forget(self, conn: Connection, author: str, record_id: str, why: str) -> None:
        """Erase a record here, with others' entries under it, and remember its name, so that it never comes back."""
        self._ground.forget(conn, author, record_id, why)

    def forget_absent(self, conn: Connection, names: Collection[Named], why: str) -> list[Named]:
        """Remember the names of what is not here, so that it never comes; give those whose records are here."""
        return remember_absent(conn, names, why, self._ground.clock.now())

    def expire(self, conn: Connection) -> int:
        """Erase what is over by now (spec 4.13), as much as one transaction should; give how many."""
        over = store.expired(conn, self._ground.clock.now(), EXPIRE_STEP)
        for stored in over:
            self._ground.forget(conn, stored.author, stored.id, EXPIRED)
        return len(over)

    def next_expiry(self, conn: Connection) -> int | None:
        """When the next record is over."""
        return store.next_expiry(conn)

    # Sending

    def page(
        self,
        conn: Connection,
        person: str,
        sees_from: int,
        since_seq: int,
        max_bytes: int,
        max_records: int,
        *,
        held_too: bool = True,
    ) -> Page:
        """Give what this person may see after a change; not `held_too`: without what they just gave back."""
        return pages.page(
            conn,
            self.me.id,
            person,
            sees_from,
            since_seq,
            max_bytes,
            max_records,
            held_too=held_too,
        )

    def public_page(
        self, conn: Connection, since_seq: int, max_bytes: int, max_records: int
    ) -> Page:
        """What anyone may read: my public records and what stands in their threads."""
        return pages.public_page(conn, self.me.id, since_seq, max_bytes, max_records)

    def mark_offered(self, conn: Connection, person: str, entries: Iterable[Stored]) -> None:
        """Write down what is about to leave, before it leaves."""
        store.add_offered(conn, person, [stored.no for stored in entries])

    def recall_offered(
        self, conn: Connection, person: str, sees_from: int, change: int, newest: int
    ) -> None:
        """Learn from a place in my log that somebody was at what they must have been offered on the way there.

        A restore forgets what was offered; without this a tombstone or a clear would not follow what left before it.
        """
        numbers = pages.offered_by_then(conn, self.me.id, person, sees_from, change, newest)
        store.add_offered(conn, person, numbers)
        for gone in store.forgotten_after_offering(conn, person, change, newest):
            store.settle_forgotten(conn, gone.author, gone.id)
            self._ground.remind(conn, person, gone.author, gone.id, gone.why)

    def was_offered(self, conn: Connection, person: str, stored: Stored) -> bool:
        return person in store.offered_to(conn, stored.no)

    def may_see(self, conn: Connection, person: str, stored: Stored, sees_from: int) -> bool:
        return pages.may_see_one(conn, self.me.id, person, sees_from, stored.no)

    def head(self, conn: Connection) -> Change:
        return store.head(conn)

    def point(self, conn: Connection, seq: int) -> Change:
        return Change(seq, store.marks(conn, [seq])[seq])

    def stands(self, conn: Connection, points: Collection[Change]) -> bool:
        """Say whether all of these points are in my log, marks and all."""
        marks = store.marks(conn, [point.seq for point in points])
        return all(marks.get(point.seq) == point.mark for point in points)

    # Reunion

    def holdings(
        self, conn: Connection, person: str, after: Named | None, limit: int
    ) -> tuple[list[Held], Named | None]:
        return self._reunion.holdings(conn, person, after, limit)

    def held_records(
        self, conn: Connection, person: str, wanted: Sequence[Named], max_bytes: int
    ) -> list[Stored]:
        return self._reunion.held_records(conn, person, wanted, max_bytes)

    def compare(
        self,
        conn: Connection,
        person: str,
        sees_from: int,
        listed: Sequence[Held],
        within: tuple[Named | None, Named | None],
        told_until: int,
    ) -> list[Named]:
        return self._reunion.compare(conn, person, sees_from, listed, within, told_until)

    def take_back(self, conn: Connection, person: str, brought: Sequence[Checked]) -> list[Stored]:
        return self._reunion.take_back(conn, person, brought)

    def bring_back(
        self, conn: Connection, brought: Sequence[tuple[Checked, Known]]
    ) -> list[Outcome]:
        """Let what the owner kept elsewhere (an export) stand again as it was; tell nobody who has it."""
        return self._returning.bring_back(conn, brought)

    # Looking up

    def find(self, conn: Connection, author: str, record_id: str) -> Stored | None:
        return store.find(conn, author, record_id)

    def find_ref(self, conn: Connection, ref: str) -> Stored | None:
        found = store.find_by(conn, ref=ref)
        return found[0] if found else None

    def get(self, conn: Connection, author: str, record_id: str) -> Stored:
        """Raises RecordNotFound."""
        return _found(store.find(conn, author, record_id))

    def by_ref(self, conn: Connection, ref: str) -> Stored:
        """Raises RecordNotFound."""
        return _found(self.find_ref(conn, ref))

    def by_no(self, conn: Connection, no: int) -> Stored:
        """Raises RecordNotFound."""
        found = store.find_by(conn, no=no)
        return _found(found[0] if found else None)

    def thread(self, conn: Connection, post: str) -> list[Stored]:
        """Give what stands in the thread of the post with this ref, in order of arrival."""
        return store.find_by(conn, thread=post)

    # People's keys

    def key_logs(self, conn: Connection, persons: Collection[str]) -> dict[str, KeyLog]:
        """Give the key logs of those among these people whose log is known; mine too."""
        return self.rings.logs(conn, persons)

    def keep_key_log(self, conn: Connection, key_log: KeyLog) -> None:
        """Remember somebody's keys; a log never becomes shorter (spec 3.4)."""
        self.rings.keep(conn, key_log)

    # Projections

    def rebuild(self, conn: Connection) -> None:
        """Drop all projections and project every record again, in order of arrival."""
        for watcher in self._ground.watchers:
            watcher.clear(conn)
        for handler in self._ground.handlers.values():
            handler.clear(conn)
        for stored in _all(conn):
            if stored.shown:
                self._ground.project(conn, stored)


def _as_seen(post: Stored) -> dict[str, Any]:
    """How an entry names its post (spec 4.7)."""
    return {
        "author": post.author,
        "id": post.id,
        "revision": post.revision,
        "hash": b64u(post.hash),
        "audience": post.audience,
    }


def _found(stored: Stored | None) -> Stored:
    if stored is None:
        raise RecordNotFound
    return stored


def _all(conn: Connection) -> Iterator[Stored]:
    step = store.numbered_after(conn, 0, REBUILD_STEP)
    while step:
        yield from step
        step = store.numbered_after(conn, step[-1].no, REBUILD_STEP)
