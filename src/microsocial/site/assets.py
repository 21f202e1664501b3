"""The style sheet and the fonts, read once, under a name that changes when they do."""

from functools import cache
from pathlib import Path

from microsocial.protocol.crypto import sha256
from microsocial.protocol.encoding import b64u

VERSION_CHARACTERS = 12
_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


class Assets:
    """Everything under static/. Fonts stand beside the style sheet, so one version names them all."""

    def __init__(self) -> None:
        files = sorted(path for path in _STATIC.rglob("*") if path.suffix in _TYPES)
        self._files = {path.relative_to(_STATIC).as_posix(): path.read_bytes() for path in files}
        whole = b"".join(sha256(content) for content in self._files.values())
        self.version = b64u(sha256(whole))[:VERSION_CHARACTERS]

    def path(self, name: str) -> str:
        """Give the address of a file; KeyError for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/site/{self.version}/{name}"

    def find(self, name: str) -> tuple[bytes, str] | None:
        """Give a file's content and type."""
        content = self._files.get(name)
        return (content, _TYPES["." + name.rsplit(".", 1)[-1]]) if content is not None else None


@cache
def assets() -> Assets:
    """Give the one copy in memory; files of the program do not change while it runs."""
    return Assets()
