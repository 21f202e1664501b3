"""The commands put together, and the one place where an error becomes a sentence and an exit code: 0 done, 1 could not, 2 usage."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from microsocial import __version__
from microsocial.cli import (
    archive,
    backups,
    care,
    doctor,
    keys,
    leaving,
    messages,
    offline,
    people,
    posts,
    recovery,
    start,
)
from microsocial.cli.words import complain, in_words
from microsocial.errors import MicrosocialError, WeBroke


class Unforeseen(WeBroke):
    """Something went wrong that nobody thought of. With --trace before the command you see where."""


# What `--help` shows together, in the order in which a person meets it. Every command of these files is in one section.
SECTIONS = {
    "Begin": (start,),
    "People": (people,),
    "Say and read": (posts, messages),
    "How it goes": (care, doctor),
    "Your data": (archive, backups, leaving),
    "Your words and keys": (recovery, keys),
    "On the folder itself, while nothing runs": (offline,),
}


BESIDE_NAMES = 6  # columns of margin


class InSections(TyperGroup):
    """The list of commands, under headings."""

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, files in SECTIONS.items():
            homes = {file.__name__ for file in files}
            shown = {name: one for name, one in self.commands.items() if _home(one) in homes}
            width = formatter.width - max(map(len, shown)) - BESIDE_NAMES
            with formatter.section(title):
                formatter.write_dl(
                    [(name, one.get_short_help_str(width)) for name, one in shown.items()]
                )


def _home(command: Any) -> str:
    """The file that a command, or the first of a group, stands in."""
    one = next(iter(command.commands.values())) if hasattr(command, "commands") else command
    return str(one.callback.__module__)


app = typer.Typer(
    cls=InSections,
    help="Microsocial: your own social platform, for you and your friends.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Help and usage errors in plain text: reads well everywhere, and half a second faster than boxes.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show where in the program something went wrong.")
    ] = False,
) -> None:
    """Microsocial: your own social platform, for you and your friends."""


for _group in (
    start,
    people,
    posts,
    messages,
    care,
    archive,
    backups,
    recovery,
    keys,
    leaving,
    offline,
    doctor,
):
    _group.register(app)


def main() -> None:
    """The entry point of `microsocial`."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`). Nothing is left to say, and to nobody.
        sys.stderr.close()
        sys.exit(1)
    except MicrosocialError as error:
        complain(f"microsocial: {in_words(error)}")
        sys.exit(1)
    except Exception as error:
        if "--trace" in sys.argv[1:2]:
            raise
        complain(f"microsocial: {Unforeseen.sentence()} ({type(error).__name__}: {error})")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
