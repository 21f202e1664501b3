"""docs/operate/commands.md, made from the commands themselves: `python -m microsocial.cli.manual` prints it."""

from collections.abc import Iterator
from typing import Any

import typer

from microsocial.cli.main import app

_COMMON = {"--data", "--url", "--token", "--json", "--help"}

_BEGIN = """# Commands

Generated from the program (`make generated`); `microsocial COMMAND --help` says the same.

Every command takes `--data DIR`: the data folder, otherwise `$MICROSOCIAL_DATA`, otherwise the usual place for a program's data.
Commands that talk to the running node also take `--url URL --token TOKEN`, for a node elsewhere. `--json` prints one JSON document on
standard output. Errors go to standard error. Exit code 0: done, 1: could not, 2: used wrongly. `ID` and `FRIEND` may be the id, a
unique beginning of it, or the name when only one friend has it; `-` as a text reads standard input.
"""


def manual() -> str:
    """The whole page."""
    return "\n".join([_BEGIN, *_commands(typer.main.get_command(app), "microsocial")]) + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    for name, one in command.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, f"{path} {name}")
        else:
            yield from _command(one, f"{path} {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([path, *(_argument(one) for one in arguments)])
    yield f"## `{usage}`\n\n{(command.help or '').strip()}\n"
    rows = [row for one in [*arguments, *options] if (row := _row(one)) is not None]
    if rows:
        yield "\n".join(rows) + "\n"


def _argument(argument: Any) -> str:
    shown = str(argument.metavar or argument.name.upper()).strip("{}[]")
    shown += "…" if argument.nargs == -1 and not shown.endswith("…") else ""
    return shown if argument.required else f"[{shown}]"


def _row(one: Any) -> str | None:
    help_text = getattr(one, "help", None)
    if one.param_type_name == "argument":
        return f"- `{_argument(one).strip('[]')}`: {help_text}" if help_text else None
    names = [*one.opts, *one.secondary_opts]
    if _COMMON.intersection(names) and not _is_own_data(one):
        return None
    value = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
    return f"- `{', '.join(names)}{value}`: {help_text or ''}".rstrip(": ")


def _is_own_data(one: Any) -> bool:
    """`demo --data` means something of its own."""
    return "--data" in one.opts and "demo" in (one.help or "")


if __name__ == "__main__":
    print(manual(), end="")
