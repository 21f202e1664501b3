import hashlib

import pytest

from microsocial.media.files import BlobFiles


def test_what_is_kept_is_read_back_whole_and_in_ranges(tmp_path):
    files = BlobFiles(tmp_path / "media")
    name, length = files.keep([b"hello ", b"world"])
    assert (name, length) == (hashlib.sha256(b"hello world").digest(), 11)
    assert b"".join(files.read(name)) == b"hello world"
    assert b"".join(files.read(name, 6, 3)) == b"wor"


def test_the_same_bytes_are_kept_once(tmp_path):
    files = BlobFiles(tmp_path)
    assert files.keep([b"same"]) == files.keep([b"sa", b"me"])
    assert len(list(files.names())) == 1


def test_a_removed_blob_is_gone_and_removing_it_again_is_calm(tmp_path):
    files = BlobFiles(tmp_path)
    name, _ = files.keep([b"bytes"])
    files.remove(name)
    files.remove(name)
    assert not files.has(name)
    with pytest.raises(FileNotFoundError):
        b"".join(files.read(name))


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def cut_short():
        yield b"half"
        raise OSError("disk full")

    files = BlobFiles(tmp_path)
    with pytest.raises(OSError, match="disk full"):
        files.keep(cut_short())
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_half_written_is_swept(tmp_path):
    files = BlobFiles(tmp_path)
    name, _ = files.keep([b"whole"])
    (tmp_path / "new-abc").write_bytes(b"half")
    files.sweep_unfinished()
    assert not (tmp_path / "new-abc").exists()
    assert files.has(name)
