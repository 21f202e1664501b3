"""Values and rules of identity, pure: what a session, a token and a caller are, and what is refused."""

import hmac
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from microsocial.errors import Conflict, Invalid, NotAllowed, NotFound, TooMuch
from microsocial.events import Event
from microsocial.protocol import limits
from microsocial.protocol.encoding import b64u
from microsocial.protocol.texts import clean_line

SHORTEST_PASSWORD = 8  # NIST SP 800-63B; guessing over the network is throttled
LONGEST_PASSWORD = 1000  # hashing more would be work for nothing
LONGEST_NAME = limits.MAX_NAME_CHARACTERS
LONGEST_ABOUT = limits.MAX_ABOUT_CHARACTERS
LONGEST_LABEL = 100
MAX_TOKENS = 100  # nobody names more; a runaway script must not fill the table
SESSION_IDLE_DAYS = 90  # a browser unused for a season has to log in again
SEEN_EVERY_MS = 5 * 60_000  # how exactly "last seen" is kept: not one write per request
HUES = 360  # spec 4.6, profile
DAY_MS = 24 * 60 * 60 * 1000


class Scope(StrEnum):
    """What a caller may do: look, act, or change who else may come in."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True)
class PreferencesChanged(Event):
    """The owner likes something to be otherwise."""


class NotLoggedIn(NotAllowed):
    """Only the owner can see this. Log in first."""


class WrongPassword(NotAllowed):
    """That is not the password."""


class ForeignRequest(NotAllowed):
    """This request did not come from your own app. Reload the page and try again."""

    status = 403


class ScopeMissing(NotAllowed):
    """This token may not do that. Make one with the scope it needs."""

    status = 403


class SetupLinkUsed(NotAllowed):
    """This setup link is not valid. Start the node again to get a new one."""

    status = 403


class AlreadySetUp(Conflict):
    """Somebody lives here already. Log in instead."""


class TooManyTries(TooMuch):
    """Too many wrong passwords. Wait a little, then try again."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Try again in {retry_after_seconds} seconds.")
        self.retry_after_seconds = retry_after_seconds


class PasswordUnfit(Invalid):
    """A password needs at least 8 characters, and at most 1,000."""


class NameUnfit(Invalid):
    """A name needs 1 to 80 characters."""


class LabelUnfit(Invalid):
    """A label needs 1 to 100 characters."""


class WordsDoNotMatch(Invalid):
    """These are not the two words. Look at your sheet again: the numbers count from 1."""


class NoWordsAsked(Conflict):
    """Your words are confirmed already."""


class UnknownSession(NotFound):
    """There is no such session."""


class UnknownToken(NotFound):
    """There is no such token."""


class TooManyTokens(TooMuch):
    """There are 100 tokens already. Delete one that you no longer use."""

    status = 409


@dataclass(frozen=True)
class SessionEnded(Event):
    """A session was logged out or revoked; its open screens must close."""

    session: str


@dataclass(frozen=True)
class TokenEnded(Event):
    """A bearer token was deleted; what listens with it must stop."""

    token: str


@dataclass(frozen=True)
class Caller:
    """Who asks: the owner through a browser session, or a program with a token."""

    kind: Literal["session", "token"]
    id: str
    scopes: frozenset[Scope]


@dataclass(frozen=True)
class Session:
    id: str
    label: str
    created: int
    seen: int


@dataclass(frozen=True)
class NewSession:
    """A session at its birth: the only moment its secret is known."""

    id: str
    secret: str = field(repr=False)

    @property
    def csrf(self) -> str:
        return csrf_of(self.secret)


@dataclass(frozen=True)
class Token:
    id: str
    label: str
    scopes: frozenset[Scope]
    created: int
    seen: int | None


@dataclass(frozen=True)
class NewToken:
    """A token at its birth: the only moment its secret is known."""

    token: Token
    secret: str = field(repr=False)


def secret_hash(secret: str) -> bytes:
    """What is kept of a random secret. It has 256 bits of entropy, so a plain hash is enough."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def csrf_of(session_secret: str) -> str:
    """The CSRF token follows from the session's secret: nothing to keep, nothing to mix up between sessions."""
    return b64u(hmac.digest(session_secret.encode("utf-8", "surrogatepass"), b"csrf", "sha256"))


def fit_name(name: str) -> str:
    return _fit_line(name, LONGEST_NAME, NameUnfit, "name")


def fit_label(label: str) -> str:
    return _fit_line(label, LONGEST_LABEL, LabelUnfit, "label")


def _fit_line(text: str, longest: int, refusal: type[Invalid], name: str) -> str:
    """One line of visible text in NFC, with nothing that turns the reading direction around it."""
    text = clean_line(unicodedata.normalize("NFC", text))
    kinds = {unicodedata.category(c) for c in text}
    if len(text) > longest or "Cs" in kinds or not kinds - {"Cf", "Zs"}:
        raise refusal(field=name)
    return text


def fit_password(password: str, *, name: str = "password") -> str:
    """Normalised, so that the same keys give the same password on every keyboard and system."""
    password = unicodedata.normalize("NFKC", password)
    surrogates = any(unicodedata.category(c) == "Cs" for c in password)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or surrogates:
        raise PasswordUnfit(field=name)
    return password


# A user agent names its ancestors too: the most particular mark comes first.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def first_hue(person: str) -> int:
    """A colour that follows from the id, until the person chooses one."""
    return int.from_bytes(sha256(person.encode()).digest()[:2]) % HUES


def browser_label(user_agent: str) -> str:
    """A name for a session that its owner recognises: "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser
