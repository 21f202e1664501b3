"""Sentences about posts. Pure."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from microsocial.delivery.ledger import ON_ITS_WAY
from microsocial.transport.errors import NotReachable, TooSlow

# Makes the sentence from how many have it and (name, why) of those who do not yet.
Say: TypeAlias = Callable[[int, Sequence[tuple[str, str]]], str]

MOST_NAMES = 3  # in one sentence; after that it is a list
NO_ANSWER = frozenset({NotReachable.sentence(), TooSlow.sentence()})
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")  # fmt: skip


def number(count: int) -> str:
    """Say small numbers as words: "twelve", "13"."""
    return _SMALL[count] if count < len(_SMALL) else str(count)


def listed(names: Sequence[str], most: int) -> str:
    """Say names as a person would: "Ben", "Ben and Cem", "Ben, Cem and 3 more"."""
    if len(names) <= most:
        return (
            " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
        )
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def possessive(name: str) -> str:
    return f"{name}’s"  # noqa: RUF001 - an apostrophe


def delivered(have: int, waiting: Sequence[tuple[str, str]]) -> str:
    """Say who has a post; `waiting` holds (name, why) of those who do not yet."""
    if not waiting:
        return _all_have(have)
    if len(waiting) == 1:
        who = _one_waits(*waiting[0])
    elif all(why == ON_ITS_WAY for _, why in waiting):
        who = f"it is on its way to {listed([name for name, _ in waiting], MOST_NAMES)}."
    else:
        who = f"it still goes to {listed([name for name, _ in waiting], MOST_NAMES)}."
    if not have:
        return who[0].upper() + who[1:]
    total = have + len(waiting)
    return f"{number(have).capitalize()} of {number(total)} friends have it; {who}"


def delivered_publicly(have: int, waiting: Sequence[tuple[str, str]]) -> str:
    """Say who has a post that anyone can read."""
    return delivered(have, waiting) if have or waiting else "It is on your page."


def _one_waits(name: str, why: str) -> str:
    if why == ON_ITS_WAY:
        return f"it is on its way to {name}."
    if why in NO_ANSWER:
        return f"{possessive(name)} machine is asleep; it goes to them when it wakes."
    return f"{name} does not have it yet. {why}"


def _all_have(have: int) -> str:
    if have == 0:
        return "Nobody but you has it."
    if have == 1:
        return "Your friend has it."
    return "Both friends have it." if have == 2 else f"All {number(have)} friends have it."


def removed(have: int, waiting: Sequence[tuple[str, str]]) -> str:
    """Say who has removed a deleted post from their machine."""
    total = have + len(waiting)
    if total == 0:
        return "It had reached nobody."
    if not waiting:
        return "Everybody who had it has removed it."
    return f"{have} of {total} have removed it; the others follow when their machines wake."
