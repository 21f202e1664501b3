"""What can go wrong when asking a node, in words for the person who asked."""

from typing import Any

import msgspec

from microsocial.errors import Conflict, MicrosocialError, NotAllowed, PeerBroke


class NotRunning(Conflict):
    """Microsocial is not running there. Start it with: microsocial run."""


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
        detail = problem.get("detail")
        super().__init__(f"{words} {detail}" if detail and detail != words else words)
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
