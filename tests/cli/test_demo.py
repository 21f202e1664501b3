"""The demo, with real nodes: it tells its story, prints its links, and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.nodes import SRC

from microsocial.cli.children import free_port
from microsocial.cli.demo_story import NAMES, STORY
from microsocial.client import calls, doors
from microsocial.client.errors import NotRunning
from microsocial.client.sync import Client


def test_the_story_can_be_told_by_any_number_of_people() -> None:
    for count in range(2, len(NAMES) + 1):
        here = NAMES[:count]
        made = set()
        for step in STORY:
            if step.who not in here or (step.to is not None and step.to not in here):
                continue
            if step.what == "post":
                made.add(step.about)
            elif step.what in ("comment", "react"):
                assert step.about in made, (count, step)


@pytest.mark.journey
@pytest.mark.timeout(240)
def test_the_demo_starts_befriended_people_and_ends_them_all(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    command = [sys.executable, "-m", "microsocial.cli.main", "demo", "--json", "--people", "2"]
    demo = subprocess.Popen(
        [*command, "--base-port", str(free_port() % 60000 + 1024), "--data", str(data)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        text=True,
    )
    assert demo.stdout is not None
    try:
        printed = ""
        while not printed.endswith("\n}\n"):
            line = demo.stdout.readline()
            assert line, "the demo ended before it was ready"
            printed += line
        people = json.loads(printed)["people"]
        assert [person["name"] for person in people] == ["Ana", "Ben"]
        assert all(person["password"] for person in people)
        with Client(*doors.of_folder(data / "ben")) as ben:
            texts = [post["text"] for post in ben.do(calls.feed(limit=50))["items"]]
            assert any("First swim" in text for text in texts)
            friends = ben.do(calls.friends())["friends"]
            assert [friend["name"] for friend in friends] == ["Ana"]
            assert ben.do(calls.messages(friends[0]["id"]))["items"]
    finally:
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(60) == 0
        demo.stdout.close()
    for name in ("ana", "ben"):
        with pytest.raises(NotRunning):
            doors.of_folder(data / name)


def test_a_demo_that_was_not_asked_to_stay_leaves_no_folder(tmp_path: Path) -> None:
    begin = time.monotonic()
    env = {**os.environ, "PYTHONPATH": str(SRC), "TMPDIR": str(tmp_path)}
    demo = subprocess.Popen(
        [sys.executable, "-m", "microsocial.cli.main", "demo", "--people", "2"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    assert demo.stderr.readline().startswith("Making Ana")
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=100)
    assert list(tmp_path.glob("microsocial-demo-*")) == []
    assert time.monotonic() - begin < 100
