"""`microsocial doctor`: looks at everything that commonly goes wrong, and says what to do about it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import typer

from microsocial.cli import ailments
from microsocial.cli.ailments import Finding
from microsocial.cli.door import DataOption, JsonOption
from microsocial.cli.late import load
from microsocial.cli.start import settings
from microsocial.cli.words import moment, say, show_json
from microsocial.client import calls
from microsocial.client import leaving as leaving_calls
from microsocial.client.errors import NotRunning
from microsocial.errors import MicrosocialError

DAY_MS = 86_400_000
# A copy is made by the day or by the week; twice a week without one means that the disk for it is not there.
OLD_BACKUP_MS = 15 * DAY_MS


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
            say(f"{_mark(one)}  {one.what}")
            if one.advice:
                say(f"      {one.advice}")
    if not is_fine:
        raise typer.Exit(1)


def _mark(one: Finding) -> str:
    if not one.is_fine:
        return "LOOK"
    return "note" if one.advice else "ok  "


def examine(chosen: Any) -> Iterator[Finding]:
    """Look at the folder, then at the node in it, then at what the node says."""
    yield from ailments.of_the_folder(chosen.data)
    if ailments.is_empty(chosen.data):
        yield Finding(
            "Nobody lives in this folder yet.",
            False,
            "Start with: microsocial run   (and open the link it prints)",
        )
        return
    of_the_database = list(ailments.of_the_database(chosen.data, _now()))
    yield from of_the_database
    yield from ailments.of_an_undo(chosen.data)
    yield from _node(chosen, can_start=all(one.is_fine for one in of_the_database))


def _now() -> int:
    now: int = load("microsocial.clock").SystemClock().now()
    return now


def _node(chosen: Any, *, can_start: bool) -> Iterator[Finding]:
    try:
        where = load("microsocial.client.doors").of_folder(chosen.data)
        client = load("microsocial.client.sync").Client(*where)
        status = client.do(calls.status())
    except NotRunning:
        advice = "Start it with: microsocial run" if can_start else None
        yield Finding("The node does not run.", False, advice)
        return
    except MicrosocialError as error:
        yield Finding(f"The node does not answer: {error}", False)
        return
    with client:
        yield Finding(f"The node of {status['name']} runs at {client.url}.")
        yield from _condition(status)
        yield from _home(client, status)
        yield from _address(status)
        yield from _owner(client)
        yield from _backups(client)
        yield from _friends(client)


def _condition(status: Any) -> Iterator[Finding]:
    """What the node itself says is wrong."""
    if status["trouble"]:
        advice = "What you write is refused until it is over; then everything goes on by itself."
        yield Finding(status["trouble"], False, advice)
    if status["stopped"]:
        yield Finding(
            f"This copy sends nothing: {status['stopped']}", False, _way_on(status["stopped"])
        )
    for sentence in status["coming_back"]:
        yield Finding(sentence)
    if status["clock"]:
        advice = "Set the clock (on Linux: timedatectl set-ntp true). Nothing is lost meanwhile; only dates are wrong."
        yield Finding(status["clock"], False, advice)


def _way_on(stopped: str) -> str:
    """What to do, by the reason for which this copy stopped."""
    reasons = load("microsocial.delivery.model")
    if stopped == reasons.LongerKeyLog.sentence():
        return "Type the words: microsocial rotate. If you renewed the key on the machine you use now, let this copy rest."
    if stopped == reasons.KeysInTwoHands.sentence():
        return "Take along what is yours (microsocial export), and begin anew in another folder."
    return "Choose which copy goes on, stop the other, and say here: microsocial continue"


def _home(client: Any, status: Any) -> Iterator[Finding]:
    """Whether this is still where one lives, and wants to."""
    if status["moved"]:
        yield Finding(
            f"You live at {status['moved']} now; this machine only says so.",
            advice="Let it run until friends have come by. Not after all? microsocial move --back",
        )
    leaving = client.do(leaving_calls.leaving())
    if leaving["state"] != "no":
        yield Finding(
            f"You are deleting everything. {leaving['sentence']}",
            advice="Empty the folder: microsocial leave --finish. Stay after all: microsocial leave --stop",
        )


def _address(status: Any) -> Iterator[Finding]:
    """The address that the running node has: it may have been told by a flag that no setting knows."""
    address = status["address"]
    if status["moved"]:
        return
    if urlsplit(address).hostname == "localhost":  # what a node says that was given no address
        yield Finding(
            "No address is set, so only people on this machine reach you.",
            advice="Give your node an address: microsocial run --address https://…  (docs/operate/https.md)",
        )
        return
    try:
        with load("microsocial.client.sync").Client(address) as world:
            code, body = world.request("GET", "/.well-known/microsocial")
        is_me = code == 200 and status["id"].encode() in body
    except MicrosocialError:
        is_me = False
    yield Finding(
        f"Your address {address} {'leads to you' if is_me else 'does not lead to you from here'}.",
        is_me,
        None
        if is_me
        else "Check the name, the proxy before the node and the router. Some routers hide it from inside only.",
    )


def _owner(client: Any) -> Iterator[Finding]:
    me = client.do(calls.me())
    if not me["words_confirmed"]:
        yield Finding(
            "Nobody has checked yet that your recovery sheet is right.",
            advice="Have it checked, so that you know you can come back: microsocial words check",
        )


def _backups(client: Any) -> Iterator[Finding]:
    known = client.do(calls.backups())
    if not known["folder"]:
        yield Finding(
            "There is no backup of your data.",
            advice="Name a folder or disk for it: microsocial backup DIR --every day",
        )
        return
    yield from backup_findings(known, _now())


def backup_findings(known: Any, now: int) -> Iterator[Finding]:
    """What `GET /backups` says about how safe the data is."""
    last, rehearsal, folder = known["last"], known["rehearsal"], known["folder"]
    made = last["made"] if last else None
    if made is None or (known["every"] != "off" and made < now - OLD_BACKUP_MS):
        yield Finding(
            f"Your newest backup was made {moment(made)}.",
            False,
            f"Connect the disk of {folder}, or run: microsocial backup {folder}",
        )
    else:
        yield Finding(f"Your newest backup was made {moment(made)}.")
    if rehearsal and not rehearsal["fine"]:
        advice = (
            f"Begin a new one: microsocial backup {folder}. If that fails too, choose another disk."
        )
        yield Finding(f"A restore would not work: {rehearsal['sentence']}", False, advice)
    elif rehearsal:
        yield Finding(rehearsal["sentence"])


def _friends(client: Any) -> Iterator[Finding]:
    accounts = client.do(calls.delivery())["friends"]
    waiting = [one for one in accounts if one["waiting_since"] is not None and one["error"]]
    if len(waiting) > 1 and len(waiting) == len(accounts):
        advice = "It looks like this machine's network. Everybody is tried again by itself."
        yield Finding("None of your friends can be reached.", False, advice)
    for one in waiting:
        tried = (
            f" It is tried again at {moment(one['next_try'])}, and as soon as they are heard from."
            if one["next_try"]
            else ""
        )
        yield Finding(
            f"{one['person']['name']} waits since {moment(one['waiting_since'])}: {one['error']}{tried}"
        )
