"""Ana's folder with something of everything in it, and a disk for her backups."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.archive.backups.age import Key
from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keeper import SCRATCH
from microsocial.archive.backups.keys import Opened, begin
from microsocial.archive.backups.making import Made, Source, make_snapshot
from microsocial.archive.backups.manifest import Manifest
from microsocial.archive.backups.rehearsing import rehearse
from microsocial.archive.backups.restoring import Restored, restore
from microsocial.archive.work import Progress
from microsocial.database import open_folder
from microsocial.identity.model import Scope
from microsocial.identity.service import new_sheet
from microsocial.media.files import BlobFiles
from microsocial.node import Node
from microsocial.posts.audience import Choice
from microsocial.posts.model import Draft
from microsocial.settings import Settings

PASSPHRASE = "four words are enough"
SEED = bytes(range(32))
HOUR, DAY = 3_600_000, 86_400_000


@dataclass
class House:
    """A data folder, the node on it, and the disk."""

    node: Node
    clock: FakeClock
    opened: Opened

    @property
    def data(self) -> Path:
        return self.node.settings.data

    @property
    def source(self) -> Source:
        return Source(self.node.db.path, self.data / "media", self.data / SCRATCH)

    @property
    def disk(self) -> Path:
        return self.opened.folder.path

    def say(self, text: str) -> str:
        draft = Draft(text=text, audience=Choice("me"))
        posts = self.node.rooms.posts
        return self.node.db.write_sync(lambda conn: posts.publish(conn, draft)["id"])

    def texts(self) -> list[str]:
        feed = self.node.rooms.feed
        return [
            post["text"]
            for post in self.node.db.read_sync(lambda c: feed.page(c, 100, None))["items"]
        ]

    def log_in(self, conn) -> None:
        self.node.sessions.open(conn, "a browser")
        self.node.sessions.remember_browser(conn)
        self.node.tokens.make(conn, "a script", [Scope.READ])

    def photo(self, content: bytes) -> bytes:
        return BlobFiles(self.data / "media/blobs").keep([content])[0]

    def back_up(self, progress: Progress | None = None, later: int = HOUR) -> Made:
        self.clock.advance(later)
        return make_snapshot(self.source, self.opened, self.clock.now(), progress or Progress())

    def rehearse(self, expected=()) -> Manifest:
        return rehearse(self.opened, self.data / SCRATCH, SeededEntropy(3), Progress(), expected)

    def restore(self, name: str = "restored", **how) -> tuple[Path, Restored]:
        where = self.data.with_name(name)
        with open_folder(where) as held:
            return where, restore(self.opened, held, self.clock.now(), Progress(), **how)

    def moved_to(self, data: Path) -> "House":
        """The same person at another folder."""
        return House(opened_node(data, self.clock), self.clock, self.opened)


def opened_node(data: Path, clock: FakeClock) -> Node:
    node = Node(Settings(data=data), clock, SeededEntropy(9))
    node.open()
    return node


@pytest.fixture(scope="session")
def sheet():
    return new_sheet(SeededEntropy(5))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory, sheet) -> Path:
    """The folder and the disk as every test finds them, made once."""
    at = tmp_path_factory.mktemp("house")
    node = opened_node(at / "data", FakeClock())

    def settle(conn):
        rooms = node.make(conn, "Ana", sheet, "hash of the password", "hash of the answer")
        rooms.delivery.start(conn)

    node.db.write_sync(settle)
    node.close()
    folder = BackupFolder(at / "disk")
    folder.prepare()
    begin(folder, PASSPHRASE, lambda length: SEED[:length])
    return at


@pytest.fixture
def house(furnished, tmp_path):
    shutil.copytree(furnished / "data", tmp_path / "data")
    shutil.copytree(furnished / "disk", tmp_path / "disk")
    clock = FakeClock()
    home = House(
        opened_node(tmp_path / "data", clock),
        clock,
        Opened(BackupFolder(tmp_path / "disk"), Key(SEED)),
    )
    home.say("the first thing")
    home.photo(b"a photo " * 20_000)
    home.photo(b"a clip " * 300_000)
    waiting = tmp_path / "data/media/uploads/u1/original"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(b"a file on its way " * 100)
    yield home
    home.node.close()
