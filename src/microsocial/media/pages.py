"""What a web page says about itself: title, description, picture.

Runs only in the child process (worker.py): reading hostile HTML can take very long.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from typing_extensions import override

MAX_SAID = 4_000  # characters of one value that are looked at
_CHARSET = re.compile(rb"charset=[\"']?([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
# In this order: what pages say to be shown elsewhere counts more than what they say to search engines.
_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image")


def read(source: Path) -> dict[str, Any]:
    """Give `{title, description, picture}`, each a text, perhaps empty."""
    reader = _Reader()
    reader.feed(_decoded(source.read_bytes()))
    told = reader.told
    return {
        "title": _first(told, _TITLES),
        "description": _first(told, _DESCRIPTIONS),
        "picture": _first(told, _PICTURES),
    }


def _first(told: dict[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if told.get(name)), "")


def _decoded(raw: bytes) -> str:
    named = _CHARSET.search(raw[:2048])
    try:
        return raw.decode(named[1].decode() if named else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


class _Reader(HTMLParser):
    """Gathers titles and meta elements; the first of each counts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told: dict[str, str] = {}
        self._title: list[str] | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and "title" not in self.told:
            self._title = []
        elif tag == "meta":
            said = dict(attrs)
            name = (said.get("property") or said.get("name") or "").strip().lower()
            self._tell(name, said.get("content") or "")

    @override
    def handle_data(self, data: str) -> None:
        if self._title is not None:
            self._title.append(data)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self._tell("title", "".join(self._title))
            self._title = None

    def _tell(self, name: str, value: str) -> None:
        value = " ".join(value[:MAX_SAID].split())
        if value:
            self.told.setdefault(name, value)
