"""Commands about your key: renew it with the 24 words; after a theft say what is yours."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from microsocial.cli.days import beginning_of, end_of
from microsocial.cli.door import Door, owner_command
from microsocial.cli.secrets_in import ask_password, ask_words
from microsocial.cli.words import moment
from microsocial.client import keys as calls
from microsocial.errors import Invalid, NotFound

keys_group = typer.Typer(help="Your key, and what a theft leaves behind.", no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids as shown, or their beginnings.")]
SomeIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID…", help="Ids as shown, or their beginnings; or: all."),
]
SHOWN_CHARACTERS = 8


class NothingChosen(Invalid):
    """Say of what: give ids as `microsocial keys foreign` shows them, or a day (mine --before DAY, not-mine --after DAY)."""


class NothingLikeThat(NotFound):
    """Nothing of that id is in the list. Look again with `microsocial keys foreign` or `microsocial keys taken-back`."""


def register(app: typer.Typer) -> None:
    owner_command(app, "rotate")(rotate)
    app.add_typer(keys_group, name="keys")


def rotate(
    door: Door,
    stolen: Annotated[
        bool, typer.Option("--stolen", help="Somebody else has this machine's key, or a copy.")
    ] = False,
    words_stdin: Annotated[
        bool,
        typer.Option(
            "--words-stdin",
            help="Read the 24 words from the first line of standard input, the password from the second.",
        ),
    ] = False,
) -> None:
    """Renew your key with the 24 words. Friends follow by themselves."""
    words = ask_words(words_stdin)
    password = ask_password(words_stdin)
    done = door.do(calls.rotate(words, "stolen" if stolen else "planned", password))
    door.tell(done, done["sentence"], *(_came_back(door) if stolen else []))


@owner_command(keys_group, "show")
def show(door: Door) -> None:
    """Show how often your key was renewed, and what a theft still asks of you."""
    keys = door.do(calls.keys())
    lines = [event["sentence"] for event in keys["events"]] or ["This is your first key."]
    if keys["theft"]["state"] != "none":
        lines.append(keys["theft"]["sentence"])
        lines += _came_back(door)
    door.tell(keys, *lines, *([keys["stopped"]] if keys["stopped"] else []))


@owner_command(keys_group, "foreign")
def foreign(door: Door) -> None:
    """List what friends hold in your name that your machine does not know, since your key was stolen."""
    found = door.do(calls.foreign())
    if found:
        then = (
            "Say of each: microsocial keys mine ID, or microsocial keys not-mine ID (or all). "
            "By day: keys mine --before DAY, keys not-mine --after DAY."
        )
        door.tell(found, *map(_line, found), then)
    else:
        door.tell(found, "Nothing waits for your word.", *_came_back(door))


@owner_command(keys_group, "mine")
def mine(
    door: Door,
    ids: SomeIds = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="All that was said before this day: 2026-11-20."),
    ] = None,
) -> None:
    """Say: this is mine. It is taken into your own again.

    Dates are what the signer claims: a thief can write an earlier one. What says "replaces yours" in the list is better looked at first.
    """
    chosen = _chosen_or_none(door, ids, is_by_day=before is not None)
    said = door.do(calls.decide(mine=chosen, mine_before=beginning_of(before)))
    door.tell(said, said["sentence"])


@owner_command(keys_group, "not-mine")
def not_mine(
    door: Door,
    ids: SomeIds = None,
    after: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="All that was said after this day: 2026-11-20."),
    ] = None,
) -> None:
    """Say: I did not say this. It goes at every friend's, and what it replaced comes back."""
    chosen = _chosen_or_none(door, ids, is_by_day=after is not None)
    said = door.do(calls.decide(not_mine=chosen, not_mine_from=end_of(after)))
    door.tell(said, said["sentence"])


@owner_command(keys_group, "taken-back")
def taken_back(door: Door) -> None:
    """List what came back from friends lately, as if you had said it."""
    found = door.do(calls.taken_back())
    then = "Is something of it not yours? Say: microsocial keys undo ID. The rest needs nothing."
    door.tell(found, *([*map(_line, found), then] if found else ["Nothing came back lately."]))


@owner_command(keys_group, "undo")
def undo(door: Door, ids: Ids) -> None:
    """Say of something that came back: it was not me. What it replaced stands again."""
    chosen = _chosen(door.do(calls.taken_back()), ids)
    door.do(calls.undo(chosen))
    door.tell({"undone": chosen}, "Your friends' machines take it out.")


def _came_back(door: Door) -> list[str]:
    """What a thief said may have come back to this machine before anybody noticed."""
    if door.as_json or not door.do(calls.taken_back()):
        return []
    return [
        "Some things came back from friends lately as if you had said them. Look: microsocial keys taken-back"
    ]


def _line(found: dict[str, Any]) -> str:
    names = ", ".join(person["name"] for person in found["from"])
    first = found["text"].splitlines()[0] if found["text"] else ""
    what = found["kind"] + (", replaces yours" if found["replaced"] else "")
    return (
        f"{found['id'][:SHOWN_CHARACTERS]}  {moment(found['created'])}  {what}, at {names}: {first}"
    )


def _chosen_or_none(door: Door, ids: Sequence[str] | None, *, is_by_day: bool) -> list[str]:
    if not ids and not is_by_day:
        raise NothingChosen
    return _chosen(door.do(calls.foreign()), ids) if ids else []


def _chosen(found: Sequence[dict[str, Any]], ids: Sequence[str]) -> list[str]:
    """The whole ids; `all` means everything that is listed."""
    if list(ids) == ["all"]:
        return [one["id"] for one in found]
    chosen = []
    for beginning in ids:
        fits = [one["id"] for one in found if one["id"].startswith(beginning)]
        if len(fits) != 1:
            raise NothingLikeThat
        chosen += fits
    return chosen
