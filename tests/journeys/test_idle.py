"""What an idle day costs: three friends' nodes with real sockets between them, in one process so that one clock rules them all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.support.proxy import Proxy
from tests.support.time_and_chance import FakeClock

from microsocial.cli.children import free_port
from microsocial.delivery import courier
from microsocial.friends.knocking import Knocking
from microsocial.node.life import Node, make_person
from microsocial.node.serving import _server
from microsocial.server.app import create_app
from microsocial.settings import Settings

MINUTE_MS = 60_000
LOOPBACK = (ip_network("127.0.0.0/8"),)
NAMES = ("Ana", "Ben", "Cem")


@contextlib.asynccontextmanager
async def running(node: Node) -> AsyncIterator[Node]:
    await node.start()
    app = create_app(node)
    server = _server(app, node.settings)
    serving = asyncio.get_running_loop().create_task(server.serve())
    try:
        yield node
    finally:
        app.state.close()
        server.stop()
        await asyncio.wait({serving}, timeout=5)
        await node.stop()


async def settle(proxies: list[Proxy]) -> None:
    """Wait until nobody has said anything for a while."""
    quiet, seen = 0, -1
    while quiet < 5:
        await asyncio.sleep(0.1)
        now = sum(len(proxy.seen) for proxy in proxies)
        quiet, seen = (quiet + 1, seen) if now == seen else (0, now)


async def befriend(inviter: Node, invited: Node) -> None:
    friends = inviter.rooms.friends
    made = await inviter.db.write(lambda conn: friends.invite(conn, inviter.address))
    await invited.room(Knocking).accept_invite(made.link)


async def test_ten_idle_minutes_cost_nothing_and_an_idle_day_one_hello_per_friend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(courier, "LONGEST_SLEEP_SECONDS", 0.02)
    clock = FakeClock()
    async with contextlib.AsyncExitStack() as stack:
        nodes, proxies = [], []
        for name in NAMES:
            port = free_port()
            proxy = stack.enter_context(Proxy(port))
            settings = Settings.load({"data": tmp_path / name, "port": port})
            settings = replace(settings, address=proxy.url, allow_private_addresses=LOOPBACK)
            await asyncio.to_thread(make_person, settings, name, "correct horse battery")
            nodes.append(await stack.enter_async_context(running(Node(settings, clock=clock))))
            proxies.append(proxy)
        await asyncio.sleep(0.3)
        for one, other in ((0, 1), (0, 2), (1, 2)):
            await befriend(nodes[one], nodes[other])
        await settle(proxies)
        for proxy in proxies:
            assert proxy.seen
            proxy.forget()

        for _ in range(10):
            clock.advance(MINUTE_MS)
            await asyncio.sleep(0.05)
        assert [proxy.seen for proxy in proxies] == [[], [], []]

        said = 0
        for _ in range(26 * 15):
            # Less than what makes a request on its way too old (spec 10.3).
            clock.advance(4 * MINUTE_MS)
            await asyncio.sleep(0.02)
            if said != (now := sum(len(proxy.seen) for proxy in proxies)):
                await settle(proxies)
                said = now
        await settle(proxies)
        # Six friendships' halves: at most a hello from one side and the update it asks for, in each direction.
        assert all(len(proxy.seen) <= 4 for proxy in proxies), [
            len(proxy.seen) for proxy in proxies
        ]
        assert sum(len(proxy.seen) for proxy in proxies) >= 3, "the daily hello did come"
