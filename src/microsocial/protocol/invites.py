"""Invite links and the proof of having one (spec 9.1-9.3). Opening a link consumes nothing; its secret is never sent."""

import re
from dataclasses import dataclass, field

from microsocial.errors import Invalid
from microsocial.protocol.crypto import hmac, same
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.texts import is_address

INVITE_ID_BYTES = 8
INVITE_SECRET_BYTES = 16
_SCHEME = "web+microsocial:"
_LONGEST_LINK = 500
_LINK = re.compile(r"(?P<url>[^#]+)/i#(?P<id>[A-Za-z0-9_-]{43})\.(?P<secret>[A-Za-z0-9_-]{32})")


class InviteWrong(Invalid):
    """This is not an invite link. Copy the whole link from your friend's message, up to its last letter."""


@dataclass(frozen=True)
class Invite:
    """An invite as it stands in a link: where to go, who is there, and a secret shared with them."""

    url: str  # the inviter's address, without a slash at the end
    id: str
    invite_id: bytes
    secret: bytes = field(repr=False)

    def link(self, base: str | None = None) -> str:
        """Write the link, under `base` if the inviter is to be reached elsewhere."""
        return f"{(base or self.url).rstrip('/')}/i#{self.id}.{b64u(self.invite_id + self.secret)}"


def parse_invite(link: str) -> Invite:
    """Read a link, QR text or `web+microsocial:` link; raise InviteWrong."""
    bare = link.strip().removeprefix(_SCHEME)
    found = _LINK.fullmatch(bare) if len(bare) <= _LONGEST_LINK else None
    if found is None or not is_address(found["url"]):
        raise InviteWrong
    try:
        unb64u(found["id"])
        secret = unb64u(found["secret"], INVITE_ID_BYTES + INVITE_SECRET_BYTES)
    except Malformed as error:
        raise InviteWrong from error
    return Invite(
        found["url"].rstrip("/"), found["id"], secret[:INVITE_ID_BYTES], secret[INVITE_ID_BYTES:]
    )


def mac(secret: bytes, sender: str, receiver: str) -> str:
    """Prove to `receiver` that `sender` holds the invite's secret (spec 9.2)."""
    return b64u(hmac(secret, f"{sender}\n{receiver}".encode()))


def check_mac(secret: bytes, sender: str, receiver: str, offered: str) -> bool:
    """Say, in constant time, whether `offered` is that proof."""
    return same(mac(secret, sender, receiver).encode(), offered.encode("utf-8", "surrogatepass"))
