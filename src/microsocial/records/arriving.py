"""What others bring: check it, decide whether it stands, keep it.

Checking (form, signatures) needs no transaction and is the expensive half; accepting is short.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.events import emit
from microsocial.protocol.encoding import parse_object
from microsocial.protocol.envelope import Envelope, parse_envelope, verify_many
from microsocial.protocol.fields import convert
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.payloads import (
    Clear,
    Message,
    On,
    Record,
    Removal,
    Tombstone,
    Unknown,
    expires_of,
    read_record,
)
from microsocial.protocol.refusals import Malformed, Refusal, UnknownKey
from microsocial.protocol.revisions import Rank, keeps_its_promises, rank, wins
from microsocial.records import store
from microsocial.records.ground import EXPIRED, Ground
from microsocial.records.model import (
    ARRIVING,
    Accepted,
    Checked,
    RecordArrived,
    Refused,
    Stored,
    ref_of,
)


def check(raws: Sequence[bytes], key_logs: Mapping[str, KeyLog]) -> list[Checked]:
    """Read these envelopes and verify their signatures, all at once; one value for each, in order."""
    read = [_read(raw, key_logs) for raw in raws]
    claims = [
        (found.envelope, key_logs[found.author].key(found.record.key))
        for found in read
        if found.envelope and found.record
    ]
    verdicts = iter(verify_many(claims))
    return [
        found if found.refusal or next(verdicts) else replace(found, refusal=Refusal.BAD_SIGNATURE)
        for found in read
    ]


def _read(raw: bytes, key_logs: Mapping[str, KeyLog]) -> Checked:
    author = record_id = ""
    try:
        envelope = parse_envelope(raw, MAX_RECORD_BYTES)
        record = read_record(envelope)
        author, record_id = record.author, record.id
        if author not in key_logs:
            return Checked(None, None, Refusal.UNKNOWN_AUTHOR, author, record_id)
        key_logs[author].key(record.key)
        on_of(envelope, record)
    except Malformed as error:
        return Checked(None, None, error.refusal, author, record_id)
    except UnknownKey as error:
        return Checked(None, None, error.refusal, author, record_id)
    return Checked(envelope, record, None, author, record_id)


def on_of(envelope: Envelope, record: Record) -> On | None:
    """The post in whose thread a record stands, also of kinds that we do not know (spec 4.8); raise Malformed."""
    if not isinstance(record, Unknown):
        on: On | None = getattr(record, "on", None)
        return on
    found: Any = parse_object(envelope.payload, MAX_RECORD_BYTES).get("on")
    return convert(found, On) if isinstance(found, dict) else None


def unstored(envelope: Envelope, record: Record, via: str, received: int) -> Stored:
    """The row that this envelope would become."""
    on = on_of(envelope, record)
    target = record.entry if isinstance(record, Removal) else None
    return Stored(
        no=ARRIVING,
        author=record.author,
        id=record.id,
        kind=record.of if isinstance(record, Tombstone) else envelope.kind,
        key_number=record.key,
        revision=record.revision,
        created=record.created,
        audience=record.audience,
        envelope=envelope,
        thread=ref_of(on.author, on.id) if on else None,
        thread_author=on.author if on else None,
        target=ref_of(target.author, target.id) if target else None,
        withdrawn=isinstance(record, Tombstone),
        via=via,
        received=received,
        expires=expires_of(record),
    )


def rank_of(stored: Stored) -> Rank:
    return rank(stored.envelope, stored.payload)


class Arriving:
    """Accepts what others signed."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def accept(
        self, conn: Connection, checked: Checked, via: str, *, unsure: bool = False
    ) -> Accepted:
        """Let a record stand, or raise Refused. `via` is who sent it to us: its author or its thread's owner.

        With `unsure` it is not known what `via` was offered: an entry that needs a reader waits for it to show.
        """
        if checked.refusal or checked.envelope is None or checked.record is None:
            raise Refused(checked.refusal or Refusal.MALFORMED)
        found = unstored(checked.envelope, checked.record, via, self._ground.clock.now())
        self._check_addressed(conn, found, via)
        if self._ground.is_aside(conn, found):  # spec 4.14
            return Accepted("forgotten", None)
        if self._forgot_over(conn, found):
            return Accepted("forgotten", None)
        if found.author == self._ground.me.id:
            return self._accept_mine(conn, found, via)
        return self._accept_from(conn, found, via, unsure=unsure)

    def _check_addressed(self, conn: Connection, found: Stored, via: str) -> None:
        """Spec 4.9: from its author to me, or an entry from its thread's owner."""
        me = self._ground.me.id
        if found.author not in (via, me) and found.thread_author != via:
            # Spec 4.14: what was said about an entry comes the way the entry came.
            reason = (
                self._ground.refusal(conn, found, via)
                if found.kind == "disown"
                else Refusal.NOT_YOURS
            )
            if reason is not None:
                raise Refused(reason)
        if found.author == via and found.thread_author not in (None, via, me):
            raise Refused(Refusal.NOT_ADDRESSED)
        if isinstance(found.payload, Message | Clear) and me not in found.payload.to:
            raise Refused(Refusal.NOT_ADDRESSED)
        if found.audience == "me":
            raise Refused(Refusal.NOT_ADDRESSED)

    def _accept_from(self, conn: Connection, found: Stored, via: str, *, unsure: bool) -> Accepted:
        gone = store.find_forgotten(conn, found.author, found.id)
        if gone is not None and self._stays_away(conn, found, gone):
            return Accepted("forgotten", None)
        before = store.find(conn, found.author, found.id)
        if before is not None:
            if before.hash == found.hash:
                return Accepted("known", before)
            _check_promises(before, found)
            if not wins(rank_of(found), rank_of(before)):
                return Accepted("older", before)
            found = _succeed(found, before)
        accepted = self._let_stand(conn, found, before, via, unsure=unsure)
        if gone is not None and gone.told and accepted.stored is not None:
            for person in gone.told.split(" "):  # spec 4.3: whoever has it from me
                store.add_offered(conn, person, [accepted.stored.no])
        return accepted

    def _forgot_over(self, conn: Connection, found: Stored) -> bool:
        """Spec 4.13: what comes after its time is erased at once, with whatever of it was here."""
        if self._ground.is_over(found):
            self._ground.forget(conn, found.author, found.id, EXPIRED)
        return self._ground.is_over(found)

    def _stays_away(self, conn: Connection, found: Stored, gone: Row[Any]) -> bool:
        """What was purged, cleared or taken out stays away; a tombstone passes, since a friend may have lost it."""
        # A removal names what may never have been here: it counts in its own thread only.
        if gone.thread_author != found.thread_author:
            return False
        if found.withdrawn:
            store.drop_forgotten(conn, found.author, found.id)
        return not found.withdrawn

    def _let_stand(
        self,
        conn: Connection,
        found: Stored,
        before: Stored | None,
        via: str,
        *,
        unsure: bool,
    ) -> Accepted:
        posts = store.find_by(conn, ref=found.thread) if found.thread is not None else []
        if found.withdrawn:
            return self._keep(conn, replace(found, shown=True), before)
        if not posts and self._forgotten_post(conn, found) is not None:
            self._ground.forget(conn, found.author, found.id, "post-gone", found.thread_author)
            return Accepted("forgotten", None)
        if found.is_entry and not posts:  # R8: kept until its post is known
            return self._keep(conn, replace(found, shown=False), before)
        if posts and posts[0].withdrawn:
            self._ground.forget(conn, found.author, found.id, "post-deleted", found.thread_author)
            return Accepted("forgotten", None)
        reason = self._ground.refusal(conn, found, via)
        if reason is None:
            return self._keep(conn, replace(found, shown=True), before)
        # A restore may have forgotten whom it offered the post to: it shows when they list it.
        may_be_reader = unsure or any(post.taken_back for post in posts)
        if reason == Refusal.NOT_A_READER and may_be_reader:
            return self._keep(conn, replace(found, shown=False), before)
        raise Refused(reason)

    def _forgotten_post(self, conn: Connection, found: Stored) -> Row[Any] | None:
        """Give what is known of the post it stands under, if that was purged here, or is over."""
        on = on_of(found.envelope, found.payload)
        gone = store.find_forgotten(conn, on.author, on.id) if on else None
        return gone if gone is not None and gone.thread_author is None else None

    def _keep(self, conn: Connection, found: Stored, before: Stored | None) -> Accepted:
        stored = self._ground.keep(conn, found, before)
        if stored.shown:
            self.relay(conn, stored)
            emit(conn, RecordArrived(stored.ref, stored.kind, stored.author, stored.via))
        if not stored.is_entry and not stored.withdrawn:
            self.show_waiting(conn, stored)
        return Accepted("stored", stored)

    def _accept_mine(self, conn: Connection, found: Stored, via: str) -> Accepted:
        """An entry of mine that the thread's owner gives back after both of us had lost it (R10)."""
        before = store.find(conn, found.author, found.id)
        taken = self.take_mine(conn, found, before, via) if found.thread_author == via else None
        return Accepted("stored", taken) if taken else Accepted("known", before)

    def take_mine(
        self,
        conn: Connection,
        found: Stored,
        before: Stored | None,
        holder: str,
        *,
        sure: bool = False,
    ) -> Stored | None:
        """Let a record of mine that I lost, or a revision of it, stand again; None when I know better.

        `holder` gave it back, so they are its reader. Unless I am `sure`, what a thief may have said waits for my word.
        """
        if not sure and self._ground.is_doubtful(conn, found, holder):
            return None
        self._ground.saw_tick(conn, found.revision)
        if not self._is_news_of_mine(conn, found, before):
            return None
        if self._went_with_its_post(conn, found):
            self._ground.forget(conn, found.author, found.id, "post-gone", found.thread_author)
            return None
        if before is not None:
            found = _succeed(found, before)
        else:  # R9: it goes to those who list it, and to nobody else until the owner says so; but a disown is for all
            found = replace(found, taken_back=found.kind != "disown")
        is_known = found.thread is None or bool(store.find_by(conn, ref=found.thread))
        stored = self._ground.keep(conn, replace(found, shown=is_known), before)
        store.add_offered(conn, holder, [stored.no])
        if stored.taken_back and before is None:
            # or a position minted now would look the same after another restore
            self._ground.change(conn, stored, only_for=holder, held=True)
        else:
            self._ground.change(conn, stored)
        if not stored.is_entry and not stored.withdrawn:
            self.show_waiting(conn, stored)
        return stored

    def _is_news_of_mine(self, conn: Connection, found: Stored, before: Stored | None) -> bool:
        if self._ground.is_aside(conn, found) or self._forgot_over(conn, found):
            return False
        if before is None:
            return found.withdrawn or not store.find_forgotten(conn, found.author, found.id)
        return before.kind == found.kind and wins(rank_of(found), rank_of(before))

    def _went_with_its_post(self, conn: Connection, found: Stored) -> bool:
        """Say whether the post above this entry of mine is deleted or over, or let go by me whose it was."""
        if found.thread is None or found.withdrawn:
            return False
        if posts := store.find_by(conn, ref=found.thread):
            return posts[0].withdrawn
        gone = self._forgotten_post(conn, found)
        return gone is not None and (gone.why == EXPIRED or gone.author == self._ground.me.id)

    def relay(self, conn: Connection, stored: Stored) -> None:
        """Tell an entry in my thread to its readers: a change of mine on a record of another."""
        if stored.thread_author == self._ground.me.id and stored.author != self._ground.me.id:
            self._ground.change(conn, stored)

    def show_waiting(self, conn: Connection, post: Stored) -> None:
        """R8: the post is known now; its entries stand, or are refused after all."""
        for entry in store.find_by(conn, thread=post.ref, shown=0):
            via = entry.author if entry.thread_author == self._ground.me.id else entry.via
            is_others = entry.author != self._ground.me.id and not entry.withdrawn
            reason = self._ground.refusal(conn, entry, via) if is_others else None
            if reason == Refusal.NOT_A_READER:
                continue
            if reason is not None:
                self._ground.forget(conn, entry.author, entry.id, "refused")
                continue
            shown = self._ground.keep(conn, replace(entry, shown=True), entry)
            self.relay(conn, shown)
            emit(conn, RecordArrived(shown.ref, shown.kind, shown.author, shown.via))


def _check_promises(before: Stored, found: Stored) -> None:
    """Spec 4.5, also of kinds that we do not know: what is of one kind and thread stays there, tombstones too."""
    is_other = before.kind != found.kind or before.thread != found.thread
    if is_other or not keeps_its_promises(found.payload, before.payload):
        raise Refused(Refusal.CHANGED_CREATED)


def _succeed(found: Stored, before: Stored) -> Stored:
    """Take the place of an earlier revision: arrival and number stay, so that threads and feeds keep their order."""
    return replace(found, no=before.no, received=before.received, taken_back=before.taken_back)
