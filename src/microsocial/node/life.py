"""A node's life: its folder and database, the person being made, everything started and stopped."""

import asyncio
import json
import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from microsocial import __version__
from microsocial.archive.backups.model import DataFolderNotEmpty
from microsocial.archive.backups.restoring import check_finished, settle, someone_lives_in
from microsocial.archive.leaving.storage import chosen_ceiling
from microsocial.clock import Clock, Entropy, SystemClock, steady_ms, system_entropy
from microsocial.context import NotSetUp
from microsocial.database import Database, Folder, open_folder
from microsocial.database.folder import PRIVATE_FILE
from microsocial.events import EventBus
from microsocial.identity import passwords
from microsocial.identity.me import Me
from microsocial.identity.model import first_hue, fit_name, fit_password, secret_hash
from microsocial.identity.proving import Proving
from microsocial.identity.service import Identity, Sheet, new_sheet
from microsocial.identity.sessions import Sessions
from microsocial.identity.setup import SetupLink
from microsocial.identity.throttle import Throttle
from microsocial.identity.tokens import Tokens
from microsocial.media.held import Kind
from microsocial.media.waiting import Sayer
from microsocial.messages import sending
from microsocial.node.attic import Attic, build_attic
from microsocial.node.darkroom import FOLDER, Darkroom, build_darkroom
from microsocial.node.outside import Outside, build_outside
from microsocial.node.rooms import Rooms, build_rooms
from microsocial.posts import publishing
from microsocial.protocol.encoding import b64u
from microsocial.protocol.payloads import Profile
from microsocial.records.model import RecordsTakenBack, ref_of
from microsocial.settings import Settings

log = logging.getLogger(__name__)

NODE_FILE = "node.json"
RECOVERING = "recovering"  # the folder in which who comes back with the words is put together
TOKEN_FILE = "cli-token"  # noqa: S105 - the name of a file

HOUSEKEEPING_S = 3600.0  # prekeys live a week: an hour more or less is nothing
LAST_ANSWER_S = 0.3  # for the answer to whoever ended the node
RESTART_S = 5.0  # what fails at once must not fill the log
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listening everywhere includes this machine

T = TypeVar("T")


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
        self.sessions = Sessions(self.clock, entropy, None if clock else steady_ms)
        self.tokens = Tokens(self.clock, entropy)
        self.throttle = Throttle(self.clock)
        self.proving = Proving(self.identity, self.throttle)
        self.setup_link = SetupLink(entropy)
        self.rooms: Rooms | None = None
        self.outside: Outside | None = None
        self.darkroom: Darkroom | None = None
        self.attic: Attic | None = None
        self.over = asyncio.Event()  # this node has ended for good, with these last words
        self.last_words: str | None = None
        self._running: list[asyncio.Task[None]] = []
        self._saying: set[asyncio.Task[None]] = set()  # held until they end
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
        for own in (self.identity, self.sessions, self.tokens, self.proving):
            if isinstance(own, kind):
                return own
        for parts in (self.rooms, self.outside, self.darkroom, self.attic):
            found = parts.find(kind) if parts else None
            if found is not None:
                return found
        raise NotSetUp

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
            if me is None:
                check_finished(self.settings.data)
                _sweep_recovering(self.settings.data)
            else:
                self._move_in(self._rooms_of(me))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        if self._folder is not None:
            self._folder.close()
        self._db = self._folder = None
        self.rooms = self.outside = None

    async def start(self) -> None:
        """Open, and begin everything that runs by itself."""
        self.open()
        _write_private(self.settings.data / TOKEN_FILE, self._cli_token + "\n")
        if self.rooms:
            await self._begin()

    async def stop(self) -> None:
        for task in (*self._running, *self._saying):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        if self.attic:
            await self.attic.stop()
        if self.darkroom:
            await self.darkroom.stop()
        if self.outside:
            await self.outside.carrier.close()
        for name in (NODE_FILE, TOKEN_FILE):
            (self.settings.data / name).unlink(missing_ok=True)
        self.close()

    async def settle(self, name: str, sheet: Sheet, password_hash: str, answer_hash: str) -> Me:
        """Make the person on the running node: one transaction, then the rooms are there."""
        rooms = await self.db.write(
            lambda conn: self.make(conn, name, sheet, password_hash, answer_hash)
        )
        self.setup_link.use()
        self._move_in(rooms)
        await self._begin()
        return rooms.me

    async def come_home(self, beside: Path) -> None:
        """Take in the person who was put together beside: between two requests the database gets its name, then the rooms are there.

        Raises DataFolderNotEmpty: somebody was made here meanwhile.
        """
        assert self._folder is not None, "the node is not open"
        self.db.close()
        try:
            if someone_lives_in(self._folder):
                raise DataFolderNotEmpty(str(self._folder.path))
            settle(self._folder, beside)
        finally:
            self.db.open()
        me = self.db.read_sync(self.identity.me)
        assert me is not None
        self.setup_link.use()
        self._move_in(self._rooms_of(me))
        await self._begin()

    def make(
        self, conn: Connection, name: str, sheet: Sheet, password_hash: str, answer_hash: str
    ) -> Rooms:
        me = self.identity.create(conn, sheet, password_hash, answer_hash)
        rooms = self._rooms_of(me)
        rooms.log.set_one(
            conn, "profile", {"name": name, "hue": first_hue(me.id)}, audience="public"
        )
        return rooms

    def _rooms_of(self, me: Me) -> Rooms:
        opened = self.settings.allow_private_addresses
        folder = self.settings.data / FOLDER
        return build_rooms(me, self.clock, self.entropy, folder, opened)

    def _move_in(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.outside = build_outside(rooms, self.db, self.settings, self.clock, self.entropy)
        sayers: dict[Kind, Sayer] = {
            "post": partial(publishing.say_waited, self),
            "message": partial(sending.say_waited, self),
        }
        self.darkroom = build_darkroom(
            rooms, self.outside.fetching, self.db, self.settings, self.clock, self.entropy, sayers
        )
        self.attic = build_attic(rooms, self.db, self.settings, self.clock, self.entropy, self._end)

    async def _begin(self) -> None:
        """What a person's node does by itself, from now on."""
        assert self.rooms and self.outside and self.darkroom and self.attic  # noqa: PT018 - called when they are there
        await self.db.write(self._wake_up)
        self.bus.subscribe(RecordsTakenBack, self._on_take_back)
        await self.darkroom.start()
        await self.attic.start()
        for name, running in (
            ("courier", self.outside.courier.run),
            ("knocking", self.outside.knocking.run),
            ("returning", self.outside.returning.run),
            ("capsule", self.outside.renewing.run),
            ("housekeeping", self._keep_house),
        ):
            self._running.append(asyncio.create_task(_lasting(name, running), name=name))

    def _wake_up(self, conn: Connection) -> None:
        """Once per start: a run number above all known, and friends hear when the address has changed."""
        assert self.rooms
        ceiling = chosen_ceiling(conn)
        if ceiling is not None and self.outside is not None:
            self.outside.fetching.ceiling_bytes = ceiling
        self.rooms.delivery.start(conn)
        if reason := self.rooms.delivery.stopped(conn):
            log.error("This node sends nothing to friends: %s", reason)
        if not self.rooms.delivery.residence.arrive(conn, self.address):
            log.warning("You have moved away from here; this node only says where to")
            return
        self._say_where(conn)
        self.rooms.friends.look_for_homes(conn)
        self.rooms.friends.capsules.renew(conn)

    def _say_where(self, conn: Connection) -> None:
        assert self.rooms
        told = self.rooms.log.find(conn, self.rooms.me.id, "address")
        if told is None or list(told.fields["urls"]) != [self.address]:
            self.rooms.log.set_one(conn, "address", {"urls": [self.address], "home": []})

    def _on_take_back(self, taken: RecordsTakenBack) -> None:
        """A copy of me that ran elsewhere may have sent friends there. Whoever still lives here says so again."""
        assert self.rooms
        if ref_of(self.rooms.me.id, "address") not in taken.refs:
            return
        delivery = self.rooms.delivery

        def say(conn: Connection) -> None:
            if not delivery.stopped(conn) and not delivery.residence.moved_to(conn):
                self._say_where(conn)

        task = asyncio.get_running_loop().create_task(self.db.write(say))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _keep_house(self) -> None:
        """Now and then: prekeys (spec 3.6), the capsule (3.8), what can no longer be undone, files that were never posted."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            assert self.rooms and self.darkroom  # noqa: PT018 - as above
            await self.db.write(self.rooms.delivery.tick)
            await self.db.write(self.rooms.log.suspects.forget_replaced)
            await self.db.write(self.rooms.friends.capsules.renew)
            await self.db.write(self.rooms.friends.tidy)
            await self.darkroom.tidy()

    def _end(self, sentence: str) -> None:
        """Everything is deleted: `run` stops, empties the folder and says so. Whoever asked for it gets their answer first."""
        self.last_words = sentence
        asyncio.get_running_loop().call_later(LAST_ANSWER_S, self.over.set)

    def announce(self) -> None:
        """Tell programs on this machine where the node is (docs/develop/architecture.md, node.py)."""
        described = {
            "url": self.local_url,
            "port": self.settings.port,
            "pid": os.getpid(),
            "version": __version__,
        }
        _write_private(self.settings.data / NODE_FILE, json.dumps(described) + "\n")


def _sweep_recovering(data: Path) -> None:
    """Remove what an interrupted coming back left where nobody lives: it was put together from what lies elsewhere."""
    if (data / RECOVERING).is_dir():
        log.warning("Coming back was interrupted here; nothing was lost. Begin it again")
        shutil.rmtree(data / RECOVERING, ignore_errors=True)


async def _lasting(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Something that should run as long as the node: when it fails the owner finds out in the log, and it starts again."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("The %s stopped; it starts again in a moment", name)
        await asyncio.sleep(RESTART_S)


@contextmanager
def opened(settings: Settings) -> Iterator[Node]:
    """The node of a folder in which none runs, for as long as a verb needs it. Nothing is started."""
    node = Node(settings)
    node.open()
    try:
        yield node
    finally:
        node.close()


def make_person(settings: Settings, name: str, password: str) -> NewPerson:
    """Make the person in a folder in which no node runs (`init`)."""
    name, password = fit_name(name), fit_password(password)
    with opened(settings) as node:
        sheet = new_sheet(node.entropy)
        hashes = passwords.slow_hash(password), passwords.slow_hash(sheet.answer)
        rooms = node.db.write_sync(lambda conn: node.make(conn, name, sheet, *hashes))
        return NewPerson(rooms.me.id, sheet.words, sheet.asked)


def _write_private(path: Path, content: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w"
    ) as file:
        file.write(content)
    temporary.replace(path)
