"""Real nodes as processes of their own, on free ports, in temporary folders: what journeys are told with.

with people("ana", "ben") as (ana, ben):
    befriend(ana, ben)
    post = ana.cli("post", "hello")            # the command line, --json, decoded
    ben.wait_for(lambda: ben.api.get(f"/posts/{post['id']}"))
    ana.kill(); ana.start()
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from tests.support.proxy import Proxy

from microsocial.cli.children import Child, free_port
from microsocial.client import doors
from microsocial.client.errors import NotRunning, Refused
from microsocial.client.sync import Client
from microsocial.client.watching import LiveEvent, watch

SRC = Path(__file__).parents[2] / "src"
PASSWORD = "correct horse battery"
# Loopback is private, so a node in a journey is told that it may be called; repeats come within a second.
JOURNEY_SETTINGS = {
    "MICROSOCIAL_ALLOW_PRIVATE_ADDRESSES": "127.0.0.0/8",
    "MICROSOCIAL_BACKOFF_BASE_MS": "200",
    "MICROSOCIAL_LOG_LEVEL": "warning",
}
# A node starts from compiled modules, as it does for people from the second time on, also where the caller's environment
# forbids keeping them (an empty value allows it): compiling is more than half of a start.
KEEPING_BYTECODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(sys.prefix) / "bytecode"),
}
T = TypeVar("T")


class CommandFailed(AssertionError):
    """A command ended with another code than 0."""

    def __init__(self, words: tuple[str, ...], code: int, out: str, err: str) -> None:
        super().__init__(f"microsocial {' '.join(words)} → {code}\n{err}{out}")
        self.code = code
        self.out = out
        self.err = err


class Person:
    """Somebody with a node of their own."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        through_proxy: bool = False,
    ) -> None:
        self.name = name
        self.password = PASSWORD
        self.words: list[str] = []
        self.id = ""
        self.proxy = None
        port = free_port()
        if through_proxy:
            self.proxy = Proxy(port)
            self.proxy.start()
        self.address = self.proxy.url if self.proxy else f"http://127.0.0.1:{port}"
        env = {
            **os.environ,
            **KEEPING_BYTECODE,
            "PYTHONPATH": str(SRC),
            **JOURNEY_SETTINGS,
            "MICROSOCIAL_ADDRESS": self.address,
            **(settings or {}),
        }
        self.node = Child(folder / name, port, env=env)
        self._watchers: list[Watcher] = []

    def __repr__(self) -> str:
        return f"Person({self.name!r}, {self.node.url})"

    # -- life --

    def settle(self) -> None:
        """Make the person with `microsocial init`."""
        self.node.data.mkdir(parents=True, exist_ok=True)
        made = self.cli(
            "init", "--name", self.name.capitalize(), "--password-stdin", stdin=self.password + "\n"
        )
        self.id, self.words = made["id"], made["words"]

    def start(self) -> None:
        self.__dict__.pop("api", None)
        self.node.start()

    def stop(self) -> None:
        """End the node as systemd would."""
        self._hang_up()
        self.node.stop()

    def kill(self) -> None:
        """kill -9."""
        self._hang_up()
        self.node.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def leave(self) -> None:
        for watcher in self._watchers:
            watcher.stop()
        self.stop()
        if self.proxy:
            self.proxy.stop()

    def _hang_up(self) -> None:
        api: Client | None = self.__dict__.pop("api", None)
        if api:
            api.close()

    # -- asking --

    @cached_property
    def api(self) -> Client:
        """The owner's API with the command line's key: `ana.api.get("/feed")`, `ana.api.do(calls.feed())`."""
        return Client(*doors.of_folder(self.node.data))

    def cli(self, *words: str, stdin: str | None = None) -> Any:
        """Run a command with --json and decode what it printed. Raises CommandFailed."""
        done = self.run(*words, "--json", stdin=stdin)
        if done.returncode != 0:
            raise CommandFailed(words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def run(self, *words: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command as a person would; look at returncode, stdout and stderr."""
        return self.node.run(*words, stdin=stdin)

    def watch(self) -> "Watcher":
        """Listen to the live events from now on."""
        watcher = Watcher(self)
        self._watchers.append(watcher)
        return watcher

    def feed(self) -> list[dict[str, Any]]:
        """The whole feed, newest first, page by page."""
        posts: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.api.get("/feed", limit=100, cursor=cursor)
            posts += page["items"]
            cursor = page["cursor"]
            if page["end"]:
                return posts

    def texts(self) -> list[str]:
        return [post["text"] for post in self.feed()]

    def wait_for(self, condition: Callable[[], T], seconds: float = 20.0) -> T:
        return wait_for(condition, seconds)

    def said_in_files(self, words: str) -> bool:
        """Whether the words stand anywhere in the folder's files, as bytes."""
        return any(
            words.encode() in file.read_bytes()
            for file in self.node.data.rglob("*")
            if file.is_file()
        )


class Watcher:
    """Live events of one node, gathered in a thread. `wait_for("post.arrived")` gives the first such event."""

    def __init__(self, person: Person) -> None:
        self.events: list[LiveEvent] = []
        self._changed = threading.Condition()
        self._is_stopped = False
        self._where = doors.of_folder(person.node.data)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        connected = threading.Event()
        self._connected = connected
        self._thread.start()
        assert connected.wait(10), "the live events did not open"

    def _listen(self) -> None:
        with contextlib.suppress(NotRunning, Refused):
            for event in watch(*self._where, on_open=self._connected.set):
                if self._is_stopped:
                    return
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()

    def wait_for(
        self,
        name: str,
        matching: Callable[[Any], bool] = lambda payload: True,
        seconds: float = 20.0,
    ) -> Any:
        """The payload of the first event of that name that matches, past or to come."""

        def found() -> list[Any]:
            return [
                event.payload
                for event in self.events
                if event.name == name and matching(event.payload)
            ]

        with self._changed:
            assert self._changed.wait_for(lambda: bool(found()), seconds), (
                f"no {name}; there were {[event.name for event in self.events]}"
            )
            return found()[0]

    def stop(self) -> None:
        self._is_stopped = True


@contextlib.contextmanager
def people(
    *names: str,
    settings: Mapping[str, str] | None = None,
    through_proxy: tuple[str, ...] = (),
    folder: Path | None = None,
    before: Callable[[Person], object] = lambda _person: None,
) -> Iterator[tuple[Person, ...]]:
    """Settled people with running nodes. Those in `through_proxy` are reached by others through `person.proxy` alone.

    `before` is told each of them before their node starts for the first time.
    """
    with contextlib.ExitStack() as cleaning:
        where = folder or Path(cleaning.enter_context(tempfile.TemporaryDirectory()))
        here = []
        for name in names:
            person = Person(name, where, settings=settings, through_proxy=name in through_proxy)
            cleaning.callback(person.leave)
            before(person)
            here.append(person)
        with ThreadPoolExecutor(len(here)) as together:
            list(together.map(_move_in, here))
        yield tuple(here)


def _move_in(person: Person) -> None:
    """Start the node and go through the one-time setup link: one start of the program instead of two with `init`."""
    person.node.data.mkdir(parents=True, exist_ok=True)
    person.start()
    [token] = re.findall(r"#setup=(\S+)", person.node.log_file.read_text("utf-8"))
    with Client(person.node.url) as browser:
        made = browser.post(
            "/setup",
            {"token": token, "name": person.name.capitalize(), "password": person.password},
        )
    person.id, person.words = made["id"], made["words"]


def befriend(inviter: Person, invited: Person) -> None:
    """Through a real invite, one round trip. Afterwards both know it, and nothing is on its way any more."""
    link = inviter.api.post("/invites")["link"]
    invited.api.post("/friends", {"link": link})
    for one, other in ((inviter, invited), (invited, inviter)):
        wait_for(lambda one=one, other=other: other.id in _friend_ids(one))
        wait_for(lambda one=one, other=other: has_everything(one, other))


def has_everything(one: Person, other: Person) -> bool:
    """Whether all that `one` has for `other` is acknowledged."""
    for account in one.api.get("/delivery")["friends"]:
        if account["person"]["id"] == other.id:
            return account["behind"] == 0 and account["position"] is not None
    return False


def _friend_ids(person: Person) -> list[str]:
    return [friend["id"] for friend in person.api.get("/friends")["friends"]]


def wait_for(condition: Callable[[], T], seconds: float = 20.0) -> T:
    """Wait until `condition` gives something true. Looks often at first, then less; a 404 means: not yet."""
    end = time.monotonic() + seconds
    pause = 0.02
    while True:
        try:
            found = condition()
        except Refused as refusal:
            if refusal.status != 404:
                raise
        else:
            if found:
                return found
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {seconds} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
