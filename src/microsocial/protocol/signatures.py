"""Signed requests: one fixed profile of RFC 9421, spelled one way (spec 10.2). It guards the door and grants nothing else.

Rule 1: never cover authority or scheme; proxies rewrite them.
Rule 2: what is read here is believed only after `verify`.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from microsocial.protocol.crypto import SIGNATURE_BYTES, PublicKey, SigningKey, sha256
from microsocial.protocol.refusals import BadSignature, Malformed

NONCE_BYTES = 16
_COMPONENTS = ("@method", "@path", "@query", "content-digest", "microsocial-to")
_COVERED = " ".join(f'"{name}"' for name in _COMPONENTS)
_ID = "[A-Za-z0-9_-]{43}"
_INPUT = re.compile(
    rf"ms=(?P<params>\({re.escape(_COVERED)}\);created=(?P<created>[0-9]{{1,11}})"
    rf';nonce="(?P<nonce>[A-Za-z0-9_-]{{22}})"'
    rf';keyid="(?P<id>{_ID})#(?P<number>0|[1-9][0-9]{{0,3}})";alg="ed25519")'
)
_SIGNATURE = re.compile(r"ms=:(?P<signature>[A-Za-z0-9+/]{86}==):")
_TO = re.compile(_ID)
_DIGEST_NAME = "sha-256="
_DIGEST = re.compile(rf"{_DIGEST_NAME}:[A-Za-z0-9+/]{{43}}=:")


class NotSigned(Malformed):
    """This door is for other nodes: the request is not signed the way the protocol says."""

    status = 401


class BodyChanged(Malformed):
    """The content is not the one that was signed."""


@dataclass(frozen=True)
class SignedRequest:
    """Who claims to ask whom, and what proves it."""

    id: str  # the signer's
    number: int  # of the signer's key
    created: int  # milliseconds; requests carry whole seconds
    nonce: str
    to: str
    digest: str  # of the content, as Content-Digest says
    base: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def keyid(self) -> str:
        return f"{self.id}#{self.number}"

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the content that was signed, whether or not it has come."""
        return b64decode(self.digest.removeprefix(_DIGEST_NAME).strip(":"))


def content_digest(body: bytes) -> str:
    """The value of Content-Digest (RFC 9530)."""
    return f"{_DIGEST_NAME}:{b64encode(sha256(body)).decode('ascii')}:"


def signature_base(components: Sequence[tuple[str, str]], params: str) -> bytes:
    """The bytes that are signed (RFC 9421 section 2.5)."""
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("utf-8", "surrogatepass")


def sign_request(
    method: str,
    path: str,
    query: str,
    body: bytes,
    to: str,
    key: SigningKey,
    keyid: str,
    created: int,
    nonce: bytes,
) -> dict[str, str]:
    """Make the headers that sign a request. `query` is without its question mark, `created` in ms, `nonce` 16 bytes."""
    digest = content_digest(body)
    shown_nonce = b64encode(nonce, altchars=b"-_").rstrip(b"=").decode("ascii")
    params = f'({_COVERED});created={created // 1000};nonce="{shown_nonce}";keyid="{keyid}";alg="ed25519"'
    signature = key.sign(_base(method, path, query, digest, to, params))
    return {
        "Content-Digest": digest,
        "Microsocial-To": to,
        "Signature-Input": f"ms={params}",
        "Signature": f"ms=:{b64encode(signature).decode('ascii')}:",
    }


def read_request(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> SignedRequest:
    """`read_claims` and `check_content` at once."""
    request = read_claims(method, path, query, headers)
    check_content(request, body)
    return request


def check_content(request: SignedRequest, body: bytes) -> None:
    """Raise BodyChanged unless this is the content that was signed."""
    if request.digest != content_digest(body):
        raise BodyChanged


def read_claims(method: str, path: str, query: str, headers: Mapping[str, str]) -> SignedRequest:
    """Take the claims out of a request whose header names are in any case; raise NotSigned or BodyChanged.

    The content need not be here yet: who signed can be checked before a byte of it is read. `path` and `query` are as
    they stood in the request line, not decoded.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    to = _match(_TO, lower, "microsocial-to")[0]
    found = _match(_INPUT, lower, "signature-input")
    signature = _match(_SIGNATURE, lower, "signature")["signature"]
    digest = lower.get("content-digest", "")
    if not _DIGEST.fullmatch(digest):
        raise BodyChanged
    return SignedRequest(
        id=found["id"],
        number=int(found["number"]),
        created=int(found["created"]) * 1000,
        nonce=found["nonce"],
        to=to,
        digest=digest,
        base=_base(method, path, query, digest, to, found["params"]),
        signature=_decoded(signature),
    )


def verify(request: SignedRequest, key: PublicKey) -> None:
    """Raise BadSignature unless `key` signed this request."""
    if len(request.signature) != SIGNATURE_BYTES:
        raise BadSignature
    key.verify(request.signature, request.base)


def _base(method: str, path: str, query: str, digest: str, to: str, params: str) -> bytes:
    # RFC 9421 section 2.2.7: the query keeps its question mark, also when it is empty
    values = (method, path, f"?{query}", digest, to)
    return signature_base(list(zip(_COMPONENTS, values, strict=True)), params)


def _match(pattern: re.Pattern[str], headers: Mapping[str, str], name: str) -> re.Match[str]:
    found = pattern.fullmatch(headers.get(name, ""))
    if found is None:
        raise NotSigned(f"the header {name} is missing or not as the protocol spells it")
    return found


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise NotSigned("the signature is not base64") from error
