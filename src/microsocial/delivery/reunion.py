"""A reunion, from both sides (spec 8): the author compares its log with what the friend holds, page by page.

Rule 1: how far it has come is kept in the friend's row, so each step is one transaction and a crash costs nothing.
Rule 2: the friend answers the first page from a position that nobody minted, so that nothing but the end of this very
reunion can move it: not an update from before, not a copy of the friend that went back in time (R18).
Rule 3: what the friend lets go of between two pages moves it again. The author then finds a page from another place and begins
anew; else a machine that goes back to before that, and is not even started again, would be told nothing of what the pages said.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Entropy
from microsocial.delivery import store
from microsocial.delivery.letters import Letters
from microsocial.delivery.store import Correspondent
from microsocial.protocol.encoding import b64u, hash_of
from microsocial.protocol.exchange import Holdings, Reunion
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_HOLDINGS, MAX_PAGE_BYTES, MAX_PAGE_RECORDS
from microsocial.protocol.prekeys import decode_prekey
from microsocial.records.model import Checked, Stored
from microsocial.records.service import Log

Named = tuple[str, str]

MAX_ASKED = MAX_PAGE_RECORDS  # records asked for in one request (spec 12)
BETWEEN_BYTES = 24  # of a position that stands for "listed, and waiting for the end"


@dataclass(frozen=True)
class Progress:
    """How far a reunion has come, on the author's side."""

    told_until: int  # changes up to here are compared; those after it travel in the last update
    after: Named | None = None  # names up to here are compared
    want: tuple[Named, ...] = ()  # still to be asked for
    stated: str | None = None  # the position that the friend answered the first page from
    is_listed: bool = False  # the last page is compared
    is_ending: bool = False

    @classmethod
    def read(cls, text: str) -> "Progress":
        found: dict[str, Any] = json.loads(text)
        found["after"] = tuple(found["after"]) if found["after"] else None
        found["want"] = tuple((author, record_id) for author, record_id in found["want"])
        return cls(**found)

    def written(self) -> str:
        return json.dumps(asdict(self))


class ReunionSteps:
    def __init__(self, log: Log, letters: Letters, entropy: Entropy) -> None:
        self._log = log
        self._letters = letters
        self._entropy = entropy
        log.when_let_go(self._list_again)

    # The friend's side

    def holdings(
        self,
        conn: Connection,
        friend: Correspondent,
        key_log: KeyLog,
        sealed: bytes,
        asked: Reunion,
    ) -> bytes:
        """Seal a page of what I hold of this friend. Raises PeerBroke for a prekey that is none."""
        prekey = decode_prekey(asked.prekey, key_log)
        request = hash_of(sealed)
        self._log.expire(conn)  # spec 4.13: in a list it is gone
        position = friend.position
        if asked.after is None and not asked.want and friend.listed_for != request:
            position = self._between_positions(friend)
            store.change(conn, friend.person, position=position, listed_for=request, is_between=1)
        holds, following = self._log.holdings(conn, friend.person, asked.after, MAX_HOLDINGS)
        brought = self._log.held_records(conn, friend.person, asked.want, MAX_PAGE_BYTES)
        others = {stored.author for stored in brought} - {friend.person}
        letter = Holdings(
            **self._letters.head(friend, key_log),
            request=request,
            position=position,
            prekey=self._letters.prekey(conn),
            holds=tuple(holds),
            next=following,
            records=tuple(b64u(stored.envelope.raw) for stored in brought),
            keys={
                person: tuple(log.encoded())
                for person, log in self._log.key_logs(conn, others).items()
            },
        )
        return self._letters.seal(letter, prekey)

    def _list_again(self, conn: Connection, gone: Stored) -> None:
        """Rule 3: the pages so far were about another moment."""
        me = self._log.me.id
        author = gone.author if gone.thread_author in (None, me) else gone.thread_author
        friend = store.find(conn, author)
        if friend is not None and friend.is_between:
            store.change(conn, friend.person, position=self._between_positions(friend))

    def _between_positions(self, friend: Correspondent) -> str:  # noqa: ARG002 - see rule 2
        return b64u(self._entropy(BETWEEN_BYTES))

    # The author's side

    def go_on(
        self,
        conn: Connection,
        friend: Correspondent,
        progress: Progress,
        found: Holdings,
        brought: Sequence[Checked],
    ) -> Progress:
        """Compare one page, take back what came with it; give how far it is now."""
        if progress.stated not in (None, found.position):
            return Progress(told_until=self._log.head(conn).seq)  # they went back in time meanwhile
        self._log.take_back(conn, friend.person, brought)
        want = _still_wanted(progress, brought)
        progress = replace(progress, stated=found.position, want=want)
        if not progress.is_listed:
            progress = self._compare(conn, friend, progress, found)
        return replace(progress, is_ending=progress.is_listed and not progress.want)

    def _compare(
        self, conn: Connection, friend: Correspondent, progress: Progress, found: Holdings
    ) -> Progress:
        want = self._log.compare(
            conn,
            friend.person,
            friend.sees_from,
            found.holds,
            (progress.after, found.next),
            progress.told_until,
        )
        last = found.holds[-1] if found.holds else None
        return replace(
            progress,
            after=(last.author, last.id) if last else progress.after,
            want=(*progress.want, *want),
            is_listed=found.next is None,
        )


def _still_wanted(progress: Progress, brought: Sequence[Checked]) -> tuple[Named, ...]:
    """What was asked for and did not fit. When nothing of it came, the friend has none of it any more."""
    came = {(checked.author, checked.id) for checked in brought}
    if came.isdisjoint(progress.want[:MAX_ASKED]):
        return progress.want[MAX_ASKED:]
    return tuple(name for name in progress.want if name not in came)
