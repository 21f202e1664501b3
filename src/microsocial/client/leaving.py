"""What can be asked about room, purging, leaving, moving and copies; beside `calls`, in the same manner."""

from typing import Any

from microsocial.client.calls import Call
from microsocial.client.model import Room


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def set_ceiling(ceiling_bytes: int) -> Call[Room]:
    return Call("PATCH", "/storage", body={"ceiling": ceiling_bytes})


def purge(
    what: str,
    *,
    older_than: int | None = None,
    friend: str | None = None,
    tell: bool = False,
    only_try: bool = False,
    password: str | None = None,
) -> Call[dict[str, Any]]:
    """Let things go; `only_try` counts what would go. What goes at friends' too needs the password."""
    asked = _given(what=what, older_than=older_than, friend=friend, password=password)
    return Call("POST", "/purge", body={**asked, "tell": tell, "try": only_try})


def leaving() -> Call[dict[str, Any]]:
    return Call("GET", "/leaving")


def leave(password: str) -> Call[dict[str, Any]]:
    return Call("POST", "/leaving", body={"password": password})


def stay() -> Call[dict[str, Any]]:
    """Stop deleting everything."""
    return Call("DELETE", "/leaving")


def finish_leaving(password: str) -> Call[dict[str, Any]]:
    return Call("POST", "/leaving/finish", body={"password": password})


def whereabouts() -> Call[dict[str, Any]]:
    return Call("GET", "/move")


def move(address: str, password: str) -> Call[dict[str, Any]]:
    return Call("POST", "/move", body={"address": address, "password": password})


def move_back() -> Call[dict[str, Any]]:
    return Call("DELETE", "/move")


def continue_here() -> Call[dict[str, Any]]:
    return Call("POST", "/copies/continue")
