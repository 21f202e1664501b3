"""`Database`: how the rest of the program reads and writes. Only this room knows about threads.

Reads run where they are called, on a connection that cannot write: measured, 42 µs against 200 µs for a thread's round
trip. So they must be short; whatever grows with the data (search, export) goes through `read_long`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from sqlalchemy import Connection

from microsocial.database import connect, migrate
from microsocial.database.erasure import Eraser, WordsErased, mark_due
from microsocial.database.failures import DatabaseClosed, MachineFault, explained
from microsocial.database.health import Health, write_a_little
from microsocial.database.writer import Job, Writer, run_batch
from microsocial.events import Event, EventBus

T = TypeVar("T")

# One for an export that takes minutes, one for a search meanwhile.
LONG_READERS = 2


class Database:
    """One SQLite file; with path None one in memory, where everything runs in the caller's thread.

    Whatever a write emits is published on the bus after its commit: in the event loop for `write`, in the calling
    thread for `write_sync`.
    """

    def __init__(self, path: Path | None, bus: EventBus | None = None) -> None:
        self.path = path
        self.bus = bus or EventBus()
        self.health = Health(path, self.bus, lambda: self.write(write_a_little))
        self._reader: Connection | None = None
        self._writer: Writer | None = None
        self._eraser: Eraser | None = None
        self._long_readers: ThreadPoolExecutor | None = None

    def open(self) -> Self:
        """Open, bring the schema up to date, and finish an erasure that a crash interrupted."""
        if self.path is None:
            self._reader = connect.to_memory(migrate.template())
            return self
        path = self.path
        with explained(path):
            migrate.migrate_file(path)
            self._writer = Writer(lambda: connect.to_write(path))
            self._reader = connect.to_read(path)
        self._long_readers = ThreadPoolExecutor(LONG_READERS, "database-reader")
        self._eraser = Eraser(path, self._run_alone)
        self.bus.subscribe(WordsErased, self._eraser.erase_soon)
        self._eraser.erase_now()
        return self

    def close(self) -> None:
        """Let what was submitted finish; after that nothing can be read or written."""
        self.health.close()
        if self._eraser is not None:
            self._eraser.close()
        if self._long_readers is not None:
            self._long_readers.shutdown()
        if self._writer is not None:
            self._writer.close()
        if self._reader is not None:
            self._reader.close()
        self._reader = self._writer = self._eraser = self._long_readers = None

    # Reading

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Answer a short query at once, in the event loop."""
        return self.read_sync(query)

    def read_sync(self, query: Callable[[Connection], T]) -> T:
        with self.watched(), connect.only_reading(self._open_reader()) as connection:
            return query(connection)

    async def read_long(self, query: Callable[[Connection], T]) -> T:
        """Answer a query that may take long, in a thread of its own."""
        if self._long_readers is None:
            return self.read_sync(query)
        loop = asyncio.get_running_loop()
        with self.watched():
            return await loop.run_in_executor(
                self._long_readers, self._read_on_new_connection, query
            )

    def _read_on_new_connection(self, query: Callable[[Connection], T]) -> T:
        assert self.path is not None
        with explained(self.path), connect.to_read(self.path) as connection:
            return query(connection)

    # Writing

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Make one change whole or not at all; return when it is on disk."""
        if self._writer is None:
            return self.write_sync(change)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(job: Job[T]) -> None:  # in the writer's thread
            loop.call_soon_threadsafe(self._finish, job, done)

        job = Job(change, settle)
        self._writer.submit(job)
        await done
        return self._outcome(job)

    def write_sync(self, change: Callable[[Connection], T]) -> T:
        """Make one change and wait for it: offline, in tests and in the simulator."""
        if self._writer is None:
            job = Job(change, settle=lambda _: None)
            run_batch(self._open_reader(), [job])
        else:
            job = self._writer.do(change)
        self._publish(job.events)
        return self._outcome(job)

    def _finish(self, job: Job[Any], done: "asyncio.Future[None]") -> None:
        """Tell the loop what came of a job. A caller that was cancelled meanwhile changes nothing: it is on disk."""
        self._publish(job.events)
        if not done.done():
            done.set_result(None)

    def _outcome(self, job: Job[T]) -> T:
        if job.error is not None:
            with self.watched():
                raise job.error
        return cast("T", job.outcome)

    def _publish(self, events: list[Event]) -> None:
        for event in events:
            self.bus.publish(event)

    # When the machine is at fault

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Raise the machine's faults in words, and have them looked after until they are over. Also for other files."""
        try:
            with explained(self.path):
                yield
        except MachineFault as fault:
            self.health.noticed(fault)
            raise

    # Erasing and copying

    async def checkpoint_erased(self) -> None:
        """Return when nothing that was deleted is left in the files. See erasure.py."""
        if self._eraser is not None:
            await self.write(mark_due)
            await self._eraser.erase()

    def snapshot(self) -> bytes:
        """The whole database as bytes, for `from_snapshot`."""
        return connect.serialized(self._open_reader())

    @classmethod
    def from_snapshot(cls, snapshot: bytes, bus: EventBus | None = None) -> Self:
        """Build a database in memory with what the snapshot held."""
        database = cls(None, bus)
        database._reader = connect.to_memory(snapshot)
        return database

    def _run_alone(self, work: Callable[[Connection], T]) -> "Future[T]":
        if self._writer is None:
            raise DatabaseClosed
        return self._writer.do_alone(work)

    def _open_reader(self) -> Connection:
        if self._reader is None:
            raise DatabaseClosed
        return self._reader


def in_memory(bus: EventBus | None = None) -> Database:
    """Build an empty database in memory, its schema up to date, in a few milliseconds."""
    return Database(None, bus).open()
