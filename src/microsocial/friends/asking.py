"""Asking friends what they know of me: my key log and my capsule (spec 9.8). For who has nothing, or an old folder, and the words.

Nothing of what they say is believed but what proves itself: the log by its steps, the capsule by its signature, they by their id.
"""

from dataclasses import dataclass, field
from typing import Protocol

from microsocial.clock import Entropy
from microsocial.errors import Conflict, MicrosocialError, NotFound, PeerBroke
from microsocial.friends.homes import accepted_places
from microsocial.friends.model import NotWhoTheySay
from microsocial.friends.residents import Resident, read_resident
from microsocial.identity.recovery import beginning
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.encoding import b64u, dump, hash_of
from microsocial.protocol.envelope import Envelope, decode_envelope, parse_envelope, verify_envelope
from microsocial.protocol.exchange import Help, InviteProof, read_answer, read_help
from microsocial.protocol.help import HELP_NONCE_BYTES, HelpLink
from microsocial.protocol.invites import mac
from microsocial.protocol.keys import KeyLog, decode_key_log, merge, signing_key
from microsocial.protocol.limits import MAX_HELP_BYTES, MAX_RECORD_BYTES, MAX_WELL_KNOWN_BYTES
from microsocial.protocol.payloads import read_signed_record
from microsocial.protocol.refusals import Forked, Malformed, Status
from microsocial.protocol.revisions import Rank, rank
from microsocial.transport.errors import NoAddress
from microsocial.transport.http_out import Destination, Response, Signer

HELP = "/peer/v1/help"
WELL_KNOWN = "/.well-known/microsocial"
JSON = "application/json"
MAX_TRIES = 3  # each answer `key-behind` brings a longer log to ask again with


class HelpNotGiven(NotFound):
    """Your friend's machine does not know this help link, or it is older than a week, or these are not the words it was made for."""


class NotNow(PeerBroke):
    """Your friend's machine cannot answer just now. Try again in a few minutes."""

    status = 502


class NoFriendOfMine(NotFound):
    """Your friend's machine does not know you as a friend."""


class WordsInTwoHands(Conflict):
    """Your keys were changed in two ways at once: somebody else has your 24 words. Tell your friends, and begin anew."""


@dataclass(frozen=True)
class Asker:
    """Me, as far as the words make me: enough to sign a request."""

    id: str
    key_number: int
    signing_key: SigningKey = field(repr=False)


@dataclass(frozen=True)
class Known:
    """What a friend knows of me."""

    resident: Resident
    key_log: KeyLog
    capsule: Envelope | None = None


class Carrier(Protocol):
    """Who brings bytes to other machines: `transport.http_out.HttpOut`."""

    async def get(
        self, url: str, *, allowed: frozenset[str] = frozenset(), max_bytes: int
    ) -> Response: ...

    async def post(
        self,
        to: Destination,
        path: str,
        body: bytes,
        *,
        signer: Signer,
        purpose: str,
        max_bytes: int = ...,
        content_type: str = ...,
    ) -> Response: ...


def longer(known: KeyLog, offered: KeyLog) -> KeyLog:
    """Raises WordsInTwoHands when neither extends the other."""
    try:
        return merge(known, offered)
    except Forked as error:
        raise WordsInTwoHands from error


def rank_of(capsule: Envelope, key_log: KeyLog) -> Rank:
    """The capsule's place among mine. Raises PeerBroke for what is no capsule of mine."""
    if capsule.kind != "capsule":
        raise Malformed(f"a {capsule.kind} where a capsule belongs")
    return rank(capsule, read_signed_record(capsule, key_log))


async def visit(carrier: Carrier, url: str, allowed: frozenset[str]) -> Resident:
    """Read the document of whoever lives there."""
    asked = url + WELL_KNOWN
    return read_resident(
        url, await carrier.get(asked, allowed=allowed, max_bytes=MAX_WELL_KNOWN_BYTES)
    )


async def find(
    carrier: Carrier, person: str, urls: tuple[str, ...], allowed: frozenset[str]
) -> Resident:
    """Look for somebody at each of their addresses. Raises NotWhoTheySay, and what the carrier raises."""
    failure: MicrosocialError = NoAddress()
    for url in urls:
        try:
            resident = await visit(carrier, url, allowed)
            if resident.moved_to is not None and resident.moved_to != url:  # spec 10.1: look once
                resident = await visit(carrier, resident.moved_to, allowed)
            if resident.person != person:
                raise NotWhoTheySay
        except MicrosocialError as error:
            failure = error
        else:
            return resident
    raise failure


class Asking:
    """Asks one friend after the other. Needs no data folder."""

    def __init__(self, carrier: Carrier, entropy: Entropy, word_entropy: bytes) -> None:
        self._carrier = carrier
        self._entropy = entropy
        self._words = word_entropy

    async def with_link(self, link: HelpLink) -> Known:
        """Ask the friend who made the link. Raises HelpNotGiven, NotWhoTheySay, and what the carrier raises."""
        resident = await visit(self._carrier, link.url, accepted_places(link.url))
        if resident.person != link.id:
            raise NotWhoTheySay
        known = beginning(self._words)
        proof = InviteProof(id=b64u(link.help_id), mac=mac(link.secret, known.id, link.id))
        to = _destination(resident, accepted_places(link.url))
        response, request_hash = await self._post(to, known, proof)
        if not response.is_protocol:
            raise HelpNotGiven if response.status == HelpNotGiven.status else NotNow
        letter = self._read(resident, known, response.body, request_hash)
        if letter is None:
            raise HelpNotGiven
        return self._known(resident, known, letter)

    async def friend(
        self, person: str, urls: tuple[str, ...], allowed: frozenset[str], known: KeyLog
    ) -> Known:
        """Ask a friend what they know beyond `known`. Raises NoFriendOfMine, WordsInTwoHands, NotWhoTheySay, PeerBroke."""
        resident = await find(self._carrier, person, urls, allowed)
        to = _destination(resident, allowed)
        for _ in range(MAX_TRIES):
            response, request_hash = await self._post(to, known, None)
            if not response.is_protocol:
                raise NotNow
            letter = self._read(resident, known, response.body, request_hash)
            if letter is not None:
                return self._known(resident, known, letter)
            told = self._told_longer(resident, known, response.body, request_hash)
            if told == known:
                return Known(resident, known)
            known = told
        return Known(resident, known)

    async def _post(
        self, to: Destination, known: KeyLog, proof: InviteProof | None
    ) -> tuple[Response, str]:
        asked = {"nonce": b64u(self._entropy(HELP_NONCE_BYTES))}
        body = dump(asked | ({"link": {"id": proof.id, "mac": proof.mac}} if proof else {}))
        signer = Asker(known.id, known.number, signing_key(self._words, known.number))
        response = await self._carrier.post(
            to,
            HELP,
            body,
            signer=signer,
            purpose="help",
            max_bytes=MAX_HELP_BYTES,
            content_type=JSON,
        )
        return response, hash_of(body)

    def _read(
        self, resident: Resident, known: KeyLog, raw: bytes, request_hash: str
    ) -> Help | None:
        """Read the reply, if it is help for me and answers this very request; None for an answer."""
        envelope = parse_envelope(raw, MAX_HELP_BYTES)
        if envelope.kind != "help":
            return None
        verify_envelope(envelope, resident.key_log.current)
        letter = read_help(envelope)
        parties = (letter.sender, letter.receiver, letter.request)
        if parties != (resident.person, known.id, request_hash):
            raise Malformed("help for somebody else, or an old one")
        return letter

    def _known(self, resident: Resident, known: KeyLog, letter: Help) -> Known:
        offered = decode_key_log(letter.keys)
        if offered.id != known.id:
            raise Malformed("a key log of somebody else")
        key_log = longer(known, offered)
        capsule = decode_envelope(letter.capsule, MAX_RECORD_BYTES) if letter.capsule else None
        if capsule is not None:
            rank_of(capsule, key_log)
        return Known(resident, key_log, capsule)

    def _told_longer(
        self, resident: Resident, known: KeyLog, raw: bytes, request_hash: str
    ) -> KeyLog:
        """What a refusal tells: a longer log of mine, that they know a shorter one, or that we are no friends."""
        envelope = parse_envelope(raw, MAX_HELP_BYTES)
        answer = read_answer(envelope)
        verify_envelope(envelope, resident.key_log.current)
        if (answer.sender, answer.receiver, answer.update) != (
            resident.person,
            known.id,
            request_hash,
        ):
            raise Malformed("an answer to something else")
        knows_nothing = answer.says is Status.KEY_UNKNOWN and known.number == 0
        if answer.says is Status.NOT_FRIENDS or knows_nothing:
            raise NoFriendOfMine
        if answer.says is Status.KEY_BEHIND and answer.keys:
            return longer(known, decode_key_log(answer.keys))
        return known


def _destination(resident: Resident, allowed: frozenset[str]) -> Destination:
    return Destination(resident.person, (resident.url,), allowed, resident.key_log.current)
