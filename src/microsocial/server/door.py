"""The door: making the person, logging in and out, changing the password."""

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from microsocial.context import Body, NotSetUp
from microsocial.identity.me import Me
from microsocial.identity.model import (
    Caller,
    NewSession,
    NoWordsAsked,
    WordsDoNotMatch,
    browser_label,
    csrf_of,
    fit_name,
    fit_password,
    secret_hash,
)
from microsocial.identity.service import new_sheet, spoken
from microsocial.identity.zones import keep_zone
from microsocial.node import Node
from microsocial.server.cookies import browser_name, give, session_name, take_back
from microsocial.server.owner import OwnerCheck, check_same_site, session_of
from microsocial.server.wire import is_open


class Setup(Body):
    token: str
    name: str
    password: str
    time_zone: str | None = None


class Words(Body):
    words: dict[str, str]


class Login(Body):
    password: str
    time_zone: str | None = None


class NewPassword(Body):
    old: str
    new: str


class Door:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._slowly = node.proving.hashes

    def router(self, owner: OwnerCheck) -> APIRouter:
        routes = APIRouter(tags=["door"])
        behind = [Depends(owner)]
        routes.add_api_route("/session", self.session, methods=["GET"])
        routes.add_api_route("/setup", self.setup, methods=["POST"])
        routes.add_api_route("/login", self.login, methods=["POST"])
        for path, verb in (
            ("/setup/confirm", self.confirm_words),
            ("/logout", self.logout),
            ("/password", self.change_password),
        ):
            routes.add_api_route(path, verb, methods=["POST"], status_code=204, dependencies=behind)
        return routes

    async def session(self, request: Request) -> dict[str, Any]:
        """Tell whether somebody lives here and whether you are logged in as them."""
        me, way = self._node.me, {"is_open_wire": is_open(request)}
        if me is None:
            return {"state": "new", "name": None, "id": None, "csrf": None, **way}
        found = await session_of(self._node, request)
        state, csrf = ("open", csrf_of(found[1])) if found else ("locked", None)
        name = await self._node.db.read(self._node.name)
        return {"state": state, "name": name, "id": me.id, "csrf": csrf, **way}

    async def setup(self, request: Request, asked: Setup) -> Response:
        """Make the person. The answer shows the 24 words, once."""
        check_same_site(request, self._node.settings.address)
        self._node.setup_link.check(asked.token)
        name, password = fit_name(asked.name), fit_password(asked.password)
        sheet = new_sheet(self._node.entropy)
        password_hash = await self._slowly.make(password)
        answer_hash = await self._slowly.make(sheet.answer)
        me = await self._node.settle(name, sheet, password_hash, answer_hash)
        new = {"id": me.id, "words": list(sheet.words), "asked": list(sheet.asked)}
        return await self.let_in(request, me, new, asked.time_zone)

    async def confirm_words(self, asked: Words) -> None:
        """Answer the two words that were asked back."""
        waiting = await self._node.db.read(self._node.identity.words_asked)
        if waiting is None:
            raise NoWordsAsked
        if not await self._slowly.fits(spoken(asked.words, waiting.numbers), waiting.hashed):
            raise WordsDoNotMatch(field="words")
        await self._node.db.write(self._node.identity.confirm_words)

    async def login(self, request: Request, asked: Login) -> Response:
        """Begin a session. Guessing gets slower with every wrong password; a known browser is never locked out."""
        check_same_site(request, self._node.settings.address)
        me = self._node.me
        if me is None:
            raise NotSetUp
        known = await self._known_browser(request, me)
        await self._node.proving.prove(request, self._node.db, asked.password, known)
        return await self.let_in(request, me, {}, asked.time_zone)

    async def logout(self, request: Request) -> Response:
        """End this session. With a token there is nothing to end."""
        caller: Caller = request.state.owner
        response = Response(status_code=204)
        if caller.kind == "session" and self._node.me:
            await self._node.db.write(lambda conn: self._node.sessions.end(conn, caller.id))
            take_back(request, response, session_name(self._node.me.id))
        return response

    async def change_password(self, request: Request, asked: NewPassword) -> None:
        """Change the password. All other sessions end."""
        if self._node.me is None:
            raise NotSetUp
        caller: Caller = request.state.owner
        new = fit_password(asked.new, name="new")
        await self._node.proving.again(request, self._node.db, asked.old, "old")
        hashed = await self._slowly.make(new)

        def change(conn: Connection) -> None:
            self._node.identity.change_password(conn, hashed)
            self._node.sessions.end_others(conn, caller.id)

        await self._node.db.write(change)

    async def _known_browser(self, request: Request, me: Me) -> str | None:
        """A name for the throttle of the browser that asks, when it has logged in before."""
        secret = request.cookies.get(browser_name(me.id))
        if not secret:
            return None
        knows = self._node.sessions.knows_browser
        is_known = await self._node.db.read(lambda conn: knows(conn, secret))
        return f"browser {secret_hash(secret).hex()}" if is_known else None

    async def let_in(
        self, request: Request, me: Me, answer: dict[str, Any], time_zone: str | None
    ) -> Response:
        """Begin a session, remember the browser, and give both cookies with the answer."""
        label = browser_label(request.headers.get("user-agent", ""))
        sessions = self._node.sessions
        is_known = await self._known_browser(request, me) is not None

        def begin(conn: Connection) -> tuple[NewSession, str | None]:
            keep_zone(conn, time_zone)
            return sessions.open(conn, label), None if is_known else sessions.remember_browser(conn)

        new, browser = await self._node.db.write(begin)
        response = JSONResponse({**answer, "csrf": new.csrf})
        give(request, response, session_name(me.id), new.secret)
        if browser:
            give(request, response, browser_name(me.id), browser)
        return response
