"""The data folder is private and held by one program at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from microsocial.database import Database, open_folder
from microsocial.database.folder import FolderInUse, FolderNotWritable

OTHER_PROGRAM = """
import sys; from pathlib import Path; from microsocial.database import open_folder
open_folder(Path(sys.argv[1])); print("held", flush=True); sys.stdin.read()
"""


def test_folder_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    with open_folder(tmp_path / "deep" / "data") as folder:
        database = Database(folder.database).open()
        database.write_sync(lambda conn: conn.exec_driver_sql("CREATE TABLE a (b TEXT) STRICT"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.path.iterdir()}
        database.close()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert {"microsocial.db", "microsocial.db-wal", "lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_second_program_on_the_folder_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROGRAM, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse):
            open_folder(tmp_path)
        other.kill()
    open_folder(tmp_path).close()


def test_a_folder_can_be_held_again_after_it_was_given_back(tmp_path: Path) -> None:
    open_folder(tmp_path).close()
    open_folder(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotWritable, match="file"):
        open_folder(tmp_path / "file")
    with pytest.raises(FolderNotWritable):
        open_folder(tmp_path / "file" / "below")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_said_plainly(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FolderNotWritable):
        open_folder(tmp_path)
