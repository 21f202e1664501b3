"""The open web, asked for its authors: public addresses only, also after redirects; so many bytes, so many seconds."""

import asyncio
import contextlib
import ipaddress

import pytest

from microsocial.transport.errors import AddressRefused, NotAPage, NotReachable, TooSlow
from microsocial.transport.guard import Guard, tls_context
from microsocial.transport.web import Web


@contextlib.asynccontextmanager
async def site(answers):
    """A web server on this machine: path → raw answer (or seconds to wait)."""

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head)
            answer = answers[head.split()[1].decode()]
            if isinstance(answer, float):
                await asyncio.sleep(answer)
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    asked = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    web = Web(tls_context(), Guard([f"127.0.0.1:{port}"]), ports={port, 80, 443})
    yield web, f"http://127.0.0.1:{port}", asked
    await web.close()
    server.close()


def page(body, content_type="text/html; charset=utf-8"):
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        content_type.encode(),
        len(body),
        body,
    )


def elsewhere(where):
    return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % where.encode()


async def read(web, url, *, max_bytes=1000, seconds=5.0):
    return await web.read(url, max_bytes=max_bytes, seconds=seconds, accept="text/html")


async def test_a_page_is_read_and_nobody_is_told_who_asks():
    async with site({"/a": page(b"hello")}) as (web, base, asked):
        found = await read(web, base + "/a")
    assert (found.content_type, found.body, found.is_whole) == ("text/html", b"hello", True)
    assert b"cookie" not in asked[0].lower()
    assert b"referer" not in asked[0].lower()


async def test_only_so_much_of_a_page_is_read():
    async with site({"/a": page(b"x" * 5000)}) as (web, base, _):
        found = await read(web, base + "/a")
    assert (len(found.body), found.is_whole) == (1000, False)


async def test_redirects_are_followed_a_little_way():
    async with site({"/a": elsewhere("/b"), "/b": page(b"there"), "/c": elsewhere("/c")}) as (
        web,
        base,
        _,
    ):
        found = await read(web, base + "/a")
        assert (found.url, found.body) == (base + "/b", b"there")
        with pytest.raises(NotAPage):
            await read(web, base + "/c")


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "https://10.0.0.1/",
        "http://0.0.0.0/",
    ],
)
async def test_no_redirect_leads_into_a_private_network(where):
    async with site({"/a": elsewhere(where)}) as (web, base, _):
        with pytest.raises(AddressRefused):
            await read(web, base + "/a")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://tea.example/",
        "file:///etc/passwd",
        "http://ana:secret@tea.example/",
        "http://",
        "http://tea.example:99999/",
        "http://tea.example/a b",
    ],
)
async def test_what_is_no_web_address_is_not_asked(url):
    async with site({}) as (web, _, _asked):
        with pytest.raises(NotAPage):
            await read(web, url)


async def test_other_ports_are_not_asked():
    async with site({}) as (web, _, _asked):
        with pytest.raises(AddressRefused):
            await read(web, "http://tea.example:22/")


async def test_a_slow_server_is_given_up():
    async with site({"/a": 5.0}) as (web, base, _):
        with pytest.raises(TooSlow):
            await read(web, base + "/a", seconds=0.3)


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
)
async def test_what_answers_oddly_is_no_page(answer):
    async with site({"/a": answer}) as (web, base, _):
        with pytest.raises((NotReachable, NotAPage)):
            await read(web, base + "/a")


async def test_a_machine_at_home_is_asked_only_when_the_link_itself_names_it():
    async with site({"/a": page(b"at home"), "/b": elsewhere("/a")}) as (_, base, asked):
        home = Web(tls_context(), home=[ipaddress.ip_network("127.0.0.0/8")])
        assert (await read(home, base + "/b")).body == b"at home"
        with pytest.raises(AddressRefused):
            await read(home, base.replace("127.0.0.1", "localhost") + "/a")
        await home.close()
        assert len(asked) == 2
