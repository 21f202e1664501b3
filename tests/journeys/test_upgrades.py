"""A newer program upgrades a folder, an older one refuses it politely, undo goes back, and the upgrade is made again."""

import shutil
from pathlib import Path

import pytest
from tests.support.nodes import SRC, Person, people

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
