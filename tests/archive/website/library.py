"""A folder with a large library of photos that take no room: sparse files, public, so that what lies there is what they are.

`python -m tests.archive.website.library FOLDER POSTS MEGABYTES` fills a folder, exports it to nowhere as the server does, and prints the
zip's length and how much more memory that took, in bytes.
"""

import asyncio
import sys
from hashlib import sha256
from pathlib import Path

from tests.support.memory import peak

from microsocial.archive.website.export import Export, Rooms
from microsocial.archive.website.model import Wanted
from microsocial.media import store as media_store
from microsocial.media.model import Blob
from microsocial.node import Node, make_person
from microsocial.posts.model import Choice, Draft
from microsocial.protocol.encoding import b64u
from microsocial.settings import Settings

ZEROS = bytes(1 << 20)


def fill(folder: Path, posts: int, megabytes: int) -> None:
    """Make Ana, and posts of one photo each of that size."""
    settings = Settings.load({"data": folder})
    make_person(settings, "Ana", "correct horse battery")
    node = Node(settings)
    node.open()
    for number in range(posts):
        blob = _photo(node, number, megabytes)
        node.db.write_sync(lambda conn, blob=blob, number=number: _say(node, conn, blob, number))
    node.close()


def _photo(node: Node, number: int, megabytes: int) -> Blob:
    """A file that begins with its number and goes on with holes."""
    assert node.rooms
    begins = number.to_bytes(8, "big")
    digest = sha256(begins + ZEROS[8:])
    for _ in range(megabytes - 1):
        digest.update(ZEROS)
    name = digest.digest()
    path = node.rooms.media.files.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(begins)
        file.truncate(megabytes << 20)
    return Blob(name, megabytes << 20, 65536, None, "image/webp", True, True, None)


def _say(node: Node, conn, blob: Blob, number: int) -> None:
    assert node.rooms
    size = {
        "hash": b64u(blob.hash), "key": None, "bytes": blob.length, "chunk": blob.chunk, "width": 40, "height": 30,
        "type": blob.type, "role": "screen",
    }  # fmt: skip
    item = {
        "id": b64u(number.to_bytes(16, "big")), "kind": "photo", "type": blob.type, "width": 40, "height": 30, "duration": 0,
        "caption": f"Photo number {number}", "alt": "", "placeholder": "", "sizes": [size],
    }  # fmt: skip
    media_store.add_mine(conn, blob, blob.hash, node.clock.now())
    node.rooms.posts.publish(conn, Draft(f"Look {number}", Choice("public"), [item]))


def take_along(folder: Path) -> tuple[int, int]:
    """Export everything; give the zip's length, and by how much the process's peak of memory grew."""
    node = Node(Settings.load({"data": folder}))
    node.open()
    assert node.rooms
    rooms = node.rooms
    asked = Rooms(rooms.log, rooms.media, rooms.friends, rooms.posts)
    export = Export(asked, Wanted(messages=True), 0, "a.zip")

    def counted(conn) -> int:
        return sum(len(piece) for piece in export.pieces(conn))

    before = peak()
    length = asyncio.run(node.db.read_long(counted))
    grown = peak() - before
    node.close()
    return length, grown


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write("{} {}\n".format(*take_along(Path(sys.argv[1]))))
