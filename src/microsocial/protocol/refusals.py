"""The words in which nodes decline: statuses of answers, reasons for records, and what a peer can do wrong.

The words are on the wire (spec 13): never rename or reuse one.
"""

from enum import StrEnum

from microsocial.errors import PeerBroke


class Status(StrEnum):
    """What an answer says (spec 13)."""

    APPLIED = "applied"
    HELD = "held"
    STALE_PREKEY = "stale-prekey"
    NOT_FRIENDS = "not-friends"
    WAITING = "waiting"
    INVITE_USED = "invite-used"
    INVITE_EXPIRED = "invite-expired"
    INVITE_UNKNOWN = "invite-unknown"
    QUOTA = "quota"
    FULL = "full"
    CLOCK_DIFFERS = "clock-differs"
    KEY_BEHIND = "key-behind"
    KEY_UNKNOWN = "key-unknown"
    BUSY = "busy"
    MOVED = "moved"


class Refusal(StrEnum):
    """Why a record was not taken (spec 13)."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_AUTHOR = "unknown-author"
    NOT_YOURS = "not-yours"
    WRONG_AUDIENCE = "wrong-audience"
    NOT_A_READER = "not-a-reader"
    CHANGED_CREATED = "changed-created"
    TOO_LARGE = "too-large"
    NOT_ADDRESSED = "not-addressed"
    REMOVED = "removed"


class Malformed(PeerBroke):
    """The other side sent something that is not written the way the protocol says."""

    refusal = Refusal.MALFORMED

    @property
    def reason(self) -> str:
        return self.detail or self.sentence()


class TooLarge(Malformed):
    """The other side sent more than the protocol allows at once."""

    status = 413
    refusal = Refusal.TOO_LARGE


class BadSignature(PeerBroke):
    """The signature does not fit: this was not said by the one it names, or was changed on the way."""

    status = 401
    refusal = Refusal.BAD_SIGNATURE


class UnknownKey(PeerBroke):
    """This was signed with a key that its author's key log does not have."""

    status = 401
    refusal = Refusal.BAD_SIGNATURE


class CannotOpen(PeerBroke):
    """This sealed letter does not open with the key it was sealed for."""


class Forked(PeerBroke):
    """Two different key changes claim the same step of one person's keys. Ask them in person before you go on."""
