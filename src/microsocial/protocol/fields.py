"""The types of fields in payloads: what msgspec checks while it converts (spec 1, 4).

b64u fields of fixed length are patterns whose last letter can only end without stray bits (spec 1.1).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from microsocial.protocol.limits import (
    MAX_INTEGER,
    MAX_KEY_EVENTS,
    MAX_NAME_CHARACTERS,
    MAX_POSITION_CHARACTERS,
    MAX_TEXT_CHARACTERS,
)
from microsocial.protocol.refusals import Malformed

Hash = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]  # 32 bytes
PersonId = Hash
RandomId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{21}[AQgw]\Z")]  # 16 bytes
ShortId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]\Z")]  # 8 bytes
# What may stand where a record is named: random, or the name of a one-valued kind.
RecordId = Annotated[str, Meta(pattern=r"\A(?:[A-Za-z0-9_-]{21}[AQgw]|[a-z][a-z-]{0,20})\Z")]
KindName = Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{0,31}\Z")]
B64u = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]*\Z")]
KeyNumber = Annotated[int, Meta(ge=0, lt=MAX_KEY_EVENTS)]
Moment = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]  # milliseconds since 1970 (spec 1.4)
Revision = Moment
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS)]
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARACTERS)]
PositionText = Annotated[str, Meta(max_length=MAX_POSITION_CHARACTERS)]
Audience = Literal["public", "friends", "circle", "chosen", "me"]

T = TypeVar("T")


def convert(value: Mapping[str, Any], model: type[T]) -> T:
    """Turn a parsed object into its model; unknown fields are let be; raise Malformed naming the field."""
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from error
