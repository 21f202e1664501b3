"""Who really asks. Forwarded headers count only when the connection comes from a trusted proxy; loopback proves nothing."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network

_SCHEMES = {"http", "https"}


class TrustedProxies:
    """Rewrites `client` and `scheme` of the scope from X-Forwarded-For and X-Forwarded-Proto of trusted proxies."""

    def __init__(self, app: ASGIApp, trusted: Iterable[Network]) -> None:
        self._app = app
        self._trusted = list(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("client") and self._trusts(scope["client"][0]):
            headers = Headers(scope=scope)
            scope = dict(scope)
            scope["client"] = (self._asker(scope["client"][0], headers), 0)
            proto = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
            if proto in _SCHEMES:
                scope["scheme"] = proto
        await self._app(scope, receive, send)

    def _asker(self, peer: str, headers: Headers) -> str:
        """The last address in the chain that no proxy of ours has: what stands before it may be invented."""
        chain = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed([hop.strip() for hop in chain if hop.strip()]):
            if not _is_address(hop):
                return peer
            peer = hop
            if not self._trusts(hop):
                break
        return peer

    def _trusts(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
