"""What a file really is, decided by looking at its first bytes and never by its name."""

from dataclasses import dataclass
from typing import Literal

SNIFFED_BYTES = 4096  # every signature below stands within the first kilobytes

MediaKind = Literal["photo", "clip", "voice"]


@dataclass(frozen=True)
class Found:
    """What the bytes say: the kind, the media type, and the name of ffmpeg's demuxer for clips."""

    kind: MediaKind
    type: str
    demuxer: str = ""


_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SOUND_BRANDS = {b"M4A ", b"M4B "}


def sniff(head: bytes) -> Found | None:
    """Say what a file is from its first `SNIFFED_BYTES`; None when it is nothing we take."""
    return _photo(head) or _container(head)


def _photo(head: bytes) -> Found | None:
    if head.startswith(b"\xff\xd8\xff"):
        return Found("photo", "image/jpeg")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Found("photo", "image/png")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Found("photo", "image/gif")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Found("photo", "image/webp")
    return None


def _container(head: bytes) -> Found | None:
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return Found("voice", "audio/ogg", "ogg")
    # Old QuickTime files have no ftyp box: they begin with one of these.
    if head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return Found("clip", "video/quicktime", "mov")
    return None


def _iso_media(head: bytes) -> Found:
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
    major = head[8:12]
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return Found("photo", "image/avif")
    if major in _HEIF_BRANDS:
        return Found("photo", "image/heic")
    if major in _SOUND_BRANDS:
        return Found("voice", "audio/mp4", "mov")
    if major == b"qt  ":
        return Found("clip", "video/quicktime", "mov")
    return Found("clip", "video/mp4", "mov")


def _matroska(head: bytes) -> Found | None:
    if b"webm" not in head[:64] and b"matroska" not in head[:64]:
        return None
    # A browser's recorder names its codecs early; a file with no video codec is a voice note.
    has_video = b"V_" in head
    return Found(
        "clip" if has_video else "voice", "video/webm" if has_video else "audio/webm", "matroska"
    )
