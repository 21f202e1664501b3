"""What the command line prints: one JSON document, or words. Nothing that a friend wrote can steer the terminal."""

import sys
from datetime import datetime
from typing import Any

import msgspec

from microsocial.client.errors import Refused
from microsocial.errors import MicrosocialError

# C0 and C1 controls would let a post move the cursor, recolour the screen or retitle the window; the bidirectional overrides
# would let it show words in an order nobody wrote.
_UNSAFE = dict.fromkeys(
    (*range(9), *range(11, 32), *range(127, 160), *range(8234, 8239), *range(8294, 8298))
)


def plain(text: str) -> str:
    """The text without anything a terminal would obey. Line breaks and tabs stay."""
    return text.translate(_UNSAFE)


def say(text: str = "") -> None:
    print(plain(text))


def complain(text: str) -> None:
    """Errors and asides go to standard error, so that standard output stays what was asked for."""
    print(plain(text), file=sys.stderr)


def in_words(error: MicrosocialError) -> str:
    """An error as a person reads it: what happened and what to do, then the particulars."""
    if isinstance(error, Refused) or not error.detail:
        return str(error)
    return f"{error.sentence()} ({error.detail})"


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def show_json(document: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def show_json_line(document: Any) -> None:
    print(msgspec.json.encode(document).decode(), flush=True)


def moment(ms: int | None) -> str:
    """A time as a person here would write it."""
    if ms is None:
        return "never"
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%a %d %b %H:%M")
