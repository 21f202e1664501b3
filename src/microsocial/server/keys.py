"""The owner's keys over HTTP: renewing them, and after a theft saying what is theirs (docs/develop/api.md, "Keys")."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from microsocial.context import Body
from microsocial.errors import Conflict, Invalid, NotFound
from microsocial.friends.sentences import listed
from microsocial.identity.proving import Proving
from microsocial.media.doors import read_name
from microsocial.media.fetching import Fetching
from microsocial.media.service import claims_of
from microsocial.media.serving import SANDBOX
from microsocial.node import Node, Rooms
from microsocial.node.rotating import Rotating
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_INTEGER
from microsocial.protocol.payloads import Clear, Removal
from microsocial.records.keys import mine
from microsocial.records.keys.suspects import Suspect
from microsocial.records.markup import render
from microsocial.records.model import Stored, ref_of
from microsocial.records.service import Log
from microsocial.server.person import rooms_of

MAX_DECIDED = 2_000  # in one request; as many as one disown names
STEP = 100  # decided in one transaction; each is signed, stored and shown

Names = Annotated[list[Annotated[str, Field(max_length=43)]], Field(max_length=MAX_DECIDED)]


class AskedRotation(Body):
    words: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=30)]
    reason: Literal["planned", "stolen"]
    password: str


Moment = Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class Decision(Body):
    """What is mine and what is not: by name, or all that was said before a moment, from a moment on."""

    mine: Names = Field(default_factory=list)
    not_mine: Names = Field(default_factory=list)
    mine_before: Moment | None = None
    not_mine_from: Moment | None = None


class Undone(Body):
    ids: Names


class NoSuchThing(NotFound):
    """This is not waiting for your word (any more)."""


class DaysCross(Invalid):
    """One thing cannot be yours and not yours. Let what is not yours begin when what is yours ends, or later."""


class NothingStolen(Conflict):
    """This was said with a key that nobody stole. If somebody has your key, renew it as stolen first."""


def router(node: Node) -> APIRouter:
    routes = APIRouter(tags=["keys"])

    @routes.get("/keys")
    async def keys() -> dict[str, Any]:
        """Your key, how often it was renewed, and what a theft still asks of you."""
        return await node.db.read(lambda conn: _keys(conn, rooms_of(node)))

    @routes.post("/keys/rotate")
    async def rotate(request: Request, asked: AskedRotation) -> dict[str, Any]:
        """Renew your key with the 24 words."""
        rooms_of(node)
        await node.room(Proving).again(request, node.db, asked.password)
        done = await node.room(Rotating).rotate(asked.words, asked.reason)
        return {"number": done.number, "sentence": done.sentence}

    routes.include_router(_after_theft(node))
    routes.include_router(_taken_back(node))
    return routes


def _after_theft(node: Node) -> APIRouter:
    routes = APIRouter()

    @routes.get("/keys/foreign")
    async def foreign() -> list[dict[str, Any]]:
        """What friends hold in your name that this node does not know, since your key was stolen."""
        rooms = rooms_of(node)
        return await node.db.read_long(
            lambda conn: _shown(conn, rooms, rooms.log.suspects.all(conn))
        )

    @routes.get("/keys/foreign/{thing}/pictures/{name}")
    async def picture(thing: str, name: str) -> Response:
        """A still picture of it, from a friend who has it; it is not kept."""
        log, hash_ = rooms_of(node).log, read_name(name)
        [suspect] = _named(await node.db.read_long(log.suspects.all), [thing])
        claims = claims_of(suspect.stored, hash_, suspect.holders)
        pictures = [claim for claim in claims if claim.type.startswith("image/")]
        content = await node.room(Fetching).peek(pictures)
        headers = {**SANDBOX, "Cache-Control": "no-store"}
        return Response(content, media_type=pictures[0].type, headers=headers)

    @routes.post("/keys/foreign/decide")
    async def decide(asked: Decision) -> dict[str, Any]:
        """Say what you said, and what you did not say."""
        before, after = asked.mine_before, asked.not_mine_from
        if before is not None and after is not None and before > after:
            raise DaysCross(field="not_mine_from")
        log = rooms_of(node).log
        are_mine, are_not = await node.db.read_long(lambda conn: _chosen(conn, log, asked))
        mine_count = await _in_steps(
            node, are_mine, lambda conn, some: mine.decide(conn, log, some, [])
        )
        not_count = await _in_steps(
            node, are_not, lambda conn, some: mine.decide(conn, log, [], some)
        )
        left = await node.db.read(log.suspects.count)
        sentence = _decided(mine_count, not_count, left)
        return {"mine": mine_count, "not_mine": not_count, "left": left, "sentence": sentence}

    return routes


def _taken_back(node: Node) -> APIRouter:
    routes = APIRouter()

    @routes.get("/keys/taken-back")
    async def taken_back() -> list[dict[str, Any]]:
        """What came back from friends lately, as if you had said it."""
        rooms = rooms_of(node)
        return await node.db.read_long(
            lambda conn: _shown(conn, rooms, rooms.log.suspects.taken_back(conn))
        )

    @routes.post("/keys/taken-back/undo", status_code=204)
    async def undo(asked: Undone) -> None:
        """It was not you: set it aside everywhere; what it replaced stands again."""
        log = rooms_of(node).log

        def change(conn: Connection) -> None:
            found = _named(log.suspects.taken_back(conn), asked.ids)
            below = mine.stolen_below(log)
            if any(suspect.stored.key_number >= below for suspect in found):
                raise NothingStolen
            mine.disown(conn, log, [suspect.stored for suspect in found])

        await node.db.write(change)

    return routes


def _chosen(conn: Connection, log: Log, asked: Decision) -> tuple[list[bytes], list[bytes]]:
    """Which revisions are the owner's, and which are not: those that are named, then those that were said at such a time."""
    moments = log.suspects.moments(conn)
    waiting = {b64u(hashed): hashed for _, hashed in moments}
    named = {*asked.mine, *asked.not_mine}
    if not waiting.keys() >= named:
        raise NoSuchThing
    others = [(said, hashed) for said, hashed in moments if b64u(hashed) not in named]
    before, after = asked.mine_before, asked.not_mine_from
    by_day = (
        [hashed for said, hashed in others if before is not None and said < before],
        [hashed for said, hashed in others if after is not None and said >= after],
    )
    are_mine, are_not = (
        [waiting[name] for name in dict.fromkeys(names)] for names in (asked.mine, asked.not_mine)
    )
    return are_mine + by_day[0], are_not + by_day[1]


async def _in_steps(
    node: Node,
    hashes: Sequence[bytes],
    decide: Callable[[Connection, Sequence[Suspect]], None],
) -> int:
    """Decide a few in each transaction, so that others write in between; say how many there were."""
    suspects = rooms_of(node).log.suspects

    def step(conn: Connection, some: Sequence[bytes]) -> int:
        found = suspects.among(conn, some)
        if found:
            decide(conn, found)
        return len(found)

    count = 0
    for start in range(0, len(hashes), STEP):
        some = hashes[start : start + STEP]
        count += await node.db.write(partial(step, some=some))
    return count


def _named(found: Sequence[Suspect], names: Collection[str]) -> list[Suspect]:
    known = {suspect.name: suspect for suspect in found}
    if not known.keys() >= set(names):
        raise NoSuchThing
    return [known[name] for name in dict.fromkeys(names)]


# -- shapes --


def _decided(mine_count: int, not_count: int, left: int) -> str:
    """What came of a decision, in words."""
    said = []
    if mine_count:
        said.append(f"{_things(mine_count)} taken in as yours.")
    if not_count:
        said.append(f"{_things(not_count)} not yours: your friends' machines take it out.")
    if left:
        said.append(f"{_things(left)} still waiting for your word.")
    return " ".join(said) or "There was nothing to decide."


def _things(count: int) -> str:
    return "One thing is" if count == 1 else f"{count:,} things are"


def _keys(conn: Connection, rooms: Rooms) -> dict[str, Any]:
    me = rooms.me
    return {
        "number": me.key_number,
        "events": [
            {"number": number, "reason": reason, "sentence": _event(number, reason)}
            for number, reason in enumerate(me.key_log.reasons, start=1)
        ],
        "theft": _theft(conn, rooms),
        "stopped": rooms.delivery.stopped(conn),
    }


def _event(number: int, reason: str) -> str:
    why = "because an earlier one was stolen" if reason == "stolen" else "as planned"
    return f"Key {number}: renewed {why}."


def _theft(conn: Connection, rooms: Rooms) -> dict[str, Any]:
    waiting = rooms.delivery.keys.unheard(conn)
    count = rooms.log.suspects.count(conn)
    persons = rooms.friends.persons(conn, waiting)
    names = sorted(person["name"] for person in persons.values())
    state = _state(rooms, waiting=bool(waiting), asking=bool(count))
    return {
        "state": state,
        "waiting": list(persons.values()),
        "sentence": _about_theft(state, names, count),
    }


def _state(rooms: Rooms, *, waiting: bool, asking: bool) -> str:
    if asking:
        return "asking"
    if waiting:
        return "listing"
    return "over" if "stolen" in rooms.me.key_log.reasons else "none"


def _about_theft(state: str, names: Sequence[str], count: int) -> str:
    still = f" Not heard from yet: {listed(names)}." if names else ""
    things = "one thing" if count == 1 else f"{count} things"
    return {
        "none": "Nothing was stolen.",
        "over": "Your friends' machines were all asked, and you have looked through everything.",
        "listing": f"Your friends' machines are asked what they hold in your name.{still}",
        "asking": f"Your friends hold {things} in your name that this machine does not know. Say what is yours.{still}",
    }[state]


def _shown(conn: Connection, rooms: Rooms, suspects: Sequence[Suspect]) -> list[dict[str, Any]]:
    people = {holder for suspect in suspects for holder in suspect.holders}
    people |= {one for suspect in suspects for one in _spoken_of(suspect.stored)}
    persons = rooms.friends.persons(conn, people)
    names = {person: shown["name"] for person, shown in persons.items()}
    items = [suspect.stored.fields.get("media", []) for suspect in suspects]
    described = iter(rooms.media.describe(conn, [one for some in items for one in some]))
    return [
        {
            "id": suspect.name,
            "kind": "deletion" if suspect.stored.withdrawn else suspect.stored.kind,
            "text": (text := _text(suspect, names)),
            "html": render(text),
            "created": suspect.stored.revision,
            "from": [persons[holder] for holder in suspect.holders],
            "replaced": suspect.mine is not None,
            "post": suspect.stored.thread,
            "media": [next(described) for _ in media],
        }
        for suspect, media in zip(suspects, items, strict=True)
    ]


def _spoken_of(stored: Stored) -> tuple[str, ...]:
    payload = stored.payload
    return payload.to if isinstance(payload, Clear) else ()


def _text(suspect: Suspect, names: dict[str, str]) -> str:
    """What it says, or what it did, in words."""
    stored, own = suspect.stored, suspect.mine
    payload = stored.payload
    if stored.withdrawn:
        was = str(own.fields.get("text") or own.kind) if own and not own.withdrawn else ""
        return f"Deleted: {was}" if was else f"Deleted a {stored.kind}."
    if isinstance(payload, Clear):
        people = listed([names.get(person, "somebody") for person in payload.to])
        return f"Cleared {len(payload.messages)} messages with {people}."
    if isinstance(payload, Removal):
        entry = ref_of(payload.entry.author, payload.entry.id)
        return f"Took a comment out of a thread ({entry})."
    fields = stored.fields
    said = fields.get("text") or fields.get("emoji") or fields.get("name")
    return str(said or ("" if fields.get("media") else stored.kind))
