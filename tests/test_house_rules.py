"""The rules of the house that no linter knows. Why each is there: docs/develop and CONTRIBUTING.md."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.generated import pages

import microsocial
from microsocial.archive.backups.making import LEFT_OUT
from microsocial.database import metadata
from microsocial.errors import MicrosocialError
from microsocial.settings import rows, variable

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src/microsocial"
MODULES = sorted(path for path in SRC.rglob("*.py") if "__pycache__" not in path.parts)
ROOMS = sorted(path.parent for path in SRC.glob("*/__init__.py"))

# What can be read in one sitting.
MAX_LINES = 400
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
ROOM_TABLES = [
    ".".join(path.relative_to(SRC.parent).with_suffix("").parts)
    for path in MODULES
    if "Table(" in path.read_text() and "migrations" not in path.parts
]
PURE_OR_SYNCHRONOUS = {"model", "service", "store", "peer"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def every_error() -> Iterator[type[MicrosocialError]]:
    for module in pkgutil.walk_packages(microsocial.__path__, "microsocial."):
        if ".migrations." not in module.name and not module.name.endswith("__main__"):
            for _, value in inspect.getmembers(
                importlib.import_module(module.name), inspect.isclass
            ):
                if issubclass(value, MicrosocialError) and value.__module__ == module.name:
                    yield value


def test_a_module_can_be_read_in_one_sitting() -> None:
    modules = [*MODULES, *ROOT.glob("tools/*.py")]
    assert [named(path) for path in modules if lines(path) > MAX_LINES] == []


def test_a_file_of_tests_can_be_read_in_two() -> None:
    assert [named(path) for path in ROOT.glob("tests/**/*.py") if lines(path) > 2 * MAX_LINES] == []


def test_no_module_or_folder_is_named_after_nothing() -> None:
    words = {path: set(re.split(r"[_/.]", named(path))) for path in MODULES}
    assert [named(path) for path, found in words.items() if found & EMPTY_WORDS] == []


@pytest.mark.parametrize("room", ROOMS, ids=named)
def test_every_room_has_a_plaque_that_says_what_it_may_import(room: Path) -> None:
    tree = ast.parse((room / "__init__.py").read_text())
    plaque = ast.get_docstring(tree) or ""
    assert plaque.split("\n\n")[-1].startswith("May import:")
    logic = [
        node
        for node in tree.body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)
    ]
    assert logic == [], "a plaque names the parts; it does nothing"


def test_every_error_speaks_to_the_person() -> None:
    silent = [
        error.__qualname__
        for error in every_error()
        if not (error.__dict__.get("__doc__") or "").split("\n\n")[0].strip().endswith((".", "?"))
    ]
    assert silent == []


def test_errors_of_one_name_in_problem_documents_have_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for error in every_error():
        if not error.__module__.startswith("microsocial.client"):  # never sent, only read
            statuses.setdefault(error.slug(), set()).add(error.status)
    assert [slug for slug, found in statuses.items() if len(found) > 1] == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.stem in PURE_OR_SYNCHRONOUS or "protocol" in path.parts],
    ids=named,
)
def test_protocol_and_rooms_are_synchronous(path: Path) -> None:
    waiting = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert waiting == []


def test_values_doors_and_handlers_hold_no_sql() -> None:
    with_sql = [
        named(path)
        for path in MODULES
        if path.stem in {"model", "api", "peer"}
        and re.search(
            r"^from sqlalchemy import .*\b(select|insert|update|delete|text)\b",
            path.read_text(),
            re.MULTILINE,
        )
    ]
    assert with_sql == []


@pytest.mark.parametrize("page", pages())
def test_what_is_generated_is_current(page: str) -> None:
    file = ROOT / page
    assert file.is_file(), "run `make generated`"
    assert file.read_text() == pages()[page], "run `make generated`"


def test_every_setting_has_its_heading() -> None:
    page = (ROOT / "docs/operate/settings.md").read_text()
    assert [
        row.name
        for row in rows()
        if f"## `{row.name}`" not in page or variable(row.name) not in page
    ] == []


def test_only_settings_reads_the_environment() -> None:
    reading = [
        named(path) for path in MODULES if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]
    assert set(reading) <= {"src/microsocial/settings.py"}


def test_no_committed_file_names_a_package_registry() -> None:
    """The locks hold hashes; where packages come from is for the machine to know."""
    locks = ["requirements.lock", "requirements-dev.lock", "webapp/package-lock.json"]
    hosts = re.compile(
        r"\b(resolved|index-url|find-links|https?://[\w.-]*(pypi|pythonhosted|npmjs)[\w.-]*)\b"
    )
    assert [lock for lock in locks if hosts.search((ROOT / lock).read_text())] == []


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    broken = [
        f"{named(document)}: {target}"
        for document in documents
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_table_has_its_place_among_the_classes_of_state() -> None:
    for module in ROOM_TABLES:
        importlib.import_module(module)
    page = (ROOT / "docs/develop/architecture.md").read_text()
    told = re.findall(r"`([a-z_]+)`", page.split("## Three classes of state")[1])
    secrets = page.split("**Secrets of this machine**: ")[1].split(".")[0]
    assert set(metadata.tables) - set(told) == set()
    assert [name for name in metadata.tables if told.count(name) != 1] == []
    assert set(re.findall(r"`([a-z_]+)`", secrets)) == set(LEFT_OUT)
