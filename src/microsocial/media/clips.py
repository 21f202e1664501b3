"""One clip or voice note: looked at, copied without its notes when every player can play it, otherwise transcoded.

Runs only in the child process (worker.py); ffmpeg is its child in turn and inherits the limits. The demuxer is forced to what the
first bytes said, and only files may be opened: a playlist in disguise reaches neither the network nor other files.
"""

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from microsocial.media import photos
from microsocial.media.refused import Refused

MAX_CLIP_MS = 60_500  # sixty seconds, and the half second by which recorders overshoot
MAX_VOICE_MS = 10 * 60_000
COPY_MAX_EDGE = (
    1920  # larger ones are transcoded to 720p: phones record 4K that nobody watches on a phone
)
COPY_MAX_BITS_PER_SECOND = 12_000_000
TRANSCODED_EDGE = 1280
PROBE_SECONDS = 30
HIDDEN_NOTES = "filter_units=remove_types=6"  # H.264 SEI: encoders and drones leave notes in there

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d)\.(\d\d)(?:.*?bitrate: (\d+) kb/s)?")
_VIDEO = re.compile(r"Stream #\S+.*?: Video: (\w+)[^\n]*?, (\w+)[^\n]*?, (\d{2,5})x(\d{2,5})")
_AUDIO = re.compile(r"Stream #\S+.*?: Audio: (\w+)")
_NOTES = {
    "location": "the place where it was taken",
    "com.apple.quicktime.location.iso6709": "the place where it was taken",
    "com.apple.quicktime.make": "the device's maker",
    "com.apple.quicktime.model": "the device",
    "com.android.model": "the device",
    "com.android.manufacturer": "the device's maker",
    "com.apple.quicktime.software": "the program that saved it",
    "creation_time": "when it was taken",
    "com.apple.quicktime.creationdate": "when it was taken",
    "artist": "who took it",
    "author": "who took it",
    "comment": "a comment",
    "title": "a title",
    "copyright": "a copyright note",
}


@dataclass(frozen=True)
class Probe:
    """What ffmpeg says about a file without decoding it."""

    duration_ms: int
    bits_per_second: int
    video: str | None
    pixel_format: str
    width: int
    height: int
    audio: str | None
    leaked: list[dict[str, str]]

    @property
    def plays_everywhere(self) -> bool:
        return (
            self.video == "h264"
            and self.pixel_format in {"yuv420p", "yuvj420p"}
            and self.audio in {None, "aac"}
            and max(self.width, self.height) <= COPY_MAX_EDGE
            and self.bits_per_second <= COPY_MAX_BITS_PER_SECOND
        )


def prepare_clip(
    source: Path, folder: Path, demuxer: str, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Write `clip.mp4`, its poster's sizes, and describe them like photos.prepare, with `duration` in ms."""
    probe = _probe(source, demuxer)
    if probe.video is None:
        raise Refused("There is no moving picture in it.")
    if probe.duration_ms > MAX_CLIP_MS:
        raise Refused("It is longer than a minute.")
    clip = folder / "clip.mp4"
    copied = probe.plays_everywhere and _try_copy(source, demuxer, clip)
    if not copied:
        _transcode(source, demuxer, clip, probe, progress)
    poster = _poster(clip, folder, probe)
    (folder / "screen.webp").unlink(missing_ok=True)
    (folder / "original.webp").unlink(missing_ok=True)
    upright_width, upright_height = poster["width"], poster["height"]
    size = {
        "role": "screen",
        "file": clip.name,
        "type": "video/mp4",
        "width": upright_width,
        "height": upright_height,
    }
    return poster | {
        "duration": probe.duration_ms,
        "leaked": probe.leaked,
        "credit": None,
        # Of the poster the small size is enough: the clip itself is what one looks at.
        "sizes": [poster["sizes"][0] | {"role": "poster"}, size],
    }


def prepare_voice(source: Path, folder: Path, demuxer: str) -> dict[str, Any]:
    """Write `voice.m4a`: AAC plays in every browser; what a recorder makes (Opus in WebM) does not."""
    probe = _probe(source, demuxer)
    if probe.audio is None:
        raise Refused("There is no sound in it.")
    if probe.duration_ms > MAX_VOICE_MS:
        raise Refused("It is longer than ten minutes.")
    voice = folder / "voice.m4a"
    codec = ["-c:a", "copy"] if probe.audio == "aac" else ["-c:a", "aac", "-b:a", "64k", "-ac", "1"]
    _ffmpeg([*_input(source, demuxer), "-map", "0:a:0", *codec, *_bare(), str(voice)])
    seconds = probe.duration_ms or _probe(voice, "mov").duration_ms
    size = {"role": "small", "file": voice.name, "type": "audio/mp4", "width": 0, "height": 0}
    return {
        "width": 0,
        "height": 0,
        "placeholder": "",
        "duration": seconds,
        "leaked": probe.leaked,
        "credit": None,
        "sizes": [size],
    }


def _probe(source: Path, demuxer: str) -> Probe:
    said = _run([*_input(source, demuxer)], seconds=PROBE_SECONDS).stderr
    duration = _DURATION.search(said)
    video, audio = _VIDEO.search(said), _AUDIO.search(said)
    if video is None and audio is None:
        raise Refused("It looks like a clip but cannot be opened.")
    return Probe(
        duration_ms=_milliseconds(duration) if duration else 0,
        bits_per_second=int(duration[5] or 0) * 1000 if duration else 0,
        video=video[1] if video else None,
        pixel_format=video[2] if video else "",
        width=int(video[3]) if video else 0,
        height=int(video[4]) if video else 0,
        audio=audio[1] if audio else None,
        leaked=_leaked(said),
    )


def _milliseconds(match: re.Match[str]) -> int:
    hours, minutes, seconds, hundredths = (int(match[n]) for n in range(1, 5))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def _leaked(said: str) -> list[dict[str, str]]:
    told: dict[str, str] = {}
    for line in said.splitlines():
        name, colon, value = line.partition(":")
        what = _NOTES.get(name.strip().lower())
        # Recorders that know no time write the beginning of 1970.
        if colon and what and value.strip() and not value.strip().startswith("1970-01-01T"):
            told.setdefault(what, value.strip()[:120])
    return [{"what": what, "value": value} for what, value in told.items()]


def _try_copy(source: Path, demuxer: str, clip: Path) -> bool:
    """Copy picture and sound into a fresh file: a blink instead of a minute. False when ffmpeg will not."""
    arguments = [
        *_input(source, demuxer), "-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-bsf:v", HIDDEN_NOTES, *_bare(), str(clip)
    ]  # fmt: skip
    return _run(arguments, seconds=120).returncode == 0 and clip.stat().st_size > 0


def _transcode(
    source: Path, demuxer: str, clip: Path, probe: Probe, progress: Callable[[int], None]
) -> None:
    fit = f"scale='if(gte(iw,ih),min({TRANSCODED_EDGE},iw),-2)':'if(gte(iw,ih),-2,min({TRANSCODED_EDGE},ih))'"
    arguments = [
        *_input(source, demuxer), "-map", "0:v:0", "-map", "0:a:0?", "-t", str(MAX_CLIP_MS / 1000),
        "-vf", f"{fit},scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "24",
        "-maxrate", "4M", "-bufsize", "8M", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-bsf:v", HIDDEN_NOTES,
        "-progress", "pipe:1", *_bare(), str(clip),
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 - as in _run
        _command(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as running:
        for line in running.stdout or ():
            name, _, value = line.strip().partition("=")
            if name == "out_time_us" and value.isdigit() and probe.duration_ms:
                progress(min(99, int(value) // 10 // probe.duration_ms))
    if running.returncode != 0 or not clip.exists():
        raise Refused("It is damaged, or made in a way that cannot be played.")


def _poster(clip: Path, folder: Path, probe: Probe) -> dict[str, Any]:
    frame = folder / "frame.png"
    at = min(500, probe.duration_ms // 10) / 1000
    _ffmpeg(
        [
            "-ss",
            str(at),
            *_input(clip, "mov"),
            "-map",
            "0:v:0",
            "-frames:v",
            "1",
            *_bare(),
            str(frame),
        ]
    )
    try:
        return photos.prepare(frame, folder, "image/png", keep_credit=False)
    finally:
        frame.unlink(missing_ok=True)


def _input(source: Path, demuxer: str) -> list[str]:
    return ["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i", f"file:{source}"]


def _bare() -> list[str]:
    """Options of every output: nothing but picture and sound, playable while it loads, no trace of the encoder."""
    return [
        "-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-dn", "-sn", "-movflags", "+faststart",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
    ]  # fmt: skip


def _command(arguments: Sequence[str]) -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", *arguments]


def _run(arguments: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - no shell; the only word from outside is a path of our own making
            _command(arguments),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("It takes longer to open than any clip should.") from error


def _ffmpeg(arguments: Sequence[str]) -> None:
    if _run(arguments, seconds=120).returncode != 0:
        raise Refused("It is damaged, or made in a way that cannot be played.")
