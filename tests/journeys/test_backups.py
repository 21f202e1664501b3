"""Backups over real processes: made while people talk, restored elsewhere, and friends bring back what came after."""

import contextlib
import random
import secrets
import shutil
import threading
import time
from pathlib import Path

import pytest
from tests.support.faults import Disk
from tests.support.nodes import Person, befriend, has_everything, people, wait_for

PASSPHRASE = "four words are enough\n"


@pytest.fixture
def disk(tmp_path) -> Path:
    return tmp_path / "disk"


def back_up(person: Person, disk: Path) -> dict:
    """The first time it chooses the passphrase."""
    first = not (disk / "snapshots").exists()
    given = [str(disk), "--passphrase-stdin"] if first else []
    return person.cli("backup", *given, stdin=PASSPHRASE if first else None)


@contextlib.contextmanager
def restored(person: Person, disk: Path, name: str = "elsewhere", **more):
    """The same person on another machine, restored and not started yet."""
    there = Person(name, person.node.data.parent, **more)
    there.id, there.words = person.id, person.words
    came = there.cli("restore", str(disk), "--passphrase-stdin", stdin=PASSPHRASE)
    assert (came["person"], came["left_out"]) == (person.id, [])
    try:
        yield there
    finally:
        there.leave()


def say(person: Person, text: str) -> str:
    said = {"text": text, "audience": {"class": "friends"}}
    return person.api.post("/posts", said)["id"]


def stories(person: Person, friend: Person) -> tuple:
    """All that two people must agree on."""
    posts = [(post["id"], post["text"]) for post in person.feed()]
    talk = [m["text"] for m in person.api.get(f"/messages/{friend.id}", limit=100)["items"]]
    return posts, talk


def test_a_backup_made_while_people_talk_comes_back_whole_and_friends_give_the_rest(disk):
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "before the backup")
        back_up(ana, disk)
        quiet = threading.Event()

        def talk() -> None:
            number = 0
            while not quiet.is_set():
                say(ana, f"while it runs {number}")
                ana.api.post(f"/messages/{ben.id}", {"text": f"message {number}"})
                number += 1
                time.sleep(0.05)

        talking = threading.Thread(target=talk)
        talking.start()
        made = [back_up(ana, disk)["sentence"] for _ in range(2)]
        quiet.set()
        talking.join()
        assert all("A restore would work: checked " in sentence for sentence in made)
        post = say(ana, "after the backup")
        ben.wait_for(lambda: "after the backup" in ben.texts())
        comment = ben.api.post(f"/posts/{post}/comments", {"text": "seen"})
        ana.wait_for(lambda: ana.api.get(f"/posts/{comment['post']}")["comments"])
        wait_for(lambda: has_everything(ana, ben) and has_everything(ben, ana))
        before = stories(ana, ben)
        ana.stop()

        with restored(ana, disk) as there:
            ben.proxy.forget()
            there.start()
            there.wait_for(lambda: stories(there, ben) == before, 40)
            assert len(ben.proxy.requests(purpose="reunion")) <= 2, "two round trips"
            assert len(ben.proxy.requests()) <= 4, (
                "and what showed that they are needed, and the new address"
            )
            there.wait_for(lambda: there.api.get(f"/posts/{comment['post']}")["comments"])
            assert there.api.get(f"/posts/{comment['post']}")["comments"][0]["text"] == "seen"
            told = there.cli("status")["restored"]["sentence"]
            assert "Restored from the backup of " in told
            assert "Ben gave back " in told
            wait_for(lambda: has_everything(there, ben))
            assert ben.texts() == there.texts(), "nothing lost, nothing forked"
            say(there, "life goes on")
            ben.wait_for(lambda: ben.texts()[0] == "life goes on")
            ben.api.post(f"/messages/{ana.id}", {"text": "welcome back"})
            there.wait_for(lambda: stories(there, ben)[1][0] == "welcome back")
            assert "A restore would work" in there.cli("backup")["sentence"], "it goes on there"


def test_a_flipped_byte_is_told_in_a_plain_sentence_and_the_words_open_the_rest(disk):
    with people("ana") as (ana,):
        ana.cli("post", "precious")
        back_up(ana, disk)
        chance = random.Random(3)
        pieces = sorted(f for f in (disk / "objects").rglob("*") if f.is_file())
        for victim in (chance.choice(pieces), *(disk / "snapshots").iterdir()):
            whole = victim.read_bytes()
            at = chance.randrange(len(whole))
            victim.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            name = str(victim.relative_to(disk))
            there = Person(f"never-{victim.name[:5]}", ana.node.data.parent)
            done = there.run("restore", str(disk), "--passphrase-stdin", stdin=PASSPHRASE)
            assert done.returncode == 1
            assert name in done.stderr and "damaged" in done.stderr
            done = ana.run("rehearse")
            assert done.returncode == 1
            assert name in done.stderr and "would not bring everything back" in done.stderr
            assert name in ana.run("backups").stdout
            shutil.move(f"{victim}.damaged", victim)
            victim.write_bytes(whole)
        assert ana.cli("rehearse")["state"] == "done", "the control"
        ana.stop()
        there = Person("elsewhere", ana.node.data.parent)
        for wrong in (("--passphrase-stdin", "not the passphrase\n"), ("--words-stdin", "one two")):
            done = there.run("restore", str(disk), wrong[0], stdin=wrong[1])
            assert done.returncode == 1
            assert done.stderr.startswith("microsocial: ")
        there.cli("restore", str(disk), "--words-stdin", stdin=" ".join(ana.words))
        there.start()
        assert there.texts() == ["precious"]
        there.leave()


def test_a_folder_copied_while_it_ran_is_put_back_as_a_rolled_back_snapshot(disk):
    """As a file system's snapshot does it: database and log of one moment, the running node none the wiser."""
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "before the snapshot")
        ben.wait_for(ben.texts)
        ana.kill()  # only a stopped process's files are of one moment here
        snapshot = ana.node.data.with_name("snapshot")
        shutil.copytree(ana.node.data, snapshot)
        ana.start()
        kept = say(ana, "after the snapshot")
        gone = say(ana, "deleted after the snapshot")
        ben.wait_for(lambda: len(ben.texts()) == 3)
        ana.cli("posts", "delete", gone)
        ana.api.patch(f"/posts/{kept}", {"text": "edited after the snapshot"})
        ben.wait_for(lambda: ben.texts()[0] == "edited after the snapshot")
        ben.wait_for(lambda: len(ben.texts()) == 2)
        ana.kill()
        shutil.rmtree(ana.node.data)
        snapshot.rename(ana.node.data)
        ana.start()
        ana.wait_for(lambda: ana.texts() == ["edited after the snapshot", "before the snapshot"])
        say(ana, "on and on")
        ben.wait_for(lambda: ben.texts()[0] == "on and on")
        assert ben.texts() == ana.texts()


def test_two_restores_of_one_backup_one_of_them_stops_with_a_sentence(disk):
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        say(ana, "before the backup")
        back_up(ana, disk)
        say(ana, "after the backup")
        ben.wait_for(lambda: len(ben.texts()) == 2)
        ana.stop()
        with restored(ana, disk, "first") as first, restored(ana, disk, "second") as second:
            first.start()
            first.wait_for(lambda: len(first.texts()) == 2)
            say(first, "from the first")
            ben.wait_for(lambda: "from the first" in ben.texts())
            second.start()
            second.wait_for(lambda: "from the first" in second.texts())
            say(second, "from the second")
            ben.wait_for(lambda: "from the second" in ben.texts())
            say(first, "too late")
            stopped = first.wait_for(lambda: first.cli("status")["stopped"])
            assert stopped.endswith(".")
            assert second.cli("status")["stopped"] is None
            assert sorted(second.texts()) == sorted(ben.texts())
            assert len(set(ben.texts())) == len(ben.texts()), "nothing doubled"


def test_kill_nine_during_a_backup_costs_nothing(disk):
    with people("ana") as (ana,):
        for number in range(5):
            say(ana, f"post {number}")
        back_up(ana, disk)
        whole = sorted((disk / "snapshots").iterdir())
        for wait in (0.02, 0.1):
            say(ana, "x" * 4000)
            ana.api.post("/backups/run")
            time.sleep(wait)
            ana.kill()
            ana.start()
            assert not (ana.node.data / "backup-scratch").exists()
            assert sorted((disk / "snapshots").iterdir())[: len(whole)] == whole
        assert back_up(ana, disk)["state"] == "done"
        assert len(ana.texts()) == 7


def test_a_disk_that_fills_or_is_pulled_out_is_told_and_costs_no_older_backup(tmp_path):
    with Disk(tmp_path / "usb", 16) as usb, people("ana") as (ana,):
        disk = usb.folder / "ana"
        back_up(ana, disk)
        [first] = (disk / "snapshots").iterdir()
        for number in range(40):
            say(ana, f"{number} " + secrets.token_hex(2000))
        usb.fill()
        done = ana.run("backup")
        assert (done.returncode, "backup disk is full" in done.stderr) == (1, True)
        assert "full" in ana.cli("backups")["trouble"]
        usb.free()
        assert ana.cli("rehearse")["state"] == "done"
        assert ana.cli("backup")["state"] == "done"
        usb.unmount()
        done = ana.run("backup")
        assert (done.returncode, "Is its disk plugged in?" in done.stderr) == (1, True)
        assert not list(usb.folder.iterdir()), "nothing is written into the mount point"
        usb.mount(read_only=True)
        done = ana.run("backup")
        assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
        usb.unmount()
        usb.mount()
        assert ana.cli("backup")["state"] == "done"
        assert ana.cli("backups")["trouble"] is None
        assert first.exists()
