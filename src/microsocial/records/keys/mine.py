"""What I say after my own key was stolen."""

from collections.abc import Sequence

from sqlalchemy import Connection

from microsocial.protocol.disowning import reach
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_DISOWNED
from microsocial.records.keys.suspects import Suspect
from microsocial.records.model import Stored
from microsocial.records.service import Log
from microsocial.records.visibility import ONE_VALUED


def stolen_below(log: Log) -> int:
    """Give the key number below which a thief may have signed; 0 when nothing was stolen."""
    return reach(log.me.key_log, log.me.key_number)


def disown(conn: Connection, log: Log, revisions: Sequence[Stored]) -> None:
    """Say that I did not say these (spec 4.14). They go, here and at every friend's, and what they replaced comes back."""
    items = [[one.id, one.revision, b64u(one.hash)] for one in revisions]
    for start in range(0, len(items), MAX_DISOWNED):
        some = {"items": items[start : start + MAX_DISOWNED]}
        log.say(conn, "disown", some, audience="friends")


def decide(
    conn: Connection, log: Log, are_mine: Sequence[Suspect], are_not: Sequence[Suspect]
) -> None:
    """The owner has said which of these they said."""
    log.suspects.take(conn, are_mine)
    log.suspects.give_up(conn, are_not)
    disown(conn, log, [suspect.stored for suspect in are_not])


def renew_ones(conn: Connection, log: Log) -> None:
    """Say my one-valued records again: under the new key they win over a thief's, whatever his clock said (spec 4.4)."""
    below = stolen_below(log)
    for kind in ONE_VALUED:
        stored = log.find(conn, log.me.id, kind)
        if stored is not None and stored.key_number < below:
            log.revise(conn, stored, {})
