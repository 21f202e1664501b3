"""A zip as a stream: whole to every program, and never one that is not what it says."""

import io
import shutil
import subprocess
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.archive.website.unzipping import Unzipping
from microsocial.archive.website.zips import MOST_32, ZipStream

WHEN = datetime(2026, 3, 14, 18, 4, 6, tzinfo=UTC)
NAMES = st.text("abcdefgh-0123456789/.", min_size=1, max_size=60).filter(
    lambda name: not name.startswith("/") and not name.endswith("/")
)


def zipped(files, when=WHEN):
    stream = ZipStream()
    return b"".join(
        piece
        for pieces in (
            *(
                stream.deflated(name, content, when)
                if name.endswith("d")
                else stream.stored(name, len(content), zlib.crc32(content), [content], when)
                for name, content in files.items()
            ),
            stream.end(),
        )
        for piece in pieces
    )


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=8))
def test_what_goes_in_comes_out(files):
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files
        # Lengths and checksums stand before the content: no entry promises to tell them later.
        assert all(not info.flag_bits & 8 for info in read.infolist())


def test_the_day_of_a_file_is_kept():
    with zipfile.ZipFile(io.BytesIO(zipped({"a": b"x"}))) as read:
        assert read.infolist()[0].date_time == (2026, 3, 14, 18, 4, 6)
    with zipfile.ZipFile(io.BytesIO(zipped({"a": b"x"}, datetime(1970, 1, 2, tzinfo=UTC)))) as read:
        assert read.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_more_files_than_the_first_zips_could_count(tmp_path):
    path = tmp_path / "many.zip"
    path.write_bytes(zipped({f"{number}": b"" for number in range(66_000)}))
    with zipfile.ZipFile(path) as read:
        assert len(read.namelist()) == 66_000
    with Unzipping(path) as read:
        assert read.has("65999")


def test_a_file_beyond_four_gigabytes(tmp_path):
    """A sparse file: 5 GB of zeros that take no room."""
    path = tmp_path / "large.zip"
    length = 5 * 1024 * 1024 * 1024 // 2
    zeros = bytes(1 << 20)
    checksum = 0
    for _ in range(length >> 20):
        checksum = zlib.crc32(zeros, checksum)
    stream = ZipStream()
    with path.open("wb") as file:

        def written(pieces):
            for piece in pieces:
                if piece == zeros:
                    file.seek(len(piece), 1)
                else:
                    file.write(piece)

        for name in ("one", "two"):
            pieces = (zeros for _ in range(length >> 20))
            written(stream.stored(name, length, checksum, pieces, WHEN))
        written(stream.deflated("lastd", b"the last", WHEN))
        written(stream.end())
        file.truncate()
    assert path.stat().st_size > MOST_32
    with zipfile.ZipFile(path) as read:
        assert read.read("lastd") == b"the last"
    with Unzipping(path) as read:
        assert read.read("lastd", 100) == b"the last"
        assert next(read.pieces("two", length))[:3] == b"\0\0\0"


def test_a_file_that_is_not_as_long_as_was_said_is_no_zip():
    stream = ZipStream()
    with pytest.raises(ValueError, match="another length"):
        list(stream.stored("a", 3, 0, [b"no"], WHEN))


@pytest.mark.skipif(shutil.which("unzip") is None, reason="there is no unzip here")
def test_another_program_thinks_so_too(tmp_path):
    path = tmp_path / "any.zip"
    path.write_bytes(zipped({"a/b.d": b"words " * 100, "c": b"picture"}))
    done = subprocess.run(["unzip", "-tq", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "No errors" in done.stdout
