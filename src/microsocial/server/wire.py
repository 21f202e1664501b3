"""How what a browser sends comes to this node: over TLS, from this machine, or open for whoever sits in between.

A node knows only its own end: a proxy that is not trusted (proxies.py) cannot say what came before it. What is told here is for
sentences and cookies; nothing is refused because of it, since at home a node is reached without TLS too.
"""

from ipaddress import ip_address

from starlette.requests import Request


def is_secure(request: Request) -> bool:
    """Whether the browser came over TLS, as its request or its own page says.

    The configured address is not asked: at home the same node is also reached without TLS.
    """
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")


def is_open(request: Request) -> bool:
    """Whether what is typed in this browser can be read on its way, as far as is known here."""
    if is_secure(request) or "sec-fetch-site" in request.headers:
        # Browsers send that header only where they hold the connection to be safe: TLS, or this machine.
        return False
    return not _is_this_machine(request)


def _is_this_machine(request: Request) -> bool:
    if request.client is None:
        return True
    server = request.scope.get("server") or ("", None)
    return request.client.host == server[0] or _is_loopback(request.client.host)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
