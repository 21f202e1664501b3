"""What an answer means for the friend's standing, and what to do next.

Only the reply to the letter in flight ever comes here, and it counts only under the current key of its signer. A list with hundreds of
records is opened and verified first (dear, only reads), and acted on second (one transaction).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.delivery import quotas, store
from microsocial.delivery.incoming import Tell, read_log
from microsocial.delivery.keys import KeyMatters, compare_logs
from microsocial.delivery.letters import is_sealed
from microsocial.delivery.model import (
    BUSY,
    CANNOT_OPEN,
    COMPARING,
    CONTRADICTS,
    DISK_FULL,
    MOVED_ON,
    NOT_UNDERSTOOD,
    OVER_QUOTA,
    CorrespondenceEnded,
    Delivered,
    DeliveryFailed,
    Ended,
    NextStep,
    Outgoing,
    SendKeys,
    SendReunion,
    SendUpdate,
    Stop,
    Wait,
)
from microsocial.delivery.reunion import Progress, ReunionSteps
from microsocial.delivery.standing import NewerRun, Place, Standing, Stands
from microsocial.delivery.store import Correspondent
from microsocial.errors import PeerBroke
from microsocial.events import LiveEvent, emit
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import Answer, Holdings, read_answer, read_holdings
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_UPDATE_BYTES
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Malformed, Status
from microsocial.protocol.sealing import open_sealed, sealed_prekey_id
from microsocial.records.model import Checked
from microsocial.records.service import Log

MAX_REFUSED_KEPT = 100  # per friend, for the ledger: enough to see what goes wrong

_WAITING: dict[Status | None, str] = {
    Status.QUOTA: OVER_QUOTA,
    Status.FULL: DISK_FULL,
    Status.BUSY: BUSY,
    Status.STALE_PREKEY: CANNOT_OPEN,
}


@dataclass(frozen=True)
class Listed:
    """A list of what a friend holds, verified under their key of this number."""

    found: Holdings
    number: int
    size: int
    author_logs: Mapping[str, KeyLog]  # of authors in it, merged
    brought: list[Checked]


class Answers:
    def __init__(
        self,
        log: Log,
        clock: Clock,
        standing: Standing,
        keys: KeyMatters,
        reunions: ReunionSteps,
        when_ended: list[Tell],
    ) -> None:
        self._log = log
        self._clock = clock
        self._standing = standing
        self._keys = keys
        self._reunions = reunions
        self._when_ended = when_ended

    def open(self, conn: Connection, outgoing: Outgoing, reply: bytes) -> Listed | None:
        """Verify a list, with a connection that need not be able to write; None for anything else."""
        if not (is_sealed(reply) and outgoing.purpose == "reunion"):
            return None
        key_log = self._log.key_logs(conn, [outgoing.person]).get(outgoing.person)
        try:
            return self._open(conn, outgoing, key_log, reply) if key_log else None
        except PeerBroke:
            return None  # found out again, at no great cost, by whoever acts on it

    def act(
        self, conn: Connection, outgoing: Outgoing, reply: bytes, listed: Listed | None = None
    ) -> NextStep:
        friend = store.find(conn, outgoing.person)
        if friend is None or friend.state == "ended":
            return Ended()
        key_log = self._log.key_logs(conn, [friend.person])[friend.person]
        try:
            if is_sealed(reply) and outgoing.purpose == "reunion":
                if listed is None or listed.number != key_log.number:
                    listed = self._open(conn, outgoing, key_log, reply)
                return self._listed(conn, friend, outgoing, key_log, listed)
            return self._answered(conn, friend, outgoing, key_log, reply)
        except PeerBroke:
            return self.wait(conn, friend.person, NOT_UNDERSTOOD)

    def wait(
        self, conn: Connection, person: str, sentence: str, next_try: int | None = None
    ) -> Wait:
        """Write into the ledger why nothing goes on."""
        friend = store.find(conn, person)
        if friend is not None:
            if friend.error != sentence:
                _tell(conn, person, sentence)
            store.change(
                conn, person, error=sentence, attempts=friend.attempts + 1, next_try=next_try
            )
            emit(conn, DeliveryFailed(person, sentence))
        return Wait(sentence)

    # Signed answers

    def _answered(
        self,
        conn: Connection,
        friend: Correspondent,
        outgoing: Outgoing,
        key_log: KeyLog,
        reply: bytes,
    ) -> NextStep:
        envelope = parse_envelope(reply, MAX_ANSWER_BYTES)
        answer = read_answer(envelope)
        if answer.says is Status.KEY_BEHIND and (stop := self._look_at_mine(conn, answer)):
            return stop  # it proves itself, also when they renewed their key as well and I cannot believe them yet
        key_log = self._keys.learn(conn, answer, key_log)
        self._check_sender(answer, outgoing, key_log)
        verify_envelope(envelope, key_log.current)
        if answer.update != outgoing.hash:
            raise Malformed("an answer to something else")
        if answer.says is Status.NOT_FRIENDS:
            return self._turned_away(conn, friend, outgoing, key_log)
        self._hear(conn, friend, answer, key_log)
        if answer.says is Status.KEY_UNKNOWN:
            return SendKeys(outgoing.hello)
        if answer.says in (Status.APPLIED, Status.HELD) and answer.position is not None:
            return self._moved(conn, friend, outgoing, answer, answer.position)
        if answer.says is Status.STALE_PREKEY and self._has_other_prekey(answer, outgoing, key_log):
            return SendUpdate(outgoing.hello)  # sealed again, to the one in the answer
        if answer.says is Status.MOVED and answer.address is not None:
            return self._follow(conn, friend, outgoing, unb64u(answer.address), key_log)
        return self.wait(conn, friend.person, _WAITING.get(answer.says, NOT_UNDERSTOOD))

    def _check_sender(self, letter: Answer | Holdings, outgoing: Outgoing, key_log: KeyLog) -> None:
        if (letter.sender, letter.receiver) != (outgoing.person, self._log.me.id):
            raise Malformed("a letter between other people")
        if letter.key != key_log.number:  # spec 7.8; R5
            raise Malformed("an answer that is not under the current key")

    def _hear(
        self, conn: Connection, friend: Correspondent, letter: Answer | Holdings, key_log: KeyLog
    ) -> None:
        values: dict[str, Any] = {"last_heard": self._clock.now(), "key_number": key_log.number}
        if letter.prekey is not None:
            decode_prekey(letter.prekey, key_log)
            values["prekey"] = letter.prekey  # R16: whatever its revision
        if isinstance(letter, Holdings) or letter.says is not Status.KEY_UNKNOWN:
            values["knows_key"] = letter.your_key
        store.change(conn, friend.person, **values)

    def _moved(
        self,
        conn: Connection,
        friend: Correspondent,
        outgoing: Outgoing,
        answer: Answer,
        position: str,
    ) -> NextStep:
        if answer.says is Status.HELD and position == outgoing.since:
            return self.wait(conn, friend.person, CONTRADICTS)
        if position == outgoing.upto:
            place = self._standing.read(conn, friend.person, position)
        else:
            place = self._standing.learn(conn, friend.person, friend.sees_from, position)
        if isinstance(place, NewerRun):
            return Stop(self._standing.stop_for_copy(conn, place.run))
        refused = [[one.author, one.id, one.reason] for one in answer.refused]
        kept = (json.loads(friend.refused) + refused)[-MAX_REFUSED_KEPT:]
        store.change(
            conn,
            friend.person,
            answered=position,
            acknowledged=place.change if isinstance(place, Stands) else None,
            hint=None if friend.hint == outgoing.hint else friend.hint,
            reunion=None,
            theft=_still_unlisted(friend, outgoing, place),
            error=None,
            attempts=0,
            next_try=None,
            refused=json.dumps(kept),
        )
        if answer.says is Status.APPLIED:
            emit(conn, Delivered(friend.person))
        if outgoing.records or friend.error:
            _tell(conn, friend.person, "")
        if isinstance(place, Stands):
            return SendUpdate()
        if outgoing.reunion is not None and friend.reunion == outgoing.reunion:
            # Something else moved them meanwhile, perhaps a copy of mine doing the same. At once we would meet again.
            # Not so when their hello began it anew already (R18): that is not to wait for the end of the one before.
            return self.wait(conn, friend.person, COMPARING)
        return SendReunion()

    def _follow(
        self,
        conn: Connection,
        friend: Correspondent,
        outgoing: Outgoing,
        record: bytes,
        key_log: KeyLog,
    ) -> NextStep:
        """Spec 9.7: their own signed record says where they live now; it counts like any other of its kind."""
        (checked,) = self._log.check([record], {friend.person: key_log})
        if checked.author != friend.person or checked.id != "address":
            raise Malformed("something else than the address of who has moved")
        self._log.accept(conn, checked, friend.person)
        if self._urls(conn, friend.person) == outgoing.urls:
            return self.wait(conn, friend.person, MOVED_ON)
        return SendUpdate(outgoing.hello)

    def _urls(self, conn: Connection, person: str) -> tuple[str, ...]:
        known = store.find(conn, person)
        return tuple(json.loads(known.urls)) if known else ()

    def _turned_away(
        self, conn: Connection, friend: Correspondent, outgoing: Outgoing, key_log: KeyLog
    ) -> NextStep:
        """They ended it, or believed a thief who did: then my new key says more than my letter (spec 9.5)."""
        if friend.theft == store.STOLEN and friend.knows_key < self._log.me.key_number:
            return SendKeys(outgoing.hello)
        return self._end(conn, friend, key_log)

    def _end(self, conn: Connection, friend: Correspondent, key_log: KeyLog) -> Ended:
        by_them = {"ended_key": key_log.number, "ended_mine": self._log.me.key_number}
        store.change(
            conn,
            friend.person,
            state="ended",
            reunion=None,
            hint=None,
            error=None,
            last_heard=self._clock.now(),
            **(by_them if friend.state == "active" else {}),
        )
        if friend.state == "active":
            for tell in self._when_ended:
                tell(conn, friend.person)
            emit(conn, CorrespondenceEnded(friend.person, by_them=True))
        return Ended()

    def _look_at_mine(self, conn: Connection, answer: Answer) -> Stop | None:
        """They know a longer log of mine (R6), or one that contradicts mine."""
        longer, contradicting = compare_logs(self._log.me.key_log, answer.keys)
        if contradicting is not None:
            return Stop(self._standing.stop_for_fork(conn))
        if longer.number > self._log.me.key_number:
            return Stop(self._standing.stop_for_keys(conn, longer))
        return None

    def _has_other_prekey(self, answer: Answer, outgoing: Outgoing, key_log: KeyLog) -> bool:
        if answer.prekey is None:
            return False
        return decode_prekey(answer.prekey, key_log).id != outgoing.prekey_id

    # Sealed lists

    def _open(self, conn: Connection, outgoing: Outgoing, key_log: KeyLog, reply: bytes) -> Listed:
        private = store.private_half(conn, sealed_prekey_id(reply))
        if private is None:
            raise Malformed("sealed to a prekey that is gone")
        raw = open_sealed(reply, "holdings", outgoing.person, self._log.me.id, private)
        envelope = parse_envelope(raw, MAX_UPDATE_BYTES)
        found = read_holdings(envelope)
        self._check_sender(found, outgoing, key_log)
        verify_envelope(envelope, key_log.current)
        if found.request != outgoing.hash:
            raise Malformed("a list for something else")
        known = self._log.key_logs(conn, [*found.keys, self._log.me.id])
        offered = {
            person: log
            for person, texts in found.keys.items()
            if person != self._log.me.id
            and (log := read_log(person, known.get(person), texts)) is not None
        }
        brought = self._log.check(found.raws, {**known, **offered})
        return Listed(found, key_log.number, len(raw), offered, brought)

    def _listed(
        self,
        conn: Connection,
        friend: Correspondent,
        outgoing: Outgoing,
        key_log: KeyLog,
        listed: Listed,
    ) -> NextStep:
        found = listed.found
        self._hear(conn, friend, found, key_log)
        place = self._standing.read(conn, friend.person, found.position)
        if isinstance(place, NewerRun):
            return Stop(self._standing.stop_for_copy(conn, place.run))
        if friend.reunion is None or friend.reunion != outgoing.reunion:
            return SendReunion(outgoing.hello)  # it was started again meanwhile
        return self._compare(conn, friend, listed, hello=outgoing.hello)

    def _compare(
        self, conn: Connection, friend: Correspondent, listed: Listed, *, hello: bool
    ) -> NextStep:
        # What comes was told by me once, or asked for: its bytes are counted, not how many names there are.
        if not quotas.fits(conn, friend, 0, listed.size, self._clock.now()):
            return self.wait(conn, friend.person, OVER_QUOTA)
        for checked in listed.brought:
            if checked.refusal is None and checked.author in listed.author_logs:
                self._log.keep_key_log(conn, listed.author_logs[checked.author])
        progress = Progress.read(friend.reunion)
        going = self._reunions.go_on(conn, friend, progress, listed.found, listed.brought)
        store.change(
            conn, friend.person, reunion=going.written(), error=None, attempts=0, next_try=None
        )
        if going.stated is None:  # it begins again: as above
            return self.wait(conn, friend.person, COMPARING)
        return SendUpdate(hello) if going.is_ending else SendReunion(hello)


def _still_unlisted(friend: Correspondent, outgoing: Outgoing, place: Place) -> int:
    """Until a reunion with them has ended that nothing began anew meanwhile, as setting aside does (spec 4.14)."""
    is_whole = outgoing.reunion is not None and friend.reunion == outgoing.reunion
    return 0 if is_whole and isinstance(place, Stands) else int(friend.theft)


def _tell(conn: Connection, person: str, sentence: str) -> None:
    emit(conn, LiveEvent("delivery.changed", {"friend": person, "sentence": sentence}))
