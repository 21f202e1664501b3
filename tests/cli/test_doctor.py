"""What the doctor finds without a node: folder, disk, database. What needs one is told in tests/journeys/test_faults.py."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from microsocial.cli import ailments
from microsocial.cli.doctor import DAY_MS, _condition, backup_findings, examine
from microsocial.database import Database
from microsocial.delivery.model import CopyRuns, KeysInTwoHands, LongerKeyLog
from microsocial.node import make_person
from microsocial.settings import Settings

NOW = 1_800_000_000_000


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    folder = tmp_path / "ana"
    folder.mkdir(mode=0o700)
    Database(folder / "microsocial.db").open().close()
    return Settings.load({"data": folder}, {})


def looks(found) -> dict[str, str]:
    return {one.what: one.advice for one in found if not one.is_fine}


def of_the_machine(chosen) -> dict[str, str]:
    """Everything to look at, but that no node runs here and that the disk of this machine may be small."""
    found = looks(examine(chosen))
    return {
        what: advice
        for what, advice in found.items()
        if what != "The node does not run." and "free on its disk" not in what
    }


def test_a_sound_folder_has_nothing_to_look_at(chosen):
    assert of_the_machine(chosen) == {}
    assert not list(chosen.data.glob("doctor-*"))


def test_a_folder_in_which_a_recovery_failed_is_empty(chosen):
    (chosen.data / "microsocial.db").write_bytes(b"")
    assert "Nobody lives in this folder yet." in looks(examine(chosen))


def test_a_damaged_database_is_not_to_be_started(chosen):
    (chosen.data / "microsocial.db").write_bytes(b"hello" * 1000)
    assert looks(examine(chosen))["The node does not run."] is None


@pytest.mark.parametrize(
    ("reason", "way"),
    [(CopyRuns, "continue"), (LongerKeyLog, "rotate"), (KeysInTwoHands, "begin anew")],
)
def test_every_reason_to_stop_has_its_own_way_on(reason, way):
    status = {"trouble": None, "clock": None, "coming_back": [], "stopped": reason.sentence()}
    [(_, advice)] = looks(_condition(status)).items()
    assert way in advice


def test_a_folder_that_others_can_look_into(chosen):
    chosen.data.chmod(0o755)
    [(what, advice)] = of_the_machine(chosen).items()
    assert "Other users of this machine can look into" in what
    assert advice == f"Run: chmod 700 {chosen.data}"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ENOSPC", "is full"),
        ("EDQUOT", "is full"),
        ("EROFS", "can only be read"),
        ("EIO", "errs"),
        ("EACCES", "cannot be written"),
    ],
)
def test_a_disk_that_takes_nothing(chosen, monkeypatch, code, sentence):
    def refuse(_handle):
        raise OSError(getattr(ailments.errno, code), "as the system says it")

    monkeypatch.setattr(ailments.os, "fsync", refuse)
    [(what, advice)] = of_the_machine(chosen).items()
    assert sentence in what
    assert advice


def test_a_database_with_one_broken_page(chosen):
    make_person(chosen, "Ana", "correct horse battery")
    file = chosen.data / "microsocial.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'records'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * 64)
    [(what, advice)] = of_the_machine(chosen).items()
    assert what.startswith("The database is damaged")
    assert "restore your newest backup" in advice


def test_a_file_that_is_no_database(chosen):
    (chosen.data / "microsocial.db").write_bytes(b"something else" * 1000)
    [what] = of_the_machine(chosen)
    assert what.startswith("The database is damaged")


def test_a_folder_from_a_newer_program(chosen):
    with closing(sqlite3.connect(chosen.data / "microsocial.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert of_the_machine(chosen) == {
        "This data folder was made by a newer Microsocial.": "Install the newest version and start again."
    }


def test_data_that_was_changed_in_the_future(chosen):
    later = (chosen.data / "microsocial.db").stat().st_mtime + 2 * 86_400
    os.utime(chosen.data / "microsocial.db", (later, later))
    [(what, advice)] = of_the_machine(chosen).items()
    assert "this machine's clock was wrong then, or is wrong now" in what
    assert "Set the clock" in advice


def test_nobody_at_home(tmp_path):
    found = looks(examine(SimpleNamespace(data=tmp_path)))
    assert "Nobody lives in this folder yet." in found


@pytest.mark.parametrize("what", ["trouble", "stopped", "clock"])
def test_what_the_node_says_is_wrong_with_it_is_passed_on_with_advice(what):
    status = {"trouble": None, "stopped": None, "clock": None, "coming_back": []}
    assert looks(_condition(status)) == {}
    [(said, advice)] = looks(_condition({**status, what: "Something is wrong."})).items()
    assert "Something is wrong." in said
    assert advice


def backups(**values):
    fine = {
        "made": NOW - DAY_MS,
        "fine": True,
        "sentence": "A restore would work: checked Tuesday.",
    }
    return {
        "folder": "/media/stick",
        "every": "week",
        "last": {"made": NOW - 2 * DAY_MS, "bytes": 1, "sentence": ""},
        "rehearsal": fine,
        **values,
    }


def test_a_backup_that_is_fresh_and_rehearsed_is_fine():
    assert looks(backup_findings(backups(), NOW)) == {}
    assert looks(backup_findings(backups(rehearsal=None), NOW)) == {}


@pytest.mark.parametrize("last", [None, {"made": NOW - 40 * DAY_MS, "bytes": 1, "sentence": ""}])
def test_a_backup_that_is_old_or_was_never_made(last):
    [(what, advice)] = looks(backup_findings(backups(last=last), NOW)).items()
    assert what.startswith("Your newest backup was made")
    assert "microsocial backup /media/stick" in advice


def test_a_backup_by_hand_may_be_as_old_as_its_owner_likes():
    last = {"made": NOW - 400 * DAY_MS, "bytes": 1, "sentence": ""}
    assert looks(backup_findings(backups(last=last, every="off"), NOW)) == {}


def test_a_rehearsal_that_failed():
    failed = {"made": NOW, "fine": False, "sentence": "One photo does not open."}
    [(what, _)] = looks(backup_findings(backups(rehearsal=failed), NOW)).items()
    assert what == "A restore would not work: One photo does not open."
