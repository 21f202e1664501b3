"""The workshop with real child processes and files made here."""

import io
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest
from PIL import ExifTags, Image

from microsocial.media.sniff import sniff
from microsocial.media.workshop import FileRefused, Job, Workshop

SECRETS = (b"Ana's phone", b"Nokia 3310", b"<x:xmpmeta", b"Exif", b"GPS")


def jpeg_with_secrets(*, orientation: int = 1, size: tuple[int, int] = (1800, 1200)) -> bytes:
    picture = Image.new("RGB", size, "white")
    picture.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Nokia 3310"
    exif[ExifTags.Base.Artist] = "Ana's phone"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (41.0, 0.0, 36.0), 3: "E", 4: (28.0, 58.0, 48.0)}
    )
    out = io.BytesIO()
    picture.save(
        out, "JPEG", exif=exif, xmp=b"<x:xmpmeta>Ana's phone</x:xmpmeta>", comment=b"Ana's phone"
    )
    return out.getvalue()


async def prepare(folder: Path, content: bytes, name: str = "holiday.jpg") -> tuple[dict, Path]:
    source, results = folder / "source", folder / "results"
    source.write_bytes(content)
    results.mkdir()
    found = sniff(content[:4096])
    assert found is not None
    return await Workshop().prepare(Job(source, results, found, name)), results


def ffmpeg(*arguments: str) -> None:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-y", *arguments],
        check=True,
        capture_output=True,
    )


async def test_nothing_of_what_the_photo_knew_is_in_what_goes_out(tmp_path):
    photo = jpeg_with_secrets()
    assert all(secret in photo for secret in SECRETS[:4])
    done, results = await prepare(tmp_path, photo)
    assert [size["role"] for size in done["sizes"]] == ["small", "screen", "original"]
    for file in results.iterdir():
        assert not [secret for secret in SECRETS if secret in file.read_bytes()]
        with Image.open(file) as picture:
            assert not picture.getexif()


async def test_the_owner_is_told_what_it_would_have_given_away(tmp_path):
    done, _ = await prepare(tmp_path, jpeg_with_secrets())
    told = {entry["what"]: entry["value"] for entry in done["leaked"]}
    assert told["the place where it was taken"] == "41.0100, 28.9800"
    assert told["the device"] == "Nokia 3310"


async def test_a_sideways_photo_is_turned_upright(tmp_path):
    done, results = await prepare(tmp_path, jpeg_with_secrets(orientation=6, size=(800, 400)))
    assert (done["width"], done["height"]) == (400, 800)
    upright = Image.open(results / "small.webp").convert("RGB")
    # The red quarter was top left; turned by orientation 6 it is top right.
    red, green, _ = upright.getpixel((upright.width - 20, 20))
    assert red > 200
    assert green < 60


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (jpeg_with_secrets()[:900], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "cannot be opened"),
        (b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 20, "cannot be opened"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + b"\0" * 500, "cannot be opened"),
        (b"\x1aE\xdf\xa3....webm....V_VP9" + b"\0" * 500, "cannot be opened"),
    ],
)
async def test_a_broken_file_is_refused_in_a_sentence_that_names_it(tmp_path, content, sentence):
    with pytest.raises(FileRefused) as refused:
        await prepare(tmp_path, content, "broken.jpg")
    assert str(refused.value).startswith("broken.jpg: ")
    assert sentence in str(refused.value)


async def test_a_bomb_of_a_picture_is_refused(tmp_path):
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    with pytest.raises(FileRefused, match=r"bomb\.png: .*more pixels"):
        await prepare(tmp_path, out.getvalue(), "bomb.png")


async def test_a_clip_loses_its_notes_and_is_copied_in_a_blink_when_all_can_play_it(tmp_path):
    made = tmp_path / "made.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=2:s=320x240", "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p",
           "-metadata", "location=+41.01+028.98/", "-metadata", "comment=Ana's phone", "-movflags", "use_metadata_tags",
           "-metadata", "com.apple.quicktime.model=Nokia 3310", str(made))  # fmt: skip
    content = made.read_bytes()
    assert b"Ana's phone" in content
    assert b"+41.01" in content
    assert b"x264" in content
    done, results = await prepare(tmp_path, content, "clip.mp4")
    clip = (results / "clip.mp4").read_bytes()
    for secret in (b"Ana's phone", b"+41.01", b"Nokia", b"x264", b"Lavf"):
        assert secret not in clip
    assert clip.index(b"moov") < clip.index(b"mdat")
    assert abs(done["duration"] - 2000) < 200
    assert {size["role"] for size in done["sizes"]} == {"poster", "screen"}
    assert "the place where it was taken" in {entry["what"] for entry in done["leaked"]}


async def test_a_webm_clip_is_transcoded_with_progress(tmp_path):
    made = tmp_path / "made.webm"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc=d=2:s=322x241",
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        str(made),
    )
    done, results = await prepare(tmp_path, made.read_bytes(), "clip.webm")
    assert (results / "clip.mp4").stat().st_size > 1000
    assert (done["width"], done["height"]) == (322, 242)  # even sides, as H.264 wants


async def test_a_clip_over_a_minute_is_refused(tmp_path):
    made = tmp_path / "long.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=d=70:s=64x64:r=2", "-pix_fmt", "yuv420p", str(made))
    with pytest.raises(FileRefused, match=r"long\.mp4: It is longer than a minute"):
        await prepare(tmp_path, made.read_bytes(), "long.mp4")


async def test_a_voice_note_becomes_sound_that_every_browser_plays(tmp_path):
    made = tmp_path / "voice.webm"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "sine=d=2",
        "-c:a",
        "libopus",
        "-metadata",
        "title=Ana's phone",
        str(made),
    )
    done, results = await prepare(tmp_path, made.read_bytes(), "voice.webm")
    assert done["sizes"][0]["type"] == "audio/mp4"
    assert b"Ana's phone" not in (results / "voice.m4a").read_bytes()
    assert abs(done["duration"] - 2000) < 200
