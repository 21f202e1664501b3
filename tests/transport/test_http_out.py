import asyncio
import datetime as dt
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.protocol.crypto import SigningKey, sha256
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import sign_envelope
from microsocial.protocol.exchange import Answer
from microsocial.protocol.signatures import read_request, verify
from microsocial.transport.errors import (
    AddressRefused,
    AnswerTooLarge,
    CertificateWrong,
    Moved,
    NoAddress,
    NotMicrosocial,
    NotReachable,
    TooSlow,
)
from microsocial.transport.http_out import Destination, HttpOut

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
BEN = b64u(sha256(b"ben"))
BENS_KEY = SigningKey(sha256(b"ben's key"))


@dataclass(frozen=True)
class Ana:
    id: str = b64u(sha256(b"ana"))
    key_number: int = 0
    signing_key: SigningKey = field(default_factory=lambda: SigningKey(sha256(b"ana's key")))


@dataclass
class Request:
    first: str
    headers: dict[str, str]
    body: bytes


Answerer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def ok(
    body: bytes = b"answer", kind: str = "application/microsocial", status: str = "200 OK"
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@asynccontextmanager
async def node(
    answer: Answerer, requests: list[Request] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("Content-Length", "0")))
                request = Request(first, headers, body)
                if requests is not None:
                    requests.append(request)
                await answer(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def saying(content: bytes) -> Answerer:
    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return answer


@asynccontextmanager
async def carrier(**options: object) -> AsyncIterator[HttpOut]:
    given = {"allow_private": LOOPBACK, **options}
    out = HttpOut(FakeClock(), SeededEntropy(1), **given)
    try:
        yield out
    finally:
        await out.close()


async def send(out: HttpOut, *urls: str, allowed: frozenset[str] = frozenset(), **more: object):
    to = Destination(BEN, urls, allowed, BENS_KEY.public)
    return await out.post(
        to, "/peer/v1/exchange", b"sealed", signer=Ana(), purpose="update", **more
    )


async def test_a_request_arrives_signed_for_the_receiver() -> None:
    seen: list[Request] = []
    async with node(saying(ok()), seen) as url, carrier() as out:
        response = await send(out, url)
    assert response.is_protocol
    assert response.body == b"answer"
    [request] = seen
    assert request.first == "POST /peer/v1/exchange HTTP/1.1"
    assert request.headers["Microsocial-Purpose"] == "update"
    signed = read_request("POST", "/peer/v1/exchange", "", request.headers, request.body)
    assert (signed.id, signed.to) == (Ana().id, BEN)
    verify(signed, Ana().signing_key.public)


async def test_private_addresses_are_refused_unless_accepted_for_this_friend() -> None:
    async with node(saying(ok())) as url, carrier(allow_private=()) as out:
        with pytest.raises(AddressRefused):
            await send(out, url)
        assert (await send(out, url, allowed=frozenset({url.removeprefix("http://")}))).is_protocol
        # The connection kept for the accepted friend is not lent to another.
        with pytest.raises(AddressRefused):
            await send(out, url)


async def test_redirects_are_never_followed() -> None:
    seen: list[Request] = []
    async with (
        node(saying(ok()), seen) as elsewhere,
        node(
            saying(f"HTTP/1.1 307 X\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())
        ) as url,
        carrier() as out,
    ):
        with pytest.raises(Moved):
            await send(out, url)
    assert seen == []


async def test_an_answer_beyond_the_limit_is_not_read_to_its_end() -> None:  # spec 10.5
    async def endless(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/microsocial\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with node(endless) as url, carrier() as out:
        with pytest.raises(AnswerTooLarge):
            await send(out, url, max_bytes=100_000)


async def test_the_next_address_is_tried_and_the_one_that_works_is_remembered() -> None:
    first: list[Request] = []
    second: list[Request] = []
    async with (
        node(saying(ok(b"<html>", "text/html")), first) as parked,
        node(saying(ok()), second) as real,
        carrier() as out,
    ):
        for _ in range(2):
            assert (await send(out, "http://127.0.0.1:1", parked, real)).url == real
    assert (len(first), len(second)) == (1, 2)


async def test_failures_have_names() -> None:
    async with carrier(read_seconds=0.2, attempt_seconds=0.4) as out:
        with pytest.raises(NoAddress):
            await send(out)
        with pytest.raises(NotReachable):
            await send(out, "http://127.0.0.1:1")
        async with node(saying(ok(b"<html>", "text/html", "404 Not Found"))) as url:
            with pytest.raises(NotMicrosocial):
                await send(out, url)
        async with node(saying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")) as url:
            with pytest.raises(NotMicrosocial):
                await send(out, url)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin.replace(year=2090))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    both = folder / "both.pem"
    both.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    seen: list[Request] = []
    async with node(saying(ok()), seen, tls=self_signed(tmp_path)) as url, carrier() as out:
        with pytest.raises(CertificateWrong):
            await send(out, url)
        trusting = ssl.create_default_context(cafile=tmp_path / "both.pem")
        async with carrier(tls=trusting) as trusting_out:
            assert (await send(trusting_out, url)).is_protocol
    assert len(seen) == 1


async def test_a_machine_that_trickles_is_given_up_after_the_time_limit() -> None:
    async def trickle(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/microsocial\r\nContent-Length: 999\r\n\r\n"
        )
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with node(trickle) as url, carrier(read_seconds=0.3, attempt_seconds=0.5) as out:
        begin = time.monotonic()
        with pytest.raises(TooSlow):
            await send(out, url)
        assert time.monotonic() - begin < 2


async def test_a_kept_connection_that_was_closed_costs_no_failure() -> None:
    async def once(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(ok())
        await writer.drain()
        writer.close()

    seen: list[Request] = []
    async with node(once, seen) as url, carrier() as out:
        for _ in range(3):
            assert (await send(out, url)).is_protocol
    assert len(seen) == 3
    nonces = {request.headers["Signature-Input"] for request in seen}
    assert len(nonces) == 3


async def test_connections_are_kept_between_requests() -> None:
    ports = set()

    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername")[1])
        writer.write(ok())

    async with node(answer) as url, carrier() as out:
        for _ in range(3):
            await send(out, url)
    assert len(ports) == 1


def clock_differs(key: SigningKey, now: int) -> bytes:
    answer = Answer(
        sender=BEN, receiver=Ana().id, key=0, your_key=0, status="clock-differs", now=now
    )
    return sign_envelope("answer", answer.payload(), key).raw


async def created_after_clock_differs(key: SigningKey) -> list[int]:
    """What the requests claim as their time, when the friend's clock is an hour ahead."""
    created: list[int] = []
    theirs = FakeClock().now() + 3_600_000

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        signed = read_request("POST", "/peer/v1/exchange", "", request.headers, request.body)
        created.append(signed.created)
        if abs(signed.created - theirs) > 300_000:
            writer.write(ok(clock_differs(key, theirs), status="401 Unauthorized"))
        else:
            writer.write(ok())

    async with node(answer) as url, carrier() as out:
        await send(out, url)
        await send(out, url)
    return [moment - FakeClock().now() for moment in created]


async def test_a_clock_that_differs_is_corrected_once_and_remembered() -> None:
    first, *later = await created_after_clock_differs(BENS_KEY)
    assert abs(first) < 1000
    assert len(later) == 2
    assert all(abs(one - 3_600_000) < 1000 for one in later)


async def test_a_strangers_word_about_the_clock_is_not_believed() -> None:
    created = await created_after_clock_differs(SigningKey(sha256(b"somebody")))
    assert len(created) == 2
    assert all(abs(one) < 1000 for one in created)


async def test_many_dead_addresses_do_not_hold_up_one_that_lives() -> None:
    async def never(_request: Request, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with node(never) as dead, node(saying(ok())) as alive, carrier(attempt_seconds=1) as out:
        waiting = [asyncio.ensure_future(send(out, dead)) for _ in range(40)]
        await asyncio.sleep(0.1)
        begin = time.monotonic()
        await send(out, alive)
        assert time.monotonic() - begin < 0.5
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
