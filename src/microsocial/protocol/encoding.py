"""Bytes to values and back: base64url and strict I-JSON (spec 1).

`parse_object` is total: any bytes end as a dict or as `Malformed`, never as another exception.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, NoReturn

import msgspec

from microsocial.errors import Invalid
from microsocial.protocol.limits import MAX_INTEGER, MAX_NESTING
from microsocial.protocol.refusals import Malformed, TooLarge

_B64U = re.compile(r"[A-Za-z0-9_-]*")
# A string (also one that never ends, so that scanning stays linear) or a bracket outside of strings.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_OPENING = (b"[", b"{")
_CLOSING = (b"]", b"}")
_LONGEST_INTEGER = 17  # a minus sign and the 16 digits of 2^53-1


class NotSayable(Invalid):
    """This text contains characters that cannot be sent. Remove what looks odd and try again."""


def b64u(content: bytes) -> str:
    """base64url without padding (spec 1.1)."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def unb64u(text: str, length: int | None = None) -> bytes:
    """Decode strictly, optionally demanding `length` bytes; raise Malformed."""
    if not _B64U.fullmatch(text):
        raise Malformed("not base64url")
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Malformed("not base64url") from error
    if (
        b64u(content) != text
    ):  # spec 1.1: trailing bits must be zero, so that a value has one spelling
        raise Malformed("base64url with stray bits")
    if length is not None and len(content) != length:
        raise Malformed(f"{length} bytes expected, {len(content)} found")
    return content


def hash_of(content: bytes) -> str:
    """SHA-256 as it is written in payloads: 43 characters (spec 1.4)."""
    return b64u(sha256(content).digest())


def dump(value: dict[str, Any]) -> bytes:
    """Write our own payload: compact, in insertion order. Raises NotSayable for what has no UTF-8 form."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise NotSayable from error


def parse_object(content: bytes, max_bytes: int) -> dict[str, Any]:
    """Read one I-JSON object of at most `max_bytes`, strictly (spec 1.2); raise Malformed."""
    if len(content) > max_bytes:
        raise TooLarge(f"{len(content)} bytes; at most {max_bytes} are read")
    _check_nesting(content)
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_safe_integer,
        )
        if (
            b"\\u" in content
        ):  # only an escape can bring a lone surrogate; writing the value again finds it
            msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise Malformed("a lone surrogate") from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise Malformed("not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise Malformed("not an object")
    return value


def _check_nesting(content: bytes) -> None:
    # Before json.loads: the parser of the standard library answers deep nesting with a RecursionError.
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(content):
        bracket = token.group()
        if bracket in _OPENING:
            depth += 1
            if depth > MAX_NESTING:
                raise Malformed(f"more than {MAX_NESTING} levels of nesting")
        elif bracket in _CLOSING:
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("a key occurs twice")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise Malformed(f"only integers are numbers here, not {text[:20]}")


def _safe_integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER or abs(number := int(text)) > MAX_INTEGER:
        raise Malformed("an integer beyond 2^53-1")
    return number
