"""What a change of keys means between two people: telling mine, learning theirs, a theft, two that contradict each other.

Rule 1: nobody believes a key log but for its proofs (spec 3.4), so it may come with anything. Rule 2: after a theft no position from
before counts; everybody is listed once, and what they hold in my name waits for my word.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.delivery import store
from microsocial.delivery.model import (
    BUSY,
    CONTRADICTING_KEYS,
    KEYS_NOT_TAKEN,
    CorrespondenceBegan,
    CorrespondenceEnded,
    Ended,
    NextStep,
    SendUpdate,
    Stop,
    Wait,
)
from microsocial.delivery.prekeys import Prekeys
from microsocial.delivery.standing import Standing
from microsocial.delivery.store import Correspondent
from microsocial.errors import PeerBroke
from microsocial.events import emit
from microsocial.protocol.encoding import b64u, dump, hash_of
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import Answer, read_answer
from microsocial.protocol.keys import KeyLog, decode_key_log, merge
from microsocial.protocol.limits import MAX_ANSWER_BYTES
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Forked, Malformed, Status
from microsocial.records.service import Log

NO_PLACE_BYTES = 24  # of a position that nobody minted
DAY_MS = 86_400_000
# A thief may have ended friendships in my name. Who ended one longer ago than a theft stays unnoticed meant it.
UNNOTICED_MS = 90 * DAY_MS

Tell = Callable[[Connection, str], None]


def compare_logs(known: KeyLog, texts: Sequence[str]) -> tuple[KeyLog, KeyLog | None]:
    """Give the longer valid log of somebody, and the offered one when it is valid and contradicts the known one."""
    if list(texts) == known.encoded()[: len(texts)]:
        return known, None
    try:
        offered = decode_key_log(texts)
    except PeerBroke:
        return known, None
    try:
        return merge(known, offered), None
    except Forked:
        return known, offered
    except Malformed:  # somebody else's
        return known, None


class KeyMatters:
    def __init__(
        self,
        log: Log,
        clock: Clock,
        entropy: Entropy,
        standing: Standing,
        prekeys: Prekeys,
        when_ended: list[Tell],
        when_revived: list[Tell],
    ) -> None:
        self._log = log
        self._clock = clock
        self._entropy = entropy
        self._standing = standing
        self._prekeys = prekeys
        self._when_ended = when_ended
        self._when_revived = when_revived
        log.rings.when_grown(self._grown)
        log.apart.when_set_aside(self._set_aside)

    def start(self, conn: Connection) -> None:
        """Once per start: places inside a reunion may be those of another moment of this machine (R18)."""
        store.move_places_between(conn, self._no_place)

    # Telling mine

    def introduction(self) -> bytes:
        """The body of /peer/v1/keys (spec 10.6)."""
        return dump({"keys": self._log.me.key_log.encoded()})

    def on_answer(self, conn: Connection, person: str, body: bytes, reply: bytes) -> NextStep:
        """Act on what somebody said to my key log."""
        try:
            answer = self._read(conn, person, body, reply)
            is_mine = answer.says is Status.KEY_BEHIND
            longer, contradicting = compare_logs(
                self._log.me.key_log, answer.keys if is_mine else ()
            )
        except PeerBroke:
            return Wait(KEYS_NOT_TAKEN)
        if contradicting is not None:
            return Stop(self._standing.stop_for_fork(conn))
        if longer.number > self._log.me.key_number:
            return Stop(self._standing.stop_for_keys(conn, longer))
        if answer.says is Status.NOT_FRIENDS:
            return self._end(conn, person, answer.key)
        if answer.says is Status.APPLIED:
            prekey = {"prekey": answer.prekey} if answer.prekey is not None else {}
            store.change(conn, person, knows_key=self._log.me.key_number, **prekey)
            return SendUpdate() if prekey else Wait(KEYS_NOT_TAKEN)
        return Wait(BUSY if answer.says is Status.BUSY else KEYS_NOT_TAKEN)

    def _end(self, conn: Connection, person: str, their_key: int) -> Ended:
        """They know my newest key, and mean it."""
        friend = store.find(conn, person)
        was_active = friend is not None and friend.state == "active"
        mine = self._log.me.key_number
        by_them = {"ended_key": their_key, "ended_mine": mine} if was_active else {}
        store.change(conn, person, state="ended", reunion=None, hint=None, error=None, **by_them)
        if was_active:
            for tell in self._when_ended:
                tell(conn, person)
            emit(conn, CorrespondenceEnded(person, by_them=True))
        return Ended()

    def log_in(self, conn: Connection, person: str, body: bytes, reply: bytes) -> KeyLog:
        """Give the longest log of mine that an answer proves; raise PeerBroke, Forked."""
        answer = self._read(conn, person, body, reply)
        if answer.says is not Status.KEY_BEHIND:
            return self._log.me.key_log
        return merge(self._log.me.key_log, decode_key_log(answer.keys))

    def _read(self, conn: Connection, person: str, body: bytes, reply: bytes) -> Answer:
        envelope = parse_envelope(reply, MAX_ANSWER_BYTES)
        answer = read_answer(envelope)
        if answer.says is Status.KEY_BEHIND:
            return answer  # the log in it proves itself, whoever brings it
        known = self._log.key_logs(conn, [person])[person]
        known = self.learn(conn, answer, known)
        if (answer.sender, answer.receiver) != (person, self._log.me.id):
            raise Malformed("an answer between other people")
        if answer.key != known.number or answer.update != hash_of(body):
            raise Malformed("an answer to something else, or under another key")
        verify_envelope(envelope, known.current)
        if answer.prekey is not None:
            decode_prekey(answer.prekey, known)
        return answer

    # Learning theirs

    def take(self, conn: Connection, key_log: KeyLog) -> str:
        """Learn somebody's longer log; give what letters to me are to be sealed to now."""
        self._log.keep_key_log(conn, key_log)
        return self._prekeys.current(conn).encoded()

    def learn(self, conn: Connection, answer: Answer, known: KeyLog) -> KeyLog:
        """Spec 7.3: who renewed their key as well says so with the answer."""
        is_theirs = answer.says is not Status.KEY_BEHIND and answer.sender == known.id
        if not is_theirs or answer.key <= known.number or not answer.keys:
            return known
        key_log, contradicting = compare_logs(known, answer.keys)
        if contradicting is not None:
            self.freeze(conn, contradicting)
        self._log.keep_key_log(conn, key_log)
        return key_log

    def former(self, conn: Connection, person: str) -> KeyLog | None:
        """Give the key log of somebody whose machine ended the friendship: a theft may have been the reason."""
        friend = store.find(conn, person)
        if friend is None or friend.state != "ended" or friend.ended_key is None:
            return None
        return self._log.key_logs(conn, [person]).get(person)

    def freeze(self, conn: Connection, contradicting: KeyLog) -> None:
        """Two valid logs of one person: nothing is exchanged until the people have talked (spec 3.4)."""
        if contradicting.id == self._log.me.id:
            self._standing.stop_for_fork(conn)
            return
        self._log.rings.note_fork(conn, contradicting)
        if self._log.rings.is_forked(conn, contradicting.id):
            store.change(conn, contradicting.id, error=CONTRADICTING_KEYS)

    def _grown(self, conn: Connection, _before: int, key_log: KeyLog) -> None:
        """Somebody renewed their key. If it was stolen, the thief's goodbye was not theirs."""
        friend = store.find(conn, key_log.id)
        if friend is None or friend.state != "ended" or friend.ended_key is None:
            return
        if (friend.last_heard or 0) < self._clock.now() - UNNOTICED_MS:
            return
        if "stolen" in key_log.reasons[friend.ended_key :]:
            self._revive(conn, key_log.id)

    def _revive(self, conn: Connection, person: str, **more: int) -> None:
        """We are friends again; what was said to friends meanwhile was not said to them (spec 7.9)."""
        sees_from = self._log.tick(conn)
        begun = {"state": "active", "sees_from": sees_from, "ended_key": None, "ended_mine": None}
        store.change(conn, person, **begun, **more)
        for tell in self._when_revived:
            tell(conn, person)
        emit(conn, CorrespondenceBegan(person))

    # A theft of mine

    def begin_theft(self, conn: Connection) -> None:
        """My key was stolen: everybody is listed once, and whose friendship was ended meanwhile is asked again."""
        self._standing.forget_positions(conn)
        store.list_everybody(conn)
        lately = self._clock.now() - UNNOTICED_MS
        for person in store.ended_by_them(conn, lately):
            self._revive(conn, person, theft=store.STOLEN)

    def unheard(self, conn: Connection) -> list[str]:
        """Who was not listed yet since my key was stolen."""
        return store.unlisted(conn)

    # Setting aside

    def _set_aside(self, conn: Connection, author: str, people: set[str]) -> None:
        """What took the place of something else is gone: whoever may have that something compares with me anew."""
        if author == self._log.me.id:
            people = set(store.in_state(conn, "active"))
        for person in people:
            if (friend := store.find(conn, person)) is not None and friend.state == "active":
                self._lose_places(conn, friend)

    def _lose_places(self, conn: Connection, friend: Correspondent) -> None:
        """Both directions: what they have of mine, and I of theirs, is compared anew."""
        store.change(
            conn,
            friend.person,
            position=self._no_place(),
            is_between=1,
            listed_for=None,
            theft=friend.theft or store.COMPARE,
            reunion=None,
        )

    def _no_place(self) -> str:
        return b64u(self._entropy(NO_PLACE_BYTES))
