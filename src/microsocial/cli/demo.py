"""A small neighbourhood on this machine: real nodes, real invites, a story told through the owner's API."""

import contextlib
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from microsocial.cli import demo_story
from microsocial.cli.children import Child, DidNotStart
from microsocial.cli.demo_story import Shown
from microsocial.cli.words import complain, say, show_json
from microsocial.client import calls, doors
from microsocial.client.errors import Refused
from microsocial.client.model import Chosen
from microsocial.client.sync import Client
from microsocial.client.uploads import Uploader

_KEPT_FILE = "demo.json"
# What one person says has reached the others within a second on one machine; a slow one gets this long.
_ARRIVAL_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1


@dataclass
class Person:
    """One inhabitant of the demo."""

    name: str
    password: str
    node: Child

    @contextlib.contextmanager
    def api(self) -> Iterator[Client]:
        with Client(*doors.of_folder(self.node.data)) as client:
            yield client


def play(count: int, base_port: int, data: Path | None, as_json: bool) -> None:
    """Start, tell the story, print the links, wait for Ctrl+C or SIGTERM, end every child."""
    stopping = _until_stopped()
    folder = data or Path(tempfile.mkdtemp(prefix="microsocial-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / _KEPT_FILE).exists()
    people = _people(folder, count, base_port, is_new=is_new)
    try:
        _start(people, is_new=is_new)
        if is_new and not stopping.is_set():
            _befriend_everybody(people)
            _show_faces(people)
            _tell(people)
            _keep(folder, people)
        _show(people, as_json)
        stopping.wait()
    finally:
        for person in people:
            person.node.stop()
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _until_stopped() -> threading.Event:
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _people(folder: Path, count: int, base_port: int, *, is_new: bool) -> list[Person]:
    kept: dict[str, str] = {}
    if not is_new:
        kept = msgspec.json.decode((folder / _KEPT_FILE).read_bytes(), type=dict[str, str])
    names = list(kept) or list(demo_story.NAMES[:count])
    return [
        Person(
            name,
            kept.get(name) or secrets.token_urlsafe(9),
            Child(folder / name.lower(), base_port + number),
        )
        for number, name in enumerate(names)
    ]


def _keep(folder: Path, people: list[Person]) -> None:
    """Remember names and passwords for the next start of a demo that was asked to stay."""
    kept = folder / _KEPT_FILE
    kept.touch(mode=0o600)
    kept.write_bytes(msgspec.json.encode({person.name: person.password for person in people}))


def _start(people: list[Person], *, is_new: bool) -> None:
    words: dict[str, list[str]] = {}
    for person in people:
        if is_new:
            complain(f"Making {person.name} …")
            words[person.name] = _settle(person)["words"]
        person.node.launch()
    for person in people:
        person.node.wait_until_ready()
        if is_new:
            _confirm_words(person, words[person.name])


def _confirm_words(person: Person, words: list[str]) -> None:
    """As a careful person would: the recovery sheets of the demo are nobody's, so they need not be asked for."""
    with person.api() as client:
        asked = client.get("/me")["words_asked"]
        client.post("/setup/confirm", {"words": {str(n): words[n - 1] for n in asked}})


def _show_faces(people: list[Person]) -> None:
    for person in people:
        if person.name in demo_story.FACES:
            with person.api() as client:
                avatar = _bring(client, Shown(demo_story.FACES[person.name]))["id"]
                client.patch("/me", {"avatar": avatar})


def _bring(client: Client, shown: Shown) -> Chosen:
    """Upload a picture of the demo and wait until it is prepared."""
    with resources.as_file(
        resources.files("microsocial.cli") / "demo_pictures" / shown.file
    ) as file:
        upload = Uploader(lambda: client).bring(file, _Nobody())
    return Chosen(id=upload["id"], caption=shown.caption, alt=shown.alt)


class _Nobody:
    """Hears how far an upload is, and lets it be."""

    def sent(self, count: int) -> None: ...
    def prepared(self, percent: int) -> None: ...


def _settle(person: Person) -> dict[str, Any]:
    """Make the person; give what `init` printed."""
    folder = person.node.data
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Neighbours on one machine: their addresses are loopback, which a node refuses otherwise.
    (folder / "config.toml").write_text('allow_private_addresses = ["127.0.0.0/8"]\n', "utf-8")
    made = person.node.run(
        "init", "--name", person.name, "--password-stdin", "--json", stdin=person.password + "\n"
    )
    if made.returncode != 0:
        raise DidNotStart(made.stderr.strip())
    printed: dict[str, Any] = msgspec.json.decode(made.stdout)
    return printed


def _befriend_everybody(people: list[Person]) -> None:
    for number, one in enumerate(people):
        for other in people[number + 1 :]:
            with one.api() as inviter, other.api() as invited:
                invited.do(calls.add_by_link(inviter.do(calls.invite())["link"]))


def _tell(people: list[Person]) -> None:
    """Play the story. A line about somebody who is not part of this demo is left out."""
    with contextlib.ExitStack() as doors_open:
        clients = {person.name: doors_open.enter_context(person.api()) for person in people}
        ids = {name: client.do(calls.me())["id"] for name, client in clients.items()}
        posts: dict[str, str] = {}
        for step in demo_story.STORY:
            if step.who in clients and (step.to is None or step.to in clients):
                _do(step, clients[step.who], ids, posts)


def _do(step: demo_story.Step, client: Client, ids: dict[str, str], posts: dict[str, str]) -> None:
    match step.what:
        case "post":
            media = [_bring(client, shown) for shown in step.media]
            said = client.do(calls.publish(step.text, {"class": step.audience}, media=media))
            posts[step.about] = said["id"]
        case "comment":
            _when_it_has_arrived(client, posts[step.about])
            client.do(calls.comment(posts[step.about], step.text))
        case "react":
            _when_it_has_arrived(client, posts[step.about])
            client.do(calls.react(posts[step.about], step.text))
        case "message":
            client.do(calls.send(ids[step.to or ""], step.text))


def _when_it_has_arrived(client: Client, post_id: str) -> None:
    pause = threading.Event()
    for _ in range(int(_ARRIVAL_SECONDS / _LOOK_AGAIN_SECONDS)):
        try:
            client.do(calls.post(post_id))
        except Refused as refusal:
            if refusal.status != 404:
                raise
            pause.wait(_LOOK_AGAIN_SECONDS)
        else:
            return


def _show(people: list[Person], as_json: bool) -> None:
    urls = {person.name: f"http://localhost:{person.node.port}" for person in people}
    if as_json:
        show_json(
            {
                "people": [
                    {
                        "name": person.name,
                        "url": urls[person.name],
                        "app": f"{urls[person.name]}/app/",
                        "password": person.password,
                        "data": str(person.node.data),
                    }
                    for person in people
                ]
            }
        )
    else:
        say("Ready. Each of these is a person with a platform of their own:\n")
        for person in people:
            say(f"  {person.name:<8} {urls[person.name]}/app/   password: {person.password}")
        say("\nEnd with Ctrl+C.")
    # Whoever started us through a pipe waits for these lines.
    print(end="", flush=True)
