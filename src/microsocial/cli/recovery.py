"""Commands around the 24 words: test a sheet; come back with them to an empty machine."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from microsocial.cli.door import DataOption, Door, JsonOption, owner_command
from microsocial.cli.following import clear_progress, show_progress
from microsocial.cli.late import load
from microsocial.cli.secrets_in import ask_new_password, ask_password, ask_words
from microsocial.cli.start import settings
from microsocial.cli.words import counted, say, show_json
from microsocial.client import calls
from microsocial.errors import Invalid

words_group = typer.Typer(help="Your recovery sheet.", no_args_is_help=True)

WordsOption = Annotated[
    bool, typer.Option("--words-stdin", help="Read the 24 words from standard input.")
]


class OneSource(Invalid):
    """Name one of --friend LINK, --backup DIR and --export FILE.zip: where your key log is to come from."""


def register(app: typer.Typer) -> None:
    app.add_typer(words_group, name="words")
    app.command()(recover)


@owner_command(words_group, "check")
def check(door: Door, words_stdin: WordsOption = False) -> None:
    """Test whether a recovery sheet is the right one. The words go to your own node and are forgotten there."""
    found = door.do(calls.check_words(ask_words(words_stdin)))
    door.tell(found, found["sentence"])
    if not found["fine"]:
        raise typer.Exit(1)


def recover(
    friend: Annotated[
        str | None,
        typer.Option(metavar="LINK", help="A friend's help link, in quotes.", show_default=False),
    ] = None,
    backup: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A backup folder.", show_default=False)
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="An export.", show_default=False)
    ] = None,
    stolen: Annotated[
        bool, typer.Option("--stolen", help="The old machine is in other hands.")
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(help="Your name, in case that nobody kept it.", show_default=False),
    ] = None,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Go on although no friend answers: only if none ever will."),
    ] = False,
    words_stdin: WordsOption = False,
    passphrase_stdin: Annotated[
        bool,
        typer.Option(
            "--passphrase-stdin",
            help="Open the backup with its passphrase, read from standard input after the words.",
        ),
    ] = False,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin", help="Read the new password from standard input, as the last line."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Come back with the 24 words, into an empty data folder. Start the node afterwards."""
    if [friend, backup, export].count(None) != 2:
        raise OneSource
    chosen = settings(data=data)
    recovering, returns = load("microsocial.node.recovering"), load("microsocial.node.sources")
    entropy = load("microsocial.protocol.words").entropy_of(ask_words(words_stdin))
    if friend is not None:
        source = returns.FromFriend(load("microsocial.protocol.help").parse_help_link(friend))
    elif backup is not None:
        passphrase = ask_password(True) if passphrase_stdin else None
        source = returns.FromBackup(backup.expanduser().absolute(), passphrase)
    else:
        assert export is not None
        source = returns.FromExport(export.expanduser().absolute())
    asked = recovering.Asked(
        words=entropy,
        source=source,
        reason="stolen" if stolen else "planned",
        password=ask_new_password(password_stdin),
        name=name,
        anyway=anyway,
    )
    progress = load("microsocial.archive.work").Progress(show_progress)
    try:
        back = asyncio.run(recovering.recover(chosen, asked, progress))
    finally:
        clear_progress()
    _told(back, as_json=as_json)


def _told(back: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "id": back.id,
                "name": back.name,
                "key": back.number,
                "friends": back.friends,
                "answered": back.answered,
                "data": str(back.data),
                "sentences": back.sentences,
            }
        )
        return
    answered = counted(back.answered, "machine of a friend", "machines of friends")
    say(f"You are back, {back.name}. {answered} answered already, of {back.friends}.")
    for sentence in back.sentences:
        say(sentence)
    say("Start with: microsocial run. What your friends hold of yours comes back by itself.")
    say("If the old machine ever runs again, it stops by itself: only this one has the new key.")
