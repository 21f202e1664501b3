"""Slow hashes of what a person can remember or write down: the password, and the two words asked back.

Every call costs tens of milliseconds of a core and 32 MiB: callers run them off the event loop, one at a time.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's shape, sized so that a Raspberry Pi answers in a few tenths of a second and stays within its memory.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)


def slow_hash(secret: str) -> str:
    return _HASHER.hash(secret)


def fits(secret: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Tell whether today's parameters are stronger than those of the hash."""
    return _HASHER.check_needs_rehash(hashed)
