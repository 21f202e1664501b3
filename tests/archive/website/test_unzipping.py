"""Zips from outside: refused in a sentence that names the file, and nothing else happens."""

import io
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microsocial.archive.website.model import ExportDamaged, NotAnExport
from microsocial.archive.website.unzipping import Unzipping


def packed(tmp_path, files, *, method=zipfile.ZIP_DEFLATED, name="it.zip"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", method) as zipped:
        for inside, content in files.items():
            zipped.writestr(inside, content)
    return path


def read(path, name="a", most=1000):
    with Unzipping(path) as zipped:
        return zipped.read(name, most)


def refusal(path, name="a", most=1000):
    with pytest.raises(NotAnExport) as refused:
        read(path, name, most)
    return refused.value.detail


def changed(path, old, new, count=-1):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, count))
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_other_programs_zips_are_read(tmp_path, method):
    assert read(packed(tmp_path, {"a": b"hello " * 9}, method=method)) == b"hello " * 9


def test_a_folder_around_everything_is_looked_through(tmp_path):
    assert read(packed(tmp_path, {"ana/": b"", "ana/a": b"x", "ana/b/c": b"y"}), "b/c") == b"y"
    assert read(packed(tmp_path, {"ana/a": b"x", "b": b"y"}), "ana/a") == b"x"


def test_what_is_no_zip_is_said_to_be_none(tmp_path):
    path = tmp_path / "it.zip"
    for content in (b"", b"PK", b"%PDF-1.7 " * 100):
        path.write_bytes(content)
        assert refusal(path) == "It is not a zip."


def test_a_zip_that_is_cut_off_says_so(tmp_path):
    path = packed(tmp_path, {"a": b"hello " * 900, "b": b"x"}, method=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    for length in (60, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        assert refusal(path) == "It is cut off: its end is missing."


def test_what_is_missing_is_named(tmp_path):
    assert refusal(packed(tmp_path, {"b": b"x"})) == "a is missing."


def test_a_bomb_is_not_unpacked(tmp_path):
    path = packed(tmp_path, {"a": bytes(50_000_000)})
    assert path.stat().st_size < 100_000
    assert refusal(path) == "a is larger than it can be."
    # Nor when it lies about its length.
    small = struct.pack("<L", 50_000_000)
    lying = changed(path, small, struct.pack("<L", 999))
    assert refusal(lying) == "a is larger than it says."


def test_a_changed_byte_is_noticed(tmp_path):
    path = packed(tmp_path, {"a": b"hello"}, method=zipfile.ZIP_STORED)
    assert refusal(changed(path, b"hello", b"hallo")) == "a is damaged."


def test_two_files_of_one_name_are_refused(tmp_path):
    path = packed(tmp_path, {"a": b"x", "b": b"y"})
    assert refusal(changed(path, b"b", b"a")) == "a is in it twice."


def test_a_locked_file_is_refused(tmp_path):
    path = packed(tmp_path, {"a": b"hello"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "locked with a password" in refusal(path)


def test_another_way_of_packing_is_refused(tmp_path):
    path = packed(tmp_path, {"a": b"hello"}, method=zipfile.ZIP_BZIP2)
    assert "packed in a way" in refusal(path)


def test_names_that_lead_elsewhere_are_only_names(tmp_path):
    names = ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\\..\\..\\b", "n" * 5000, "a"]
    assert read(packed(tmp_path, dict.fromkeys(names, b"x"))) == b"x"
    assert [file.name for file in tmp_path.iterdir()] == ["it.zip"]


def test_a_directory_that_points_elsewhere_is_refused(tmp_path):
    path = packed(tmp_path, {"a": b"hello", "b": b"other"}, method=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 42 : at + 46] = struct.pack("<L", content.index(b"PK\x03\x04", 4))
    path.write_bytes(content)
    assert refusal(path) == "a is not where it should be."


def test_more_files_than_there_can_be_are_refused(tmp_path):
    path = packed(tmp_path, {"a": b"x"})
    end = path.read_bytes().rindex(b"PK\x05\x06")
    many = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 9**15, 9**15, 9**15, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    last = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, 0, 0xFFFFFFFF, 0)
    path.write_bytes(path.read_bytes()[:end] + many + locator + last)
    assert "more files in it than any export has" in refusal(path)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(st.data())
def test_whatever_is_changed_in_it_it_is_read_or_refused(tmp_path, data):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a", b"hello " * 30)
        zipped.writestr("b/c", b"x")
    content = bytearray(made.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "it.zip"
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    try:
        with Unzipping(path) as zipped:
            assert zipped.read("a", 1000) == b"hello " * 30
    except ExportDamaged:
        pass
    except NotAnExport:
        pass
