import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.transport.errors import AddressRefused
from microsocial.transport.guard import (
    Guard,
    GuardedNetwork,
    Names,
    host_and_port,
    is_home_name,
    is_public,
)

HOSTILE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "::127.0.0.1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_private_address_is_public_however_it_is_written(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_public(address)
    assert not Guard().permits("friend.example", 443, address)


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_open_to_everybody(text: str) -> None:
    assert Guard().permits("friend.example", 443, ipaddress.ip_address(text))


def test_an_accepted_address_is_open_exactly_as_it_was_accepted() -> None:
    guard = Guard({"192.168.1.5:8080"})
    home = ipaddress.ip_address("192.168.1.5")
    assert guard.permits("192.168.1.5", 8080, home)
    assert not guard.permits("192.168.1.5", 22, home)
    assert not guard.permits("192.168.1.6", 8080, ipaddress.ip_address("192.168.1.6"))


def test_an_accepted_home_name_is_open_and_a_domain_is_not() -> None:
    router = ipaddress.ip_address("192.168.1.1")
    assert Guard({"ana.local:8080"}).permits("ana.local", 8080, router)
    assert not Guard({"ana.local:8080"}).permits("ben.local", 8080, router)
    # Whoever holds the domain may point it at our router after we said yes.
    assert not Guard({"ana.example:443"}).permits("ana.example", 443, router)


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "fe80::1", "ff02::1", "0.0.0.0", "fd00:ec2::254"]
)
def test_some_addresses_stay_closed_even_when_everything_private_is_open(text: str) -> None:
    address = ipaddress.ip_address(text)
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    guard = Guard({host_and_port(text, 80)}, allow_private=everything)
    assert not guard.permits(text, 80, address)


def test_opened_networks_are_open_and_no_others() -> None:
    guard = Guard(allow_private=[ipaddress.ip_network("127.0.0.0/8")])
    assert guard.permits("localhost", 1, ipaddress.ip_address("127.0.0.1"))
    assert not guard.permits("localhost", 1, ipaddress.ip_address("10.0.0.1"))


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_inside(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + inner.packed)
    assert is_public(mapped) == is_public(inner)


@pytest.mark.parametrize("name", ["localhost", "ana", "ana.local", "ANA.LOCAL.", "box.home.arpa"])
def test_home_names(name: str) -> None:
    assert is_home_name(name)


@pytest.mark.parametrize("name", ["ana.example", "local.example", "fd00::1", "127.0.0.1"])
def test_names_that_are_no_home_names(name: str) -> None:
    assert not is_home_name(name)


class ChangingNames(Names):
    """A name server that says something public first and something private later."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)

    async def addresses(self, host: str, port: int) -> list[ipaddress.IPv4Address]:
        return [ipaddress.IPv4Address(self.answers.pop(0))]


async def test_the_connected_address_decides_not_the_name() -> None:
    names = ChangingNames("127.0.0.1")
    try:
        with pytest.raises(AddressRefused):
            await GuardedNetwork(Guard(), names).connect_tcp("friend.example", 80, timeout=1)
    finally:
        names.close()


async def test_what_was_judged_is_what_is_connected_to() -> None:
    arrived = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    names = ChangingNames("127.0.0.1", "10.255.255.1")
    guard = Guard(allow_private=[ipaddress.ip_network("127.0.0.0/8")])
    stream = await GuardedNetwork(guard, names).connect_tcp("friend.example", port, timeout=1)
    await asyncio.wait_for(arrived.wait(), 1)
    assert len(names.answers) == 1, "the name is asked for once, so it cannot change its mind"
    await stream.aclose()
    names.close()
    server.close()


async def test_sockets_of_this_machine_are_never_opened() -> None:
    names = Names()
    with pytest.raises(AddressRefused):
        await GuardedNetwork(Guard(), names).connect_unix_socket("/run/docker.sock")
    names.close()
