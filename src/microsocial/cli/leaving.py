"""Commands about room, purging, moving, copies, and deleting everything."""

import re
from typing import Annotated, Any

import typer

from microsocial.cli.door import Door, owner_command
from microsocial.cli.durations import ago
from microsocial.cli.late import load
from microsocial.cli.secrets_in import ask_password
from microsocial.cli.start import settings
from microsocial.cli.words import complain, moment, say
from microsocial.client import leaving as calls
from microsocial.client.calls import storage as room_taken
from microsocial.client.errors import NotRunning
from microsocial.errors import Conflict, Invalid
from microsocial.sizes import size

_PURGEABLE = ("posts", "comments", "messages", "friends-posts", "media", "copies")
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_TYPED = re.compile(r"([0-9]{1,15})\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)

PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


class NoSize(Invalid):
    """Say how much as a number and a letter: 500M, 5G."""


class NobodyToMove(Conflict):
    """Nobody lives in this folder yet, so nobody can move."""


def register(app: typer.Typer) -> None:
    owner_command(app, "storage")(storage)
    owner_command(app, "purge")(purge)
    owner_command(app, "move")(move)
    owner_command(app, "continue")(continue_here)
    owner_command(app, "leave")(leave)


def storage(
    door: Door,
    ceiling: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much room friends' photos and clips may take: 500M, 5G.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what uses how much room, and what could go."""
    asked = room_taken() if ceiling is None else calls.set_ceiling(_bytes(ceiling))
    room = door.do(asked)
    lines = [f"{size(one['bytes']):>10}  {one['sentence']}" for one in room["kinds"]]
    lines.append(f"Photos and clips of friends may take {size(room['ceiling'])}.")
    lines += [f"Could go: {size(one['bytes'])}. {one['sentence']}" for one in room["would_free"]]
    door.tell(room, *lines)


def _bytes(typed: str) -> int:
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        raise NoSize(f"“{typed}”")
    return int(found[1]) * _BYTES[found[2].upper()]


def _purgeable(what: str) -> str:
    if what not in _PURGEABLE:
        raise typer.BadParameter(f"Name one of {', '.join(_PURGEABLE)}.")
    return what


def purge(
    door: Door,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            callback=_purgeable,
            help="posts or comments (yours), messages, friends-posts, media (friends' photos and clips), copies (kept before upgrades).",
        ),
    ],
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Only what is older: 90d, 1y.", show_default=False),
    ] = None,
    friend: Annotated[
        str | None, typer.Option(metavar="FRIEND", help="Only of one friend.", show_default=False)
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="At your friends' too; else only in this folder.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this it is only counted.")
    ] = False,
    password_stdin: PasswordOption = False,
) -> None:
    """Let things go, by kind, age and friend. Says first what would go; --yes does it.

    What goes at your friends' too cannot be brought back: --everywhere --yes asks for the password.
    """
    asked = calls.purge(
        what,
        older_than=ago(older_than),
        friend=door.person(friend) if friend is not None else None,
        tell=everywhere,
        only_try=not yes,
        password=ask_password(password_stdin) if everywhere and yes else None,
    )
    went = door.do(asked)
    door.tell(
        went,
        went["sentence"],
        *(
            []
            if yes
            else [f"That frees {size(went['bytes'])}. Nothing was changed. Say --yes to do it."]
        ),
    )


def move(
    door: Door,
    address: Annotated[
        str | None,
        typer.Argument(metavar="ADDRESS", help="Where you live from now on.", show_default=False),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Take the move back: live here.")] = False,
    password_stdin: PasswordOption = False,
) -> None:
    """Tell the old machine that you live elsewhere now. It then only says where you went. A running node asks for the password.

    Works on a folder in which nothing runs, too. See docs/operate/move.md.
    """
    try:
        said = door.do(calls.move_back() if back else calls.whereabouts())
        if address is not None and not back:
            said = door.do(calls.move(address, ask_password(password_stdin)))
    except NotRunning:
        if door.url is not None:
            raise
        said = _move_offline(door, address, back)
    door.tell(said, said["sentence"])


def _move_offline(door: Door, address: str | None, back: bool) -> Any:
    with load("microsocial.node").opened(settings(data=door.data)) as node:
        if node.rooms is None:
            raise NobodyToMove
        moving = load("microsocial.archive.moving").Moving(node.rooms.delivery)
        here = _told_address(node)
        if back:
            return node.db.write_sync(lambda conn: moving.stay(conn, here))
        if address is None:
            return node.db.read_sync(lambda conn: moving.shape(conn, here))
        return node.db.write_sync(lambda conn: moving.move(conn, address, here))


def _told_address(node: Any) -> str:
    """What friends were told last; the settings of a node that does not run say nothing about where it did."""
    told = node.db.read_sync(lambda conn: node.rooms.log.find(conn, node.me.id, "address"))
    return str(next(iter(told.fields["urls"]), "")) if told is not None else str(node.address)


def continue_here(door: Door) -> None:
    """Of two running copies of you, keep this one."""
    said = door.do(calls.continue_here())
    door.tell(said, said["sentence"])


def leave(
    door: Door,
    password_stdin: PasswordOption = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Wait for nobody any longer: empty the folder, end.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop it; stay after all.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far it is.")] = False,
) -> None:
    """Delete everything: here, and at everybody who has it. Asks for the password.

    First what you said is taken back, and each friend's machine confirms it. When you have waited long enough, --finish
    empties this folder. What is taken back cannot be brought again but from an export.
    """
    if status:
        said = door.do(calls.leaving())
    elif stop:
        said = door.do(calls.stay())
    elif finish:
        complain("This empties the folder, and nobody is waited for any longer.")
        said = door.do(calls.finish_leaving(ask_password(password_stdin)))
    else:
        complain(
            "This takes back everything you said, for good. Export it first if you want to keep it."
        )
        said = door.do(calls.leave(ask_password(password_stdin)))
    waits = [
        f"    waiting for {one['person']['name']} since {moment(one['since'])}"
        for one in said["waiting"]
    ]
    door.tell(said, said["sentence"], *waits)
    if finish and not door.as_json:
        say("This node says goodbye now.")
