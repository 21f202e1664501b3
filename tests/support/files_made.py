"""Photos, clips and voice notes made on the spot, each with things in it that nobody else may learn."""

import io
import subprocess
import zipfile
from pathlib import Path

import imageio_ffmpeg
import pillow_heif
from PIL import ExifTags, Image, ImageDraw

pillow_heif.register_heif_opener()

# What stands in the files below and must never be found in what leaves.
SECRETS = (b"Ana's phone", b"Nokia 3310", b"<x:xmpmeta", b"Exif\0\0", b"+41.01", b"2021:08:09")


def picture(size: tuple[int, int] = (1800, 1200)) -> Image.Image:
    """Red in the first quarter, so that one sees how it was turned; some lines, so that it is worth compressing."""
    made = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(made)
    for at in range(0, size[0], 37):
        pen.line((at, 0, size[0] - at, size[1]), fill=(at % 255, 90, 160), width=3)
    made.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return made


def secrets(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Nokia 3310"
    exif[ExifTags.Base.Artist] = "Ana's phone"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2021:08:09 10:11:12"
    place = {1: "N", 2: (41.0, 0.0, 36.0), 3: "E", 4: (28.0, 58.0, 48.0)}
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(place)
    return exif


def jpeg(*, orientation: int = 1, size: tuple[int, int] = (1800, 1200)) -> bytes:
    out = io.BytesIO()
    xmp = b"<x:xmpmeta>Ana's phone</x:xmpmeta>"
    picture(size).save(out, "JPEG", exif=secrets(orientation), xmp=xmp, comment=b"Ana's phone")
    return out.getvalue()


def heic(size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    picture(size).save(out, "HEIF", exif=secrets().tobytes())
    return out.getvalue()


def saved(kind: str, size: tuple[int, int] = (400, 300), **options: object) -> bytes:
    out = io.BytesIO()
    picture(size).save(out, kind, **options)
    return out.getvalue()


def clip(
    path: Path, *, seconds: int = 2, options: tuple[str, ...] = ("-pix_fmt", "yuv420p")
) -> Path:
    """A clip with a place, a device and a comment, H.264 and AAC unless told otherwise."""
    ffmpeg(
        "-f", "lavfi", "-i", f"testsrc=d={seconds}:s=320x240", "-f", "lavfi", "-i", f"sine=d={seconds}", *options,
        "-metadata", "location=+41.01+028.98/", "-metadata", "comment=Ana's phone", "-movflags", "use_metadata_tags",
        "-metadata", "com.apple.quicktime.model=Nokia 3310", str(path),
    )  # fmt: skip
    return path


def voice(path: Path, *, seconds: int = 2) -> Path:
    """What a browser's recorder makes."""
    ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}", "-c:a", "libopus", "-metadata", "title=Ana's phone", str(path))  # fmt: skip
    return path


def ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-y", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def hostile() -> dict[str, bytes]:
    """Files that mean harm or are broken, by name."""
    bomb, archive = io.BytesIO(), io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("photo.jpg", "no photo")
    whole = jpeg(size=(600, 400))
    return {
        "bomb.png": bomb.getvalue(),
        "cut.jpg": whole[: len(whole) // 3],
        "script.jpg": b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 20,
        "page.jpg": b"<!doctype html><script>alert(1)</script>" * 200,
        "packed.png": archive.getvalue() * 40,
        "huge.gif": b"GIF89a" + b"\xff\xff\xff\xff" + b"\0" * 5000,
        "empty.mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + b"\0" * 5000,
        "playlist.mp4": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" * 120,
        "noise.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(range(256)) * 20,
        "noise.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(256)) * 20,
    }
