"""Writes the pages that are made from the program: `python -m tools.generated` (`make generated`).

tests/test_house_rules.py compares what is here with what lies in the tree.
"""

from functools import cache
from pathlib import Path
from typing import Any

from docs.spec import make as spec

from microsocial.archive.website.format import format_text
from microsocial.cli.manual import manual
from microsocial.settings import rows, variable

ROOT = Path(__file__).resolve().parent.parent

SETTINGS_BEGIN = """# Settings

Generated from `src/microsocial/settings.py` (`make generated`).

A flag on the command line counts more than an environment variable, that more than `config.toml` in the data folder, that more than
the default. `microsocial run --help` says which settings have a flag. In the environment a list is written with commas. A value that
cannot be used is named at the start, and the node does not run with another in its place.

```toml
# config.toml
address = "https://ana.example"
trusted_proxies = ["127.0.0.1"]
```
"""


def settings_page() -> str:
    return "\n".join([SETTINGS_BEGIN, *(_setting(row) for row in rows())])


def _setting(row: Any) -> str:
    return (
        f"## `{row.name}`\n\n{row.metadata['sentence']}\n\n"
        f"Environment: `{variable(row.name)}`. Default: {_default(row)}.\n"
    )


def _default(row: Any) -> str:
    if row.name == "data":
        return "the usual place"
    if row.default is None or row.default == ():
        return "empty"
    shown = (
        [str(value) for value in row.default]
        if isinstance(row.default, tuple)
        else [str(row.default)]
    )
    return f"`{', '.join(shown)}`"


@cache
def pages() -> dict[str, str]:
    """Every generated file: its path from the root of the tree → what belongs into it."""
    return {
        "docs/operate/settings.md": settings_page(),
        "docs/operate/commands.md": manual(),
        "docs/operate/export.md": format_text(),
        **{f"docs/spec/{name}": content for name, content in spec.build().items()},
    }


def main() -> None:
    for path, content in pages().items():
        file = ROOT / path
        if not file.is_file() or file.read_text() != content:
            file.write_text(content)
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
