"""The ground of a reunion (spec 8): what I hold of a friend; what I take back; what the friend lacks.

Lists are ordered by (author, id), compared as the letters stand.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from microsocial.events import emit
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.exchange import Held
from microsocial.records import store
from microsocial.records.arriving import Arriving, unstored
from microsocial.records.ground import Ground
from microsocial.records.keys import store as kept
from microsocial.records.keys.suspects import Suspects
from microsocial.records.model import Checked, RecordsTakenBack, Refused, Stored
from microsocial.records.pages import latest_change
from microsocial.records.store import forgotten, records
from microsocial.records.visibility import ONE_VALUED, may_see

Named = tuple[str, str]


class Reunion:
    """Compares logs with a friend's holdings."""

    def __init__(self, ground: Ground, arriving: Arriving, suspects: Suspects) -> None:
        self._ground = ground
        self._arriving = arriving
        self._suspects = suspects

    # The friend's side

    def holdings(
        self, conn: Connection, author: str, after: Named | None, limit: int
    ) -> tuple[list[Held], Named | None]:
        """List what is held from `author`: their records, and others' entries in their threads; and where to go on."""
        me = self._ground.me.id
        held = select(
            records.c.author, records.c.id, records.c.revision, records.c.hash, literal("held")
        ).where(_came_from(author, me))
        gone = select(
            forgotten.c.author,
            forgotten.c.id,
            literal(0, Integer),
            null(),
            literal("gone"),
        ).where(_forgotten_from(author, me))
        both = union_all(held, gone).subquery()
        column = list(both.c)
        query = select(both).order_by(column[0], column[1]).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(column[0], column[1]) > tuple_(*after))
        rows = list(conn.execute(query))
        found = [
            Held(row[0], row[1], row[2], b64u(row[3]) if row[3] else None, row[4])
            for row in rows[:limit]
        ]
        goes_on = len(rows) > limit
        return found, (found[-1].author, found[-1].id) if goes_on else None

    def held_records(
        self, conn: Connection, author: str, wanted: Sequence[Named], max_bytes: int
    ) -> list[Stored]:
        """Give the wanted ones that are held from `author`, in the order asked, as many as fit."""
        me = self._ground.me.id
        names = tuple_(records.c.author, records.c.id)
        query = select(records).where(_came_from(author, me), names.in_(wanted))
        found = {(row.author, row.id): row for row in conn.execute(query)} if wanted else {}
        given: list[Stored] = []
        size = 0
        for row in (found[name] for name in wanted if name in found):
            size += len(row.envelope)
            if given and size > max_bytes:
                break
            given.append(store.stored_of(row))
        return given

    # The author's side

    def compare(
        self,
        conn: Connection,
        person: str,
        sees_from: int,
        listed: Sequence[Held],
        within: tuple[Named | None, Named | None],
        told_until: int,
    ) -> list[Named]:
        """Take note of a page of what `person` holds; give what to ask for.

        Whoever lists a record of mine is its reader from now on. What the person lacks in this range of names is told
        by changes for them alone, unless a change after `told_until` tells it anyway.
        """
        mine = self._mine(conn, [(held.author, held.id) for held in listed])
        self._read_by(conn, person, list(mine.values()))
        known = self._suspects.are_known(conn, person, listed)
        want = [
            (held.author, held.id)
            for held in listed
            if held.author != person
            and not (held.hash and unb64u(held.hash) in known)
            and held.state == "held"
            and self._is_wanted(conn, person, held, mine.get((held.author, held.id)))
        ]
        self._give(conn, person, sees_from, listed, within, told_until)
        return want

    def _read_by(self, conn: Connection, person: str, held: Sequence[Stored]) -> None:
        """Note that `person` holds these, so is their reader; what they wrote under them may stand now."""
        store.add_offered(conn, person, [stored.no for stored in held])
        waited_for = store.threads_waited_for(conn)
        for stored in held:
            if stored.taken_back and not store.has_change_for(conn, stored.no, person):
                self._ground.change(conn, stored, only_for=person, held=True)
            if stored.ref in waited_for:
                self._arriving.show_waiting(conn, stored)

    def _mine(self, conn: Connection, names: Collection[Named]) -> Mapping[Named, Stored]:
        if not names:
            return {}
        # Of my log only: who lists a third person's record gains nothing by it.
        me = self._ground.me.id
        is_mine = or_(records.c.author == me, records.c.thread_author == me)
        query = select(records).where(is_mine, tuple_(records.c.author, records.c.id).in_(names))
        return {(row.author, row.id): store.stored_of(row) for row in conn.execute(query)}

    def _is_wanted(self, conn: Connection, person: str, held: Held, mine: Stored | None) -> bool:
        if mine is not None:
            # A tombstone may hide behind a lower revision, if I edited on after losing it.
            return b64u(mine.hash) != held.hash and (
                not mine.withdrawn or held.revision > mine.revision
            )
        gone = store.find_forgotten(conn, held.author, held.id)
        if gone is None:
            return True
        self._ground.remind(conn, person, held.author, held.id, gone.why)
        return self._suspects.is_another(held, gone.hash)

    def _give(
        self,
        conn: Connection,
        person: str,
        sees_from: int,
        listed: Sequence[Held],
        within: tuple[Named | None, Named | None],
        told_until: int,
    ) -> None:
        name = tuple_(records.c.author, records.c.id)
        after, until = within
        latest = latest_change(person)
        query = select(records).where(
            may_see(records, person, sees_from, self._ground.me.id),
            or_(latest.is_(None), latest <= told_until),
        )
        if after is not None:
            query = query.where(name > tuple_(*after))
        if until is not None:
            query = query.where(name <= tuple_(*until))
        aside = self._suspects.disowned(conn, listed)
        has = {(held.author, held.id): held for held in listed if held not in aside}
        # A disown makes room for what it gives back, so it goes first.
        in_order = query.order_by(records.c.kind != "disown", records.c.no)
        for row in conn.execute(in_order).all():
            stored = store.stored_of(row)
            if _lacks(has.get((stored.author, stored.id)), stored):
                self._ground.change(conn, stored, only_for=person)

    def take_back(self, conn: Connection, person: str, brought: Sequence[Checked]) -> list[Stored]:
        """Let stand again what `person` gave back, tombstones first; what cannot stand is left with them."""
        taken: list[Stored] = []
        held: list[Stored] = []
        for checked in sorted(brought, key=_tombstones_first):
            before = store.find(conn, checked.author, checked.id)
            try:
                stored = self._take(conn, person, checked, before)
            except Refused:
                continue
            if stored is not None:
                taken.append(stored)
                now = self._ground.clock.now()
                kept.add_take_back(conn, stored, before, person=person, taken=now)
            held += self._answer_holder(conn, person, checked, stored or before)
        # Another friend may have brought a post after this one listed it: what this one wrote under it waited for this.
        self._read_by(conn, person, held)
        if taken:
            emit(conn, RecordsTakenBack(person, tuple(stored.ref for stored in taken)))
        return taken

    def _answer_holder(
        self, conn: Connection, person: str, checked: Checked, standing: Stored | None
    ) -> list[Stored]:
        """Give what of my log they hold; if another friend had brought something newer meanwhile, they get that."""
        me = self._ground.me.id
        if standing is None or checked.refusal or checked.envelope is None:
            return []
        if me not in (standing.author, standing.thread_author):
            return []
        if standing.hash != checked.envelope.hash:
            self._ground.change(conn, standing, only_for=person)
        return [standing]

    def _take(
        self, conn: Connection, person: str, checked: Checked, before: Stored | None
    ) -> Stored | None:
        if checked.refusal or checked.envelope is None or checked.record is None:
            return None
        found = unstored(checked.envelope, checked.record, person, self._ground.clock.now())
        if checked.author != self._ground.me.id:
            if found.thread_author != self._ground.me.id:
                return None  # spec 4.9: only its author brings what stands in no thread of mine
            accepted = self._arriving.accept(conn, checked, checked.author)
            if accepted.status != "stored" or accepted.stored is None:
                return None
            # They may have lost it as well, and nobody else would think of giving it back (R10).
            self._ground.change(conn, accepted.stored, only_for=checked.author)
            return accepted.stored
        return self._arriving.take_mine(conn, found, before, person)


def _came_from(author: str, me: str) -> ColumnElement[bool]:
    """What `author` brought: their own (not in others' threads), and others' entries in their threads but mine."""
    return or_(
        and_(
            records.c.author == author,
            or_(records.c.thread_author.is_(None), records.c.thread_author.in_((author, me))),
        ),
        and_(records.c.thread_author == author, records.c.author != me),
    )


def _forgotten_from(author: str, me: str) -> ColumnElement[bool]:
    return or_(
        and_(
            forgotten.c.author == author,
            or_(forgotten.c.thread_author.is_(None), forgotten.c.thread_author.in_((author, me))),
        ),
        and_(forgotten.c.thread_author == author, forgotten.c.author != me),
    )


def _lacks(held: Held | None, stored: Stored) -> bool:
    if held is None:
        return True
    if held.state == "gone":
        return stored.withdrawn  # the friend chose to be without it; a tombstone passes
    if stored.kind in ONE_VALUED:
        return held.hash != b64u(stored.hash)  # ordered by key first, which a list does not say
    return held.hash != b64u(stored.hash) and (stored.withdrawn or stored.revision >= held.revision)


def _tombstones_first(checked: Checked) -> tuple[bool, int]:
    record = checked.record
    return (
        not (checked.envelope and checked.envelope.kind == "tombstone"),
        record.revision if record else 0,
    )
