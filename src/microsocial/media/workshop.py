"""Hands files to child processes (worker.py), a few at a time, and reads back what they say."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microsocial.errors import Invalid, WeBroke
from microsocial.media.sniff import Found

AT_ONCE = 2  # decoders at a time: a Raspberry Pi has four cores and a feed to serve
PHOTO_SECONDS = 120  # wall time; the child's own processor limit is half of it
CLIP_SECONDS = 3600
PAGE_SECONDS = 5
SAID_BYTES = 256 * 1024  # a child that says more is not to be believed


class FileRefused(Invalid):
    """That file cannot be taken."""


class WorkshopBroke(WeBroke):
    """The part of Microsocial that opens photos and clips stopped. Try the file again."""


@dataclass(frozen=True)
class Job:
    """One file to prepare: where it lies, what it is, and the empty folder for the results."""

    source: Path
    folder: Path
    found: Found
    name: str
    keep_credit: bool = False

    def as_json(self) -> bytes:
        return json.dumps(
            {
                "task": self.found.kind,
                "source": str(self.source),
                "folder": str(self.folder),
                "type": self.found.type,
                "demuxer": self.found.demuxer,
                "keep_credit": self.keep_credit,
            }
        ).encode()


class Workshop:
    """Runs jobs in child processes, at most `AT_ONCE` at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def prepare(
        self, job: Job, progress: Callable[[int], None] = lambda _percent: None
    ) -> dict[str, Any]:
        """Return what photos.prepare, clips.prepare_clip or prepare_voice describes.

        Raises FileRefused with a sentence that names the file, and OSError when this machine is at fault.
        """
        seconds = PHOTO_SECONDS if job.found.kind == "photo" else CLIP_SECONDS
        return await self._run(job.as_json(), job.folder, job.name, seconds, progress)

    async def read_page(self, source: Path, folder: Path) -> dict[str, Any]:
        """Return what pages.read says of a web page. Raises FileRefused."""
        job = json.dumps({"task": "page", "source": str(source), "folder": str(folder)}).encode()
        return await self._run(job, folder, "The page", PAGE_SECONDS, lambda _percent: None)

    async def _run(
        self, job: bytes, folder: Path, name: str, seconds: float, progress: Callable[[int], None]
    ) -> dict[str, Any]:
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working folder holds files from outside: nothing is imported from there
                "-m",
                "microsocial.media.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=folder,
                limit=SAID_BYTES,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(seconds):
                    return await _converse(child, job, name, progress)
            except TimeoutError as error:
                raise FileRefused(
                    f"{name}: It takes longer to open than any photo or clip should."
                ) from error
            finally:
                await _end(child)


async def _converse(
    child: asyncio.subprocess.Process, job: bytes, name: str, progress: Callable[[int], None]
) -> dict[str, Any]:
    if child.stdin is None or child.stdout is None:
        raise WorkshopBroke
    child.stdin.write(job)
    child.stdin.close()
    async for line in child.stdout:
        said = json.loads(line)
        if "progress" in said:
            progress(int(said["progress"]))
        elif "refused" in said:
            raise FileRefused(f"{name}: {said['refused']}")
        elif "errno" in said:
            raise OSError(int(said["errno"]), os.strerror(int(said["errno"])))
        elif "done" in said:
            done: dict[str, Any] = said["done"]
            return done
    # The child died without a word: a limit or the system stopped it, or the file crashed its decoder.
    if await child.wait() == -signal.SIGKILL:
        raise FileRefused(f"{name}: It takes more memory or time to open than this machine has.")
    raise FileRefused(f"{name}: It cannot be opened safely.")


async def _end(child: asyncio.subprocess.Process) -> None:
    """Stop the child and the ffmpeg below it, whatever state they are in."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
