"""Downloads: whole under the asked-for name, or not there; private; two at once do not take each other's."""

import stat
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from microsocial.client import carrying
from microsocial.client.calls import export


@pytest.fixture
def node(monkeypatch):
    """A node that gives these pieces; `while_it_comes` happens in between."""
    given = SimpleNamespace(while_it_comes=lambda: None)

    def pieces():
        yield b"half "
        given.while_it_comes()
        yield b"and half"

    @contextmanager
    def asked(*_):
        yield SimpleNamespace(status=200, iter_stream=pieces)

    monkeypatch.setattr(carrying, "_asked", asked)
    return given


def bring(path):
    return carrying.download("http://node", None, export(messages=True), path, lambda _: None)


def test_what_is_brought_is_readable_by_its_owner_alone(node, tmp_path) -> None:
    path = tmp_path / "all.zip"
    assert bring(path) == len(b"half and half")
    assert path.read_bytes() == b"half and half"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_at_once_do_not_take_each_others(node, tmp_path) -> None:
    path = tmp_path / "all.zip"

    def again() -> None:
        node.while_it_comes = lambda: None
        bring(path)

    node.while_it_comes = again
    bring(path)
    assert [file.name for file in tmp_path.iterdir()] == ["all.zip"]
    assert path.read_bytes() == b"half and half"


def test_of_what_broke_off_nothing_is_left(node, tmp_path) -> None:
    def break_off() -> None:
        raise KeyboardInterrupt

    node.while_it_comes = break_off
    with pytest.raises(KeyboardInterrupt):
        bring(tmp_path / "all.zip")
    assert list(tmp_path.iterdir()) == []
