"""Commands that work on the folder itself while no node runs on it."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from microsocial.cli.door import DataOption, JsonOption
from microsocial.cli.following import clear_progress, show_progress
from microsocial.cli.late import load
from microsocial.cli.start import settings
from microsocial.cli.words import complain, say, show_json
from microsocial.errors import Conflict


class NobodyToRebuild(Conflict):
    """Nobody lives in this folder yet, so there is nothing to rebuild."""


def register(app: typer.Typer) -> None:
    app.command()(rebuild)
    app.command()(undo)


def undo(
    bring_back: Annotated[
        bool,
        typer.Option(
            "--bring-back",
            help="The other way, after upgrading again: bring back what was written after the upgrade that was undone.",
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the last upgrade back: the database becomes what it was before it. What came since is kept beside."""
    if bring_back:
        _bring_back(data, as_json=as_json)
        return
    database = load("microsocial.database")
    where = settings(data=data).data
    if not (where / database.DATABASE_NAME).is_file():
        raise database.NothingToUndo(str(where))
    with database.open_folder(where) as folder:
        secrets = load("microsocial.archive.backups.making").LEFT_OUT
        undone = database.undo_upgrade(folder.database, without=secrets)
    if as_json:
        show_json(
            {"revision": undone.revision, "was": undone.was, "since": undone.since}
            | {"aside": str(undone.aside)}
        )
        return
    say(
        f"The database is as it was before the last upgrade (step {undone.revision}, not {undone.was})."
    )
    if undone.since:
        came = ", ".join(f"{kind} {count}" for kind, count in sorted(undone.since.items()))
        say(f"What came since is not in it: {came}. Your friends give back what they have of it.")
    say(f"The newer database lies beside it: {undone.aside}")
    say(
        "When you have upgraded again, what you wrote in it comes back with: microsocial undo --bring-back"
    )
    say(
        "It stays until you erase it (microsocial purge copies --yes), with what you delete from now on in it too."
    )
    say("Start the older program now; this one would upgrade again.")


def _bring_back(data: Path | None, *, as_json: bool) -> None:
    progress = load("microsocial.archive.work").Progress(show_progress)
    sentences = load("microsocial.node.undone").bring_back(settings(data=data), progress)
    clear_progress()
    if as_json:
        show_json({"sentences": sentences})
        return
    for sentence in sentences:
        say(sentence)
    say("The database stays beside until you erase it: microsocial purge copies --yes")


def rebuild(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make everything that is shown anew from the signed records, and say whether it was the same before."""
    with load("microsocial.node").opened(settings(data=data)) as node:
        if node.rooms is None:
            raise NobodyToRebuild
        before, after = node.db.write_sync(lambda conn: _rebuild(conn, node.rooms.log))
    changed = sorted(name for name in after if after[name] != before[name])
    if as_json:
        show_json({"same": not changed, "changed": changed, "tables": len(after)})
    if not changed:
        if not as_json:
            say("Rebuilt. Everything is as it was before.")
        return
    complain(f"Rebuilt. These had drifted from the records and are right now: {', '.join(changed)}")
    raise typer.Exit(1)


def _rebuild(conn: Any, log: Any) -> tuple[dict[str, str], dict[str, str]]:
    before = fingerprints(conn)
    log.rebuild(conn)
    return before, fingerprints(conn)


def fingerprints(conn: Any) -> dict[str, str]:
    """One hash per table over its rows, whatever order they lie in."""
    tables = load("microsocial.database").metadata.tables
    return {name: _fingerprint(conn, table) for name, table in tables.items()}


def _fingerprint(conn: Any, table: Any) -> str:
    rows = sorted(repr(tuple(row)) for row in conn.execute(table.select()))
    return sha256("\n".join(rows).encode()).hexdigest()
