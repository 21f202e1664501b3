"""Finds the node a command is meant for, and gives every such command its four common options."""

import contextlib
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import typer

from microsocial.cli.ids import TakesIds
from microsocial.cli.late import load
from microsocial.cli.words import complain, say, show_json
from microsocial.client import calls
from microsocial.client.calls import Call

if TYPE_CHECKING:
    from microsocial.client.sync import Client

T = TypeVar("T")
P = ParamSpec("P")

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The data folder of the node.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Another node than the folder's.", show_default=False)
]
TokenOption = Annotated[
    str | None, typer.Option("--token", help="The key for that node.", show_default=False)
]


OPEN_WIRE = (
    "Everything between here and that node travels unencrypted, also passwords, words and keys: whoever sits in between can read along. "
    "Use its https:// address."
)


def is_open(url: str) -> bool:
    """Whether what is typed for this address leaves the machine without TLS."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_this_machine(parts.hostname or "")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@dataclass
class Door:
    """A running node, as a command sees it."""

    data: Path | None
    url: str | None
    token: str | None
    as_json: bool

    @functools.cached_property
    def where(self) -> tuple[str, str | None]:
        """The address of the node's API and the key for it."""
        if self.url is not None:
            return self.url, self.token
        found: tuple[str, str] = load("microsocial.client.doors").of_folder(
            load("microsocial.settings").Settings.load({"data": self.data}).data
        )
        return found[0], self.token or found[1]

    @functools.cached_property
    def client(self) -> "Client":
        return self.reach()

    def reach(self) -> "Client":
        """Find the node anew: one that was restarted has another key."""
        self.__dict__.pop("where", None)
        client: Client = load("microsocial.client.sync").Client(*self.where)
        return client

    def close(self) -> None:
        """Hang up, if there was a call at all."""
        client = self.__dict__.pop("client", None)
        if client is not None:
            client.close()

    def do(self, call: Call[T]) -> T:
        return self.client.do(call)

    def person(self, text: str) -> str:
        """The id of the one person meant by an id, its beginning or a name."""
        return self.do(calls.resolve_person(text))["id"]

    def record(self, text: str) -> str:
        """The id of the one post, comment or message meant by an id or its beginning."""
        return self.do(calls.resolve_record(text))["id"]

    def tell(self, document: Any, *sentences: str) -> None:
        """Print the document as JSON when that was asked for, the sentences otherwise."""
        if self.as_json:
            show_json(document)
        else:
            for sentence in sentences:
                say(sentence)


def owner_command(
    group: typer.Typer, name: str | None = None
) -> Callable[[Callable[Concatenate[Door, P], None]], Callable[Concatenate[Door, P], None]]:
    """Make a command of a function that takes a Door first; add --data, --url, --token and --json to its options."""

    def decorate(
        command: Callable[Concatenate[Door, P], None],
    ) -> Callable[Concatenate[Door, P], None]:
        @functools.wraps(command)
        def run(
            data: Path | None, url: str | None, token: str | None, as_json: bool, **own: Any
        ) -> None:
            if url is not None and is_open(url):
                complain(OPEN_WIRE)
            with contextlib.closing(Door(data, url, token, as_json)) as door:
                command(door, **own)  # type: ignore[call-arg]  # typer fills in by name

        _give_signature(run, command)
        group.command(name, cls=TakesIds)(run)
        return command

    return decorate


def _give_signature(run: Callable[..., None], command: Callable[..., None]) -> None:
    """Let typer see the command's own parameters (all but the Door) and the common ones."""
    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    common = {"data": DataOption, "url": UrlOption, "token": TokenOption, "as_json": JsonOption}
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=False if name == "as_json" else None,
        )
        for name, annotation in common.items()
    ]
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # typer reads it
    run.__annotations__ = {one.name: one.annotation for one in [*own, *options]}
