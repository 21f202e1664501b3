from ipaddress import ip_network

import pytest

from microsocial.server.proxies import TrustedProxies

PROXY = "10.0.0.1"


async def seen(peer, trusted=("10.0.0.0/8",), **headers):
    """What the application sees: (address, scheme)."""
    found = []

    async def app(scope, receive, send):
        found.append((scope["client"][0], scope["scheme"]))

    told = [(k.replace("_", "-").lower().encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": told}
    await TrustedProxies(app, [ip_network(n) for n in trusted])(scope, None, None)
    return found[0]


async def test_a_trusted_proxy_says_who_asks_and_how():
    told = await seen(PROXY, X_Forwarded_For="203.0.113.5", X_Forwarded_Proto="https")
    assert told == ("203.0.113.5", "https")


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "::1"])
async def test_nobody_else_is_believed(peer):
    told = await seen(peer, X_Forwarded_For="198.51.100.1", X_Forwarded_Proto="https")
    assert told == (peer, "http")


async def test_what_stands_before_the_first_stranger_may_be_invented():
    chain = "127.0.0.1, 198.51.100.1, 203.0.113.5, 10.0.0.7"
    assert (await seen(PROXY, X_Forwarded_For=chain))[0] == "203.0.113.5"


@pytest.mark.parametrize("chain", ["", "nonsense", "203.0.113.5, unknown", "<script>"])
async def test_a_broken_chain_leaves_the_proxy(chain):
    assert (await seen(PROXY, X_Forwarded_For=chain))[0] == PROXY


async def test_a_mapped_address_is_the_address_it_maps():
    told = await seen("::ffff:10.0.0.1", X_Forwarded_For="203.0.113.5")
    assert told[0] == "203.0.113.5"


@pytest.mark.parametrize("proto", ["ftp", "javascript", "https, evil"])
async def test_only_web_schemes_count(proto):
    assert (await seen(PROXY, X_Forwarded_For="203.0.113.5", X_Forwarded_Proto=proto))[1] == "http"
