"""Setting aside what its author disowned after a theft (spec 4.14), and undoing what it did here.

Rule 1: exactly the named revisions, held now or arriving later, from whomever. Rule 2: what they made this log forget may come again;
from where, `when_set_aside` tells delivery, which compares with those people anew.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from sqlalchemy import Connection

from microsocial.events import emit
from microsocial.protocol.disowning import Disown, reach
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.payloads import Clear, Removal, read_record
from microsocial.protocol.refusals import Refusal
from microsocial.records import store
from microsocial.records.arriving import unstored
from microsocial.records.ground import Ground
from microsocial.records.handlers import Forgetting
from microsocial.records.keys import store as kept
from microsocial.records.keys.rings import KeyRings
from microsocial.records.model import RecordsSetAside, Stored

# (conn, author, people who may have more of it): something was set aside whose place another revision may take.
SetAside = Callable[[Connection, str, set[str]], None]


class SettingAside:
    """The handler of `disown`: mine after I decided, and friends'."""

    def __init__(self, ground: Ground, rings: KeyRings) -> None:
        self._ground = ground
        self._rings = rings
        self._when_set_aside: list[SetAside] = []

    def when_set_aside(self, tell: SetAside) -> None:
        self._when_set_aside.append(tell)

    def counts(self, conn: Connection, persons: Collection[str]) -> dict[str, int]:
        """Give how much of what these people disowned had stood here."""
        return kept.count_aside(conn, persons)

    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:
        is_theirs = stored.author == via or self.is_passed_on(conn, stored, via)
        return None if is_theirs else Refusal.NOT_YOURS

    def is_passed_on(self, conn: Connection, stored: Stored, via: str) -> bool:
        """Say whether `via` owns a thread here that holds one of the entries it names."""
        disown = stored.payload
        if not isinstance(disown, Disown):
            return False
        names = {record_id for record_id, _, _ in disown.items}
        entries = store.find_by(conn, author=stored.author, thread_author=via)
        return any(entry.id in names for entry in entries)

    def clear(self, conn: Connection) -> None:
        """Nothing to drop: what was set aside is a local fact."""

    def project(self, conn: Connection, stored: Stored) -> None:
        disown = stored.payload
        if not isinstance(disown, Disown):
            return
        below = reach(self._rings.logs(conn, [stored.author])[stored.author], stored.key_number)
        taken = [
            held
            for record_id, _, hashed in disown.items
            if (held := self._set_aside(conn, stored, record_id, unb64u(hashed), below)) is not None
        ]
        if not taken:
            return
        emit(conn, RecordsSetAside(stored.author, len(taken)))
        if any(map(_may_have_replaced, taken)):
            others = {held.thread_author for held in taken if held.thread_author}
            for tell in self._when_set_aside:
                tell(conn, stored.author, {stored.author, *others} - {self._ground.me.id})

    def _set_aside(
        self, conn: Connection, disown: Stored, record_id: str, hashed: bytes, below: int
    ) -> Stored | None:
        """Remember that a revision is disowned; take it away and give it when it stood here."""
        now = self._ground.clock.now()
        is_news = kept.add_aside(
            conn,
            author=disown.author,
            hash=hashed,
            id=record_id,
            below=below,
            disown=disown.id,
            happened=now,
        )
        held = store.find(conn, disown.author, record_id) if is_news else None
        if held is None or held.hash != hashed or held.key_number >= below:
            return None
        kept.keep_apart(conn, held.author, hashed, held.envelope.raw, held.via, now)
        self._take_away(conn, held, disown)
        return held

    def is_aside(self, conn: Connection, found: Stored) -> bool:
        """Say whether this revision was disowned; keep it apart if it comes for the first time."""
        row = kept.find_aside(conn, found.author, found.hash)
        return row is not None and found.key_number < row.below

    # Undoing

    def _take_away(self, conn: Connection, held: Stored, disown: Stored) -> None:
        readers = store.offered_to(conn, held.no) if self._is_in_my_thread(held) else set()
        self._undo(conn, held)
        before = kept.before_taking_back(conn, held) if held.author == self._ground.me.id else None
        if before is not None and kept.find_aside(conn, held.author, before.hash) is None:
            restored = replace(
                unstored(before, read_record(before), held.via, held.received),
                no=held.no,
                received=held.received,
                taken_back=held.taken_back,
            )
            self._ground.keep(conn, restored, held, told=True)
            return
        self._hide_thread(conn, held)
        store.drop(conn, held.no)
        self._unproject(conn, held)
        for person in readers - {held.author}:  # spec 4.14: who has it from me hears it from me
            store.add_offered(conn, person, [disown.no])
            self._ground.change(conn, disown, only_for=person)

    def _is_in_my_thread(self, held: Stored) -> bool:
        me = self._ground.me.id
        return held.thread_author == me and held.author != me

    def _unproject(self, conn: Connection, stored: Stored) -> None:
        handler: object = self._ground.handlers.get(stored.kind)
        if isinstance(handler, Forgetting):
            handler.forget(conn, stored)

    def _hide_thread(self, conn: Connection, post: Stored) -> None:
        """Others' words stay, and show again when the post does."""
        for entry in store.find_by(conn, thread=post.ref, shown=1) if not post.is_entry else ():
            store.put(conn, replace(entry, shown=False))
            self._unproject(conn, entry)

    def _undo(self, conn: Connection, held: Stored) -> None:
        """What it made this log forget may come again."""
        said = held.payload
        if held.withdrawn and not held.is_entry:
            kept.recall_thread(conn, held.author, "post-deleted")
        elif isinstance(said, Removal):
            self._recall(conn, said.entry.author, said.entry.id, "removed")
        elif isinstance(said, Clear):
            others = self._cleared_otherwise(conn, held)
            for author, record_id in said.messages:
                if (author, record_id) not in others:
                    self._recall(conn, author, record_id, "cleared")
        elif isinstance(said, Disown):
            kept.drop(conn, kept.set_aside, author=held.author, disown=held.id)

    def _recall(self, conn: Connection, author: str, record_id: str, why: str) -> None:
        gone = store.find_forgotten(conn, author, record_id)
        if gone is not None and gone.why == why:
            store.drop_forgotten(conn, author, record_id)

    def _cleared_otherwise(self, conn: Connection, held: Stored) -> set[tuple[str, str]]:
        clears = (stored for stored in store.find_by(conn, kind="clear") if stored.no != held.no)
        payloads = (stored.payload for stored in clears)
        return {name for one in payloads if isinstance(one, Clear) for name in one.messages}


def _may_have_replaced(held: Stored) -> bool:
    """An edit or deletion stood where something else had stood; a clear or removal made others go."""
    return held.revision > held.created or held.kind in ("clear", "removal", "disown")
