"""Commands that begin things: init makes the person, run serves, demo shows a small neighbourhood."""

from pathlib import Path
from typing import Annotated, Any

import typer

from microsocial.cli.door import DataOption, JsonOption
from microsocial.cli.late import load
from microsocial.cli.secrets_in import ask_new_password
from microsocial.cli.words import say, show_json


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(run)
    app.command()(demo)


def settings(**flags: Any) -> Any:
    """The settings with the flags that were given."""
    return load("microsocial.settings").Settings.load(flags)


def init(
    name: Annotated[str, typer.Option(help="Your name, as friends will see it.", prompt=True)],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the person who lives in this folder. Prints the id and the 24 words, once."""
    chosen = settings(data=data)
    person = load("microsocial.node").make_person(chosen, name, ask_new_password(password_stdin))
    if as_json:
        show_json({"id": person.id, "words": list(person.words)})
        return
    say(f"{name}, your id is {person.id}")
    say("\nThese 24 words bring you back when this machine is lost. Write them on paper, now;")
    say("they are not shown again, and whoever has them can be you.\n")
    for row in range(6):
        numbers = range(row, 24, 6)
        say("   ".join(f"{number + 1:2}. {person.words[number]:<10}" for number in numbers))
    say("\nNow start with: microsocial run")


def run(
    host: Annotated[str | None, typer.Option(help="Listen on this address.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port.", min=0, max=65535)] = None,
    address: Annotated[
        str | None, typer.Option(metavar="URL", help="Where friends reach you.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Serve: keep your platform up until stopped."""
    chosen = settings(data=data, host=host, port=port, address=address)
    load("microsocial.node").run(chosen, load("microsocial.server").create_app)


def demo(
    people: Annotated[int, typer.Option(help="How many people.", min=2, max=8)] = 4,
    base_port: Annotated[
        int, typer.Option(help="The first one's port; the others follow.", min=1024, max=65000)
    ] = 8081,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Keep the demo in this folder; else it vanishes at the end.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start a few befriended people with posts, a thread and a conversation, until Ctrl+C."""
    load("microsocial.cli.demo").play(people, base_port, data, as_json)
