"""Commands that look after the node: status, delivery, live events, tokens, password."""

from typing import Annotated

import typer

from microsocial.cli.door import Door, owner_command
from microsocial.cli.late import load
from microsocial.cli.secrets_in import ask_new_password, ask_password
from microsocial.cli.words import counted, moment, say, show_json_line
from microsocial.client import calls
from microsocial.sizes import size

tokens_group = typer.Typer(help="Keys for scripts and other clients.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    owner_command(app, "status")(status)
    owner_command(app, "delivery")(delivery)
    owner_command(app, "watch")(watch)
    owner_command(app, "password")(password)
    app.add_typer(tokens_group, name="tokens")


def status(door: Door) -> None:
    """Who lives here and how it goes."""
    now = door.do(calls.status())
    restored = now["restored"]["sentence"] if now["restored"] else None
    moved = f"You live at {now['moved']} now; this machine only says so." if now["moved"] else None
    door.tell(
        now,
        f"{now['name']}  {now['id']}",
        f"at {now['address'] or 'no address yet'}, version {now['version']}",
        f"{counted(now['friends'], 'friend', 'friends')}, {size(now['storage']['bytes'])} used",
        *filter(None, (restored, *now["coming_back"], moved)),
        *filter(None, (now["stopped"], now["trouble"], now["clock"], now["undone"])),
    )


def delivery(
    door: Door,
    wake: Annotated[
        str | None, typer.Option("--try", metavar="FRIEND", help="Try this friend again now.")
    ] = None,
) -> None:
    """Who has everything, and who is waiting for what since when."""
    if wake is not None:
        door.do(calls.try_now(door.person(wake)))
    ledger = door.do(calls.delivery())
    if door.as_json or not ledger["friends"]:
        door.tell(ledger, "No friends yet.")
        return
    for one in ledger["friends"]:
        name = one["person"]["name"]
        if one["waiting_since"] is None:
            say(f"{name} has everything.")
        else:
            why = f": {one['error']}" if one["error"] else ""
            say(f"{name} is waiting for {one['behind']} since {moment(one['waiting_since'])}{why}")
        for refusal in one["refused"]:
            say(f"    refused: {refusal}")


def watch(door: Door) -> None:
    """Print what happens, as it happens, until stopped."""
    for event in load("microsocial.client.watching").watch(*door.where):
        if door.as_json:
            show_json_line({"event": event.name, "id": event.id, **_fields(event.payload)})
        else:
            say(f"{event.name}  {_gist(event.payload)}")


def _fields(payload: object) -> dict[str, object]:
    return {"data": payload}


def _gist(payload: object) -> str:
    """The few words of an event that a person would look for."""
    if not isinstance(payload, dict):
        return ""
    if isinstance(payload.get("sentence"), str):
        return str(payload["sentence"])
    for thing in ("comment", "message", "post", "friend", "notice"):
        about = payload.get(thing)
        if isinstance(about, dict):
            author = about.get("author") or {}
            words = about.get("text") or about.get("sentence") or about.get("name") or ""
            return f"{author.get('name', '')}  {words}".strip()
    return str(payload.get("id", ""))


def password(
    door: Door,
    from_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the old and the new password, a line each."),
    ] = False,
) -> None:
    """Change the password. Other sessions end."""
    old = ask_password(from_stdin, "Old password")
    new = ask_new_password(from_stdin)
    door.do(calls.change_password(old, new))
    door.tell({"changed": True}, "Changed. Other sessions are logged out.")


@owner_command(tokens_group, "list")
def list_tokens(door: Door) -> None:
    """Show the keys you gave out."""
    tokens = door.do(calls.tokens())
    door.tell(
        tokens, *(f"{one['id']}  {one['label']}  ({', '.join(one['scopes'])})" for one in tokens)
    )


@owner_command(tokens_group, "create")
def create_token(
    door: Door,
    label: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; repeatable.")
    ] = None,
) -> None:
    """Make a key for a script or another client. It is shown once."""
    made = door.do(calls.make_token(label, scope or ["read"]))
    door.tell(made, made.get("token", ""), "It is not shown again.")


@owner_command(tokens_group, "delete")
def delete_token(door: Door, token_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a key."""
    door.do(calls.end_token(token_id))
    door.tell({"id": token_id}, "Ended.")
