"""Trouble with the machine: said once when it begins, looked after until it is over, said again.

A full disk, a folder that cannot be written, a disk that errs: whoever asked got a sentence, and nothing was changed. What
the node does by itself (deliver, fetch, prepare) must go on by itself when the cause is gone, so somebody has to notice
that it is: a small write is tried every few seconds while there is trouble, and only then.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from microsocial.database.failures import DiskFull, MachineFault
from microsocial.errors import MicrosocialError
from microsocial.events import Event, EventBus, LiveEvent

log = logging.getLogger(__name__)

# Soon enough for somebody who has just freed some space; a write this small harms no disk.
TRY_AGAIN_SECONDS = 3.0
# Trouble that is back within a minute (there was room for a line, and none for a clip) is tried again less and less often.
BACK_AGAIN_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 300.0
# A full disk counts as freed when a few of friends' largest updates fit: not already for one deleted line.
ROOM_AGAIN_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class MachineFailed(Event):
    """This machine cannot do its part just now; the sentence says why."""

    sentence: str


@dataclass(frozen=True)
class MachineRecovered(Event):
    """It can again: what was put off may be done."""


class Health:
    """What is wrong with this machine, if anything. Lives in the event loop; without one (offline) it only remembers."""

    def __init__(
        self, path: Path | None, bus: EventBus, probe: Callable[[], Awaitable[None]]
    ) -> None:
        self._path = path
        self._bus = bus
        self._probe = probe
        self._fault: type[MachineFault] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pause = TRY_AGAIN_SECONDS
        self._over_since = -BACK_AGAIN_SECONDS

    @property
    def trouble(self) -> str | None:
        """What is wrong, in a sentence, or None."""
        return self._fault.sentence() if self._fault else None

    def noticed(self, fault: MachineFault) -> None:
        """Somebody met this fault just now."""
        if self._path is None or self._fault is type(fault):
            return
        self._fault = type(fault)
        log.error("%s", self.trouble)
        self._bus.publish(MachineFailed(self._fault.sentence()))
        self._tell()
        if self._watching is None or self._watching.done():
            try:
                self._watching = asyncio.get_running_loop().create_task(self._watch())
            except RuntimeError:
                return

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        is_back = loop.time() - self._over_since < BACK_AGAIN_SECONDS
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS) if is_back else TRY_AGAIN_SECONDS
        while self._fault is not None:
            await asyncio.sleep(self._pause)
            if await self._is_over():
                self._fault = None
        self._over_since = loop.time()
        log.warning("The machine works again")
        self._bus.publish(MachineRecovered())
        self._tell()

    async def _is_over(self) -> bool:
        try:
            await self._probe()
            return self._fault is not DiskFull or self._has_room()
        except (MicrosocialError, OSError):
            return False

    def _has_room(self) -> bool:
        assert self._path is not None
        return shutil.disk_usage(self._path.parent).free >= ROOM_AGAIN_BYTES

    def _tell(self) -> None:
        self._bus.publish(LiveEvent("trouble.changed", {"trouble": self.trouble}))


def write_a_little(connection: Connection) -> None:
    """Change the file and nothing in it: the first page is written anew as it was."""
    due = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA user_version={int(due)}")
