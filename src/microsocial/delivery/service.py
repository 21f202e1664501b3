"""`Delivery`: all a courier, a peer endpoint or a simulator needs. No network, no threads, no clock of its own.

A round, from the author's side: `draft` (commit!) → seal, by calling it → send → `open_answer`, `on_answer` with the reply → do as it
says. Keep one letter in flight per friend, and drop replies to any other.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.delivery import store
from microsocial.delivery.answers import Answers, Listed
from microsocial.delivery.incoming import Incoming, Incomings, Tell
from microsocial.delivery.keys import KeyMatters
from microsocial.delivery.ledger import Ledger
from microsocial.delivery.letters import Letters
from microsocial.delivery.model import (
    CorrespondenceBegan,
    CorrespondenceEnded,
    Draft,
    NextStep,
    Outgoing,
)
from microsocial.delivery.prekeys import Prekeys
from microsocial.delivery.residence import Residence
from microsocial.delivery.reunion import ReunionSteps
from microsocial.delivery.standing import Standing, Stands
from microsocial.delivery.updates import Updates
from microsocial.events import emit
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.keys import KeyLog, merge
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Status
from microsocial.records.keys import mine
from microsocial.records.service import Log


class Delivery:
    """Whom I write to. Every verb takes the connection of the caller's transaction."""

    def __init__(self, log: Log, clock: Clock, entropy: Entropy) -> None:
        self._log = log
        self.ledger = Ledger(log.me.id)
        self.prekeys = Prekeys(log.me, clock, entropy)
        self._standing = Standing(log, clock, entropy)
        self._letters = Letters(log.me, clock, self.prekeys)
        self.residence = Residence(log)
        self._updates = Updates(log, self._standing, self.residence, self._letters)
        reunions = ReunionSteps(log, self._letters, entropy)
        self._when_left: list[Tell] = []
        self._when_ended: list[Tell] = []
        self._when_revived: list[Tell] = []
        self.keys = KeyMatters(
            log, clock, entropy, self._standing, self.prekeys, self._when_ended, self._when_revived
        )
        self._incomings = Incomings(
            log,
            clock,
            self._standing,
            self.keys,
            self.residence,
            self._letters,
            reunions,
            self._when_left,
            self._when_ended,
        )
        self._answers = Answers(log, clock, self._standing, self.keys, reunions, self._when_ended)

    # This copy of me

    def start(self, conn: Connection) -> None:
        """Once per start of the program, before anything else: a run number above all known (R15)."""
        self._standing.start_run(conn)
        self.keys.start(conn)
        self.settle_key(conn)

    def turned(self, conn: Connection, key_log: KeyLog) -> None:
        """My key is about to be another: take note in the transaction that stores it."""
        news = key_log.reasons[self._log.me.key_number :]
        self._standing.go_on_under(conn)
        if "stolen" in news:
            self.keys.begin_theft(conn)

    def longer_log(self, conn: Connection) -> KeyLog | None:
        """The log of mine for which this copy has stopped, or None."""
        return self._standing.longer_log(conn)

    def settle_key(self, conn: Connection) -> None:
        """After a start, and after my key was renewed: whatever was signed by an older key and has to be new."""
        self.prekeys.roll(conn)
        if not self.residence.moved_to(conn):
            mine.renew_ones(conn, self._log)

    def tick(self, conn: Connection) -> bool:
        """Replace and erase prekeys as time goes by; say whether there is a new one. Cheap: call it hourly."""
        return self.prekeys.roll(conn)

    def stopped(self, conn: Connection) -> str | None:
        """Why this copy must not go on, or None. A stopped copy sends nothing and answers `busy`."""
        return self._standing.stopped(conn)

    def continue_here(self, conn: Connection) -> None:
        """The owner decides that this copy goes on and the other does not."""
        self._standing.continue_here(conn)

    def current_prekey(self, conn: Connection) -> Envelope:
        return self.prekeys.current(conn)

    # Whom I write to

    def begin(
        self,
        conn: Connection,
        person: str,
        sees_from: int,
        position: str,
        prekey: Envelope | str | None,
        key_log: KeyLog,
        urls: Sequence[str],
        *,
        heard: int | None = None,
    ) -> None:
        """Start, or renew, writing to each other. `position` is theirs in my log, as their greeting says, which came at `heard`.

        My own position in their log, and what was offered, belong to the pair of us and stay as they were (R12).
        """
        known = self._log.key_logs(conn, [person]).get(person)
        key_log = merge(known, key_log) if known else key_log
        self._log.keep_key_log(conn, key_log)
        encoded = prekey.encoded() if isinstance(prekey, Envelope) else prekey
        if encoded is not None:
            decode_prekey(encoded, key_log)
        before = store.find(conn, person)
        saw_from = before.sees_from if before else sees_from
        place = self._standing.learn(conn, person, saw_from, position)
        store.put(
            conn,
            person,
            state="active",
            sees_from=sees_from,
            answered=position,
            acknowledged=place.change if isinstance(place, Stands) else None,
            key_number=key_log.number,
            urls=json.dumps(list(urls)),
            hint=None,
            reunion=None,
            error=None,
            attempts=0,
            next_try=None,
            ended_key=None,
            ended_mine=None,
            **({"prekey": encoded} if encoded else {}),
            **({"last_heard": heard} if heard else {}),
        )
        emit(conn, CorrespondenceBegan(person))

    def end(self, conn: Connection, person: str, *, tell: bool = False) -> None:
        """Stop writing to each other. With `tell` a farewell goes out first (remove tells, block does not).

        What they had ended is ended by me as well from now on: no theft of a key makes it a thief's doing (spec 9.5).
        """
        friend = store.find(conn, person)
        if friend is None:
            return
        store.change(conn, person, ended_key=None, ended_mine=None)
        if friend.state == "ended":
            return
        state = "leaving" if tell and friend.prekey else "ended"
        store.change(conn, person, state=state, reunion=None, hint=None, error=None)
        emit(conn, CorrespondenceEnded(person, by_them=False))

    def when_ended(self, tell: Tell) -> None:
        """Have `tell(conn, person)` called in the transaction in which the other side ended it."""
        self._when_ended.append(tell)

    def when_left(self, tell: Tell) -> None:
        """Have `tell(conn, person)` called before that, when they give up their node altogether."""
        self._when_left.append(tell)

    def when_revived(self, tell: Tell) -> None:
        """Have `tell(conn, person)` called when an end of a friendship turns out to have been a thief's."""
        self._when_revived.append(tell)

    def correspondents(self, conn: Connection) -> list[str]:
        """Everybody to whom there may be something to say, those included who are still to be told farewell."""
        return store.in_state(conn, "active", "leaving")

    def active(self, conn: Connection) -> list[str]:
        """Everybody I write to and hear."""
        return store.in_state(conn, "active")

    def position_in(self, conn: Connection, person: str) -> str:
        """My position in their log, for a greeting; the first one when we never met."""
        friend = store.find(conn, person)
        return friend.position if friend else ""

    def urls(self, conn: Connection, person: str) -> tuple[str, ...]:
        friend = store.find(conn, person)
        return tuple(json.loads(friend.urls)) if friend else ()

    def learn_urls(self, conn: Connection, person: str, urls: Sequence[str]) -> None:
        """Their address record says where they can be reached now."""
        store.change(conn, person, urls=json.dumps(list(urls)))

    def sees_from(self, conn: Connection, person: str) -> int | None:
        """The moment from which on they see what I say to friends; None when we never wrote to each other."""
        friend = store.find(conn, person)
        return int(friend.sees_from) if friend else None

    def last_heard(self, conn: Connection, person: str) -> int | None:
        friend = store.find(conn, person)
        return friend.last_heard if friend else None

    # Going out

    def due(self, conn: Connection) -> list[str]:
        """To whom there is something to send now."""
        return self.ledger.due(conn)

    def next_outgoing(self, conn: Connection, person: str, hello: bool = False) -> Outgoing | None:
        """Build and seal the next letter at once, where time does not matter."""
        draft = self.draft(conn, person, hello)
        return draft() if draft else None

    def draft(self, conn: Connection, person: str, hello: bool = False) -> Draft | None:
        """Build the next letter, or None when there is nothing to say. Needs a write; commit it, then seal and send."""
        return self._updates.next(conn, person, hello=hello)

    def open_answer(self, conn: Connection, outgoing: Outgoing, answer: bytes) -> Listed | None:
        """Verify what is dear to verify in a reply (a read connection will do), for `on_answer`."""
        return self._answers.open(conn, outgoing, answer)

    def on_answer(
        self, conn: Connection, outgoing: Outgoing, answer: bytes, listed: Listed | None = None
    ) -> NextStep:
        """Act on the reply to the letter in flight."""
        return self._answers.act(conn, outgoing, answer, listed)

    def introduction(self) -> bytes:
        """My key log as /peer/v1/keys takes it (spec 10.6)."""
        return self.keys.introduction()

    def on_introduction(
        self, conn: Connection, person: str, body: bytes, answer: bytes
    ) -> NextStep:
        """Act on the reply to it."""
        return self.keys.on_answer(conn, person, body, answer)

    def failed(
        self, conn: Connection, person: str, sentence: str, next_try: int | None = None
    ) -> None:
        """No reply came. The sentence is for the owner; `next_try` (ms) is when the courier tries again."""
        self._answers.wait(conn, person, sentence, next_try)

    # Coming in

    def open_incoming(
        self, conn: Connection, sender_id: str, purpose: str, sealed: bytes
    ) -> Incoming:
        """Open and verify (dear; a read connection will do). Raises PeerBroke for what is no letter."""
        return self._incomings.open(conn, sender_id, purpose, sealed)

    def apply(self, conn: Connection, incoming: Incoming) -> bytes:
        """Apply what was opened (short; one write). Send the reply only after the commit."""
        return self._incomings.apply(conn, incoming)

    def receive(self, conn: Connection, sender_id: str, purpose: str, sealed: bytes) -> bytes:
        """Both at once."""
        return self.apply(conn, self.open_incoming(conn, sender_id, purpose, sealed))

    def decline(self, conn: Connection, sender_id: str, sealed: bytes, status: Status) -> bytes:
        """Reply `full` or `busy` when applying failed here. Only reads."""
        return self._incomings.decline(conn, sender_id, sealed, status)
