"""The writer: one thread, one connection, many small changes in one commit.

Rule 1: a job is settled only after the COMMIT that holds it.
Rule 2: a job that fails takes back its own savepoint and nothing else; when the transaction itself is lost (full disk),
every job in it fails and the next one starts on a clean connection.
Rule 3: whatever happens, every job is settled and the thread goes on: who waits for a change must hear of it.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from microsocial.database.connect import raw
from microsocial.database.erasure import WordsErased, mark_due
from microsocial.events import Event, take_emitted

log = logging.getLogger(__name__)

T = TypeVar("T")

# One fsync carries this many changes; more would make the first of them wait too long.
MAX_BATCH = 128


@dataclass
class Job(Generic[T]):
    """One change: what to do, what came of it, and whom to tell (called in the writer's thread)."""

    work: Callable[[Connection], T]
    settle: Callable[["Job[T]"], object]
    runs_alone: bool = False  # outside of any transaction, as VACUUM and checkpoints must
    outcome: T | None = None
    error: Exception | None = None
    events: list[Event] = field(default_factory=list)


def run_batch(connection: Connection, jobs: list[Job[Any]]) -> None:
    """Do all jobs in one transaction. Afterwards each holds its outcome, on disk, or its error."""
    try:
        with connection.begin():
            for job in jobs:
                _run_in_savepoint(connection, job)
    except Exception as error:  # noqa: BLE001 - whatever broke the commit is every job's error
        for job in jobs:
            job.error, job.events, job.outcome = job.error or error, [], None


def _run_in_savepoint(connection: Connection, job: Job[Any]) -> None:
    savepoint = connection.begin_nested()
    try:
        job.outcome = job.work(connection)
        job.events = take_emitted(connection)
        if any(isinstance(event, WordsErased) for event in job.events):
            mark_due(connection)
        savepoint.commit()
    except Exception as error:
        take_emitted(connection)
        job.error, job.events = error, []
        if not raw(connection).in_transaction:
            raise  # SQLite gave up the whole transaction: there is no savepoint to go back to
        savepoint.rollback()


class Writer:
    """The thread. Jobs may be submitted from anywhere and are done in the order they came."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = connect()
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job[Any]) -> None:
        self._jobs.put(job)

    def do(self, change: Callable[[Connection], T]) -> Job[T]:
        """Submit a change and wait for it."""
        assert threading.current_thread() is not self._thread, "a change cannot wait for another"
        settled: Future[Job[T]] = Future()
        self.submit(Job(change, settled.set_result))
        return settled.result()

    def do_alone(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Submit work that runs between two transactions."""
        settled: Future[T] = Future()

        def settle(job: Job[T]) -> None:
            if not settled.set_running_or_notify_cancel():
                return  # whoever asked has gone away
            if job.error is not None:
                settled.set_exception(job.error)
            else:
                settled.set_result(cast("T", job.outcome))

        self.submit(Job(work, settle, runs_alone=True))
        return settled

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        self._jobs.put(None)
        self._thread.join()
        if self._connection is not None:
            _close(self._connection)

    def _run(self) -> None:
        job = self._jobs.get()
        while job is not None:
            if job.runs_alone:
                self._run_alone(job)
                job = self._jobs.get()
            else:
                job = self._run_with_those_waiting(job)

    def _run_with_those_waiting(self, first: Job[Any]) -> Job[Any] | None:
        """Commit the first job together with what is queued behind it; return the one to go on with."""
        batch = [first]
        while len(batch) < MAX_BATCH and not self._jobs.empty():
            following = self._jobs.get()
            if following is None or following.runs_alone:
                self._commit(batch)
                return following
            batch.append(following)
        self._commit(batch)
        return self._jobs.get()

    def _commit(self, batch: list[Job[Any]]) -> None:
        try:
            run_batch(self._sound_connection(), batch)
        except Exception as error:  # noqa: BLE001 - not even a connection is to be had: told to whoever waits
            for job in batch:
                job.error, job.events, job.outcome = error, [], None
        for job in batch:
            _settle(job)

    def _run_alone(self, job: Job[Any]) -> None:
        try:
            job.outcome = job.work(self._sound_connection())
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            job.error = error
        _settle(job)

    def _sound_connection(self) -> Connection:
        """A transaction that outlived its batch belongs to a commit that failed halfway: such a connection is replaced."""
        connection = self._connection
        if connection is not None and not _is_in_transaction(connection):
            return connection
        self._connection = None  # connecting may fail as well, as long as the disk does not work
        if connection is not None:
            _close(connection)
        self._connection = self._connect()
        return self._connection


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except SQLAlchemyError:
        log.exception("A broken connection could not be closed")


def _is_in_transaction(connection: Connection) -> bool:
    return connection.get_transaction() is not None or raw(connection).in_transaction


def _settle(job: Job[Any]) -> None:
    try:
        job.settle(job)
    except (
        Exception
    ):  # the thread must outlive whoever asked: an event loop that was closed, for one
        log.exception("Nobody could be told what came of a change")
