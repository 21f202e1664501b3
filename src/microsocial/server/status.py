"""How the node is, and which person or record a few typed letters mean."""

import asyncio
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, func, select

from microsocial import __version__
from microsocial.archive.backups.restored import last_restoration, still_coming
from microsocial.archive.leaving.storage import about_aside, look_at, used
from microsocial.errors import Conflict, Invalid, NotFound
from microsocial.friends.store import friends
from microsocial.node import Node
from microsocial.records.store import last_tick, records
from microsocial.server.person import rooms_of
from microsocial.server.timekeeping import doubt
from microsocial.transport.http_out import HttpOut

SHORTEST_PREFIX = 3  # fewer letters are a slip, not an id


class NothingLikeThat(NotFound):
    """Nothing here has that id."""


class SeveralLikeThat(Conflict):
    """Several have an id that begins like this. Give more of it."""


class PersonOrRecord(Invalid):
    """Ask for either a person or a record."""


def router(node: Node) -> APIRouter:
    routes = APIRouter(tags=["status"])

    @routes.get("/status")
    async def status() -> dict[str, Any]:
        """How the node is."""

        def ask(conn: Connection) -> dict[str, Any]:
            rooms = rooms_of(node)
            is_friend = friends.c.state == "friend"
            counted = select(func.count()).select_from(friends).where(is_friend)
            return {
                "id": rooms.me.id,
                "name": node.name(conn),
                "address": node.address,
                "version": __version__,
                "friends": conn.execute(counted).scalar_one(),
                "head": rooms.log.head(conn).seq,
                "stopped": rooms.delivery.stopped(conn),
                "moved": rooms.delivery.residence.moved_to(conn),
                "restored": last_restoration(conn, rooms.friends, node.clock.now()),
                "coming_back": still_coming(conn, rooms.friends, rooms.me.id, node.clock.now()),
                "clock": _doubt_about_the_clock(conn, node),
            }

        disk = await asyncio.to_thread(look_at, node.settings.data)
        return {
            **await node.db.read(ask),
            "trouble": node.db.health.trouble,
            "undone": about_aside(disk),
            "storage": await node.db.read(lambda conn: used(conn, disk)),
        }

    @routes.get("/resolve")
    async def resolve(person: str | None = None, record: str | None = None) -> dict[str, str]:
        """Find the whole id of a person (by id, its beginning, or name) or of a record (by its beginning)."""
        if (person is None) == (record is None):
            raise PersonOrRecord
        if record is not None:
            return {"id": await node.db.read(lambda conn: _record(conn, record))}
        who = person or ""
        return {"id": await node.db.read(lambda conn: rooms_of(node).friends.resolve(conn, who))}

    return routes


def _doubt_about_the_clock(conn: Connection, node: Node) -> str | None:
    clocks = node.room(HttpOut).clocks()
    persons = rooms_of(node).friends.persons(conn, list(clocks))
    differing = [(persons[one]["name"], ms) for one, ms in clocks.items() if ms]
    agreeing = len(clocks) - len(differing)
    return doubt(node.clock.now(), last_tick(conn), differing, agreeing)


def _record(conn: Connection, beginning: str) -> str:
    if len(beginning) < SHORTEST_PREFIX:
        raise NothingLikeThat
    begins = records.c.ref.between(
        beginning, beginning + "\x7f"
    )  # refs are ASCII; an index serves this
    found: list[str] = list(conn.execute(select(records.c.ref).where(begins).limit(2)).scalars())
    if not found:
        raise NothingLikeThat
    if len(found) > 1 and beginning not in found:
        raise SeveralLikeThat
    return found[0]
