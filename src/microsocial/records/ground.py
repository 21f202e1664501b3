"""What every way into the log shares: the author's clock, changes, projections, threads, and forgetting.

Rule 1: a row of `records` is only written by `keep`, and only deleted by `forget`.
Rule 2: whatever the log keeps is projected in the same transaction.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import WordsErased
from microsocial.events import emit
from microsocial.protocol.payloads import Clear, Message, Removal
from microsocial.protocol.positions import MARK_BYTES
from microsocial.records import store
from microsocial.records.handlers import ANY_ENTRY, Forgetting, Handler, Reminded, Watcher
from microsocial.records.keys import store as kept
from microsocial.records.model import ChangeLogged, Me, Stored, WillExpire, ref_of

EXPIRED = "expired"  # why the log forgot it


Asked = Callable[[Connection, Stored], bool]
Doubt = Callable[[Connection, Stored, str], bool]
Tell = Callable[[Connection, Stored], None]


class Ground:
    """Me, my clock and my entropy, the handlers, and what keeps the log in order."""

    def __init__(self, me: Me, clock: Clock, entropy: Entropy) -> None:
        self.me = me
        self.clock = clock
        self.entropy = entropy
        self.handlers: dict[str, Handler] = {}
        self.watchers: list[Watcher] = []
        self.when_let_go: list[Tell] = []
        self.is_aside: Asked = lambda _conn, _found: False  # disowned by its author
        self.is_doubtful: Doubt = lambda _conn, _found, _holder: False  # kept apart for my word

    # The author's clock

    def tick(self, conn: Connection) -> int:
        """Give a moment later than every other one I named, whatever the machine's clock says (R11)."""
        tick = max(store.last_tick(conn) + 1, self.clock.now())
        store.put_tick(conn, tick)
        return tick

    def saw_tick(self, conn: Connection, tick: int) -> None:
        """Never again go below a moment that I named before a restore."""
        if tick > store.last_tick(conn):
            store.put_tick(conn, tick)

    # Changes

    def change(
        self,
        conn: Connection,
        stored: Stored,
        only_for: str | None = None,
        *,
        held: bool = False,
    ) -> None:
        """Log that this record is to be told: to whoever may see it, or to one person (`held`: who has it now)."""
        mark = self.entropy(MARK_BYTES)
        store.add_change(conn, mark, stored.no, only_for, self.clock.now(), held=held)
        emit(conn, ChangeLogged(self._told(stored, only_for)))

    def note(self, conn: Connection) -> None:
        """Log that something happened of which nobody is told: positions minted from now on differ from those before."""
        store.add_blank_change(conn, self.entropy(MARK_BYTES), self.clock.now())

    def _told(self, stored: Stored, only_for: str | None) -> frozenset[str] | None:
        if only_for is not None:
            return frozenset({only_for})
        if stored.thread_author not in (None, self.me.id):
            return frozenset({stored.thread_author or ""})
        if not stored.withdrawn and isinstance(stored.payload, Message | Clear):
            return frozenset(stored.payload.to)
        return None

    # Keeping

    def keep(
        self,
        conn: Connection,
        stored: Stored,
        before: Stored | None,
        readers: Iterable[str] = (),
        *,
        told: bool = False,
    ) -> Stored:
        """Store a revision, resolve its readers, and let threads follow.

        `told` logs its change, before it is projected: what rooms show of it says where it is on its way to.
        """
        if before is not None and stored.withdrawn and not before.withdrawn:
            self._erase_older(conn, before)
        stored = replace(stored, no=store.put(conn, stored))
        if stored.author == self.me.id and not stored.withdrawn:
            store.add_readers(conn, stored.no, {*readers, *self._named_readers(conn, stored)})
        if told:
            self.change(conn, stored)
        if stored.shown:
            self.project(conn, stored)
        self._carry_out(conn, stored)
        if stored.expires is not None:
            emit(conn, WillExpire(stored.expires))
        return stored

    def _erase_older(self, conn: Connection, gone: Stored) -> None:
        """What is deleted or forgotten leaves no earlier words behind."""
        kept.drop_words_apart(conn, gone.author, gone.id)
        kept.forget_replaced_of(conn, gone.ref)
        emit(conn, WordsErased())

    def _named_readers(self, conn: Connection, stored: Stored) -> set[str]:
        payload = stored.payload
        if isinstance(payload, Message | Clear):
            return set(payload.to)
        if isinstance(payload, Removal):  # the entry's author, and who was offered it
            taken_out = store.find(conn, payload.entry.author, payload.entry.id)
            seen_by = store.offered_to(conn, taken_out.no) if taken_out else set()
            return seen_by | {payload.entry.author}
        return set()

    def _carry_out(self, conn: Connection, stored: Stored) -> None:
        """What follows for other records when this one stands."""
        if stored.withdrawn and not stored.is_entry:
            for entry in store.find_by(conn, thread=stored.ref):
                self.forget(conn, entry.author, entry.id, "post-deleted", entry.thread_author)
        elif not stored.withdrawn and isinstance(stored.payload, Removal):
            named = stored.payload.entry
            known = store.find(conn, named.author, named.id)
            if known is None or known.thread == ref_of(stored.author, stored.payload.post):
                self.forget(conn, named.author, named.id, "removed", stored.author)

    def project(self, conn: Connection, stored: Stored) -> None:
        for watcher in self.watchers:
            watcher.take_in(conn, stored)
        handler = self.handlers.get(stored.kind)
        if handler is not None:
            handler.project(conn, stored)

    def refusal(self, conn: Connection, stored: Stored, via: str) -> str | None:
        handler = self.handlers.get(stored.kind)
        if handler is None and stored.is_entry:
            handler = self.handlers.get(ANY_ENTRY)
        return handler.may_stand(conn, stored, via) if handler is not None else None

    # Forgetting

    def forget(
        self,
        conn: Connection,
        author: str,
        record_id: str,
        why: str,
        thread_author: str | None = None,
    ) -> None:
        """Erase a record and remember its name, so that it never comes back; its tombstone still may."""
        known = store.find(conn, author, record_id)
        if known is not None and known.withdrawn:
            return  # nothing of it is left but the tombstone, which others may need
        if known is None and store.find_forgotten(conn, author, record_id) is not None:
            return  # naming it once more, in another thread perhaps, must not open a way back
        unsaid: dict[str, Any] = {}
        if known is not None:
            thread_author = known.thread_author
            unsaid = self._unsaid(conn, known)
            if known.author == self.me.id:
                unsaid["hash"] = known.hash
            elif known.thread_author == self.me.id:
                unsaid["told"] = " ".join(sorted(store.offered_to(conn, known.no)))
            store.drop(conn, known.no)
            self._erase_older(conn, known)
            handler: object = self.handlers.get(known.kind)
            if isinstance(handler, Forgetting):
                handler.forget(conn, known)
            self._forget_thread(conn, known, why)
            if why != EXPIRED:  # its time is over for everybody
                self.let_go(conn, known)
        store.put_forgotten(
            conn,
            author=author,
            id=record_id,
            why=why,
            thread_author=thread_author,
            forgotten=self.clock.now(),
            **unsaid,
        )

    def let_go(self, conn: Connection, gone: Stored) -> None:
        for tell in self.when_let_go:
            tell(conn, gone)

    def _forget_thread(self, conn: Connection, post: Stored, why: str) -> None:
        """Nobody sees a thread without its post. What I wrote under another's stays mine, unless that is over for all."""
        for entry in store.find_by(conn, thread=post.ref) if not post.is_entry else ():
            if why == EXPIRED or entry.author != self.me.id or post.author == self.me.id:
                self.forget(conn, entry.author, entry.id, why, entry.thread_author)

    def is_over(self, stored: Stored) -> bool:
        """Spec 4.13: by my clock its time has passed."""
        return stored.expires is not None and stored.expires <= self.clock.now()

    def _unsaid(self, conn: Connection, known: Stored) -> dict[str, Any]:
        """What shows later that a record of mine for one person was offered, though I forgot that it was (R17)."""
        named = [person for person in store.readers_of(conn, known.no) if person != self.me.id]
        if (
            known.author != self.me.id
            or len(named) != 1
            or named[0] in store.offered_to(conn, known.no)
        ):
            return {}
        newest = store.head(conn).seq
        self.note(conn)
        return {
            "meant_for": named[0],
            "first_change": store.first_change_of(conn, known.no),
            "newest": newest,
        }

    def remind(self, conn: Connection, person: str, author: str, record_id: str, why: str) -> None:
        """Tell the rooms that somebody holds what is forgotten here."""
        for handler in self.handlers.values():
            if isinstance(handler, Reminded):
                handler.still_held(conn, person, author, record_id, why)
