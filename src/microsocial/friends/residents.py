"""Who lives at an address: the document at /.well-known/microsocial, read and checked (spec 10.1). Pure."""

from dataclasses import dataclass

from microsocial.friends.homes import is_private
from microsocial.friends.knocks import Knock
from microsocial.friends.model import Met, NotALink, NotWhoTheySay
from microsocial.protocol.exchange import InviteProof, read_well_known
from microsocial.protocol.keys import KeyLog, decode_key_log
from microsocial.protocol.prekeys import PublishedPrekey, decode_prekey
from microsocial.protocol.texts import clean_line, is_address
from microsocial.transport.errors import NotMicrosocial
from microsocial.transport.http_out import Response

MAX_TYPED_ADDRESS = 500  # what a person pastes; longer is no address


@dataclass(frozen=True)
class Resident:
    """Whoever answers at an address. The name is only a claim; the id follows from the keys."""

    url: str
    key_log: KeyLog
    prekey: PublishedPrekey
    name: str
    hue: int
    moved_to: str | None = None  # nobody lives at `url` any more
    is_as_asked: bool = (
        True  # False: a document sent us here, so the owner has not said yes to this address
    )

    @property
    def person(self) -> str:
        return self.key_log.id

    def knock(self, met: Met, invite: InviteProof | None = None, note: str = "") -> Knock:
        """Make the greeting to this door; it goes to the address that was looked at, and to no other."""
        return Knock(self.person, (self.url,), self.key_log, self.prekey, met, invite, note)


def read_resident(url: str, response: Response) -> Resident:
    """Check what the door says about itself; raise PeerBroke."""
    if response.status != 200:
        raise NotMicrosocial
    document = read_well_known(response.body)
    key_log = decode_key_log(document.keys)
    if key_log.id != document.id:  # spec 3.2: the id is the hash of the first key event
        raise NotWhoTheySay
    prekey = decode_prekey(document.prekey, key_log)
    name, hue = clean_line(document.profile.name), document.profile.hue
    moved_to = next(iter(document.address.urls), None) if document.moved else None
    return Resident(url, key_log, prekey, name, hue, moved_to)


def address_of(typed: str) -> str:
    """Read what a person typed as an address: "ana.example", "localhost:8080", "https://ana.example/"."""
    bare = typed.strip().removeprefix("web+microsocial:").rstrip("/")
    if len(bare) > MAX_TYPED_ADDRESS:
        raise NotALink(field="address")
    if "://" not in bare:
        bare = (
            f"http://{bare}"
            if is_address(f"http://{bare}") and is_private(f"http://{bare}")
            else f"https://{bare}"
        )
    if not is_address(bare):
        raise NotALink(field="address")
    return bare
