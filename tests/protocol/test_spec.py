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

SPEC = Path(make.__file__).parent
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


def test_sections_that_the_code_cites_exist():
    code = Path(limits.__file__).parent
    for module in code.glob("*.py"):
        for section in re.findall(r"spec (\d+\.\d+)", module.read_text()):
            assert section in SECTIONS, f"{module.name} cites {section}"
