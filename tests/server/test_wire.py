"""Whoever types a password is told when others can read along, and not otherwise."""

import pytest
from starlette.requests import Request

from microsocial.server.wire import is_open


def asked(client, scheme="http", server="192.168.1.5", **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": named}
    return Request(scope | {"client": client and (client, 5000), "server": (server, 80)})


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked("192.168.1.20"), True),
        (asked("203.0.113.9"), True),
        (asked("2001:db8::1"), True),
        (asked("203.0.113.9", scheme="https"), False),
        (asked("203.0.113.9", origin="https://ana.example"), False),
        # what browsers add only where they hold the connection to be safe
        (asked("203.0.113.9", sec_fetch_site="same-origin"), False),
        (asked("127.0.0.1"), False),
        (asked("::1"), False),
        (asked("::ffff:127.0.0.1"), False),
        (asked("192.168.1.5"), False),  # this machine by its own name in the network
        (asked(None), False),  # a socket in the file system
        (asked("unknown"), True),
    ],
)
def test_the_wire_is_open_between_machines_without_tls(request_, expected):
    assert is_open(request_) is expected


async def test_the_session_says_so_before_and_after_somebody_lives_here(node, browsers):
    near, far = browsers("127.0.0.1"), browsers("203.0.113.9")
    assert (await near.get("/session")).json()["is_open_wire"] is False
    told = (await far.get("/session")).json()
    assert (told["state"], told["is_open_wire"]) == ("new", True)
    token = node.setup_link.link("").partition("#setup=")[2]
    set_up = {"token": token, "name": "Ana", "password": "correct horse battery"}
    assert (await near.post("/setup", set_up)).status_code == 200
    told = (await far.get("/session")).json()
    assert (told["state"], told["is_open_wire"]) == ("locked", True)


async def test_a_proxy_that_nobody_trusts_cannot_call_the_way_safe(node, stranger):
    told = await stranger.get("/session", X_Forwarded_Proto="https")
    assert told.json()["is_open_wire"] is True
