"""The table of promises names only tests that exist, and no journey about a failing machine is missing from it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/operate/promises.md").read_text("utf-8")
NAMED = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))


def test_every_file_that_a_promise_names_exists() -> None:
    assert NAMED
    assert [file for file in sorted(NAMED) if not (ROOT / file).is_file()] == []


def test_every_promise_says_how_it_is_tested() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| Promise")]
    assert len(promises) > 10
    assert [row for row in promises if "`tests/" not in row.split("|")[2]] == []


def test_every_journey_of_data_and_machines_keeps_a_promise() -> None:
    about = [
        "power",
        "faults",
        "clocks",
        "export",
        "backups",
        "upgrades",
        "recovery",
        "keys",
        "moving",
        "leaving",
    ]
    assert {f"tests/journeys/test_{name}.py" for name in about} <= NAMED
