"""Commands that take everything along and bring it back."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from microsocial.cli.door import Door, owner_command
from microsocial.cli.following import clear_progress, follow, show_progress
from microsocial.cli.late import load
from microsocial.client import calls
from microsocial.errors import Conflict, NotFound
from microsocial.sizes import size


class FileIsThere(Conflict):
    """There is a file of that name already. Choose another name, or move the file away."""


class NoSuchFile(NotFound):
    """There is no such file."""


def register(app: typer.Typer) -> None:
    owner_command(app, "export")(export)
    owner_command(app, "import")(bring_back)


def export(
    door: Door,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where to write it.")],
    messages: Annotated[
        bool, typer.Option("--messages", help="With your private conversations.")
    ] = False,
) -> None:
    """Take everything you said along: one zip that is a website, and can be brought back."""
    if file.exists():
        raise FileIsThere(str(file))
    if not file.absolute().parent.is_dir():
        raise NoSuchFile(str(file.absolute().parent))
    call = calls.export(messages=messages)
    length = load("microsocial.client.carrying").download(*door.where, call, file, _moving(0))
    clear_progress()
    sentence = f"{size(length)} in {file}. Unpack it and open index.html."
    door.tell({"file": str(file), "bytes": length}, sentence)


def bring_back(
    door: Door,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="An export of yours.")],
) -> None:
    """Bring back what is missing here from an export, exactly as it was."""
    if not file.is_file():
        raise NoSuchFile(str(file))
    told = _moving(file.stat().st_size)
    work = load("microsocial.client.carrying").upload(*door.where, calls.bring_back(), file, told)
    clear_progress()
    follow(door, work)


def _moving(total: int) -> Callable[[int], None]:
    """Says how many bytes have gone."""
    return lambda sent: show_progress(sent, total, size(sent))
