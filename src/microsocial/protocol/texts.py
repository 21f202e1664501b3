"""What may stand in a text, a name, an emoji or an address (spec 4.10). Predicates raise Malformed."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from microsocial.protocol.limits import MAX_ADDRESS_CHARACTERS, MAX_EMOJI_BYTES
from microsocial.protocol.refusals import Malformed

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# One line, and nothing that turns the reading direction of what stands beside a name.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_TONE = "[\U0001f3fb-\U0001f3ff]"
_TAGS = "[\U000e0020-\U000e007e]+\U000e007f"
_ONE = f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}{_TONE}?\ufe0f?(?:{_TAGS})?)"
_EMOJI = re.compile(f"[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d{_ONE})*")
_PORT = r"[1-9][0-9]{0,4}"
_URL = re.compile(
    rf"https?://(?:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,251}}[A-Za-z0-9])?)|\[(?P<six>[0-9A-Fa-f:.]+)\])"
    rf"(?::(?P<port>{_PORT}))?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*"
)
_WEB_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f/?#@\\]+(?:[/?#][^\s\x00-\x20\x7f-\x9f]*)?")
_HOME = re.compile(rf"(?:(?P<four>[0-9.]+)|\[(?P<six>[0-9A-Fa-f:.]+)\]):(?P<port>{_PORT})")
_HIGHEST_PORT = 65_535


def clean(text: str) -> str:
    """Bring what a person typed into the form that may be sent: line ends as LF, no other control characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """Bring what a person typed into one line."""
    return _NOT_IN_A_LINE.sub("", re.sub(r"\s+", " ", text)).strip()


def check_text(text: str) -> None:
    if _CONTROL.search(text):
        raise Malformed("a control character in a text")


def check_line(text: str) -> None:
    if _NOT_IN_A_LINE.search(text):
        raise Malformed("a control character in a line of text")


def check_name(name: str) -> None:
    check_line(name)
    if not name.strip():
        raise Malformed("an empty name")


def is_emoji(text: str) -> bool:
    """Say whether this looks like one emoji; newer ones than we know pass if their block is right."""
    return len(text.encode("utf-8", "surrogatepass")) <= MAX_EMOJI_BYTES and bool(
        _EMOJI.fullmatch(text)
    )


def check_emoji(text: str) -> None:
    if not is_emoji(text):
        raise Malformed("not an emoji")


def is_address(url: str) -> bool:
    """Say whether this can be a node's address: absolute http(s), no user, query or fragment."""
    found = _URL.fullmatch(url)
    return (
        found is not None
        and len(url) <= MAX_ADDRESS_CHARACTERS
        and _port_is_possible(found["port"])
        and (found["six"] is None or _is_ip(found["six"], IPv6Address))
    )


def is_home(address: str) -> bool:
    """Say whether this is an `ip:port`, an IPv6 address in brackets."""
    found = _HOME.fullmatch(address)
    if found is None or not _port_is_possible(found["port"]):
        return False
    return (
        _is_ip(found["four"], IPv4Address) if found["four"] else _is_ip(found["six"], IPv6Address)
    )


def check_address(urls: tuple[str, ...], home: tuple[str, ...]) -> None:
    if not all(map(is_address, urls)):
        raise Malformed("not an address of a node")
    if not all(map(is_home, home)):
        raise Malformed("not an ip:port")


def check_web_link(url: str) -> None:
    """A link in a card: http(s) with a host, no user, no white space."""
    if not _WEB_LINK.fullmatch(url):
        raise Malformed("not a web link")


def _port_is_possible(port: str | None) -> bool:
    return port is None or int(port) <= _HIGHEST_PORT


def _is_ip(text: str, family: type[IPv4Address] | type[IPv6Address]) -> bool:
    try:
        family(text)
    except AddressValueError:
        return False
    return True
