"""Everything one can ask a node, one function each: pure descriptions that `Client.do` and `AsyncClient.do` carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from microsocial.client import model

T_co = TypeVar("T_co", covariant=True)

Params = Mapping[str, str | int | None]


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One question to the owner's API. The type parameter is the shape of the answer."""

    method: str
    path: str
    params: Params = field(default_factory=dict)
    body: Any = None

    @property
    def target(self) -> str:
        """The path with its query, as it stands in the request line."""
        given = {name: value for name, value in self.params.items() if value is not None}
        return f"/api/v1{self.path}" + (f"?{urlencode(given)}" if given else "")


def _part(text: str) -> str:
    return quote(text, safe="")


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# -- the node and its owner --


def status() -> Call[model.Status]:
    return Call("GET", "/status")


def me() -> Call[dict[str, Any]]:
    return Call("GET", "/me")


def check_words(words: Sequence[str]) -> Call[dict[str, Any]]:
    """Whether these are the right 24 words; nothing of them is kept."""
    return Call("POST", "/words/check", body={"words": list(words)})


def at_home(person: str, place: str) -> Call[model.Friend]:
    """They live at this private `host:port`; from now on they are called there."""
    return Call("POST", f"/friends/{_part(person)}/home", body={"place": place})


def not_at_home(person: str, place: str) -> Call[model.Friend]:
    """They do not; nothing is called there."""
    return Call("DELETE", f"/friends/{_part(person)}/home", {"place": place})


def give_help(person: str) -> Call[dict[str, Any]]:
    """A link with which a friend who has lost everything comes back."""
    return Call("POST", f"/friends/{_part(person)}/help")


def change_me(
    name: str | None = None, about: str | None = None, hue: int | None = None
) -> Call[dict[str, Any]]:
    return Call("PATCH", "/me", body=_without_none(name=name, about=about, hue=hue))


def resolve_person(text: str) -> Call[dict[str, str]]:
    """The one person meant by an id, a unique beginning of it, or a name."""
    return Call("GET", "/resolve", {"person": text})


def resolve_record(text: str) -> Call[dict[str, str]]:
    return Call("GET", "/resolve", {"record": text})


def tokens() -> Call[list[model.Token]]:
    return Call("GET", "/tokens")


def make_token(label: str, scopes: Sequence[str]) -> Call[model.Token]:
    return Call("POST", "/tokens", body={"label": label, "scopes": list(scopes)})


def end_token(token: str) -> Call[None]:
    return Call("DELETE", f"/tokens/{_part(token)}")


def change_password(old: str, new: str) -> Call[None]:
    return Call("POST", "/password", body={"old": old, "new": new})


# -- friends --


def invite() -> Call[model.Invite]:
    return Call("POST", "/invites")


def look(link: str) -> Call[dict[str, Any]]:
    """Who stands behind an invite link, before saying yes."""
    return Call("POST", "/invites/look", body={"link": link})


def friends() -> Call[model.Friendships]:
    return Call("GET", "/friends")


def friend(person: str) -> Call[model.Friend]:
    return Call("GET", f"/friends/{_part(person)}")


def add_by_link(link: str) -> Call[model.Added]:
    return Call("POST", "/friends", body={"link": link})


def ask_by_address(address: str, note: str | None = None) -> Call[model.Added]:
    return Call("POST", "/friends", body=_without_none(address=address, note=note))


def accept(person: str) -> Call[model.Friend]:
    return Call("POST", f"/friends/{_part(person)}/accept")


def decline(person: str) -> Call[None]:
    return Call("POST", f"/friends/{_part(person)}/decline")


def remove(person: str) -> Call[None]:
    return Call("POST", f"/friends/{_part(person)}/remove")


def block(person: str) -> Call[None]:
    return Call("POST", f"/friends/{_part(person)}/block")


def unblock(person: str) -> Call[None]:
    return Call("POST", f"/friends/{_part(person)}/unblock")


def offer(person: str, since: int) -> Call[Any]:
    """Let a friend see what was posted for friends since then."""
    return Call("POST", f"/friends/{_part(person)}/offer", body={"since": since})


def circles() -> Call[list[model.Circle]]:
    return Call("GET", "/circles")


def make_circle(name: str) -> Call[model.Circle]:
    return Call("POST", "/circles", body={"name": name})


def add_to_circle(circle: str, person: str) -> Call[Any]:
    return Call("PUT", f"/circles/{_part(circle)}/people/{_part(person)}")


def remove_from_circle(circle: str, person: str) -> Call[Any]:
    return Call("DELETE", f"/circles/{_part(circle)}/people/{_part(person)}")


# -- posts and feed --


def publish(
    text: str,
    audience: model.Readers,
    key: str | None = None,
    media: Sequence[model.Chosen] = (),
    expires: int | None = None,
) -> Call[model.Post]:
    """Publish a post; the same `key` again gives the same post, so that a repeat is safe."""
    shown = list(media) or None
    said = _without_none(text=text, audience=audience, key=key, media=shown, expires=expires)
    return Call("POST", "/posts", body=said)


def post(post_id: str) -> Call[model.Post]:
    return Call("GET", f"/posts/{_part(post_id)}")


def edit(post_id: str, text: str) -> Call[model.Post]:
    return Call("PATCH", f"/posts/{_part(post_id)}", body={"text": text})


def delete(post_id: str) -> Call[None]:
    return Call("DELETE", f"/posts/{_part(post_id)}")


def comment(post_id: str, text: str, key: str | None = None) -> Call[model.Comment]:
    return Call("POST", f"/posts/{_part(post_id)}/comments", body=_without_none(text=text, key=key))


def edit_comment(comment_id: str, text: str) -> Call[model.Comment]:
    return Call("PATCH", f"/comments/{_part(comment_id)}", body={"text": text})


def delete_comment(comment_id: str) -> Call[None]:
    return Call("DELETE", f"/comments/{_part(comment_id)}")


def react(post_id: str, emoji: str) -> Call[model.Reacted]:
    return Call("POST", f"/posts/{_part(post_id)}/reactions", body={"emoji": emoji})


def feed(limit: int | None = None, cursor: str | None = None) -> Call[model.Feed]:
    return Call("GET", "/feed", {"limit": limit, "cursor": cursor})


def search(words: str, limit: int | None = None) -> Call[model.Found]:
    return Call("GET", "/search", {"q": words, "limit": limit})


# -- messages --


def conversations() -> Call[list[model.Conversation]]:
    return Call("GET", "/messages")


def messages(
    friend_id: str, limit: int | None = None, cursor: str | None = None
) -> Call[model.Messages]:
    return Call("GET", f"/messages/{_part(friend_id)}", {"limit": limit, "cursor": cursor})


def send(
    friend_id: str,
    text: str,
    key: str | None = None,
    media: Sequence[model.Chosen] = (),
    expires: int | None = None,
) -> Call[model.Message]:
    said = _without_none(text=text, key=key, media=list(media) or None, expires=expires)
    return Call("POST", f"/messages/{_part(friend_id)}", body=said)


def unsend(friend_id: str, message_id: str) -> Call[None]:
    return Call("DELETE", f"/messages/{_part(friend_id)}/{_part(message_id)}")


def clear(friend_id: str) -> Call[model.Cleared]:
    return Call("POST", f"/messages/{_part(friend_id)}/clear")


# -- files on their way into a post (uploads.py sends them) --


def uploads() -> Call[list[model.Upload]]:
    return Call("GET", "/uploads")


def upload(upload_id: str) -> Call[model.Upload]:
    return Call("GET", f"/uploads/{_part(upload_id)}")


def drop_upload(upload_id: str) -> Call[None]:
    return Call("DELETE", f"/uploads/{_part(upload_id)}")


def storage() -> Call[model.Room]:
    return Call("GET", "/storage")


# -- delivery --


def delivery() -> Call[model.Delivery]:
    return Call("GET", "/delivery")


def try_now(person: str) -> Call[Any]:
    """Wake the delivery to one friend at once."""
    return Call("POST", f"/delivery/{_part(person)}/try")


# -- your data --


def works() -> Call[list[model.Work]]:
    """What runs long and what ran, newest first."""
    return Call("GET", "/work")


def stop_work(work: str) -> Call[model.Work]:
    return Call("POST", f"/work/{_part(work)}/stop")


def export(*, messages: bool) -> Call[bytes]:
    """Everything of mine as one zip (carrying.py brings it)."""
    return Call("GET", "/export", {"messages": "yes" if messages else "no"})


def bring_back() -> Call[model.Work]:
    """An export comes back; carrying.py sends the file."""
    return Call("POST", "/import")


def backups() -> Call[model.Backups]:
    return Call("GET", "/backups")


def choose_backups(folder: str, every: str, passphrase: str | None = None) -> Call[model.Backups]:
    """Say where backups go and how often; a new folder needs a passphrase."""
    said = _without_none(folder=folder, every=every, passphrase=passphrase)
    return Call("PUT", "/backups", body=said)


def end_backups() -> Call[None]:
    return Call("DELETE", "/backups")


def back_up() -> Call[model.Work]:
    return Call("POST", "/backups/run")


def rehearse() -> Call[model.Work]:
    return Call("POST", "/backups/rehearse")
