"""What the page about a person says. Pure: facts in, sentences out.

Rule 1: no jargon, no blame, no gender; short. Rule 2: nothing that frightens where nothing is wrong, and nothing that
reassures where something is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from microsocial.delivery.ledger import Account
from microsocial.friends.model import Met, State

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day(ms: int, zone: tzinfo | None = None) -> str:
    """Give the day of this moment as people say it ("3 May 2026"), in the machine's own zone unless another is named."""
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    except (OverflowError, OSError, ValueError):  # times are claims (spec 1.4): any number may come
        return "an unknown day"
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


@dataclass(frozen=True)
class Tie:
    """What is known about the bond with one person."""

    name: str
    state: State
    met: Met | None = None
    since: int | None = None
    ended: int | None = None
    ended_by_me: bool = False
    has_left: bool = False
    key_changes: Sequence[str] = ()  # the reason of each: planned, stolen
    key_changed: int | None = None  # when the last change was learned here
    taken_out: int = 0  # things said in their name after a theft
    contradicting: int | None = None  # since when two keys contradict each other
    circles: Sequence[str] = ()
    error: str | None = None  # why a request has not got through yet


def trust(tie: Tie) -> list[str]:
    """How we know that it is them."""
    return [*_meeting(tie), *_keys(tie)]


def sight(tie: Tie) -> list[str]:
    """What they can see."""
    if tie.state != "friend" or tie.since is None:
        return []
    seen = f"{tie.name} sees what you post to friends since {day(tie.since)}"
    if tie.circles:
        return [f"{seen}, and what you post to {listed(tie.circles)}."]
    return [f"{seen}."]


def waiting(tie: Tie, account: Account | None) -> list[str]:
    """What has not reached them yet, and why."""
    if tie.state != "friend" or account is None or account.waiting_since is None:
        return []
    count = account.behind
    what = "One thing waits" if count == 1 else f"{count} things wait"
    since = f"{what} for {tie.name} since {day(account.waiting_since)}."
    return [since, account.error] if account.error else [since]


def at_home(name: str, place: str, *, is_this_machine: bool) -> str:
    """Ask whether somebody lives where they say; a yes makes this machine call there."""
    if is_this_machine:
        return (
            f"{name} says they are at home at {place} now, which is this very machine. Is that so? "
            f"Say yes only if {name}'s program runs here."
        )
    return (
        f"{name} says they are at home at {place} now, in a private network. Is that so? "
        f"Say yes only if {name} told you, and you share that network."
    )


def state(tie: Tie) -> str:
    """The one sentence that stands beside the name."""
    name = tie.name
    match tie.state:
        case "me":
            return "This is you."
        case "friend":
            return _friend(tie)
        case "asks":
            return f"{name} would like to be your friend."
        case "asked":
            return _asked(tie)
        case "former":
            return _former(tie)
        case "blocked":
            return f"You have blocked {name}. You hear nothing from them."
        case "stranger":
            return f"You and {name} are not friends."


def _friend(tie: Tie) -> str:
    if tie.contradicting is not None:
        return _contradicting(tie.name)
    return f"You and {tie.name} have been friends since {day(tie.since or 0)}."


def listed(names: Sequence[str]) -> str:
    """Join names: "Family", "Family and Choir", "Family, Choir and Work"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _meeting(tie: Tie) -> list[str]:
    if tie.met is None or tie.since is None or tie.state not in ("friend", "former"):
        return []
    name, when = tie.name, day(tie.since)
    return [
        {
            "took_my_invite": f"You invited {name}, who took your link on {when}.",
            "invited_me": f"{name} invited you, and you took the link on {when}.",
            "asked_me": f"{name} asked to be your friend, and you said yes. That was on {when}.",
            "i_asked": f"You asked {name}, who said yes. That was on {when}.",
            "came_back": f"You were friends before you came back with your 24 words on {when}.",
        }[tie.met]
    ]


def _keys(tie: Tie) -> list[str]:
    if tie.state not in ("friend", "former") or tie.since is None:
        return []
    if not tie.key_changes:
        return [
            f"Everything from {tie.name} has carried the same signature since {day(tie.since)}."
        ]
    if tie.key_changed is not None:
        return [changed_keys(tie)]
    stolen = "stolen" in tie.key_changes
    count = len(tie.key_changes)
    times = "once" if count == 1 else f"{count} times"
    renewed = f"{tie.name} has renewed their signature {times}, each time with the proof laid down before."
    why = f" {tie.name} said that an earlier one was stolen." if stolen else ""
    return [renewed + why]


def changed_keys(tie: Tie) -> str:
    """What is said when somebody's key is new, and on the page about them."""
    name, when = tie.name, day(tie.key_changed or 0)
    if tie.key_changes[-1] == "planned":
        return f"{name} changed keys on {when}, as planned: with the proof laid down before."
    stolen = f"{name}'s key was stolen. Since {when} there is a new one, with the proof laid down before."
    if not tie.taken_out:
        return stolen
    things = "One thing that was" if tie.taken_out == 1 else f"{tie.taken_out} things that were"
    were = "was" if tie.taken_out == 1 else "were"
    return f"{stolen} {things} not {name}'s {were} taken out."


def _contradicting(name: str) -> str:
    return (
        f"Two different keys claim to be {name}'s, and both have the proof: somebody else has {name}'s 24 words. "
        f"Nothing goes to {name} or comes from there. Ask {name} in person. If they must begin anew, remove this friend; "
        "if all is well, say that you go on."
    )


def _asked(tie: Tie) -> str:
    if tie.met == "asked_me":
        accepted = f"You said yes to {tie.name}."
        later = "Their machine is asleep; you will be friends when it wakes."
        return f"{accepted} {later}" if tie.error else f"{accepted} Their machine is being told."
    if tie.error:
        return f"You asked {tie.name}, but their machine does not answer yet. It is tried again."
    return f"You asked {tie.name}. There is no answer yet."


def _former(tie: Tie) -> str:
    when = day(tie.ended or 0)
    if tie.ended_by_me:
        return (
            f"You ended the friendship with {tie.name} on {when}. They keep what they had already."
        )
    if tie.has_left:
        return (
            f"{tie.name} gave up their page and everything on it on {when}. What they had shared "
            "with you is gone; nothing more comes or goes."
        )
    return f"{tie.name} ended the friendship on {when}. You keep what you have; nothing new comes or goes."
