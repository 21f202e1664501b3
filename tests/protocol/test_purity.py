"""The protocol is thought, not action: no I/O, no clock, no randomness; and one door to the cryptography."""

import ast
from pathlib import Path

import pytest

from microsocial import protocol

MODULES = sorted(Path(protocol.__file__).parent.glob("*.py"))
PURE = {
    "base64",
    "binascii",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "ipaddress",
    "itertools",
    "json",
    "re",
    "struct",
    "typing",
    "zlib",
}
ALLOWED = PURE | {"msgspec", "typing_extensions"}
OWN = {"crypto": {"cryptography", "nacl"}, "words": {"mnemonic"}}


def imported(module):
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_imports_thought_only(module):
    for name in imported(module):
        if name.startswith("microsocial"):
            assert name == "microsocial.errors" or name.startswith("microsocial.protocol")
        else:
            assert name.split(".")[0] in ALLOWED | OWN.get(module.stem, set()), name


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_is_read_in_one_sitting_and_waits_for_nothing(module):
    assert len(module.read_text().splitlines()) < 400
    assert not any(
        isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(module.read_text()))
    )


@pytest.mark.parametrize("module", MODULES[1:], ids=lambda module: module.stem)
def test_a_module_has_its_tests(module):
    assert (Path(__file__).parent / f"test_{module.stem}.py").exists()
