"""`microsocial doctor`: looks at everything that commonly goes wrong, and says what to do about it."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from microsocial.cli.door import DataOption, JsonOption
from microsocial.cli.late import load
from microsocial.cli.start import settings
from microsocial.cli.words import moment, say, show_json, size
from microsocial.client import calls
from microsocial.errors import MicrosocialError

# Photos of a weekend; below it a post may fail halfway.
LITTLE_SPACE_BYTES = 500 * 1024 * 1024
DATABASE_NAME = "microsocial.db"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` is there when something has to be done."""

    what: str
    is_fine: bool = True
    advice: str | None = None


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong and what to do about it."""
    findings = list(examine(settings(data=data)))
    is_fine = all(one.is_fine for one in findings)
    if as_json:
        show_json({"fine": is_fine, "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            say(f"{'ok  ' if one.is_fine else 'LOOK'}  {one.what}")
            if one.advice:
                say(f"      {one.advice}")
    if not is_fine:
        raise typer.Exit(1)


def examine(chosen: Any) -> Iterator[Finding]:
    """Look at the folder, then at the node in it, then at what the node says."""
    yield from _folder(chosen.data)
    if not (chosen.data / DATABASE_NAME).exists():
        yield Finding(
            "Nobody lives in this folder yet.",
            False,
            "Start with: microsocial run   (and open the link it prints)",
        )
        return
    yield from _node(chosen)


def _folder(data: Path) -> Iterator[Finding]:
    if not data.exists():
        yield Finding(f"The data folder {data} is not there yet.")
        return
    if not os.access(data, os.W_OK | os.X_OK):
        yield Finding(
            f"The data folder {data} cannot be written.",
            False,
            "Give it to your user, or name another one with --data.",
        )
        return
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        yield Finding(
            f"Other users of this machine can look into {data}.", False, f"Run: chmod 700 {data}"
        )
    else:
        yield Finding(f"The data folder {data} is yours alone.")
    free = shutil.disk_usage(data).free
    yield Finding(
        f"{size(free)} are free on its disk.",
        free >= LITTLE_SPACE_BYTES,
        None if free >= LITTLE_SPACE_BYTES else "Free some space: a full disk takes nothing new.",
    )


def _node(chosen: Any) -> Iterator[Finding]:
    try:
        where = load("microsocial.client.doors").of_folder(chosen.data)
        client = load("microsocial.client.sync").Client(*where)
        status = client.do(calls.status())
    except MicrosocialError as error:
        yield Finding(f"The node does not answer: {error}", False, "Start it with: microsocial run")
        return
    with client:
        yield Finding(f"The node of {status['name']} runs at {client.url}.")
        yield from _address(chosen, status)
        yield from _owner(client)
        yield from _friends(client)


def _address(chosen: Any, status: Any) -> Iterator[Finding]:
    if chosen.address is None:
        yield Finding(
            "No address is set, so only people on this machine reach you.",
            advice="Give your node an address: microsocial run --address https://…  (docs/operate/https.md)",
        )
        return
    try:
        with load("microsocial.client.sync").Client(chosen.address) as world:
            code, body = world.request("GET", "/.well-known/microsocial")
        is_me = code == 200 and status["id"].encode() in body
    except MicrosocialError:
        is_me = False
    yield Finding(
        f"Your address {chosen.address} {'leads to you' if is_me else 'does not lead to you from here'}.",
        is_me,
        None
        if is_me
        else "Check the name, the proxy before the node and the router. Some routers hide it from inside only.",
    )


def _owner(client: Any) -> Iterator[Finding]:
    me = client.do(calls.me())
    if me.get("words_confirmed") is False:
        yield Finding(
            "The two words of your recovery sheet were never asked back.",
            advice="Open the app and confirm them, so that you know you can come back.",
        )


def _friends(client: Any) -> Iterator[Finding]:
    for one in client.do(calls.delivery())["friends"]:
        if one["waiting_since"] is None or not one["error"]:
            continue
        tried = (
            f" It is tried again at {moment(one['next_try'])}, and as soon as they are heard from."
            if one["next_try"]
            else ""
        )
        yield Finding(
            f"{one['person']['name']} waits since {moment(one['waiting_since'])}: {one['error']}{tried}"
        )
