"""Help links: what a friend gives to one who has lost everything but the 24 words (spec 9.8).

Written like an invite, under another path. Opening consumes nothing; its secret is never sent, and without the words it opens nothing.
"""

import re
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from microsocial.errors import Invalid
from microsocial.protocol.encoding import b64u, parse_object, unb64u
from microsocial.protocol.exchange import InviteProof
from microsocial.protocol.fields import convert
from microsocial.protocol.invites import INVITE_ID_BYTES, INVITE_SECRET_BYTES
from microsocial.protocol.limits import MAX_HELP_REQUEST_BYTES
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.texts import is_address

HELP_NONCE_BYTES = 16
_LONGEST_LINK = 500
_LINK = re.compile(r"(?P<url>[^#]+)/h#(?P<id>[A-Za-z0-9_-]{43})\.(?P<secret>[A-Za-z0-9_-]{32})")


class HelpLinkWrong(Invalid):
    """This is not a help link. Copy the whole link from your friend's message, up to its last letter."""


@dataclass(frozen=True)
class HelpLink:
    """A help link: where the friend is, who they are, and a secret shared with them."""

    url: str  # the friend's address, without a slash at the end
    id: str
    help_id: bytes
    secret: bytes = field(repr=False)

    def link(self) -> str:
        return f"{self.url.rstrip('/')}/h#{self.id}.{b64u(self.help_id + self.secret)}"


def parse_help_link(link: str) -> HelpLink:
    """Read a link; raise HelpLinkWrong."""
    bare = link.strip().removeprefix("web+microsocial:")
    found = _LINK.fullmatch(bare) if len(bare) <= _LONGEST_LINK else None
    if found is None or not is_address(found["url"]):
        raise HelpLinkWrong
    try:
        unb64u(found["id"])
        secret = unb64u(found["secret"], INVITE_ID_BYTES + INVITE_SECRET_BYTES)
    except Malformed as error:
        raise HelpLinkWrong from error
    url = found["url"].rstrip("/")
    return HelpLink(url, found["id"], secret[:INVITE_ID_BYTES], secret[INVITE_ID_BYTES:])


class HelpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of /peer/v1/help. `nonce` makes each one another, so that the reply cannot be an old one."""

    nonce: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{21}[AQgw]\Z")]
    link: InviteProof | None = None  # as with invites: the link's id, and that its secret is known


def read_help_request(content: bytes) -> HelpRequest:
    """Read a request for help; raise Malformed."""
    return convert(parse_object(content, MAX_HELP_REQUEST_BYTES), HelpRequest)
