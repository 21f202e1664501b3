"""The one place where everything is built, started and stopped.

`build_rooms` makes the rooms without any I/O (the simulator uses it too); `Node` adds the machine: folder, database,
courier; `run` adds the server and lives until SIGTERM or SIGINT. `node` may not import `server`: `cli run` joins them.
"""

import asyncio
import contextlib
import ctypes
import errno
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from sqlalchemy import Connection

from microsocial import __version__
from microsocial.clock import Clock, Entropy, SystemClock, system_entropy
from microsocial.context import NotSetUp
from microsocial.database import Database, Folder, open_folder
from microsocial.database.folder import PRIVATE_FILE
from microsocial.errors import Conflict
from microsocial.events import EventBus
from microsocial.identity import passwords
from microsocial.identity.me import Me
from microsocial.identity.model import first_hue, fit_name, fit_password, secret_hash
from microsocial.identity.service import Identity, Sheet, new_sheet
from microsocial.identity.sessions import Sessions
from microsocial.identity.setup import SetupLink
from microsocial.identity.throttle import Throttle
from microsocial.identity.tokens import Tokens
from microsocial.protocol.encoding import b64u
from microsocial.protocol.payloads import Profile
from microsocial.records.service import Log
from microsocial.settings import Settings

log = logging.getLogger(__name__)

NODE_FILE = "node.json"
TOKEN_FILE = "cli-token"  # noqa: S105 - the name of a file

HEADER_TIMEOUT_MS = 15_000  # also ends connections on which nothing is asked any more
MAX_CONNECTIONS = (
    4_096  # wanted of the system; half-sent requests must not use up what the database needs
)
STOP_GRACE_S = 2.0  # for requests under way; then the connections are cut
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listening everywhere includes this machine

T = TypeVar("T")


class PortTaken(Conflict):
    """Something else already listens at this port. Stop it, or choose another with --port."""


class HostUnknown(Conflict):
    """This machine does not have that address. Choose another with --host (127.0.0.1 for this machine only)."""


@dataclass(frozen=True)
class Rooms:
    """All rooms of one person, wired to each other."""

    me: Me
    log: Log

    def find(self, kind: type[T]) -> T | None:
        for room in fields(self):
            found = getattr(self, room.name)
            if isinstance(found, kind):
                return found
        return None


def build_rooms(me: Me, clock: Clock, entropy: Entropy) -> Rooms:
    """Make the rooms and wire them. Nothing is read, written or started."""
    records_log = Log(me, clock, entropy)
    return Rooms(me=me, log=records_log)


@dataclass(frozen=True)
class NewPerson:
    """The person just made, with the words at their only moment."""

    id: str
    words: tuple[str, ...] = field(repr=False)
    asked: tuple[int, int]


class Node:
    """One person's node. Before setup it has no rooms; they appear when the person is made, without a restart."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, entropy: Entropy = system_entropy
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock(settings.clock_offset_ms)
        self.entropy = entropy
        self.bus = EventBus()
        self.identity = Identity(self.clock)
        self.sessions = Sessions(self.clock, entropy)
        self.tokens = Tokens(self.clock, entropy)
        self.throttle = Throttle(self.clock)
        self.setup_link = SetupLink(entropy)
        self.rooms: Rooms | None = None
        self._cli_token = b64u(entropy(32))
        self._folder: Folder | None = None
        self._db: Database | None = None

    @property
    def db(self) -> Database:
        assert self._db is not None, "the node is not open"
        return self._db

    @property
    def me(self) -> Me | None:
        return self.rooms.me if self.rooms else None

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach the node."""
        host = EVERYWHERE.get(self.settings.host, self.settings.host)
        return (
            f"http://[{host}]:{self.settings.port}"
            if ":" in host
            else f"http://{host}:{self.settings.port}"
        )

    @property
    def address(self) -> str:
        """Where friends are told to come; without a setting only this machine or home reaches it."""
        return self.settings.address or self.local_url.replace("127.0.0.1", "localhost")

    @property
    def cli_token_hash(self) -> bytes:
        return secret_hash(self._cli_token)

    def room(self, kind: type[T]) -> T:
        for own in (self.identity, self.sessions, self.tokens):
            if isinstance(own, kind):
                return own
        found = self.rooms.find(kind) if self.rooms else None
        if found is None:
            raise NotSetUp
        return found

    def name(self, conn: Connection) -> str:
        """The owner's name as their profile says it."""
        return self.profile(conn).name

    def profile(self, conn: Connection) -> Profile:
        if self.rooms is None:
            raise NotSetUp
        profile = self.rooms.log.get(conn, self.rooms.me.id, "profile").payload
        assert isinstance(profile, Profile)
        return profile

    # Life

    def open(self) -> None:
        """Take the folder and the database, and load the person if there is one."""
        self._folder = open_folder(self.settings.data)
        try:
            self._db = Database(self._folder.database, self.bus).open()
            me = self.db.read_sync(self.identity.me)
            if me:
                self.rooms = build_rooms(me, self.clock, self.entropy)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        if self._folder is not None:
            self._folder.close()
        self._db = self._folder = None

    async def start(self) -> None:
        """Open, and begin everything that runs by itself."""
        self.open()
        _write_private(self.settings.data / TOKEN_FILE, self._cli_token + "\n")
        if self.rooms:
            await self._begin(self.rooms)

    async def stop(self) -> None:
        for name in (NODE_FILE, TOKEN_FILE):
            (self.settings.data / name).unlink(missing_ok=True)
        self.close()

    async def settle(self, name: str, sheet: Sheet, password_hash: str, answer_hash: str) -> Me:
        """Make the person on the running node: one transaction, then the rooms are there."""
        rooms = await self.db.write(
            lambda conn: self.make(conn, name, sheet, password_hash, answer_hash)
        )
        self.setup_link.use()
        self.rooms = rooms
        await self._begin(rooms)
        return rooms.me

    def make(
        self, conn: Connection, name: str, sheet: Sheet, password_hash: str, answer_hash: str
    ) -> Rooms:
        me = self.identity.create(conn, sheet, password_hash, answer_hash)
        rooms = build_rooms(me, self.clock, self.entropy)
        rooms.log.set_one(conn, "profile", {"name": name, "hue": first_hue(me.id)})
        return rooms

    async def _begin(self, rooms: Rooms) -> None:
        """What a person's node does by itself."""

    def announce(self) -> None:
        """Tell programs on this machine where the node is (docs/develop/architecture.md, node.py)."""
        described = {
            "url": self.local_url,
            "port": self.settings.port,
            "pid": os.getpid(),
            "version": __version__,
        }
        _write_private(self.settings.data / NODE_FILE, json.dumps(described) + "\n")


def make_person(settings: Settings, name: str, password: str) -> NewPerson:
    """Make the person in a folder in which no node runs (`init`)."""
    name, password = fit_name(name), fit_password(password)
    node = Node(settings)
    node.open()
    try:
        sheet = new_sheet(node.entropy)
        hashes = passwords.slow_hash(password), passwords.slow_hash(sheet.answer)
        rooms = node.db.write_sync(lambda conn: node.make(conn, name, sheet, *hashes))
        return NewPerson(rooms.me.id, sheet.words, sheet.asked)
    finally:
        node.close()


# Serving


def run(settings: Settings, create_app: Callable[[Node], Any]) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("alembic", "httpx", "httpcore"):  # a line per request tells the owner nothing
        logging.getLogger(chatty).setLevel(logging.WARNING)
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
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        app.state.close()
        server.stop()  # type: ignore[no-untyped-call]  # granian does not say
        await asyncio.wait({serving}, timeout=STOP_GRACE_S)
    finally:
        await node.stop()


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


def _write_private(path: Path, content: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w"
    ) as file:
        file.write(content)
    temporary.replace(path)
