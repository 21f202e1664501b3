"""Moving house, and going on with one of two copies, over HTTP (docs/develop/api.md, "Your data")."""

from fastapi import APIRouter
from starlette.requests import Request

from microsocial.archive.moving import MoveShape, Moving
from microsocial.context import ApiContext, Body
from microsocial.delivery.courier import Courier
from microsocial.delivery.service import Delivery
from microsocial.identity.proving import Proving


class AskedMove(Body):
    """Where you live from now on, and the owner's password once more."""

    address: str
    password: str


class GoesOn(Body):
    """What came of continuing here."""

    sentence: str


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["your data"])

    @routes.get("/move")
    async def whereabouts() -> MoveShape:
        """Where you live, as far as this machine knows."""
        moving = context.room(Moving)
        return await context.db.read(lambda conn: moving.shape(conn, context.address))

    @routes.post("/move")
    async def move(request: Request, asked: AskedMove) -> MoveShape:
        """Tell this machine that you live elsewhere now. It sends nothing any more, and says where you went."""
        await context.room(Proving).again(request, context.db, asked.password)
        moving = context.room(Moving)
        return await context.db.write(
            lambda conn: moving.move(conn, asked.address, context.address)
        )

    @routes.delete("/move")
    async def stay() -> MoveShape:
        """Live here after all. Only while nothing runs at the new address."""
        moving = context.room(Moving)
        shape = await context.db.write(lambda conn: moving.stay(conn, context.address))
        context.room(Courier).resume()
        return shape

    @routes.post("/copies/continue")
    async def continue_here() -> GoesOn:
        """Of two running copies of you this is the one to keep; the other stops by itself."""
        await context.db.write(context.room(Delivery).continue_here)
        context.room(Courier).resume()
        return GoesOn(sentence="This copy goes on. The other one stops as soon as it notices.")

    return routes
