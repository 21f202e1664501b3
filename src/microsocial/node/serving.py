"""The program around a node: the server in the same loop, signals, and what is said to the person who started it."""

import asyncio
import contextlib
import ctypes
import errno
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from microsocial.archive.leaving.erasing import erase
from microsocial.database import DATABASE_NAME
from microsocial.database.failures import explained
from microsocial.errors import Conflict
from microsocial.node.life import EVERYWHERE, Node
from microsocial.settings import Settings

log = logging.getLogger(__name__)

HEADER_TIMEOUT_MS = 15_000  # also ends connections on which nothing is asked any more
MAX_CONNECTIONS = (
    4_096  # wanted of the system; half-sent requests must not use up what the database needs
)
STOP_GRACE_S = 2.0  # for requests under way; then the connections are cut


class PortTaken(Conflict):
    """Something else already listens at this port. Stop it, or choose another with --port."""


class HostUnknown(Conflict):
    """This machine does not have that address. Choose another with --host (127.0.0.1 for this machine only)."""


def run(settings: Settings, create_app: Callable[[Node], Any]) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("alembic", "httpx", "httpcore"):  # a line per request tells the owner nothing
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with explained(
        settings.data / DATABASE_NAME
    ):  # a full disk at the start is told like any other
        asyncio.run(serve(settings, create_app))


async def serve(settings: Settings, create_app: Callable[[Node], Any]) -> None:
    _want_many_files()
    settings = _with_free_port(settings)
    node = Node(settings)
    await node.start()
    try:
        app = create_app(node)
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        server = _server(app, settings)
        serving = asyncio.create_task(server.serve())
        await _until_listening(serving, settings)
        node.announce()
        _greet(node)
        _give_back_memory()
        stopped, over = asyncio.create_task(stop.wait()), asyncio.create_task(node.over.wait())
        await asyncio.wait({stopped, over, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        over.cancel()
        app.state.close()
        server.stop()  # type: ignore[no-untyped-call]  # granian does not say
        await asyncio.wait({serving}, timeout=STOP_GRACE_S)
    finally:
        await node.stop()
    if node.last_words is not None:
        _empty(settings, node.last_words)


def _empty(settings: Settings, last_words: str) -> None:
    """Everything was deleted: nothing of it stays in the folder."""
    left = erase(settings.data)
    sys.stdout.write(f"{last_words}\n")
    if left:
        sys.stdout.write(
            f"These files in {settings.data} are not ours and stay: {', '.join(left)}\n"
        )
    sys.stdout.flush()


def _server(app: Any, settings: Settings) -> Server:
    return Server(
        app,
        settings.host,
        settings.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,  # friends and proxies speak it; HTTP/2 would bring its own limits to get right
        websockets=False,
        log_enabled=False,
        backlog=1024,
        backpressure=1024,  # above the server room's own cap, which refuses in words
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
    )


def _with_free_port(settings: Settings) -> Settings:
    """Find out in time, and in words, whether the address can be had. Port 0 becomes a free one."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}, port {settings.port}"
            taken = isinstance(error, PermissionError) or error.errno == errno.EADDRINUSE
            raise (PortTaken if taken else HostUnknown)(f"{where}: {error.strerror}") from error
        return replace(settings, port=probe.getsockname()[1])


async def _until_listening(serving: "asyncio.Task[None]", settings: Settings) -> None:
    """The server takes connections a moment after it was started; nobody is told before that."""
    host = EVERYWHERE.get(settings.host, settings.host)
    for _ in range(500):
        if serving.done():
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, settings.port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise PortTaken(f"{settings.host}, port {settings.port}")


def _greet(node: Node) -> None:
    base = f"http://localhost:{node.settings.port}"
    out = sys.stdout
    out.write(f"Microsocial runs at {base}/app/\n")
    if node.me is None:
        out.write(
            f"Nobody lives here yet. Begin with this link; it works once:\n  {node.setup_link.link(base)}\n"
        )
    out.write("Stop with Ctrl+C.\n")
    out.flush()


def _want_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _give_back_memory() -> None:
    """Starting leaves holes behind (measured: 8 MiB of 80): give them back before the long wait for friends."""
    gc.collect()
    gc.freeze()  # what lives now lives as long as the node; no need to look at it again and again
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
