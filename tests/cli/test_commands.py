"""What commands ask a node and what they print: the command line against a node that is a list of answers."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer

from microsocial.cli import main as cli
from microsocial.cli.days import beginning_of
from microsocial.cli.door import is_open

ANA = {"id": "A" * 43, "name": "Ana", "is_me": True, "is_friend": False, "hue": 1, "avatar": None}
POST = {
    "id": "post-1234567890abcdef12",
    "author": ANA,
    "text": "hello\x1b[2J world",
    "html": "",
    "audience": {"class": "friends", "label": "Friends", "circle": None, "people": None},
    "created": 1_800_000_000_000,
    "received": 1_800_000_000_000,
    "edited": False,
    "media": [],
    "card": None,
    "reactions": [],
    "commenters": [],
    "comments": [],
    "delivery": {"sentence": "Your friend has it.", "delivered": [], "waiting": []},
    "can_edit": True,
    "can_comment": True,
}


class FakeNode:
    """Answers by (method, path); remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.tokens: list[str | None] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                node.tokens.append(self.headers.get("Authorization"))
                node.asked.append((self.command, self.path, body))
                path = self.path.partition("?")[0].removeprefix("/api/v1")
                status, said = node.answers.get(
                    (self.command, path),
                    (404, {"title": "There is nothing like that here.", "status": 404}),
                )
                content = b"" if said is None else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def says(self, method: str, path: str, said: Any, status: int = 200) -> None:
        self.answers[method, path] = (status, said)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FakeNode]:
    node = FakeNode()
    about = {"url": node.url, "port": 1, "pid": 1, "version": "0"}
    (tmp_path / "node.json").write_text(json.dumps(about))
    (tmp_path / "cli-token").write_text("secret-token\n")
    node.says("GET", "/resolve", {"id": "whole-id"})
    yield node
    node.stop()


class Terminal:
    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data = data
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str, folder: bool = True) -> tuple[int, str, str]:
        """Type a command: exit code, standard output, standard error."""
        where = ["--data", str(self._data)] if folder else []
        self._monkeypatch.setattr("sys.argv", ["microsocial", *words, *where])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def type_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    return Terminal(tmp_path, monkeypatch, capsys)


def test_a_post_is_for_friends_unless_said_otherwise(node: FakeNode, type_: Terminal) -> None:
    node.says("POST", "/posts", POST, 201)
    code, out, _ = type_("post", "hello")
    assert code == 0
    assert "Friends" in out
    assert node.asked == [
        ("POST", "/api/v1/posts", {"text": "hello", "audience": {"class": "friends"}})
    ]
    assert node.tokens == ["Bearer secret-token"]


@pytest.mark.parametrize("audience", ["public", "me"])
def test_a_post_for_another_class(node: FakeNode, type_: Terminal, audience: str) -> None:
    node.says("POST", "/posts", POST, 201)
    type_("post", "hello", "--audience", audience)
    assert node.asked[-1][2]["audience"] == {"class": audience}


def test_a_post_for_a_circle_by_its_name(node: FakeNode, type_: Terminal) -> None:
    node.says("POST", "/posts", POST, 201)
    node.says("GET", "/circles", [{"id": "c1", "name": "Family", "people": []}])
    type_("post", "hello", "--audience", "circle:Family")
    assert node.asked[-1][2]["audience"] == {"class": "circle", "circle": "c1"}
    code, _, err = type_("post", "hello", "--audience", "circle:Work")
    assert (code, err) == (1, "microsocial: You have no circle of that name.\n")


def test_a_post_for_chosen_people_each_once(node: FakeNode, type_: Terminal) -> None:
    node.says("POST", "/posts", POST, 201)
    type_("post", "hello", "--audience", "Ben, Ben")
    assert node.asked[-1][2]["audience"] == {"class": "chosen", "people": ["whole-id"]}


def test_json_is_one_document_on_standard_output(node: FakeNode, type_: Terminal) -> None:
    node.says("GET", "/posts/whole-id", POST)
    code, out, err = type_("posts", "show", "post", "--json")
    assert (code, json.loads(out), err) == (0, POST, "")


def test_what_others_wrote_cannot_steer_the_terminal(node: FakeNode, type_: Terminal) -> None:
    node.says("GET", "/feed", {"items": [POST], "cursor": None, "end": True})
    _, out, _ = type_("feed")
    assert "hello[2J world" in out
    assert "\x1b" not in out


def test_the_nodes_own_words_come_out_when_it_refuses(node: FakeNode, type_: Terminal) -> None:
    problem = {"type": "x", "title": "That is too long.", "detail": "Give less.", "status": 400}
    node.says("POST", "/posts", problem, 400)
    code, out, err = type_("post", "hello")
    assert (code, out, err) == (1, "", "microsocial: That is too long. Give less.\n")


def test_using_a_command_wrongly_is_exit_code_2(type_: Terminal) -> None:
    for words in (["post"], ["nonsense"], ["feed", "--limit", "many"], ["friends", "add"]):
        code, out, err = type_(*words)
        assert (code, out) == (2, ""), words
        assert err


def test_a_node_that_does_not_run_is_said_plainly(type_: Terminal) -> None:
    code, out, err = type_("status")
    assert (code, out) == (1, "")
    assert err.startswith("microsocial: No Microsocial runs on this data folder.")


def test_another_node_by_url_and_token(node: FakeNode, type_: Terminal) -> None:
    node.says("GET", "/circles", [])
    code, _, _ = type_("circles", "list", "--url", node.url, "--token", "t", folder=False)
    assert code == 0
    assert node.tokens == ["Bearer t"]


def test_a_link_is_an_invite_and_anything_else_an_address(node: FakeNode, type_: Terminal) -> None:
    node.says("POST", "/friends", {"friend": ANA})
    type_("friends", "add", "http://x/i#A.B")
    type_("friends", "add", "ana.example", "--note", "Hello")
    assert node.asked == [
        ("POST", "/api/v1/friends", {"link": "http://x/i#A.B"}),
        ("POST", "/api/v1/friends", {"address": "ana.example", "note": "Hello"}),
    ]


def test_a_text_can_come_from_standard_input(
    node: FakeNode, type_: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    node.says("POST", "/posts", POST, 201)
    text = tmp_path / "text"
    text.write_text("two\nlines\n")
    with text.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        type_("post", "-")
    assert node.asked[-1][2]["text"] == "two\nlines"


def test_help_answers_at_once_and_loads_nothing_heavy() -> None:
    probe = (
        "import sys, microsocial.cli.main; "
        "print([m for m in ('httpcore', 'httpx', 'granian', 'sqlalchemy', 'fastapi', 'cryptography', 'rich')"
        " if m in sys.modules])"
    )
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert time.monotonic() - begin < 10, "not a measurement: bench/ measures"


def test_what_nobody_thought_of_is_one_sentence_too(
    type_: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("microsocial.client.doors.of_folder", broken)
    code, out, err = type_("status")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "ZeroDivisionError: by nought" in err
    with pytest.raises(ZeroDivisionError):
        type_("--trace", "status")


def test_a_yes_to_a_new_home_goes_to_the_only_place_that_is_asked_about(
    node: FakeNode, type_: Terminal
) -> None:
    homes = [{"place": "192.168.1.20:8000", "sentence": "…"}]
    node.says("GET", "/resolve", {"id": "whole-id"})
    node.says("GET", "/friends/whole-id", {"name": "Ben", "at_home": homes})
    node.says("POST", "/friends/whole-id/home", {"name": "Ben", "at_home": []})
    code, out, _ = type_("friends", "home", "ben")
    assert (code, out) == (0, "Ben is called at 192.168.1.20:8000 from now on.\n")
    assert node.asked[-1][2] == {"place": "192.168.1.20:8000"}
    homes.append({"place": "192.168.1.21:8000", "sentence": "…"})
    code, _, err = type_("friends", "home", "ben")
    assert code == 1
    assert "192.168.1.20:8000, 192.168.1.21:8000" in err
    node.says("GET", "/friends/whole-id", {"name": "Ben", "at_home": []})
    code, _, err = type_("friends", "home", "ben")
    assert code == 1
    assert "Nobody asks" in err


DECIDED = {"mine": 3, "not_mine": 0, "left": 2, "sentence": "3 things are taken in as yours."}
FOUND = {
    "id": "abcdefgh" + "x" * 35,
    "kind": "post",
    "text": "buy\x1b[2J this\nnow",
    "created": 1_800_000_000_000,
    "from": [{"name": "Ben"}],
    "replaced": True,
}


@pytest.mark.parametrize("reason", ["planned", "stolen"])
def test_rotating_reads_words_and_password_and_says_what_came_of_it(
    node: FakeNode, type_: Terminal, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    words = ["abandon"] * 24
    monkeypatch.setattr("sys.stdin", io.StringIO(" ".join(words) + "\nmy password\n"))
    node.says("POST", "/keys/rotate", {"number": 1, "sentence": "Your key is new."})
    node.says("GET", "/keys/taken-back", [])
    flags = ["--stolen"] if reason == "stolen" else []
    code, out, _ = type_("rotate", "--words-stdin", *flags)
    assert code == 0 and out.startswith("Your key is new.")
    body = {"words": words, "reason": reason, "password": "my password"}
    assert node.asked[0] == ("POST", "/api/v1/keys/rotate", body)


@pytest.mark.parametrize("title", ["That is not the password.", "These are not your words."])
def test_what_the_node_refuses_is_said_and_shows_neither_words_nor_password(
    node: FakeNode, type_: Terminal, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" ".join(["abandon"] * 24) + "\nmy password\n"))
    node.says("POST", "/keys/rotate", {"title": title, "status": 400}, 400)
    code, out, err = type_("rotate", "--words-stdin")
    assert code != 0 and title in err
    assert "abandon" not in out + err and "my password" not in out + err


def test_rotating_without_a_password_asks_the_node_nothing(
    node: FakeNode, type_: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" ".join(["abandon"] * 24)))
    code, _, err = type_("rotate", "--words-stdin")
    assert code != 0 and "password" in err
    assert node.asked == []


def test_what_waits_is_shown_safely_and_decided_by_the_beginning_of_its_id(
    node: FakeNode, type_: Terminal
) -> None:
    node.says("GET", "/keys/foreign", [FOUND])
    node.says("POST", "/keys/foreign/decide", DECIDED)
    _, out, _ = type_("keys", "foreign")
    assert "abcdefgh" in out and "Ben" in out and "\x1b" not in out
    assert "post, replaces yours" in out
    assert type_("keys", "not-mine", "abcd")[0] == 0
    assert node.asked[-1][2] == {"mine": [], "not_mine": [FOUND["id"]]}


def test_what_waits_is_decided_by_day_without_naming_it(node: FakeNode, type_: Terminal) -> None:
    node.says("POST", "/keys/foreign/decide", DECIDED)
    _, out, _ = type_("keys", "mine", "--before", "2026-11-20")
    asked = node.asked[-1][2]
    assert asked == {"mine": [], "not_mine": [], "mine_before": beginning_of("2026-11-20")}
    assert DECIDED["sentence"] in out
    type_("keys", "not-mine", "--after", "2026-11-20")
    assert node.asked[-1][2]["not_mine_from"] == beginning_of("2026-11-21")
    asked_before = len(node.asked)
    for words in (("mine",), ("not-mine",), ("mine", "--before", "someday")):
        code, _, err = type_("keys", *words)
        assert code == 1 and "microsocial:" in err
    assert len(node.asked) == asked_before


def test_an_id_of_nothing_that_waits_decides_nothing(node: FakeNode, type_: Terminal) -> None:
    node.says("GET", "/keys/foreign", [FOUND])
    node.says("GET", "/keys/taken-back", [])
    for words in (("mine", "zzz"), ("not-mine", "zzz"), ("undo", "abcd")):
        code, _, err = type_("keys", *words)
        assert code != 0 and "Nothing of that id" in err
    assert {method for method, *_ in node.asked} == {"GET"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://node.invalid", True),
        ("http://192.168.1.5:8000", True),
        ("http://127.evil.example", True),
        ("https://node.invalid", False),
        ("http://localhost:8000", False),
        ("http://ana.localhost", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_who_names_a_node_elsewhere_without_tls_is_warned(url: str, expected: bool) -> None:
    assert is_open(url) is expected


def test_the_warning_comes_before_anything_is_typed_or_sent(type_: Terminal) -> None:
    _, out, err = type_("leave", "--url", "http://node.invalid", "--token", "t", folder=False)
    assert err.startswith("Everything between here and that node travels unencrypted")
    assert out == ""


@pytest.mark.parametrize(
    "words", [("leave",), ("rotate",), ("words", "check"), ("password",)], ids=" ".join
)
def test_without_a_terminal_a_secret_is_not_read_aloud(words: tuple[str, ...]) -> None:
    """As from cron: a session of its own has no terminal to fall back on."""
    command = [sys.executable, "-m", "microsocial.cli.main", *words, "--url", "http://127.0.0.1:9"]
    alone = {"start_new_session": True, "capture_output": True, "text": True}
    ran = subprocess.run(command, check=False, input="secret", timeout=30, **alone)
    assert ran.returncode == 1
    assert "There is no terminal here" in ran.stderr
    assert "Warning" not in ran.stderr


def test_every_command_is_listed_once_under_a_heading(type_: Terminal) -> None:
    code, out, _ = type_("--help", folder=False)
    assert code == 0
    listed = [
        line.split()[0] for line in out.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    commands = [name for name in listed if not name.startswith("-") and name != "Microsocial:"]
    assert sorted(commands) == sorted(typer.main.get_command(cli.app).commands)
    assert "Your data:" in out
