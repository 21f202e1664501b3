"""kill -9 and power cuts in the middle of everything: what was acknowledged is there, once, and friends agree."""

import contextlib
import os
import random
import time
from pathlib import Path

import pytest
from tests.support.faults import Disk, breaking
from tests.support.load import (
    FRIENDS,
    Load,
    Speaker,
    assert_once_each,
    assert_pictures_are_whole,
    assert_sound,
    photo,
)
from tests.support.nodes import befriend, people

from microsocial.cli.children import DidNotStart

# Another one for every run; a failure prints it, and MICROSOCIAL_SEED repeats it.
SEED = int(os.environ.get("MICROSOCIAL_SEED", random.SystemRandom().randrange(10**6)))
HASTY = """
import time
from microsocial.database import writer

def commit(self, batch):
    connection = self._sound_connection()
    with connection.begin():
        for job in batch:
            writer._run_in_savepoint(connection, job)
        for job in batch:
            writer._settle(job)
        time.sleep(0.3)

writer.Writer._commit = commit
"""
CARELESS = """
import os
from microsocial.database import connect

def careless(path, *more, open_one=connect._open):
    return open_one(path, *more, "synchronous=OFF")

connect._open = careless
os.fsync = lambda handle: None
"""


def kill_while(load, kills, chance):
    """Kill either node so often, spread over the load; return how often each was killed."""
    killed = {load.person.name: 0, load.friend.name: 0}
    whole = load.posts + load.messages + load.photos
    for number in range(kills):
        due = whole * (number + chance.random()) / kills
        while load.count < due and not load.is_over:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        # Every third time it is the friend who receives; now and then the node dies again while it starts.
        victim = load.friend if number % 3 == 2 else load.person
        victim.kill()
        killed[victim.name] += 1
        if chance.random() < 0.2:
            victim.node.launch()
            time.sleep(chance.random() * 2)
            victim.kill()
            killed[victim.name] += 1
        victim.start()
    return killed


def tell_through_kills(folder, *, posts, messages, photos, kills):
    print(f"seed {SEED}")  # noqa: T201
    chance = random.Random(SEED)
    with people("ana", "ben", folder=folder) as (ana, ben):
        befriend(ana, ben)
        load = Load(ana, ben, posts, messages, photos)
        began = time.monotonic()
        load.start()
        killed = kill_while(load, kills, chance)
        load.join()
        assert load.count == posts + messages + photos
        assert_once_each(load)
        assert_pictures_are_whole(ana, ben)
        print(f"{load.count} acknowledged, killed {killed}, {time.monotonic() - began:.0f} s")  # noqa: T201
        ana.stop()
        ben.stop()
        assert_sound(ana, ben)


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_nine(tmp_path):
    tell_through_kills(tmp_path, posts=60, messages=24, photos=4, kills=3)


@pytest.mark.soak
def test_a_thousand_posts_messages_and_photos_through_twenty_kills_and_more(tmp_path):
    tell_through_kills(tmp_path, posts=650, messages=300, photos=50, kills=30)


def test_an_acknowledgement_before_the_commit_would_be_found_out(tmp_path):
    """The positive control: without rule 1 of the writer, the same check fails."""
    with people("ana", folder=tmp_path, before=lambda one: breaking(one, tmp_path, HASTY)) as (
        ana,
    ):
        time.sleep(1)  # what setup said is on the disk
        ana.api.post("/posts", {"text": "acknowledged too early", "audience": {"class": "me"}})
        ana.kill()
        ana.start()
        assert ana.texts() == []


def say_and_cut(ana, disk, words):
    """Say something and show something; the power goes in the moment of the last acknowledgement."""
    speaker = Speaker(ana)
    for one in words:
        said = {"text": one, "audience": FRIENDS, "key": one}
        if one is words[0]:
            said["media"] = [{"id": speaker.bring(photo(hash(one)), "p.jpg")}]
        speaker.insist(lambda api, said=said: api.post("/posts", said))
    waiting = speaker.bring(photo(-hash(words[0])), "waits.jpg")
    speaker.close()
    disk.cut_power()
    ana.kill()
    disk.unmount()
    disk.mount()
    return waiting


def test_nothing_acknowledged_is_lost_by_a_power_cut(tmp_path):
    with Disk(tmp_path / "ana") as disk, people("ana", folder=tmp_path) as (ana,):
        kept = []
        for cut in range(2):
            words = [f"{number} before cut {cut}" for number in range(15)]
            waiting = say_and_cut(ana, disk, words)
            kept += words
            ana.start()
            assert ana.texts() == kept[::-1]
            assert_pictures_are_whole(ana)
            assert ana.api.get(f"/uploads/{waiting}")["state"] == "ready"
            code, preview = ana.api.request("GET", f"/api/v1/uploads/{waiting}/preview")
            assert (code, preview[:4]) == (200, b"RIFF"), "a photo, and not an empty file"
        ana.stop()
        assert_sound(ana)


def test_a_disk_that_is_not_waited_for_would_be_found_out(tmp_path: Path):
    """The positive control: without waiting for the disk, a power cut takes what was acknowledged."""
    with (
        Disk(tmp_path / "ana") as disk,
        people("ana", folder=tmp_path, before=lambda one: breaking(one, tmp_path, CARELESS)) as (
            ana,
        ),
    ):
        os.sync()  # setup is on the disk
        words = [f"{number} of the careless" for number in range(5)]
        say_and_cut(ana, disk, words)
        with contextlib.suppress(DidNotStart):  # it may have cost more than the posts
            ana.start()
            assert ana.texts() != words[::-1]
