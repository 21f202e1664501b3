"""Commands about people: invites, friends, circles."""

from datetime import datetime
from typing import Annotated

import typer

from microsocial.cli.door import Door, owner_command
from microsocial.cli.words import moment, say
from microsocial.client import calls
from microsocial.client.model import Circle, Friend
from microsocial.errors import Invalid, NotFound

friends_group = typer.Typer(help="Your friends.", no_args_is_help=True)
circles_group = typer.Typer(help="Named groups of friends.", no_args_is_help=True)

FriendArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The id, its beginning, or the name.")
]
CircleArgument = Annotated[str, typer.Argument(metavar="NAME", help="The circle's name.")]

_STATES = {"friend": "friend", "asked": "asked by you", "asks": "wants to be your friend"}


class NotADay(Invalid):
    """That is no day. Write it as 2026-11-21."""


class NoSuchCircle(NotFound):
    """You have no circle of that name."""


class NothingAsked(NotFound):
    """Nobody asks whether this friend is at home anywhere. Name the place to say yes to it nevertheless."""


class WhichHome(Invalid):
    """They name more than one place. Say which."""


def _line(friend: Friend) -> str:
    heard = f", last heard from {moment(friend['last_heard'])}" if friend.get("last_heard") else ""
    return f"{friend['id'][:8]}  {friend['name']}  ({_STATES.get(friend['state'], friend['state'])}{heard})"


def register(app: typer.Typer) -> None:
    owner_command(app, "invite")(invite)
    owner_command(app, "offer")(offer)
    app.add_typer(friends_group, name="friends")
    app.add_typer(circles_group, name="circles")


def invite(door: Door) -> None:
    """Make a link that turns one person into a friend. Valid for a week."""
    made = door.do(calls.invite())
    note = made.get("note")
    door.tell(
        made,
        made["link"],
        "",
        "Give it to one person: whoever uses it first becomes your friend.",
        *([note] if note else []),
    )


def offer(
    door: Door,
    friend: Annotated[str, typer.Argument(metavar="FRIEND")],
    since: Annotated[str, typer.Option(metavar="DAY", help="From this day on, like 2026-11-01.")],
) -> None:
    """Let a friend see what you posted for friends before you knew each other."""
    try:
        day = int(datetime.fromisoformat(since).timestamp() * 1000)
    except ValueError as error:
        raise NotADay from error
    given = door.do(calls.offer(door.person(friend), day))
    door.tell(given, "Your earlier posts are on their way.")


@owner_command(friends_group, "add")
def add(
    door: Door,
    link: Annotated[
        str, typer.Argument(metavar="LINK_OR_ADDRESS", help="An invite link, or an address.")
    ],
    note: Annotated[str | None, typer.Option(help="A word with a request by address.")] = None,
) -> None:
    """Become friends through an invite link, or ask somebody by address."""
    if "#" in link:
        added = door.do(calls.add_by_link(link))
        door.tell(added, f"You and {added['friend']['name']} are friends.")
        return
    asked = door.do(calls.ask_by_address(link, note))
    friend = asked["friend"]
    if friend["state"] == "friend":
        door.tell(asked, f"You and {friend['name']} are friends.")
    else:
        door.tell(asked, "Asked. When they say yes, they appear among your friends.")


@owner_command(friends_group, "list")
def list_friends(door: Door) -> None:
    """Show friends, and who waits for an answer."""
    known = door.do(calls.friends())
    everyone = [*known["friends"], *known["requests"], *known["asked"]]
    door.tell(known, *([_line(one) for one in everyone] or ["Nobody yet. Try: microsocial invite"]))


@owner_command(friends_group, "accept")
def accept(door: Door, person: FriendArgument) -> None:
    """Say yes to somebody who asked."""
    friend = door.do(calls.accept(door.person(person)))
    door.tell(friend, f"You and {friend['name']} are friends.")


@owner_command(friends_group, "decline")
def decline(door: Door, person: FriendArgument) -> None:
    """Say no to somebody who asked. They are not told."""
    found = door.person(person)
    door.do(calls.decline(found))
    door.tell({"id": found}, "Declined. They are not told.")


@owner_command(friends_group, "remove")
def remove(door: Door, person: FriendArgument) -> None:
    """End a friendship. They are told; what they already saw stays with them."""
    found = door.person(person)
    door.do(calls.remove(found))
    door.tell({"id": found}, "Removed. They are told; what they already saw stays with them.")


@owner_command(friends_group, "help")
def give_help(door: Door, person: FriendArgument) -> None:
    """Make the link with which a friend who has lost everything but the 24 words comes back. Valid for a week."""
    given = door.do(calls.give_help(door.person(person)))
    door.tell(given, given["link"], "", given["sentence"])


@owner_command(friends_group, "home")
def home(
    door: Door,
    person: FriendArgument,
    place: Annotated[
        str | None, typer.Argument(metavar="PLACE", help="Such as 192.168.1.20:8000.")
    ] = None,
    no: Annotated[
        bool, typer.Option("--no", help="They are not; nothing is called there.")
    ] = False,
) -> None:
    """Say yes when a friend is at home at a private address now: from then on your node calls there."""
    found = door.person(person)
    place = place or _asked_place(door.do(calls.friend(found)))
    if no:
        friend = door.do(calls.not_at_home(found, place))
        door.tell(friend, f"Nothing is called at {place}.")
    else:
        friend = door.do(calls.at_home(found, place))
        door.tell(friend, f"{friend['name']} is called at {place} from now on.")


def _asked_place(friend: Friend) -> str:
    places = [one["place"] for one in friend["at_home"]]
    if not places:
        raise NothingAsked
    if len(places) > 1:
        raise WhichHome("They name more than one place. Say which: " + ", ".join(places))
    return places[0]


@owner_command(friends_group, "block")
def block(door: Door, person: FriendArgument) -> None:
    """End a friendship without a word and hear nothing from them any more."""
    found = door.person(person)
    door.do(calls.block(found))
    door.tell({"id": found}, "Blocked. They are not told.")


@owner_command(friends_group, "unblock")
def unblock(door: Door, person: FriendArgument) -> None:
    """Take a block back. You are not friends again by that."""
    found = door.person(person)
    door.do(calls.unblock(found))
    door.tell({"id": found}, "No longer blocked.")


@owner_command(friends_group, "show")
def show(door: Door, person: FriendArgument) -> None:
    """Everything about one friend: how we know it is them, what is waiting, where they live."""
    friend = door.do(calls.friend(door.person(person)))
    door.tell(
        friend,
        _line(friend),
        friend.get("sentence") or "",
        *friend.get("trust", []),
        *friend.get("waiting", []),
        *(one["sentence"] for one in friend.get("at_home", [])),
        *(f"lives at {url}" for url in friend.get("address", [])),
    )


def find_circle(door: Door, name: str) -> Circle:
    """The owner's circle of that name (or id)."""
    for circle in door.do(calls.circles()):
        if name in (circle["id"], circle["name"]):
            return circle
    raise NoSuchCircle


@owner_command(circles_group, "list")
def list_circles(door: Door) -> None:
    """Show your circles and who is in them."""
    circles = door.do(calls.circles())
    if door.as_json or not circles:
        door.tell(circles, "No circles yet. Try: microsocial circles create Family")
        return
    for circle in circles:
        names = ", ".join(person["name"] for person in circle["people"])
        say(f"{circle['name']}: {names or 'nobody yet'}")


@owner_command(circles_group, "create")
def create(door: Door, name: CircleArgument) -> None:
    """Make a circle."""
    door.tell(door.do(calls.make_circle(name)), f"Made the circle {name}.")


@owner_command(circles_group, "add")
def add_to_circle(door: Door, name: CircleArgument, person: FriendArgument) -> None:
    """Put a friend into a circle. They see what you post to it from now on."""
    circle = find_circle(door, name)
    found = door.person(person)
    door.do(calls.add_to_circle(circle["id"], found))
    door.tell(find_circle(door, circle["id"]), f"They are in {circle['name']} now.")


@owner_command(circles_group, "remove")
def remove_from_circle(door: Door, name: CircleArgument, person: FriendArgument) -> None:
    """Take a friend out of a circle. What they already saw stays with them."""
    circle = find_circle(door, name)
    found = door.person(person)
    door.do(calls.remove_from_circle(circle["id"], found))
    door.tell(find_circle(door, circle["id"]), f"They are no longer in {circle['name']}.")
