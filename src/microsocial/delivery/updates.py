"""What goes out next to one friend: an update, a page of a reunion, or a farewell. Everything else is silence."""

import json
from functools import partial
from typing import Any

from sqlalchemy import Connection

from microsocial.delivery import store
from microsocial.delivery.letters import Letters
from microsocial.delivery.model import Draft, Outgoing
from microsocial.delivery.residence import Residence
from microsocial.delivery.reunion import Progress
from microsocial.delivery.standing import Foreign, NewerRun, Standing
from microsocial.delivery.store import Correspondent
from microsocial.errors import PeerBroke
from microsocial.protocol.encoding import b64u, dump, hash_of
from microsocial.protocol.exchange import Farewell, Reunion, Update
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_PAGE_BYTES, MAX_PAGE_RECORDS
from microsocial.protocol.positions import FIRST
from microsocial.protocol.prekeys import PublishedPrekey, decode_prekey
from microsocial.records.model import Page
from microsocial.records.service import Log


class Updates:
    def __init__(
        self, log: Log, standing: Standing, residence: Residence, letters: Letters
    ) -> None:
        self._log = log
        self._standing = standing
        self._residence = residence
        self._letters = letters

    def next(self, conn: Connection, person: str, *, hello: bool) -> Draft | None:
        """Build what there is to send, or None. Commit before sending: what is offered is written down here.

        Signing and sealing, the dear part, is left to the draft.
        """
        friend = store.find(conn, person)
        if friend is None or friend.state == "ended" or self._standing.stopped(conn):
            return None
        if self._residence.moved_to(conn):
            return None  # spec 9.7
        self._log.expire(conn)  # spec 4.13: what is over is not passed on
        if self._log.rings.is_forked(conn, person):
            return None  # spec 3.4: the people are asked
        key_log = self._log.key_logs(conn, [person])[person]
        prekey = _prekey_of(friend, key_log)
        if prekey is None:
            return self._introduce(friend) if friend.prekey is not None else None
        if friend.state == "leaving":
            return self._farewell(conn, friend, key_log, prekey)
        if friend.reunion:
            progress = Progress.read(friend.reunion)
            return self._go_on(conn, friend, key_log, prekey, progress, hello=hello)
        return self._update_or_reunion(conn, friend, key_log, prekey, hello=hello)

    def _introduce(self, friend: Correspondent) -> Draft:
        """What I could seal to was signed before their key was renewed. Whoever is shown my key log tells a new one (spec 10.6)."""
        body = dump({"keys": self._log.me.key_log.encoded()})
        outgoing = Outgoing(
            friend.person, "keys", body, hash_of(body), tuple(json.loads(friend.urls))
        )
        return lambda: outgoing

    def _update_or_reunion(
        self,
        conn: Connection,
        friend: Correspondent,
        key_log: KeyLog,
        prekey: PublishedPrekey,
        *,
        hello: bool,
    ) -> Draft | None:
        if friend.theft:
            progress = Progress(told_until=self._log.head(conn).seq)
            return self._go_on(conn, friend, key_log, prekey, progress, hello=hello)
        is_hinted = friend.hint is not None and friend.hint != friend.answered
        since = friend.hint if is_hinted else friend.answered  # spec 7.4: where to try next
        if is_hinted:
            place = self._standing.learn(conn, friend.person, friend.sees_from, since)
        else:
            place = self._standing.read(conn, friend.person, since)
        if isinstance(place, NewerRun):
            self._standing.stop_for_copy(conn, place.run)
            return None
        if isinstance(place, Foreign):
            progress = Progress(told_until=self._log.head(conn).seq)
            return self._go_on(conn, friend, key_log, prekey, progress, hello=hello)
        page = self._page(conn, friend, place.change)
        if not page.entries and not hello and not is_hinted:
            return None  # spec 7.6
        return self._update(conn, friend, key_log, prekey, since, page, hello=hello)

    def _go_on(
        self,
        conn: Connection,
        friend: Correspondent,
        key_log: KeyLog,
        prekey: PublishedPrekey,
        progress: Progress,
        *,
        hello: bool,
    ) -> Draft:
        state = progress.written()
        store.change(conn, friend.person, reunion=state)
        if progress.is_ending and progress.stated is not None:  # spec 8.3
            page = self._page(conn, friend, progress.told_until, held_too=False)
            # A hello that was wanted comes last, and one is due where nothing of theirs is known (any more). Always saying one
            # would keep two copies of somebody busy for ever; and where I am listed myself just now it would begin that anew.
            hello = (hello or friend.position == FIRST) and not friend.is_between
            return self._update(
                conn, friend, key_log, prekey, progress.stated, page, hello=hello, reunion=state
            )
        letter = Reunion(
            **self._letters.head(friend, key_log),
            prekey=self._letters.prekey(conn),
            after=progress.after,
            want=progress.want[:MAX_PAGE_RECORDS],
        )
        return partial(self._sealed, friend, letter, prekey, reunion=state, hello=hello)

    def _update(
        self,
        conn: Connection,
        friend: Correspondent,
        key_log: KeyLog,
        prekey: PublishedPrekey,
        since: str,
        page: Page,
        *,
        hello: bool,
        reunion: str | None = None,
    ) -> Draft:
        page, keys = self._with_keys(conn, page)
        if friend.knows_key < self._log.me.key_number:
            keys[self._log.me.id] = tuple(self._log.me.key_log.encoded())
        self._log.mark_offered(conn, friend.person, page.entries)
        upto = self._standing.mint(conn, friend.person, self._log.point(conn, page.upto))
        letter = Update(
            **self._letters.head(friend, key_log),
            since=since,
            upto=upto,
            more=page.more,
            have=friend.position,
            hello=hello,
            prekey=self._letters.prekey(conn),
            records=tuple(b64u(entry.envelope.raw) for entry in page.entries),
            keys=keys,
        )
        return partial(
            self._sealed,
            friend,
            letter,
            prekey,
            since=since,
            upto=upto,
            hint=friend.hint,
            reunion=reunion,
            hello=hello,
            records=len(page.entries),
        )

    def _page(
        self, conn: Connection, friend: Correspondent, since: int, *, held_too: bool = True
    ) -> Page:
        return self._log.page(
            conn,
            friend.person,
            friend.sees_from,
            since,
            MAX_PAGE_BYTES,
            MAX_PAGE_RECORDS,
            held_too=held_too,
        )

    def _with_keys(self, conn: Connection, page: Page) -> tuple[Page, dict[str, tuple[str, ...]]]:
        """Add the key logs of other authors; a page that grows too large with them is cut (spec 7.7)."""
        others = {entry.author for entry in page.entries} - {self._log.me.id}
        logs = self._log.key_logs(conn, others)
        keys: dict[str, tuple[str, ...]] = {}
        size = 0
        for count, entry in enumerate(page.entries):
            size += len(entry.envelope.raw)
            if entry.author in logs and entry.author not in keys:
                size += sum(len(raw) for raw in logs[entry.author].raw())
            if count and size > MAX_PAGE_BYTES:
                return page.first(count), keys
            if entry.author in logs:
                keys[entry.author] = tuple(logs[entry.author].encoded())
        return page, keys

    def _farewell(
        self,
        conn: Connection,
        friend: Correspondent,
        key_log: KeyLog,
        prekey: PublishedPrekey,
    ) -> Draft:
        left = self._residence.is_given_up(conn)
        letter = Farewell(**self._letters.head(friend, key_log), since=friend.answered, left=left)
        return partial(self._sealed, friend, letter, prekey, since=friend.answered)

    def _sealed(
        self,
        friend: Correspondent,
        letter: Update | Reunion | Farewell,
        prekey: PublishedPrekey,
        **about: Any,
    ) -> Outgoing:
        sealed = self._letters.seal(letter, prekey)
        return Outgoing(
            person=friend.person,
            purpose=letter.kind,  # type: ignore[arg-type]  # kinds of letters are purposes
            sealed=sealed,
            hash=hash_of(sealed),
            urls=tuple(json.loads(friend.urls)),
            prekey_id=prekey.id,
            **about,
        )


def _prekey_of(friend: Correspondent, key_log: KeyLog) -> PublishedPrekey | None:
    if friend.prekey is None:
        return None
    try:
        return decode_prekey(friend.prekey, key_log)
    except PeerBroke:  # signed before their keys changed
        return None
