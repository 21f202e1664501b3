"""The owner's sessions, tokens and preferences over HTTP."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from sqlalchemy import Connection
from starlette.requests import Request
from typing_extensions import TypedDict

from microsocial.context import ApiContext, Body
from microsocial.errors import Invalid
from microsocial.events import emit
from microsocial.identity import store, zones
from microsocial.identity.me import Me
from microsocial.identity.model import Caller, PreferencesChanged, Scope, Session, Token
from microsocial.identity.recovery import keep_public_halves, own_entropy, public_halves
from microsocial.identity.service import Identity
from microsocial.identity.sessions import Sessions
from microsocial.identity.throttle import Throttle
from microsocial.identity.tokens import Tokens
from microsocial.identity.zones import fit_zone

ScopeName = Literal["read", "write", "admin"]


class AskedToken(Body):
    label: str
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=3)]


class Preferences(Body):
    theme: Literal["auto", "light", "dark"] | None = None
    density: Literal["calm", "compact"] | None = None
    link_cards: Literal["on", "off"] | None = None
    time_zone: Annotated[str, AfterValidator(fit_zone)] | None = None


class TypedWords(Body):
    words: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=30)]


class WordsChecked(TypedDict):
    fine: bool
    sentence: str


SHEET_IS_RIGHT = "This is your sheet: with these 24 words you come back. Put it away again, where nobody finds it."
DEFAULTS = {"theme": "auto", "density": "calm", "link_cards": "on", zones.NAME: zones.DEFAULT}


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["identity"])
    # Whoever may ask this could also guess a word that is missing on a sheet they found.
    tries = Throttle(context.clock)

    @routes.get("/sessions")
    async def sessions(request: Request) -> list[dict[str, Any]]:
        """The browsers that are logged in."""
        caller: Caller = request.state.owner
        found = await context.db.read(context.room(Sessions).all)
        return [_session(session, caller) for session in found]

    @routes.delete("/sessions/{session}", status_code=204)
    async def end_session(session: str) -> None:
        """Log a browser out."""
        await context.db.write(lambda conn: context.room(Sessions).end(conn, session))

    @routes.get("/tokens")
    async def tokens() -> list[dict[str, Any]]:
        """The keys of programs."""
        return [_token(token) for token in await context.db.read(context.room(Tokens).all)]

    @routes.post("/tokens", status_code=201)
    async def make_token(asked: AskedToken) -> dict[str, Any]:
        """Make a key for a program. It is shown in this answer only."""
        scopes = [Scope(name) for name in asked.scopes]
        new = await context.db.write(
            lambda conn: context.room(Tokens).make(conn, asked.label, scopes)
        )
        return {**_token(new.token), "token": new.secret}

    @routes.delete("/tokens/{token}", status_code=204)
    async def end_token(token: str) -> None:
        """Take a key back."""
        await context.db.write(lambda conn: context.room(Tokens).end(conn, token))

    @routes.post("/words/check")
    async def check_words(asked: TypedWords, request: Request) -> WordsChecked:
        """Say whether a recovery sheet is the right one. Nothing of it is kept or logged."""
        caller: Caller = request.state.owner
        tries.claim("words", caller.id)
        me = context.room(Me)
        try:
            entropy = await asyncio.to_thread(own_entropy, asked.words, me.id)
        except Invalid as wrong:
            return WordsChecked(fine=False, sentence=str(wrong))
        halves = await asyncio.to_thread(public_halves, entropy)

        def keep(conn: Connection) -> None:
            keep_public_halves(conn, halves)
            if context.room(Identity).words_asked(conn) is not None:
                context.room(Identity).confirm_words(
                    conn
                )  # who has all 24 need not be asked for two

        await context.db.write(keep)
        tries.succeeded("words", caller.id)
        return WordsChecked(fine=True, sentence=SHEET_IS_RIGHT)

    @routes.get("/settings")
    async def preferences() -> dict[str, str]:
        """How the owner likes the app."""
        return _preferences(await context.db.read(store.read_preferences))

    @routes.patch("/settings")
    async def prefer(asked: Preferences) -> dict[str, str]:
        """Change what is named, keep the rest."""
        changes = asked.model_dump(exclude_none=True)

        def change(conn: Any) -> dict[str, str]:
            for name, value in changes.items():
                store.set_preference(conn, name, value)
            emit(conn, PreferencesChanged())
            return _preferences(store.read_preferences(conn))

        return await context.db.write(change)

    return routes


def _preferences(kept: dict[str, str]) -> dict[str, str]:
    """What the owner chose about the app; what else is kept beside it is asked for elsewhere."""
    return {name: kept.get(name, default) for name, default in DEFAULTS.items()}


def _session(session: Session, caller: Caller) -> dict[str, Any]:
    return {
        "id": session.id,
        "label": session.label,
        "created": session.created,
        "seen": session.seen,
        "current": caller.kind == "session" and caller.id == session.id,
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "label": token.label,
        "scopes": sorted(token.scopes),
        "created": token.created,
        "seen": token.seen,
    }
