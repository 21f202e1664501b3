"""Coming back from the browser, on a machine in which nobody lives yet: behind the one-time setup link, one at a time.

Rule 1: the token, the words and the passwords travel in bodies (the token of an upload in a header), are used and forgotten;
nothing of them is logged or told again.
Rule 2: the session is given once, to whoever holds the link it began with; after that the link opens nothing.
"""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from microsocial.archive.backups.folder import fit_place
from microsocial.archive.backups.model import (
    BackupDamaged,
    BackupFromNewerProgram,
    FolderAway,
    FolderNotWhole,
    NoBackupHere,
    NoSnapshotYet,
)
from microsocial.archive.website.model import ExportDamaged, NotAnExport
from microsocial.archive.website.scratch import received
from microsocial.archive.work import Progress
from microsocial.clock import Clock
from microsocial.context import Body
from microsocial.errors import Conflict, Invalid, MicrosocialError, WeBroke
from microsocial.friends.asking import HelpNotGiven
from microsocial.identity.model import fit_name, fit_password, secret_hash
from microsocial.identity.recovery import WordsOfAnother
from microsocial.node import Node
from microsocial.node.recovering import Asked, AskedAsItWas, Back, come_back
from microsocial.node.sources import BackupAlone, FromBackup, FromExport, FromFriend, Source
from microsocial.protocol.help import HelpLinkWrong, parse_help_link
from microsocial.protocol.words import WordsWrong, entropy_of
from microsocial.server.door import Door
from microsocial.server.owner import check_same_site
from microsocial.server.problems import problem_of

log = logging.getLogger(__name__)

TELL_EVERY_S = 0.5  # a bar that moves twice a second is alive; each step is a request
WATCH_S = 25.0  # below the 30 s after which some proxies and phones give up on a silent connection
HANDED_OVER_WITHIN_MS = (
    10 * 60 * 1000
)  # for a phone that slept meanwhile; later the new password opens
TOKEN_HEADER = "x-setup-token"  # noqa: S105 - the name of a header

# Which field of the form a refusal is about, where the room that refuses knows of no form.
_FIELDS: dict[type[MicrosocialError], str] = {
    HelpLinkWrong: "link",
    HelpNotGiven: "link",
    WordsWrong: "words",
    WordsOfAnother: "words",
    FolderAway: "folder",
    FolderNotWhole: "folder",
    NoBackupHere: "folder",
    NoSnapshotYet: "folder",
    BackupFromNewerProgram: "folder",
    BackupDamaged: "folder",
    NotAnExport: "export",
    ExportDamaged: "export",
}


class ComingBackNow(Conflict):
    """Somebody is coming back here already. Wait until that is done."""


class ExportMissing(Invalid):
    """Choose the zip of your export first."""


class Return(Body):
    """What `recover` and `restore` are asked on the command line."""

    token: str
    source: Literal["friend", "backup", "export"]
    password: str
    words: list[str] | None = None  # None: with the backup's passphrase alone
    link: str = ""
    folder: str = ""
    passphrase: str | None = None
    reason: Literal["planned", "stolen"] = "planned"
    name: str | None = None
    anyway: bool = False


class Watch(Body):
    token: str
    seen: int = -1  # the `moves` of the last answer
    time_zone: str | None = None


@dataclass
class Homecoming:
    """One try: told as it goes, in the event loop, to whoever holds the link it began with."""

    token: bytes = field(repr=False)
    clock: Clock
    moves: int = 0
    at: tuple[int, int, str] = (0, 0, "")
    back: Back | None = None
    failed: MicrosocialError | None = None
    ended: int | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _telling: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.progress = Progress(self._from_anywhere)

    async def run(self, node: Node, asked: Asked | AskedAsItWas) -> None:
        try:
            self.back = await come_back(node, asked, self.progress)
        except MicrosocialError as error:
            if isinstance(error, WeBroke):
                log.exception("Coming back failed")
            self.failed = error
        except Exception:
            log.exception("Coming back failed")
            self.failed = WeBroke()
        finally:
            self.ended = self.clock.now()
            self._tell()

    async def moved(self, seen: int) -> None:
        """Return when there is something that whoever asks has not seen, or after a while."""
        if self.moves == seen and self.ended is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), WATCH_S)

    @property
    def is_over(self) -> bool:
        """Whether it ended too long ago for the link to open anything."""
        return self.ended is not None and self.clock.now() - self.ended > HANDED_OVER_WITHIN_MS

    def _from_anywhere(self, done: int, total: int, sentence: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has gone: nobody is left to be told
            self._loop.call_soon_threadsafe(self._move, (done, total, sentence))

    def _move(self, at: tuple[int, int, str]) -> None:
        self.at = at
        if self._telling is None:
            self._telling = self._loop.call_later(TELL_EVERY_S, self._tell)

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
        self._telling = None
        self.moves += 1
        self._told.set()
        self._told = asyncio.Event()

    def told(self) -> dict[str, Any]:
        done, total, sentence = self.at
        state = "working" if self.ended is None else "done" if self.back else "failed"
        return {
            "state": state,
            "moves": self.moves,
            "done": done,
            "total": total,
            "sentence": sentence,
            "problem": _problem(self.failed) if self.failed else None,
            "back": _shown(self.back) if self.back else None,
        }


class ComingBack:
    def __init__(self, node: Node, door: Door) -> None:
        self._node = node
        self._door = door
        self._try: Homecoming | None = None
        self._running: asyncio.Task[None] | None = None
        self._export: Path | None = None

    def router(self) -> APIRouter:
        routes = APIRouter(tags=["door"])
        for path, verb, status in (
            ("/setup/return", self.begin, 202),
            ("/setup/return/watch", self.watch, 200),
            ("/setup/return/export", self.take_export, 204),
        ):
            routes.add_api_route(path, verb, methods=["POST"], status_code=status)
        return routes

    def close(self) -> None:
        """Ask what runs to stop at its next good moment; the machine stays empty then."""
        if self._try is not None:
            self._try.progress.stop()

    async def begin(self, request: Request, asked: Return) -> Response:
        """Begin to come back. The rest is told by `watch`."""
        check_same_site(request, self._node.settings.address)
        self._node.setup_link.check(asked.token)
        try:
            wish = self._wish(asked)
        except MicrosocialError as error:
            return problem_of(_with_field(error))
        self._check_idle()
        self._try = Homecoming(secret_hash(asked.token), self._node.clock)
        self._running = asyncio.create_task(self._run(self._try, wish), name="coming-back")
        return JSONResponse(self._try.told(), 202)

    async def watch(self, request: Request, asked: Watch) -> Response:
        """Wait for news of it; whoever sees it done is let in, once. `state` is none when nothing was begun."""
        check_same_site(request, self._node.settings.address)
        one = self._known(asked.token)
        if one is None:
            return JSONResponse({"state": "none"})
        if not await _stays(request, one.moved(asked.seen)):
            return Response(status_code=204)  # a page that was closed: who opens it again is let in
        told = one.told()
        me = self._node.me
        if one.back is None or me is None or self._known(asked.token) is not one:
            return JSONResponse(told)
        self._try = None
        return await self._door.let_in(request, me, told, asked.time_zone)

    async def take_export(self, request: Request) -> Response:
        """Take in the zip from which to come back, before coming back is begun."""
        check_same_site(request, self._node.settings.address)
        self._node.setup_link.check(request.headers.get(TOKEN_HEADER, ""))
        self._check_idle()
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
        taken = await received(self._node.settings.data, request.stream(), length)
        self._forget_export()
        self._export = taken
        return Response(status_code=204)

    async def _run(self, one: Homecoming, wish: Asked | AskedAsItWas) -> None:
        await one.run(self._node, wish)
        if one.back is not None:
            self._forget_export()

    def _known(self, token: str) -> Homecoming | None:
        """The try that this link may see. Raises SetupLinkUsed."""
        one = self._try
        if one is None or one.is_over or not hmac.compare_digest(secret_hash(token), one.token):
            self._node.setup_link.check(token)
            return None
        return one

    def _check_idle(self) -> None:
        if self._running is not None and not self._running.done():
            raise ComingBackNow

    def _forget_export(self) -> None:
        if self._export is not None:
            self._export.unlink(missing_ok=True)
        self._export = None

    def _wish(self, asked: Return) -> Asked | AskedAsItWas:
        password = fit_password(asked.password)
        if asked.source == "backup" and asked.words is None:
            alone = BackupAlone(self._folder(asked), asked.passphrase or "")
            return AskedAsItWas(alone, password)
        source = self._source(asked)
        return Asked(
            words=entropy_of(asked.words or []),
            source=source,
            reason=asked.reason,
            password=password,
            name=fit_name(asked.name) if asked.name is not None else None,
            anyway=asked.anyway,
        )

    def _source(self, asked: Return) -> Source:
        if asked.source == "friend":
            return FromFriend(parse_help_link(asked.link))
        if asked.source == "backup":
            return FromBackup(self._folder(asked), asked.passphrase)
        if self._export is None:
            raise ExportMissing(field="export")
        return FromExport(self._export)

    def _folder(self, asked: Return) -> Path:
        return fit_place(asked.folder.strip(), self._node.settings.data)


async def _stays(request: Request, until: Coroutine[Any, Any, None]) -> bool:
    """Wait until then; tell whether whoever asks is still there."""
    waiting = asyncio.create_task(until)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return not leaving.done()
    finally:
        waiting.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _with_field(error: MicrosocialError) -> MicrosocialError:
    error.field = error.field or _FIELDS.get(type(error))
    return error


def _problem(error: MicrosocialError) -> Any:
    """The problem document, as a refusal would be told."""
    return msgspec.json.decode(problem_of(_with_field(error)).body)


def _shown(back: Back) -> dict[str, Any]:
    return {
        "id": back.id,
        "name": back.name,
        "reason": back.reason,
        "friends": back.friends,
        "answered": back.answered,
        "sentences": back.sentences,
    }
