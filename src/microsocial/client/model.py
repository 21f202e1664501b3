"""The shapes of docs/develop/api.md, as they come over the wire. Times are milliseconds since 1970."""

from typing import Any, Literal, NotRequired, TypedDict


class Person(TypedDict):
    id: str
    name: str
    is_me: bool
    is_friend: bool
    hue: int
    avatar: str | None
    known_through: str | None


AudienceClass = Literal["public", "friends", "circle", "chosen", "me"]


# The functional form: "class" is no name that Python lets a field have.
Audience = TypedDict(
    "Audience",
    {"class": AudienceClass, "label": str, "circle": str | None, "people": list[Person] | None},
)

# What the owner says when publishing.
Readers = TypedDict(
    "Readers",
    {"class": AudienceClass, "circle": NotRequired[str], "people": NotRequired[list[str]]},
)


class Reaction(TypedDict):
    emoji: str
    people: list[Person]
    mine: bool


class Size(TypedDict):
    url: str
    width: int
    height: int
    type: str
    role: str
    bytes: int


class Media(TypedDict):
    id: str
    kind: str
    caption: str
    alt: str
    width: int
    height: int
    placeholder: str | None
    sizes: list[Size]
    state: str
    duration: int | None
    poster: str | None


class Leak(TypedDict):
    what: str
    value: str


class Upload(TypedDict):
    id: str
    name: str
    length: int
    offset: int
    state: str
    progress: int
    sentence: str | None
    kind: str | None
    width: int | None
    height: int | None
    duration: int | None
    placeholder: str | None
    leaked: list[Leak]
    preview: str | None


class Chosen(TypedDict):
    """One uploaded file, as a post or message names it."""

    id: str
    caption: NotRequired[str]
    alt: NotRequired[str]


class RoomTaken(TypedDict):
    """One kind of thing that takes room, or one that could go (then `what` names it)."""

    kind: NotRequired[str]
    what: NotRequired[str]
    sentence: str
    count: int
    bytes: int


class Room(TypedDict):
    """What uses how much room, in bytes."""

    database: int
    mine: int
    friends: int
    ceiling: int
    kinds: list[RoomTaken]
    would_free: list[RoomTaken]


class Comment(TypedDict):
    id: str
    post: str
    author: Person
    text: str
    html: str
    created: int
    edited: bool
    before_edit: bool
    can_delete: bool
    can_remove: bool


class Waiting(TypedDict):
    person: Person
    since: int
    why: str


class PostDelivery(TypedDict):
    sentence: str
    delivered: list[Person]
    waiting: list[Waiting]


class Post(TypedDict):
    id: str
    author: Person
    text: str
    html: str
    audience: Audience
    created: int
    received: int
    expires: NotRequired[int | None]
    edited: bool
    media: list[Media]
    card: dict[str, Any] | None
    reactions: list[Reaction]
    commenters: list[Person]
    comments: NotRequired[list[Comment]]
    delivery: PostDelivery | None
    can_edit: bool
    can_comment: bool


class Message(TypedDict):
    id: str
    friend: str
    from_me: bool
    text: str
    html: str
    created: int
    received: int
    expires: NotRequired[int | None]
    media: list[Media]
    state: str
    sentence: str


class Circle(TypedDict):
    id: str
    name: str
    people: list[Person]


class Home(TypedDict):
    place: str
    sentence: str


class Friend(Person):
    since: int
    trust: list[str]
    last_heard: int | None
    waiting: list[str]
    sees_from: int
    circles: list[Circle]
    address: list[str]
    at_home: list[Home]
    sentence: str
    state: str


class Friendships(TypedDict):
    friends: list[Friend]
    requests: list[Friend]
    asked: list[Friend]


class Feed(TypedDict):
    items: list[Post]
    cursor: str | None
    end: bool
    read_until: NotRequired[int | None]


class Note(TypedDict):
    sentence: str
    created: int


class Messages(TypedDict):
    items: list[Message]
    cursor: str | None
    end: bool
    notes: list[Note]


class Conversation(TypedDict):
    friend: Person
    last: Message | None
    unread: bool
    sentence: str


class Cleared(TypedDict):
    cleared: int
    sentence: str


class Reacted(TypedDict):
    mine: bool
    reactions: list[Reaction]


class Storage(TypedDict):
    bytes: int
    database: int
    media: int


class Restored(TypedDict):
    made: int
    restored: int
    sentence: str


class Status(TypedDict):
    id: str
    name: str
    address: str | None
    version: str
    friends: int
    head: int
    storage: Storage
    stopped: str | None
    moved: str | None
    restored: Restored | None
    coming_back: list[str]
    trouble: str | None
    clock: str | None
    undone: str | None


class Invite(TypedDict):
    link: str
    id: str
    expires: int
    reachable: bool
    note: str | None


class FriendDelivery(TypedDict):
    person: Person
    position: int | None
    behind: int
    waiting_since: int | None
    error: str | None
    next_try: int | None
    refused: list[Any]


class Delivery(TypedDict):
    friends: list[FriendDelivery]


class Found(TypedDict):
    posts: list[Post]
    messages: list[Message]
    people: list[Person]


class Token(TypedDict):
    id: str
    label: str
    scopes: list[str]
    token: NotRequired[str]


class Added(TypedDict):
    friend: Friend


class Work(TypedDict):
    id: str
    kind: str
    state: Literal["running", "done", "failed", "stopped"]
    done: int
    total: int
    sentence: str
    started: int
    ended: int | None


class Told(TypedDict):
    """The last backup (with `bytes`) or the last rehearsal (with `fine`)."""

    made: int
    sentence: str
    bytes: NotRequired[int]
    fine: NotRequired[bool]


class Snapshot(TypedDict):
    id: str
    made: int
    bytes: int | None


class Backups(TypedDict):
    folder: str | None
    every: Literal["day", "week", "off"]
    keep: str
    last: Told | None
    next: int | None
    trouble: str | None
    rehearsal: Told | None
    snapshots: list[Snapshot]
