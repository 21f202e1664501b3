# ruff: noqa: INP001  # scripts beside the pages they write, not a package
"""Writes what is generated under docs/spec: limits.md, example.md and vectors/. Run `python -m docs.spec.make` from the root."""

import re
from pathlib import Path

from docs.spec import example
from docs.spec.vectors import make as vectors

from microsocial.protocol import limits

HERE = Path(__file__).parent
_LIMIT = re.compile(r"(?P<name>[A-Z][A-Z_]+) = [0-9_]+  # (?P<unit>[^:]+): (?P<reason>.+)")
_HEADING = re.compile(r"# (?P<heading>[A-Z].*)")


def limits_page() -> str:
    """Tell the limits in tables, from the lines of limits.py."""
    lines = [
        "# Limits",
        "",
        "Generated from `src/microsocial/protocol/limits.py` by `python -m docs.spec.make`.",
        "What goes beyond a limit MUST be refused, as `too-large` where it is a size and as `malformed` elsewhere.",
    ]
    for line in Path(limits.__file__).read_text().splitlines():
        if heading := _HEADING.fullmatch(line):
            lines += [
                "",
                f"## {heading['heading']}",
                "",
                "| Name | Value | Unit | Why |",
                "|---|---:|---|---|",
            ]
        elif limit := _LIMIT.fullmatch(line):
            value = getattr(limits, limit["name"])
            lines.append(f"| `{limit['name']}` | {value:,} | {limit['unit']} | {limit['reason']} |")
    return "\n".join(lines) + "\n"


def build() -> dict[str, str]:
    """Make every generated file: path relative to docs/spec → content."""
    return {"limits.md": limits_page(), "example.md": example.page(), **vectors.build()}


def main() -> None:
    for name, content in build().items():
        (HERE / name).write_text(content)


if __name__ == "__main__":
    main()
