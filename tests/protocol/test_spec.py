"""docs/spec says what the code does: vectors, generated pages and the registry are current."""

import json
import re
from pathlib import Path

import pytest
from docs.spec import make
from docs.spec.vectors.make import FILES
from docs.spec.vectors.operations import OPERATIONS

from microsocial.errors import Invalid, PeerBroke
from microsocial.protocol import limits
from microsocial.protocol.fields import Audience
from microsocial.protocol.kinds import KINDS, OBJECTS, RESERVED
from microsocial.protocol.refusals import Refusal, Status
from microsocial.protocol.sealing import PURPOSES
from microsocial.transport import http_in

SPEC = Path(make.__file__).parent
ROOT = SPEC.parent.parent
SECTIONS = set(re.findall(r"^(\d+\.\d+) ", (SPEC / "README.md").read_text(), re.MULTILINE))
VECTORS = [
    pytest.param(vector, id=f"{path.stem}: {vector['name']}")
    for path in sorted((SPEC / "vectors").glob("*.json"))
    for vector in json.loads(path.read_text())["vectors"]
]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_is_accepted_or_refused_as_it_says(vector):
    operation = OPERATIONS[vector["operation"]]
    assert vector["section"] in SECTIONS
    if vector.get("refuse"):
        with pytest.raises((PeerBroke, Invalid)):
            operation(vector["input"])
    else:
        assert operation(vector["input"]) == vector["output"]


def test_what_is_generated_is_current():
    """After a change: `python -m docs.spec.make`."""
    for name, content in make.build().items():
        assert (SPEC / name).read_text() == content, f"{name} is out of date"


def test_every_file_of_vectors_has_both_sides():
    for name in FILES:
        vectors = json.loads((SPEC / "vectors" / f"{name}.json").read_text())["vectors"]
        assert any("output" in vector for vector in vectors), name
        if name != "revisions":  # where somebody always wins
            assert any(vector.get("refuse") for vector in vectors), name


def test_every_operation_is_asked_for():
    assert {vector.values[0]["operation"] for vector in VECTORS} == set(OPERATIONS)


def test_every_limit_is_told():
    page = (SPEC / "limits.md").read_text()
    for name in vars(limits):
        if name.isupper():
            assert f"`{name}`" in page, name


def test_every_name_on_the_wire_is_registered():
    page = (SPEC / "registry.md").read_text()
    names = [*KINDS, *OBJECTS, *RESERVED, *Status, *Refusal, *PURPOSES, *Audience.__args__]
    for name in names:
        assert f"`{name}`" in page, name


def test_every_status_and_reason_is_explained():
    page = (SPEC / "README.md").read_text()
    for name in (*Status, *Refusal, *KINDS):
        assert f"`{name}`" in page, name


def test_links_between_the_pages_lead_somewhere():
    for page in SPEC.glob("*.md"):
        for name in re.findall(r"`(?:vectors/)?[a-z]+\.(?:md|json)`", page.read_text()):
            target = name.strip("`")
            assert (SPEC / target).exists() or (SPEC / "vectors" / target).exists(), target


def cited(text: str) -> set[str]:
    """Sections after "spec" in a comment, a docstring or a page: "spec 4.3, 8.1"."""
    lists = re.findall(r"(?i)\bspec ((?:\d+\.\d+(?:, | and | to |-)?)+)", text)
    return {section for one in lists for section in re.findall(r"\d+\.\d+", one)}


def files(*kinds: str) -> list[Path]:
    found = [
        path
        for folder in ("src", "tests", "tools", "bench", "webapp/src", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds and "node_modules" not in path.parts
    ]
    assert found
    return found


def test_sections_that_anything_cites_exist():
    wrong = {
        f"{path.relative_to(ROOT)} cites {section}"
        for path in files(".py", ".ts", ".svelte", ".md")
        for section in cited(path.read_text()) - SECTIONS
    }
    assert wrong == set()


@pytest.mark.parametrize("page", ["README.md", "registry.md", "implementing.md"])
def test_sections_that_the_pages_name_exist(page):
    named = re.findall(r"(?<![\d.§/v])(\d{1,2}\.\d{1,2})(?![\d.]*\d)", (SPEC / page).read_text())
    assert set(named) <= SECTIONS


def test_every_section_with_a_must_has_a_vector_or_a_test_that_names_it():
    text = re.split(r"^(?=\d+\.\d+ |## )", (SPEC / "README.md").read_text(), flags=re.MULTILINE)
    demanding = {part.split()[0] for part in text[1:] if "MUST" in part and part[0].isdigit()}
    vectors = {vector.values[0]["section"] for vector in VECTORS}
    tests = {
        section
        for path in (ROOT / "tests").rglob("test_*.py")
        for section in cited(path.read_text())
    }
    assert demanding > {"1.1", "8.3"}
    assert demanding - vectors - tests == set()


def test_every_path_at_the_door_is_registered_and_explained():
    paths = {
        path.partition("{")[0]
        for path in re.findall(r'Route\("([^"]+)"', Path(http_in.__file__).read_text())
    }
    assert len(paths) == 7
    for page in ("registry.md", "README.md"):
        text = (SPEC / page).read_text()
        assert {path for path in paths if path not in text} == set()


def test_every_string_that_separates_uses_of_keys_is_registered():
    page = (SPEC / "registry.md").read_text()
    said = {
        literal
        for path in files(".py")
        if ROOT / "src" in path.parents
        for literal in re.findall(r'b"(microsocial[ /1]* [a-z]+(?: [a-z]+)*)', path.read_text())
    }
    assert said > {"microsocial key", "microsocial/1 blob"}
    assert {literal for literal in said if f"`{literal}" not in page} == set()
