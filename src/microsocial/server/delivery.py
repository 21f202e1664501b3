"""The ledger over HTTP: who has everything, who waits for what since when and why. Joins delivery's numbers to friends' names."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from microsocial.delivery.courier import Courier
from microsocial.friends.model import NotAFriend
from microsocial.node import Node
from microsocial.server.person import rooms_of


def router(node: Node) -> APIRouter:
    routes = APIRouter(tags=["delivery"])

    @routes.get("/delivery")
    async def delivery() -> dict[str, Any]:
        """Who has everything, and who waits for what since when and why."""
        return {"friends": await node.db.read_long(lambda conn: _accounts(conn, node))}

    @routes.post("/delivery/{person}/try", status_code=204)
    async def try_now(person: str) -> Response:
        """Try a friend again now, whatever failed before."""
        if not await node.db.read(lambda conn: rooms_of(node).friends.is_friend(conn, person)):
            raise NotAFriend
        node.room(Courier).wake(person)
        return Response(status_code=204)

    return routes


def _accounts(conn: Connection, node: Node) -> list[dict[str, Any]]:
    rooms = rooms_of(node)
    accounts = rooms.delivery.ledger.accounts(conn)
    persons = rooms.friends.persons(conn, [account.person for account in accounts])
    return [
        {
            "person": persons[account.person],
            "position": account.acknowledged,
            "behind": account.behind,
            "waiting_since": account.waiting_since,
            "error": account.error,
            "next_try": account.next_try,
            "refused": account.refused,
        }
        for account in accounts
    ]
