"""The one long thing that the owner asked for and that runs now: in a thread of its own, with progress, stoppable.

Two at once would read and write the same files; the second is told to wait. What ran is remembered until the node stops.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from typing_extensions import TypedDict

from microsocial.clock import Clock, Entropy
from microsocial.errors import Conflict, MicrosocialError, NotFound, WeBroke
from microsocial.events import EventBus, LiveEvent
from microsocial.protocol.encoding import b64u

log = logging.getLogger(__name__)

T = TypeVar("T")

Kind = Literal["import", "backup", "rehearsal", "purge"]
State = Literal["running", "done", "failed", "stopped"]

REMEMBERED = 20
TELL_EVERY_S = (
    0.25  # a bar that moves four times a second looks smooth; more would only keep phones awake
)
PATIENCE_S = 20.0  # for a job that is asked to stop while the node stops; after that it dies with the program


class AlreadyWorking(Conflict):
    """Something long is running already. Wait until it is done, or stop it."""


class Stopped(Conflict):
    """You stopped this."""


class NoSuchWork(NotFound):
    """Nothing with that id runs, or ran since the node was started."""


class Work(TypedDict):
    """What runs or ran, as docs/develop/api.md shows it. `total` is 0 while nobody knows."""

    id: str
    kind: Kind
    state: State
    done: int
    total: int
    sentence: str
    started: int
    ended: int | None


class Progress:
    """What a job is given: where it says how far it is, and hears that it should stop. Made bare, it tells nobody."""

    def __init__(
        self,
        tell: Callable[[int, int, str], None] = lambda _done, _total, _sentence: None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._tell = tell
        self._loop = loop
        self._stop = threading.Event()

    def at(self, done: int, total: int, sentence: str) -> None:
        """Say how far it is. Cheap: may be called for every file or record."""
        self._tell(done, total, sentence)

    def check(self) -> None:
        """Go on, or raise Stopped: to be called wherever stopping leaves nothing half done."""
        if self._stop.is_set():
            raise Stopped

    def wait(self, verb: Coroutine[Any, Any, T]) -> T:
        """Have something done in the event loop, as `progress.wait(db.write(change))`: so its events are told there."""
        if self._loop is None:
            return asyncio.run(verb)
        return asyncio.run_coroutine_threadsafe(verb, self._loop).result()

    def stop(self) -> None:
        self._stop.set()


Job = Callable[[Progress], str]  # runs in a thread; returns its closing sentence


class Workbench:
    """Where long work is started, watched and stopped. Its verbs are called in the event loop."""

    def __init__(self, clock: Clock, entropy: Entropy, bus: EventBus) -> None:
        self._clock = clock
        self._entropy = entropy
        self._bus = bus
        self._works: deque[Work] = deque(maxlen=REMEMBERED)
        self._progress: Progress | None = None
        self._told_at = 0.0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_busy(self) -> bool:
        return not self._idle.is_set()

    def start(self, kind: Kind, job: Job) -> Work:
        """Begin the job and return at once. Raises AlreadyWorking."""
        if self.is_busy:
            raise AlreadyWorking(self._works[0]["sentence"] or None)
        work = Work(
            id=b64u(self._entropy(9)),
            kind=kind,
            state="running",
            done=0,
            total=0,
            sentence="",
            started=self._clock.now(),
            ended=None,
        )
        loop = asyncio.get_running_loop()

        def tell(done: int, total: int, sentence: str) -> None:  # in the job's thread
            loop.call_soon_threadsafe(self._move, work, done, total, sentence)

        self._progress = progress = Progress(tell, loop)
        self._idle.clear()
        self._works.appendleft(work)
        self._publish(work)

        def run() -> None:
            state, sentence = _outcome(kind, job, progress)
            with contextlib.suppress(RuntimeError):  # the loop has gone: nobody is left to be told
                loop.call_soon_threadsafe(self._end, work, state, sentence)

        threading.Thread(target=run, name=f"work-{kind}", daemon=True).start()
        return work.copy()

    def stop(self, work_id: str) -> Work:
        """Ask the work to stop; it does at its next good moment. What has ended stays as it ended."""
        for work in self._works:
            if work["id"] == work_id:
                if work["state"] == "running" and self._progress is not None:
                    self._progress.stop()
                return work.copy()
        raise NoSuchWork

    def all(self) -> list[Work]:
        """Newest first."""
        return [work.copy() for work in self._works]

    async def ended(self) -> None:
        """Return when nothing runs."""
        await self._idle.wait()

    async def close(self) -> None:
        """Stop what runs, and wait for it a while."""
        if self._progress is not None:
            self._progress.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended(), PATIENCE_S)

    def _move(self, work: Work, done: int, total: int, sentence: str) -> None:
        work["done"], work["total"], work["sentence"] = done, total, sentence
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._publish(work)

    def _end(self, work: Work, state: State, sentence: str) -> None:
        work["state"], work["sentence"], work["ended"] = state, sentence, self._clock.now()
        self._progress = None
        self._idle.set()
        self._publish(work)

    def _publish(self, work: Work) -> None:
        self._bus.publish(LiveEvent("work.changed", {"work": work.copy()}))


def _outcome(kind: Kind, job: Job, progress: Progress) -> tuple[State, str]:
    """Do the job; say how it ended, in a sentence in any case."""
    try:
        return "done", job(progress)
    except Stopped as stopped:
        return "stopped", stopped.sentence()
    except MicrosocialError as error:
        if isinstance(error, WeBroke):
            log.exception("The %s failed", kind)
        return "failed", told(error)
    except Exception:
        log.exception("The %s failed", kind)
        return "failed", WeBroke.sentence()


def told(error: MicrosocialError) -> str:
    """An error as its owner reads it: what happened and what to do, then the particulars."""
    return f"{error.sentence()} ({error.detail})" if error.detail else error.sentence()
