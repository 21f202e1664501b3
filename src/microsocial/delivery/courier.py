"""The loop around delivery: when to speak to whom. What is said, and what an answer means, is `Delivery`'s.

Rule 1: nothing polls. There is one timer for the friend whose turn comes next, however many there are; everything else wakes it: a
change, a hello, a friend heard from, the start. Rule 2: one exchange per friend at a time, and what changes meanwhile goes with the next.
Rule 3: a friend who cannot be reached waits, longer each time, and costs the others nothing. Rule 4: times are the Clock's, so that a
test can let a day pass; only the sleeping in between is the machine's.
"""

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from microsocial.clock import Clock, Entropy
from microsocial.database import Database, MachineFault, MachineRecovered
from microsocial.delivery.backoff import Backoff
from microsocial.delivery.model import (
    CorrespondenceBegan,
    CorrespondenceEnded,
    Done,
    Draft,
    Ended,
    HelloArrived,
    NextStep,
    Outgoing,
    SendReunion,
    SendUpdate,
    Stop,
    Wait,
)
from microsocial.delivery.rounds import Carrier, Post, Rounds, Whereabouts
from microsocial.errors import MicrosocialError, WeBroke
from microsocial.events import EventBus
from microsocial.records.model import ChangeLogged
from microsocial.transport.http_out import Signer

log = logging.getLogger(__name__)

# Exchanges under way at once. A friend who answers takes a tenth of a second; the slow ones are bounded by the time limit below.
MAX_IN_FLIGHT = 64
DAY_MS = 86_400_000
# A friend silent for a day gets one hello, which heals what a lost late request left. Spread, so that a hundred friends who were
# heard from in the same minute are not all greeted in the same minute.
HELLO_JITTER_MS = DAY_MS // 12
# At the start everybody gets a hello; this far apart on average, so that starting costs no burst.
START_SPACING_MS = 20
# A suspended machine's timers stand still while the clock goes on: look at the clock at least this often while something is planned.
LONGEST_SLEEP_SECONDS = 60.0


@dataclass
class _Errand:
    """What is known about one friend between two exchanges. Times are the clock's."""

    daily: int  # when silence has lasted long enough for a hello
    due: int | None = None  # their next turn; None while under way
    hello: bool = False  # the next exchange has to be one even if there is nothing to say
    is_under_way: bool = False
    again: bool = False  # something changed while under way
    insist: bool = False  # somebody asked for them, or they were heard from, while under way
    failures: int = 0


class Courier:
    """One per node: `await courier.run()` in a task of the node's, cancelled at the end.

    Args:
        db: where Delivery keeps its positions.
        post: Delivery.
        carrier: brings the bytes.
        signer: signs the requests.
        whereabouts: the private addresses allowed for a person, and their current key.
        clock: says when it is time.
        entropy: spreads repeats and hellos.
        bus: tells what happened.
        backoff: how long to wait after failures.
        met: told each time a friend's machine and ours have spoken.
        seal: runs what signs and seals, neither in the event loop nor in the writer's transaction.
    """

    def __init__(
        self,
        db: Database,
        post: Post,
        carrier: Carrier,
        signer: Signer,
        whereabouts: Whereabouts,
        clock: Clock,
        entropy: Entropy,
        bus: EventBus,
        backoff: Backoff | None = None,
        met: Callable[[str], None] = lambda _person: None,
        seal: Callable[[Draft], Awaitable[Outgoing]] = asyncio.to_thread,
    ) -> None:
        self._db = db
        self._post = post
        self._rounds = Rounds(db, post, carrier, signer, whereabouts, seal)
        self._clock = clock
        self._entropy = entropy
        self._bus = bus
        self._backoff = backoff or Backoff()
        self._tell_met = met
        self._errands: dict[str, _Errand] = {}
        self._heap: list[
            tuple[int, str]
        ] = []  # entries that no longer fit an errand's `due` are skipped
        self._under_way = 0
        self._newly_silent: set[str] = set()  # who failed for the first time since anybody answered
        self._turned_away: set[str] = set()  # whose letters this machine could not take
        self._looked_at = clock.now()
        self._is_stopped = False
        self._look = asyncio.Event()
        self._listen()

    # -- what wakes it; all of it in the event loop --

    async def run(self) -> None:
        """Deliver until cancelled. May be run again after it failed."""
        self._errands.clear()
        self._heap.clear()
        self._under_way = 0
        people = await self._db.read(self._post.correspondents)
        for person in people:
            self._errand(person).hello = True
        # Among those to whom there is something to say are also the ones to whom only a farewell is left.
        for person in {*people, *await self._db.read(self._post.due)}:
            self._plan(person, self._clock.now() + self._chance(START_SPACING_MS * len(people)))
        async with asyncio.TaskGroup() as exchanges:
            while True:
                self._look.clear()
                self._send_out(exchanges)
                await self._sleep()

    def wake(self, person: str) -> None:
        """Look at once whether there is something for this friend, whatever failed before."""
        errand = self._errand(person)
        errand.failures = 0
        errand.insist = errand.is_under_way
        self._plan(person, self._clock.now())

    def heard(self, person: str) -> None:
        """This friend's machine has just been here: it can be reached, and needs no hello today."""
        errand = self._errands.get(person)
        if errand is None:
            return
        self._met(person, errand)
        if errand.failures or errand.is_under_way:
            self.wake(person)
        elif not errand.hello and errand.due is not None and errand.due > self._clock.now():
            self._plan(person, errand.daily)

    def turned_away(self, person: str) -> None:
        """This machine could not take their letter (full disk): they hear from us as soon as it can."""
        self._turned_away.add(person)

    def resume(self) -> None:
        """Go on after a Stop: the owner has decided that this copy continues."""
        self._is_stopped = False
        for person in list(self._errands):
            self.wake(person)

    def greet_everybody(self) -> None:
        """My key was renewed: everybody hears it now, also when this copy had stopped for it."""
        for errand in self._errands.values():
            errand.hello = True
        self.resume()

    def look_at_the_clock(self) -> None:
        """For tests that have moved it."""
        self._look.set()

    def _listen(self) -> None:
        self._bus.subscribe(ChangeLogged, self._on_change)
        self._bus.subscribe(HelloArrived, lambda event: self.wake(event.person))
        self._bus.subscribe(MachineRecovered, lambda _: self._on_recovery())
        self._bus.subscribe(CorrespondenceBegan, lambda event: self.wake(event.person))
        self._bus.subscribe(CorrespondenceEnded, self._on_end)

    def _on_change(self, event: ChangeLogged) -> None:
        people = list(self._errands) if event.persons is None else event.persons
        for person in people:
            if not self._errand(person).failures:  # who cannot be reached gets it with the next try
                self._plan(person, self._clock.now())

    def _on_end(self, event: CorrespondenceEnded) -> None:
        if event.by_them:
            self._errands.pop(event.person, None)
        else:
            self.wake(event.person)  # perhaps there is a farewell to tell

    def _on_recovery(self) -> None:
        """Our disk works again: go on with whom it kept us from, and ask those whom we turned away."""
        for person, errand in list(self._errands.items()):
            if person in self._turned_away:
                errand.hello = True
            if errand.failures or person in self._turned_away:
                self.wake(person)
        self._turned_away.clear()

    # -- planning --

    def _errand(self, person: str) -> _Errand:
        known = self._errands.get(person)
        if known is None:
            known = self._errands[person] = _Errand(daily=self._tomorrow())
        return known

    def _plan(self, person: str, due: int) -> None:
        errand = self._errand(person)
        if errand.is_under_way:
            errand.again = True
            return
        errand.due = due
        heapq.heappush(self._heap, (due, person))
        self._look.set()

    def _met(self, person: str, errand: _Errand) -> None:
        """Their machine and ours have spoken. If everybody had become silent, it was our network: try the others soon."""
        errand.daily = self._tomorrow()
        self._tell_met(person)
        others = self._newly_silent - {person}
        self._newly_silent.clear()
        for other in others:
            silent = self._errands.get(other)
            if silent is not None and silent.failures and not silent.is_under_way:
                self._plan(other, self._clock.now() + self._chance(self._backoff.base_ms))

    def _tomorrow(self) -> int:
        return self._clock.now() + DAY_MS + self._chance(HELLO_JITTER_MS)

    def _chance(self, below: int) -> int:
        return int(self._part() * below)

    def _part(self) -> float:
        return int.from_bytes(self._entropy(4), "big") / 2**32

    # -- the loop --

    def _send_out(self, exchanges: asyncio.TaskGroup) -> None:
        """Begin every errand whose time has come, while there is room."""
        now = self._clock.now()
        self._follow_the_clock(now)
        while self._heap and self._has_room:
            due, person = self._heap[0]
            if due > now:
                return
            heapq.heappop(self._heap)
            errand = self._errands.get(person)
            if errand is None or errand.due != due:
                continue  # gone, or planned anew
            errand.due = None
            errand.is_under_way = True
            errand.hello = errand.hello or now >= errand.daily
            self._under_way += 1
            exchanges.create_task(self._visit(person, errand))

    def _follow_the_clock(self, now: int) -> None:
        """A clock that was set back by a year must not put off by a year what was planned: the plans move with it."""
        back = self._looked_at - now
        self._looked_at = now
        if back <= 0:
            return
        for errand in self._errands.values():
            errand.daily -= back
            errand.due = None if errand.due is None else errand.due - back
        self._heap = [(one.due, who) for who, one in self._errands.items() if one.due is not None]
        heapq.heapify(self._heap)

    @property
    def _has_room(self) -> bool:
        return self._under_way < MAX_IN_FLIGHT and not self._is_stopped

    async def _sleep(self) -> None:
        seconds: float | None = None
        if self._heap and self._has_room:
            wait_ms = max(0, self._heap[0][0] - self._clock.now())
            seconds = min(wait_ms / 1000, LONGEST_SLEEP_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._look.wait()

    # -- one friend --

    async def _visit(self, person: str, errand: _Errand) -> None:
        """Say everything there is to say to one friend, and plan when to come again."""
        try:
            step = await self._talk(person, errand)
        except MachineFault as fault:  # logged once, by whoever looks after it
            step = Wait(fault.sentence())
        except Exception:
            log.exception("An exchange broke on our side")
            step = Wait(WeBroke.sentence())
        due = errand.daily
        if isinstance(step, Wait):
            due = await self._note_failure(person, errand, step.sentence)
        # From here on nothing awaits: a change either came before (`again`) or finds the errand planned.
        errand.is_under_way = False
        self._under_way -= 1
        self._look.set()
        match step:
            case Ended():
                self._errands.pop(person, None)
            case Stop():
                self._is_stopped = True
            case _:
                is_urgent = errand.insist or (errand.again and not errand.failures)
                errand.insist = False
                self._plan(person, self._clock.now() if is_urgent else due)

    async def _talk(self, person: str, errand: _Errand) -> NextStep:
        """One exchange after the other, until there is nothing more to say."""
        step: NextStep = SendUpdate()
        while isinstance(step, SendUpdate | SendReunion) or (
            isinstance(step, Done) and errand.again
        ):
            errand.again = False
            draft = await self._db.write(
                lambda conn: self._post.draft(conn, person, hello=errand.hello)
            )
            if draft is None:
                errand.hello = False
                return Done()
            step = await self._rounds.once(draft)
            if not isinstance(step, Wait):
                errand.hello = isinstance(step, SendUpdate | SendReunion) and step.hello
                errand.failures = 0
                self._met(person, errand)
        return step

    async def _note_failure(self, person: str, errand: _Errand, sentence: str) -> int:
        """Write it into the ledger; give the time of the next try."""
        if not errand.failures:
            self._newly_silent.add(person)
        errand.failures += 1
        due = self._clock.now() + self._backoff.wait_ms(errand.failures, self._part())
        try:
            await self._db.write(lambda conn: self._post.failed(conn, person, sentence, due))
        except MachineFault as fault:
            log.warning("The ledger could not be written: %s", fault)
        except MicrosocialError:
            log.exception("The ledger could not be written")
        return due
