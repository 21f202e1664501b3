"""A newer program upgrades a folder, an older one refuses it politely, undo goes back, and the upgrade is made again."""

import shutil
from pathlib import Path

import pytest
from tests.support import files_made
from tests.support.nodes import SRC, Person, people, wait_for

from microsocial.cli.children import DidNotStart
from microsocial.database.migrate import known_revisions


@pytest.fixture
def newer(tmp_path) -> Path:
    """The program as it will be: with one more step in its database's history."""
    src = tmp_path / "newer"
    shutil.copytree(
        SRC / "microsocial",
        src / "microsocial",
        ignore=shutil.ignore_patterns("__pycache__", "app"),
    )
    last = known_revisions()[-1]
    following = f"{int(last) + 1:04d}"
    step = src / f"microsocial/database/migrations/versions/{following}_later.py"
    step.write_text(
        f'from alembic import op\nrevision = "{following}"\ndown_revision = "{last}"\n'
        "def upgrade():\n    op.execute('CREATE TABLE later (a TEXT) STRICT')\n"
    )
    return src


def use(person: Person, src: Path) -> None:
    person.node.env = {**person.node.env, "PYTHONPATH": str(src)}


def test_an_upgrade_is_undone_and_made_again(newer):
    with people("ana") as (ana,):
        ana.cli("post", "before the upgrade")
        ana.stop()
        use(ana, newer)
        ana.start()
        assert ana.texts() == ["before the upgrade"]
        ana.cli("post", "after the upgrade")
        in_use = ana.run("undo")
        assert (in_use.returncode, "already runs" in in_use.stderr) == (1, True)
        ana.stop()

        use(ana, SRC)
        with pytest.raises(DidNotStart, match=r"made by a newer Microsocial.*microsocial undo"):
            ana.start()
        told = ana.run("undo")
        assert told.returncode == 0, told.stderr
        assert "as it was before the last upgrade" in told.stdout
        assert "post 1" in told.stdout
        assert "microsocial.db.undone" in told.stdout
        ana.start()
        assert ana.texts() == ["before the upgrade"]
        ana.cli("post", "another life")
        ana.stop()

        use(ana, newer)
        ana.start()
        assert ana.texts() == ["another life", "before the upgrade"]
        ana.stop()
        ana.cli("undo")
        nothing = ana.run("undo")
        assert (nothing.returncode, "no copy from before an upgrade" in nothing.stderr) == (1, True)


def test_what_was_written_after_an_upgrade_stays_until_its_owner_lets_it_go(newer, tmp_path):
    """An erasure comes soon after every undo, with the first deletion or the next old prekey."""
    picture = tmp_path / "lake.jpg"
    picture.write_bytes(files_made.jpeg(size=(80, 60)))
    with people("ana") as (ana,):
        ana.cli("post", "before the upgrade")
        ana.stop()
        use(ana, newer)
        ana.start()
        ana.cli("post", "after the upgrade", "--photo", str(picture))
        ana.stop()
        use(ana, SRC)
        ana.cli("undo")
        ana.start()
        gone = ana.cli("post", "to be gone")
        ana.cli("posts", "delete", gone["id"])
        database = ana.node.data / "microsocial.db"
        wait_for(lambda: b"to be gone" not in database.read_bytes())
        aside = database.with_name("microsocial.db.undone")
        assert b"after the upgrade" in aside.read_bytes()
        assert "set the newer database aside" in ana.run("status").stdout
        assert "An upgrade was undone" in ana.run("doctor").stdout
        ana.stop()

        # The older program cannot read it; the newer one brings back what is in it, its photo too.
        refused = ana.run("undo", "--bring-back")
        assert (refused.returncode, "needs the newer program" in refused.stderr) == (1, True)
        use(ana, newer)
        assert "One thing" in ana.run("undo", "--bring-back").stdout
        ana.start()
        [after, before] = ana.feed()
        assert (after["text"], before["text"]) == ("after the upgrade", "before the upgrade")
        assert after["media"][0]["state"] == "ready"
        went = ana.cli("purge", "copies", "--yes")
        assert went["count"] == 2, "and the copy from before the second upgrade"
        assert not aside.exists()
        assert ana.api.get("/status")["undone"] is None
