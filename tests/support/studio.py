"""A village whose people also show photos: blobs on disk, uploads, and friends who fetch from each other without a network."""

import hashlib
from pathlib import Path

from sqlalchemy import select
from tests.support.village import Villager

from microsocial.media import store
from microsocial.media.attachments import Attachments, Chosen
from microsocial.media.fetching import Fetching
from microsocial.media.files import BlobFiles
from microsocial.media.intake import Intake
from microsocial.media.keeping import Keeping
from microsocial.media.model import PREPARED, BlobAway, Upload
from microsocial.media.service import Media
from microsocial.posts.model import Choice, Draft
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.transport.errors import NotReachable

PLENTY = 10**12
SMALL, SCREEN = b"small picture " * 50, b"screen picture " * 9000


class Studio:
    """One villager's media room. `friends` are the studios it can reach; those in `asleep` do not answer."""

    def __init__(self, person: Villager, folder: Path, ceiling_bytes: int = PLENTY) -> None:
        self.person = person
        self.folder = folder / person.name
        self.friends: dict[str, Studio] = {}
        self.is_asleep = False
        self.asked: list[str] = []
        self.heard: list[object] = []
        db, clock = person.db, person.clock
        self.media = Media(
            person.me, clock, person.log._ground.entropy, BlobFiles(self.folder / "blobs")
        )
        person.log.watch(self.media)
        person.posts.views._describe_media = self.media.describe
        self.keeping = Keeping(db, db.bus, self.media)
        self.intake = Intake(db, db.bus, self.folder / "uploads", clock, person.log._ground.entropy)
        self.attachments = Attachments(
            db, self.media, self.intake, self.keeping, person.log._ground.entropy
        )
        self.fetching = Fetching(db, db.bus, self.media, self._fetch, ceiling_bytes, clock)

    async def _fetch(self, person: str, name: str, start: int, end: int) -> bytes:
        """What a friend's node answers at its peer door."""
        friend = self.friends[person]
        self.asked.append(name)
        if friend.is_asleep:
            raise NotReachable
        blob = friend.person.read(
            lambda conn: friend.media.for_friend(conn, unb64u(name), self.person.id)
        )
        if blob is None or not friend.media.files.has(blob.hash):
            raise BlobAway
        return b"".join(friend.media.files.read(blob.hash, start, end - start))

    # What its person does

    def prepared(
        self, name: str, *, kind: str = "photo", sizes: dict[str, bytes] | None = None
    ) -> str:
        """A file that the child process has just made ready; give its id."""
        contents = {"small": SMALL, "screen": SCREEN} if sizes is None else sizes
        upload_id = b64u(hashlib.sha256(name.encode()).digest()[:16])
        folder = self.intake.folder(upload_id) / PREPARED
        folder.mkdir(parents=True)
        entries = []
        for role, content in contents.items():
            (folder / f"{role}.webp").write_bytes(content)
            entries.append(
                {
                    "role": role,
                    "file": f"{role}.webp",
                    "type": "image/webp",
                    "width": 4,
                    "height": 3,
                }
            )
        done = {"kind": kind, "width": 4, "height": 3, "placeholder": "", "leaked": [], "credit": None, "sizes": entries}  # fmt: skip
        upload = Upload(upload_id, name, 100, "ready", False, done, None, self.person.clock.now())
        self.person.write(lambda conn: store.put_upload(conn, upload))
        return upload_id

    async def post(self, *uploads: str, audience: str = "friends", text: str = "Look", key=None):
        """Publish it; give the post."""
        draft = Draft(text, Choice(audience), key=key)

        def say(conn, shown):
            return self.person.posts.publish(
                conn, Draft(text, draft.audience, shown.media, shown.links, key)
            )

        return await self.attachments.say(
            [Chosen(id=one) for one in uploads],
            say,
            public=audience == "public",
            said=lambda conn: self.person.posts.said_before(conn, key),
        )

    # What one finds

    def files(self) -> list[bytes]:
        return sorted(self.media.files.names())

    def rows(self):
        return {
            row.hash: row
            for row in self.person.read(lambda conn: conn.execute(select(store.blobs)).all())
        }

    def plain(self, media_size) -> bytes:
        """What its owner sees behind a url."""
        name = unb64u(media_size["url"].rsplit("/", 1)[-1])
        blob = self.person.read(lambda conn: self.media.readable(conn, name))
        return b"".join(self.media.read_plain(blob, 0, blob.length))
