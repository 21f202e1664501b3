"""The description of the format: one text, in every zip and in docs/operate/export.md."""

from pathlib import Path

_TEXT = Path(__file__).parent / "templates" / "FORMAT.md"


def format_text() -> str:
    return _TEXT.read_text("utf-8")
