"""What can go wrong when asking a node, in words for the person who asked."""

from typing import Any

import msgspec

from microsocial.errors import Conflict, MicrosocialError, NotAllowed, PeerBroke


class NotRunning(Conflict):
    """No Microsocial runs on this data folder. Start it with microsocial run, or name another folder with --data."""


class NoToken(NotAllowed):
    """This folder has no key for the command line. Start the node once with: microsocial run."""


class StrangeAnswer(PeerBroke):
    """What answered there is not Microsocial."""


class Refused(MicrosocialError):
    """The node would not do that."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.type = str(problem.get("type", ""))
        words = str(problem.get("title") or self.sentence())
        detail = str(problem.get("detail") or "")
        # A detail that begins as the title does says the same with particulars.
        says_it_all = detail.startswith(words.split(". ", maxsplit=1)[0].rstrip("."))
        super().__init__(detail if says_it_all else f"{words} {detail}".rstrip())
        self.status = status


def read_answer(status: int, body: bytes) -> Any:
    """Give the decoded document of a good answer; raise Refused with the node's own words otherwise."""
    try:
        document = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, RecursionError) as error:
        raise StrangeAnswer from error
    if status < 400:
        return document
    raise Refused(status, document if isinstance(document, dict) else {})
