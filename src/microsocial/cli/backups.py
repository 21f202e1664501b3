"""Commands for backups: make, show, rehearse, and (on the folder itself) restore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from microsocial.cli.door import DataOption, Door, JsonOption, owner_command
from microsocial.cli.following import clear_progress, follow, show_progress
from microsocial.cli.late import load
from microsocial.cli.secrets_in import ask_password, ask_words
from microsocial.cli.start import settings
from microsocial.cli.words import complain, moment, say, show_json
from microsocial.client import calls
from microsocial.errors import Invalid
from microsocial.sizes import size

PassphraseOption = Annotated[
    bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input.")
]


class EveryUnknown(Invalid):
    """Say how often: day, week, or off."""


class NotTheSamePassphrase(Invalid):
    """The two passphrases are not the same. Nothing was changed."""


def register(app: typer.Typer) -> None:
    owner_command(app, "backup")(backup)
    owner_command(app, "backups")(backups)
    owner_command(app, "rehearse")(rehearse)
    app.command()(restore)


def backup(
    door: Door,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where backups go: another disk.", show_default=False),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="day|week|off", help="How often by itself.", show_default=False),
    ] = None,
    passphrase_stdin: PassphraseOption = False,
) -> None:
    """Back everything up, now and from now on, and prove that it can be restored.

    With a folder that is new you choose the passphrase that opens it. Without one, the folder chosen before is used. With
    --every alone nothing is backed up now.
    """
    if every not in {None, "day", "week", "off"}:
        raise EveryUnknown
    if folder is not None or every is not None or passphrase_stdin:
        chosen = _choose(door, folder, every, passphrase_stdin)
        if folder is None:
            door.tell(chosen, *_sentences(chosen))
            return
    follow(door, door.do(calls.back_up()))


def _choose(door: Door, folder: Path | None, every: str | None, from_stdin: bool) -> Any:
    now = door.do(calls.backups())
    place = str(folder.expanduser().absolute()) if folder is not None else now["folder"] or ""
    asks = from_stdin or place != now["folder"]
    passphrase = _ask_passphrase(from_stdin) if asks else None
    often = every or (now["every"] if now["folder"] else "day")
    return door.do(calls.choose_backups(place, often, passphrase))


def _ask_passphrase(from_stdin: bool) -> str:
    first = ask_password(from_stdin, "Passphrase for the backups (write it on your recovery sheet)")
    if not from_stdin and ask_password(False, "Again") != first:
        raise NotTheSamePassphrase
    return first


def backups(door: Door) -> None:
    """Show where backups go, how the last one went, and which there are."""
    now = door.do(calls.backups())
    door.tell(now, *_sentences(now))


def _sentences(now: Any) -> list[str]:
    if now["folder"] is None:
        return ["No backups are made. Begin with: microsocial backup DIR"]
    how_often = {"day": "every day", "week": "every week", "off": "only when you say so"}
    told = [f"{now['folder']}, {how_often[now['every']]}. Kept: {now['keep']}"]
    told += [now[part]["sentence"] for part in ("last", "rehearsal") if now[part]]
    told += [f"The last try failed: {now['trouble']}"] if now["trouble"] else []
    told += [f"The next one: {moment(now['next'])}"] if now["next"] else []
    for one in now["snapshots"]:
        told.append(f"  {one['id']}  {size(one['bytes']) if one['bytes'] is not None else ''}")
    return told


def rehearse(door: Door) -> None:
    """Prove that the newest backup can be restored, now."""
    follow(door, door.do(calls.rehearse()))


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup folder.")],
    snapshot: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Another one than the newest, such as 20261122T031500Z.",
            show_default=False,
        ),
    ] = None,
    passphrase_stdin: PassphraseOption = False,
    words_stdin: Annotated[
        bool,
        typer.Option("--words-stdin", help="Open with the 24 words, read from standard input."),
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Leave out what is damaged instead of giving up."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring everything back from a backup, into an empty data folder. Start the node afterwards."""
    where = settings(data=data).data
    place = load("microsocial.archive.backups.folder").BackupFolder(folder.expanduser().absolute())
    place.check_sign()
    opened = _unlocked(place, passphrase_stdin, words_stdin)
    progress = load("microsocial.archive.work").Progress(show_progress)
    now = load("microsocial.clock").SystemClock().now()
    with load("microsocial.database").open_folder(where) as held:
        restored = load("microsocial.archive.backups.restoring").restore(
            opened, held, now, progress, snapshot, anyway=anyway
        )
    clear_progress()
    made = restored.manifest
    if as_json:
        show_json(
            {"id": made.id, "made": made.made, "person": made.person, "bytes": made.size}
            | {"data": str(where), "left_out": restored.left_out}
        )
        return
    for sentence in restored.left_out:
        complain(f"Left out: {sentence}")
    say(f"Everything is as it was on {moment(made.made)}: {size(made.size)} in {where}.")
    say("Start it with: microsocial run. What came after, your friends give back by themselves.")
    say("If the old machine still runs this node, stop it first: only one of you may run.")


def _unlocked(place: Any, from_stdin: bool, words_from_stdin: bool) -> Any:
    keys = load("microsocial.archive.backups.keys")
    if words_from_stdin:
        entropy_of = load("microsocial.protocol.words").entropy_of
        return keys.unlock_with_words(place, entropy_of(ask_words(from_stdin=True)))
    return keys.unlock(place, ask_password(from_stdin, "Passphrase of the backup"))
