"""Sentences about conversations. Pure."""

from microsocial.delivery.ledger import ON_ITS_WAY
from microsocial.transport.errors import NoAddress, NotReachable, TooSlow

ASLEEP = frozenset({NotReachable.sentence(), TooSlow.sentence(), NoAddress.sentence()})


def has_it(name: str) -> str:
    return f"{name} has it."


def on_its_way(name: str, why: str | None) -> str:
    """Say why a message is not there yet."""
    if why is None or why == ON_ITS_WAY:
        return f"It is on its way to {name}."
    if why in ASLEEP:
        return f"{name}'s machine is asleep; {name} will get this when it wakes."
    return f"{name} does not have it yet. {why}"


def friends_no_longer(name: str) -> str:
    return f"You and {name} are not friends now; nothing more goes to {name}."


def you_cleared(name: str, *, is_done: bool) -> str:
    if is_done:
        return "You cleared this conversation on both sides."
    return f"You cleared this conversation. It is gone here, and goes at {name}'s too as soon as their machine hears of it."


def they_cleared(name: str) -> str:
    return f"{name} cleared this conversation on both sides."


NOTHING_TO_CLEAR = "There was nothing to clear."
CLEARED_HERE_ONLY = "You cleared this conversation. Nothing of it had left your machine."
