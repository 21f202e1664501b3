"""What arrives from other nodes: puts together the `Reception` that the door of this node asks (`transport.http_in`)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from microsocial.delivery import store
from microsocial.delivery.service import Delivery
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.exchange import PublicAddress, PublicName, WellKnown
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_PAGE_BYTES, MAX_PAGE_RECORDS
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.signatures import SignedRequest
from microsocial.records.model import Change
from microsocial.records.service import Log
from microsocial.transport.reception import (
    Blobs,
    Greeted,
    Help,
    Host,
    PublicPage,
    Reception,
    no_blob,
    no_help,
)


def reception(
    host: Host,
    log: Log,
    delivery: Delivery,
    *,
    is_friend: Callable[[Connection, str], bool],
    open_greeting: Callable[[Connection, SignedRequest, bytes], Greeted],
    greet: Callable[[Connection, Any, str | None], Callable[[], bytes]],
    heard: Callable[[str], None],
    turned_away: Callable[[str], None] = lambda _person: None,
    awaited: Callable[[Connection, str], bool] = lambda _conn, _person: False,
    came: Callable[[str], None] = lambda _person: None,
    greeted: Callable[[Connection, str], KeyLog | None] = lambda _conn, _person: None,
    blob: Blobs = no_blob,
    help_friend: Help = no_help,
) -> Reception:
    """Join the door to the rooms. `is_friend`, `open_greeting`, `greet`, `awaited`, `came`, `greeted`, `help_friend` are the friends room's, `heard` and `turned_away` the courier's, `blob` the media room's."""

    def kept(conn: Connection, person: str) -> KeyLog | None:
        """Not a log that came with somebody's thread: that would say whose friends I am. All is asked for anybody."""
        known, met = log.key_logs(conn, [person]).get(person), greeted(conn, person)
        has_written = store.find(conn, person) is not None
        return known if has_written else met

    return Reception(
        host=host,
        kept=kept,
        is_friend=is_friend,
        open=delivery.open_incoming,
        apply=delivery.apply,
        decline=delivery.decline,
        keep_keys=delivery.keys.take,
        open_greeting=open_greeting,
        greet=greet,
        heard=heard,
        turned_away=turned_away,
        well_known=lambda conn: well_known(conn, log, delivery),
        public_page=lambda conn, after: public_page(conn, log, after),
        head=lambda conn: _cursor_at(log.head(conn)),
        ended_it=lambda conn, person: delivery.keys.former(conn, person) is not None,
        awaited=awaited,
        came=came,
        freeze=delivery.keys.freeze,
        blob=blob,
        help=help_friend,
        moved=delivery.residence.record,
        is_given_up=delivery.residence.is_given_up,
    )


def well_known(conn: Connection, log: Log, delivery: Delivery) -> dict[str, Any]:
    """Who lives here, for anybody (spec 10.1)."""
    me = log.me.id
    profile = log.get(conn, me, "profile").fields
    address = log.find(conn, me, "address")
    return WellKnown(
        id=me,
        keys=tuple(log.me.key_log.encoded()),
        prekey=delivery.current_prekey(conn).encoded(),
        profile=PublicName(name=profile["name"], hue=profile.get("hue") or 0),
        address=PublicAddress(urls=tuple(address.fields["urls"]) if address else ()),
        moved=delivery.residence.moved_to(conn) is not None,
    ).payload()


def public_page(conn: Connection, log: Log, after: str) -> PublicPage:
    """The public log after a cursor. A cursor from a log that was lost begins again (`restarted`)."""
    since = _read_cursor(after)
    restarted = not log.stands(conn, [since])
    page = log.public_page(conn, 0 if restarted else since.seq, MAX_PAGE_BYTES, MAX_PAGE_RECORDS)
    upto = log.point(conn, page.upto)
    authors = {entry.author for entry in page.entries}
    document = {
        "id": log.me.id,
        "records": [b64u(entry.envelope.raw) for entry in page.entries],
        "keys": {person: logs.encoded() for person, logs in log.key_logs(conn, authors).items()},
        "next": _cursor_at(upto),
        "more": page.more,
        "restarted": restarted,
    }
    return PublicPage(document, is_last=not page.more)


def _cursor_at(change: Change) -> str:
    return f"{change.seq}.{b64u(change.mark)}"


def _read_cursor(after: str) -> Change:
    """A cursor names a change and its mark; the empty one is before everything."""
    if not after:
        return Change(0, b"")
    seq, _, mark = after.partition(".")
    if not seq.isascii() or not seq.isdecimal() or len(seq) > 15:
        raise Malformed("a cursor that was not given here")
    return Change(int(seq), unb64u(mark))
