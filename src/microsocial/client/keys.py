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


def decide(mine: Sequence[str], not_mine: Sequence[str]) -> Call[None]:
    body = {"mine": list(mine), "not_mine": list(not_mine)}
    return Call("POST", "/keys/foreign/decide", body=body)


def taken_back() -> Call[list[dict[str, Any]]]:
    """What came back from friends lately."""
    return Call("GET", "/keys/taken-back")


def undo(ids: Sequence[str]) -> Call[None]:
    return Call("POST", "/keys/taken-back/undo", body={"ids": list(ids)})
