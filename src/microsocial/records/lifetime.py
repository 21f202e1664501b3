"""What is said for a while only (spec 4.13): how long that may be. Pure."""

from microsocial.errors import Invalid
from microsocial.protocol.limits import MAX_LIFETIME_S


class EndWrong(Invalid):
    """Say until when it should stay: a moment that is still to come, at most ten years from now."""


def fit_expiry(expires: int | None, now: int) -> int | None:
    """Give the moment as it will be said; None stays. Raises EndWrong."""
    if expires is not None and not now < expires <= now + MAX_LIFETIME_S * 1000:
        raise EndWrong(field="expires")
    return expires
