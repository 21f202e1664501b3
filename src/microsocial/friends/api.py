"""Friends over the owner's API (docs/develop/api.md, "Friends")."""

from fastapi import APIRouter
from typing_extensions import TypedDict

from microsocial.context import ApiContext, Body
from microsocial.friends.help import HelpShown
from microsocial.friends.knocking import Knocking
from microsocial.friends.model import (
    CircleShape,
    FriendShape,
    InviteShown,
    Look,
    NotALink,
    Person,
)
from microsocial.friends.service import Friends


class Link(Body):
    link: str


class NewFriend(Body):
    link: str | None = None
    address: str | None = None
    note: str = ""


class Home(Body):
    place: str


class Named(Body):
    name: str


class FriendLists(TypedDict):
    friends: list[FriendShape]
    requests: list[FriendShape]
    asked: list[FriendShape]


class Added(TypedDict):
    friend: FriendShape


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["friends"])
    _invites(routes, context)
    _friends(routes, context)
    _circles(routes, context)
    return routes


def _invites(routes: APIRouter, context: ApiContext) -> None:
    @routes.post("/invites", status_code=201)
    async def invite() -> InviteShown:
        friends = context.room(Friends)
        address = context.settings.address or f"http://localhost:{context.settings.port}"
        return await context.db.write(lambda conn: friends.invite(conn, address))

    @routes.get("/invites")
    async def invites() -> list[InviteShown]:
        return await context.db.read(context.room(Friends).invites.all)

    @routes.delete("/invites/{invite}", status_code=204)
    async def revoke(invite: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.invites.revoke(conn, invite))

    @routes.post("/invites/look")
    async def look(asked: Link) -> Look:
        return await context.room(Knocking).look(asked.link)


def _friends(routes: APIRouter, context: ApiContext) -> None:
    @routes.get("/friends")
    async def everybody() -> FriendLists:
        lists = await context.db.read_long(context.room(Friends).all)
        return FriendLists(
            friends=lists["friends"], requests=lists["requests"], asked=lists["asked"]
        )

    @routes.post("/friends", status_code=201)
    async def add(asked: NewFriend) -> Added:
        typed = asked.link or asked.address
        if typed is None:
            raise NotALink(field="link")
        return Added(friend=await context.room(Knocking).add(typed, asked.note))

    @routes.get("/friends/{person}")
    async def friend(person: str) -> FriendShape:
        friends = context.room(Friends)
        return await context.db.read(lambda conn: friends.friend(conn, person))

    @routes.post("/friends/{person}/accept")
    async def accept(person: str) -> FriendShape:
        return await context.room(Knocking).accept(person)

    @routes.post("/friends/{person}/decline", status_code=204)
    async def decline(person: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.decline(conn, person))

    @routes.post("/friends/{person}/remove", status_code=204)
    async def remove(person: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.remove(conn, person))

    @routes.post("/friends/{person}/help", status_code=201)
    async def give_help(person: str) -> HelpShown:
        """Make the link with which a friend who has lost everything comes back."""
        friends = context.room(Friends)
        address = context.settings.address or f"http://localhost:{context.settings.port}"
        return await context.db.write(lambda conn: friends.help.make(conn, person, address))

    @routes.post("/friends/{person}/go-on")
    async def go_on(person: str) -> FriendShape:
        """Two different keys claim to be theirs; you have asked them, and go on with the one you knew."""
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.go_on(conn, person))
        return await context.db.read(lambda conn: friends.friend(conn, person))

    @routes.post("/friends/{person}/home")
    async def at_home(person: str, asked: Home) -> FriendShape:
        """They live at this private address indeed; from now on they are called there."""
        friends = context.room(Friends)
        return await context.db.write(lambda conn: friends.at_home(conn, person, asked.place))

    @routes.delete("/friends/{person}/home")
    async def not_at_home(person: str, place: str) -> FriendShape:
        """They do not, as far as you know: nothing is called there."""
        friends = context.room(Friends)
        return await context.db.write(lambda conn: friends.not_at_home(conn, person, place))

    @routes.post("/friends/{person}/block", status_code=204)
    async def block(person: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.block(conn, person))

    @routes.post("/friends/{person}/unblock", status_code=204)
    async def unblock(person: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.unblock(conn, person))

    @routes.get("/blocks")
    async def blocks() -> list[Person]:
        friends = context.room(Friends)
        return await context.db.read(
            lambda conn: list(friends.persons(conn, friends.blocked(conn)).values())
        )


def _circles(routes: APIRouter, context: ApiContext) -> None:
    @routes.get("/circles")
    async def circles() -> list[CircleShape]:
        friends = context.room(Friends)
        return await context.db.read(
            lambda conn: friends.pages.circles(conn, friends.circles.all(conn))
        )

    @routes.post("/circles", status_code=201)
    async def create(asked: Named) -> CircleShape:
        friends = context.room(Friends)
        return await context.db.write(
            lambda conn: friends.pages.circle(conn, friends.circles.create(conn, asked.name))
        )

    @routes.patch("/circles/{circle}")
    async def rename(circle: str, asked: Named) -> CircleShape:
        friends = context.room(Friends)
        return await context.db.write(
            lambda conn: friends.pages.circle(
                conn, friends.circles.rename(conn, circle, asked.name)
            )
        )

    @routes.delete("/circles/{circle}", status_code=204)
    async def delete(circle: str) -> None:
        friends = context.room(Friends)
        await context.db.write(lambda conn: friends.circles.delete(conn, circle))

    @routes.put("/circles/{circle}/people/{person}")
    async def put(circle: str, person: str) -> CircleShape:
        friends = context.room(Friends)
        return await context.db.write(
            lambda conn: friends.pages.circle(conn, friends.circles.put(conn, circle, person))
        )

    @routes.delete("/circles/{circle}/people/{person}")
    async def take_out(circle: str, person: str) -> CircleShape:
        friends = context.room(Friends)
        return await context.db.write(
            lambda conn: friends.pages.circle(conn, friends.circles.take_out(conn, circle, person))
        )
