"""What can be asked about one's keys; beside `calls`, in the same manner."""

from collections.abc import Sequence
from typing import Any

from microsocial.client.calls import Call


def keys() -> Call[dict[str, Any]]:
    return Call("GET", "/keys")


def rotate(words: Sequence[str], reason: str, password: str) -> Call[dict[str, Any]]:
    body = {"words": list(words), "reason": reason, "password": password}
    return Call("POST", "/keys/rotate", body=body)


def foreign() -> Call[list[dict[str, Any]]]:
    """What friends hold in my name that my node does not know."""
    return Call("GET", "/keys/foreign")


def decide(
    mine: Sequence[str] = (),
    not_mine: Sequence[str] = (),
    *,
    mine_before: int | None = None,
    not_mine_from: int | None = None,
) -> Call[dict[str, Any]]:
    """Say what is mine and what is not: by id, or all that was said before a moment, from a moment on."""
    body: dict[str, Any] = {"mine": list(mine), "not_mine": list(not_mine)}
    moments = {"mine_before": mine_before, "not_mine_from": not_mine_from}
    body |= {name: moment for name, moment in moments.items() if moment is not None}
    return Call("POST", "/keys/foreign/decide", body=body)


def taken_back() -> Call[list[dict[str, Any]]]:
    """What came back from friends lately."""
    return Call("GET", "/keys/taken-back")


def undo(ids: Sequence[str]) -> Call[None]:
    return Call("POST", "/keys/taken-back/undo", body={"ids": list(ids)})
