"""The child process in which every decoder runs: `python -m microsocial.media.worker`.

It gets one job as JSON on standard input, first takes away from itself what a decoder does not need (memory, processor time,
file size, the network), then works inside the one folder it was given, and writes JSON lines to standard output: progress
`{"progress": 0..100}`, and last `{"done": {...}}`, `{"refused": "sentence"}`, or `{"errno": number}` when not the file but the
machine is at fault. Whatever a hostile file does to it stays here.

Rule 1: nothing heavy is imported before the limits stand. Rule 2: nothing here reads the node's folder or database.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

MEBIBYTE = 1024 * 1024
PHOTO_MEMORY_BYTES = (
    1536 * MEBIBYTE
)  # a 64-megapixel photo is 256 MiB decoded, and up to four copies live at once
CLIP_MEMORY_BYTES = 4096 * MEBIBYTE  # ffmpeg maps far more than it touches
PHOTO_SECONDS = 60  # 12 megapixels take 2 s here, and perhaps 15 s on a Raspberry Pi
CLIP_SECONDS = (
    1800  # a minute of 1080p on a Raspberry Pi, transcoded at a tenth of real time, on all cores
)
OUTPUT_BYTES = 600 * MEBIBYTE  # above the largest clip taken in
OPEN_FILES = 64
NO_ROOM_BYTES = MEBIBYTE  # with less than this left on the disk, no file can be blamed

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def renounce(*, for_clip: bool) -> None:
    """Give up what a decoder does not need, for this process and its children."""
    os.nice(10)
    with contextlib.suppress(OSError):  # when memory runs out, this process goes and not the node
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    memory, seconds = (
        (CLIP_MEMORY_BYTES, CLIP_SECONDS) if for_clip else (PHOTO_MEMORY_BYTES, PHOTO_SECONDS)
    )
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))
    # No network, where the kernel lets an ordinary process ask for that; elsewhere the forced demuxers hold the line.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET)


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> int:
    job = json.load(sys.stdin)
    task = job["task"]
    renounce(for_clip=task in {"clip", "voice"})
    # Imported only now, with the limits in force (rule 1).
    if task == "page":
        from microsocial.media import pages  # noqa: PLC0415

        say({"done": pages.read(Path(job["source"]))})
        return 0
    from microsocial.media import clips, photos  # noqa: PLC0415
    from microsocial.media.refused import Refused  # noqa: PLC0415

    source, folder = Path(job["source"]), Path(job["folder"])
    try:
        if task == "photo":
            done = photos.prepare(source, folder, job["type"], keep_credit=job["keep_credit"])
        elif task == "voice":
            done = clips.prepare_voice(source, folder, job["demuxer"])
        else:
            done = clips.prepare_clip(
                source, folder, job["demuxer"], lambda percent: say({"progress": percent})
            )
    except Refused as refused:
        said = {"errno": errno.ENOSPC} if _is_full(folder) else {"refused": str(refused)}
        say(said)
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        say({"errno": error.errno})
        return 1
    except MemoryError:
        say({"refused": "It needs more memory to open than any photo or clip should."})
        return 1
    say({"done": done})
    return 0


def _is_full(folder: Path) -> bool:
    """Whether ffmpeg, which does not say why it failed, had no room for what it made."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < NO_ROOM_BYTES


if __name__ == "__main__":
    sys.exit(main())
