"""What the owner brings back himself, from an export: as it was, and without a word to anybody.

Rule 1: only what is mine, stands in my threads, or was said to me; and nothing over what is newer here.
Rule 2: a purge is undone; what was deleted, cleared, taken out, over or disowned stays away.
Rule 3: who was ever offered a record follows it again; nobody else gets it, whatever its class says (as in R9: between the
export and now friendships ended that this node may have forgotten). Only what is public is for everybody, still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from microsocial.protocol.payloads import Clear, Message
from microsocial.protocol.positions import MARK_BYTES
from microsocial.protocol.revisions import keeps_its_promises, wins
from microsocial.records import store
from microsocial.records.arriving import Arriving, on_of, rank_of, unstored
from microsocial.records.ground import Ground
from microsocial.records.model import Checked, Stored
from microsocial.records.pages import FOR_THE_PUBLIC
from microsocial.records.visibility import FOR_NAMED, ONE_VALUED

PURGED = "purged"  # why the log forgot what only this machine was to be without

TOLD_TO_ALL = (*ONE_VALUED, "disown")

# "back" was not here; "newer" takes the place of an earlier revision; "known" and "older" change nothing; "gone" stays away;
# "refused" is not signed by whom it names, not mine, or not as the protocol has it.
Outcome = Literal["back", "newer", "known", "older", "gone", "refused"]


@dataclass(frozen=True)
class Known:
    """What was known of a record beside what is signed in it."""

    received: int
    via: str
    shown: bool = True
    readers: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()


class Returning:
    def __init__(self, ground: Ground, arriving: Arriving) -> None:
        self._ground = ground
        self._arriving = arriving

    def bring_back(
        self, conn: Connection, brought: Sequence[tuple[Checked, Known]]
    ) -> list[Outcome]:
        """Let records stand again as they were; say of each what came of it."""
        outcomes = [self._bring_back(conn, checked, known) for checked, known in brought]
        if "back" in outcomes:  # or a position minted now would look the same after a restore
            self._ground.note(conn)
        return outcomes

    def _bring_back(self, conn: Connection, checked: Checked, known: Known) -> Outcome:
        if checked.refusal or checked.envelope is None or checked.record is None:
            return "refused"
        via = known.via or checked.author
        found = unstored(checked.envelope, checked.record, via, known.received)
        if not self._is_mine(found):
            return "refused"
        if found.author == self._ground.me.id:
            self._ground.saw_tick(conn, found.revision)
        before = store.find(conn, found.author, found.id)
        if before is not None:
            return self._succeed(conn, found, before)
        outcome = self._judged(conn, found)
        if outcome == "back":
            self._keep(conn, found, known)
        return outcome

    def _is_mine(self, found: Stored) -> bool:
        """Say whether I said it, it stands in my thread, or it was said to me (and to whom its form says)."""
        me, payload = self._ground.me.id, found.payload
        on = on_of(found.envelope, payload)
        if on is not None and on.audience != found.audience:  # spec 4.7
            return False
        if isinstance(payload, Message | Clear) and me in payload.to:
            return True
        return me in (found.author, found.thread_author)

    def _succeed(self, conn: Connection, found: Stored, before: Stored) -> Outcome:
        if before.hash == found.hash:
            return "known"
        promises = keeps_its_promises(found.payload, before.payload)
        if before.kind != found.kind or before.thread != found.thread or not promises:
            return "refused"
        if self._is_out_of_time(conn, found) or not wins(rank_of(found), rank_of(before)):
            return "older"
        kept = replace(
            found,
            no=before.no,
            received=before.received,
            taken_back=before.taken_back,
            shown=before.shown,
        )
        stored = self._ground.keep(conn, kept, before)
        self._ground.change(conn, stored)  # others may have it only as it was here
        return "newer"

    def _is_out_of_time(self, conn: Connection, found: Stored) -> bool:
        return self._ground.is_aside(conn, found) or self._ground.is_over(found)

    def _judged(self, conn: Connection, found: Stored) -> Outcome:
        """Judge what is not here."""
        posts = store.find_by(conn, ref=found.thread) if found.thread is not None else []
        if posts and posts[0].audience != found.audience:  # spec 4.7
            return "refused"
        gone = store.find_forgotten(conn, found.author, found.id)
        is_kept_away = gone is not None and gone.why != PURGED
        is_orphaned = bool(posts) and posts[0].withdrawn
        if self._is_out_of_time(conn, found):
            return "gone"
        if (is_kept_away or is_orphaned) and not found.withdrawn:  # a tombstone passes
            return "gone"
        if gone is not None:
            store.drop_forgotten(conn, found.author, found.id)
        return "back"

    def _keep(self, conn: Connection, found: Stored, known: Known) -> None:
        is_mine = found.author == self._ground.me.id
        is_for_every_friend = found.kind in TOLD_TO_ALL
        is_bound = is_mine and not is_for_every_friend and found.audience != "public"
        has_post = found.thread is None or bool(store.find_by(conn, ref=found.thread))
        kept = replace(found, taken_back=is_bound, shown=known.shown and has_post)
        readers = known.readers if is_mine and found.audience in FOR_NAMED else ()
        stored = self._ground.keep(conn, kept, None, readers)
        if is_mine:
            store.add_readers(conn, stored.no, known.granted, granted=True)
        for person in known.offered:
            store.add_offered(conn, person, [stored.no])
        if is_mine and is_for_every_friend:  # few, and friends who were away need them
            self._ground.change(conn, stored)
        elif stored.audience == "public":
            mark, now = self._ground.entropy(MARK_BYTES), self._ground.clock.now()
            store.add_change(conn, mark, stored.no, FOR_THE_PUBLIC, now, held=True)
        if not stored.is_entry and not stored.withdrawn:
            self._arriving.show_waiting(conn, stored)
