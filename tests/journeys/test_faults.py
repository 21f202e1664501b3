"""Full disks, disks that err or are gone, networks that are dead, memory that ends: a sentence, nothing lost, and on by itself."""

import contextlib
import io
import re
import resource
import time
from pathlib import Path

import pytest
from PIL import Image
from tests.support.faults import Calls, Cgroup, Disk, names_in
from tests.support.load import FRIENDS, assert_sound, photo
from tests.support.nodes import Person, befriend, people, wait_for

from microsocial.cli.children import DidNotStart
from microsocial.client.errors import NotRunning, Refused

LONG = " and so on" * 480  # nearly as long as a post may be
FULL = "The disk is full."
# Long enough that what arrives within seconds did not arrive because its turn had come.
SLOW_TO_REPEAT = {"MICROSOCIAL_BACKOFF_BASE_MS": "60000"}


def keep_posting(person, words, kept, most=400):
    """Post until the node refuses; what it acknowledged is in `kept`. Give the refusal."""
    for number in range(most):
        text = f"{words} {number}{LONG}"
        try:
            person.api.post("/posts", {"text": text, "audience": FRIENDS})
        except Refused as refusal:
            return refusal
        kept.append(text)
    raise AssertionError("never refused")


def begin_upload(person, content):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": ""}
    made = person.api.send("POST", "/api/v1/uploads", headers)
    return made["location"].rsplit("/", 1)[-1]


def send(person, upload, offset, content):
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return person.api.send("PATCH", f"/api/v1/uploads/{upload}", headers, content[offset:])


def trouble(person):
    return person.api.get("/status")["trouble"]


def looks(person):
    """What the doctor finds that has to be looked at."""
    found = person.run("doctor").stdout
    return " ".join(re.findall(r"^LOOK  (.*)$", found, re.MULTILINE))


def error_of(person, friend):
    [account] = [
        one for one in person.api.get("/delivery")["friends"] if one["person"]["id"] == friend.id
    ]
    return account["error"]


def test_a_full_disk_loses_nothing_says_so_and_goes_on_by_itself_when_there_is_room(tmp_path):
    with (
        Disk(tmp_path / "ana", mebibytes=48) as disk,
        people("ana", "ben", folder=tmp_path, settings=SLOW_TO_REPEAT) as (ana, ben),
    ):
        befriend(ana, ben)
        content = photo(1)
        upload = begin_upload(ana, content)
        screen = ana.watch()
        disk.fill()

        # Whoever asks is refused in a sentence, and nothing was changed.
        kept = []
        refusal = keep_posting(ana, "from Ana", kept)
        assert refusal.status == 507
        assert str(refusal).startswith(FULL)
        assert ana.texts() == kept[::-1]
        with pytest.raises(Refused) as refused:
            send(ana, upload, 0, content)
        assert (refused.value.status, str(refused.value)[: len(FULL)]) == (507, FULL)

        # The screen, the status and the doctor say so.
        assert screen.wait_for("trouble.changed")["trouble"].startswith(FULL)
        assert trouble(ana).startswith(FULL)
        assert FULL in looks(ana)

        # A friend's node is told, and keeps what it has.
        theirs = []
        for number in range(60):
            theirs.append(f"from Ben {number}{LONG}")
            ben.api.post("/posts", {"text": theirs[-1], "audience": FRIENDS})
        wait_for(lambda: error_of(ben, ana))
        assert error_of(ben, ana) == "Their disk is full."

        disk.free()
        assert screen.wait_for("trouble.changed", lambda it: it["trouble"] is None)
        assert trouble(ana) is None
        # Ben's node has nothing new and would wait for a minute and more: it is Ana's that says when.
        wait_for(lambda: len(ana.texts()) == len(kept) + len(theirs), seconds=20)
        assert sorted(ana.texts()) == sorted(kept + theirs)
        offset = ana.api.get(f"/uploads/{upload}")["offset"]
        send(ana, upload, offset, content)
        wait_for(lambda: ana.api.get(f"/uploads/{upload}")["state"] == "ready")
        ana.cli("post", "I have room again")
        wait_for(lambda: len(ben.texts()) == len(kept) + len(theirs) + 1)
        ana.stop()
        ben.stop()
        assert_sound(ana, ben)


def test_a_disk_that_errs_is_never_believed_and_believed_again_when_it_works(tmp_path):
    calls = {}

    def err(person: Person) -> None:
        if person.name == "ana":
            calls["ana"] = Calls(person, tmp_path)

    with people("ana", "ben", folder=tmp_path, before=err) as (ana, ben):
        befriend(ana, ben)
        kept = []
        for names in (Calls.FSYNC, Calls.WRITE, Calls.READ):
            key = f"while {names[0]} fails"
            said = {"text": key, "audience": FRIENDS, "key": key}
            with calls["ana"].failing(names):
                for _ in range(3):
                    with pytest.raises(Refused) as refused:
                        ana.api.post("/posts", said)
                    assert refused.value.status == 500
                    assert "The d" in str(refused.value), "a sentence about the disk"
                if names is Calls.READ:  # then it cannot even say how it is
                    with pytest.raises(Refused):
                        trouble(ana)
                else:
                    assert trouble(ana)
                    assert ana.texts() == kept[::-1], "what still can be read is shown"
                    assert "The disk" in looks(ana)
                ben.api.post("/posts", {"text": f"Ben {key}", "audience": FRIENDS})
                wait_for(lambda: error_of(ben, ana))
            wait_for(lambda: trouble(ana) is None)
            # What was refused is not there; said again under the same key, it is there once.
            assert key not in ana.texts()
            ana.api.post("/posts", said)
            kept = ana.texts()[::-1]
            wait_for(lambda key=key: f"Ben {key}" in ana.texts())
            kept = ana.texts()[::-1]
        wait_for(lambda: len(ben.texts()) == 6)
        ana.kill()
        ana.start()
        assert sorted(ana.texts()) == sorted(ben.texts())
        assert len(ana.texts()) == 6
        ana.stop()
        assert_sound(ana)


def test_a_disk_that_is_gone_is_said_to_be_and_the_node_comes_back_with_it(tmp_path):
    with Disk(tmp_path / "ana") as disk, people("ana", folder=tmp_path) as (ana,):
        ana.api.post("/posts", {"text": "before", "audience": FRIENDS})
        disk.cut_power()
        with pytest.raises(Refused) as refused:
            ana.api.post("/posts", {"text": "into nothing", "audience": FRIENDS})
        assert str(refused.value).startswith("The d")
        assert ana.node.is_running
        ana.kill()
        disk.unmount()
        disk.mount()  # reads its journal
        disk.unmount()

        disk.mount(read_only=True)
        with pytest.raises(DidNotStart) as silent:
            ana.start()
        assert "The data folder cannot be written" in str(silent.value)
        assert "can only be read" in looks(ana)
        disk.unmount()

        disk.mount()
        disk.fill()
        with pytest.raises(DidNotStart) as silent:
            ana.start()
        assert str(silent.value).rstrip().endswith("Free some space and try again.")
        disk.free()
        ana.start()
        assert ana.texts() == ["before"]
        assert looks_only_small(ana)


def looks_only_small(person):
    """A disk for tests has less room than the doctor likes."""
    return re.fullmatch(r"\d+ MiB are free on its disk\.", looks(person))


@pytest.fixture
def dns(tmp_path):
    with names_in(tmp_path) as names:
        yield names


def test_names_that_do_not_resolve_and_networks_that_are_dead_hold_up_nothing_here(tmp_path, dns):
    def with_a_name(person: Person) -> None:
        if person.name == "ben":
            person.address = person.address.replace("127.0.0.1", "ben.example.test")
            person.node.env = {**person.node.env, "MICROSOCIAL_ADDRESS": person.address}

    dns.know("ben.example.test")
    with people("ana", "ben", folder=tmp_path, before=with_a_name, through_proxy=("ben",)) as (
        ana,
        ben,
    ):
        befriend(ana, ben)
        ana.restart()  # nothing is remembered about where Ben is
        for number, (break_it, mend_it, sentence) in enumerate(
            [
                (dns.forget, lambda: dns.know("ben.example.test"), "address is not known"),
                (ben.proxy.go_dark, ben.proxy.come_back, "does not answer"),
            ]
        ):
            break_it()
            began = time.monotonic()
            for part in range(20):
                ana.api.post("/posts", {"text": f"{number}.{part}", "audience": FRIENDS})
            assert time.monotonic() - began < 5, "posting does not wait for the network"
            wait_for(lambda: error_of(ana, ben))
            assert sentence in error_of(ana, ben), error_of(ana, ben)
            assert "Ben waits since" in ana.run("doctor").stdout
            mend_it()
            wait_for(lambda number=number: len(ben.texts()) == 20 * (number + 1), seconds=30)
            assert error_of(ana, ben) is None


@pytest.mark.soak
def test_a_network_that_swallows_everything_holds_up_nothing_here(tmp_path):
    with people("ana", "ben", folder=tmp_path, through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ben.proxy.mood.hang = True
        began = time.monotonic()
        for number in range(50):
            ana.api.post("/posts", {"text": str(number), "audience": FRIENDS})
        assert time.monotonic() - began < 5
        wait_for(lambda: error_of(ana, ben), seconds=60)
        ben.proxy.mood.hang = False
        wait_for(lambda: len(ben.texts()) == 50, seconds=60)


def test_a_picture_too_large_for_the_memory_ends_its_decoder_and_not_the_node(tmp_path):
    with people("ana", folder=tmp_path) as (ana,), Cgroup(ana.node.process.pid) as group:
        group.allow(mebibytes=64)
        huge = large_png(6000, 6000)
        upload = begin_upload(ana, huge)
        send(ana, upload, 0, huge)
        wait_for(lambda: ana.api.get(f"/uploads/{upload}")["state"] == "refused", seconds=60)
        said = ana.api.get(f"/uploads/{upload}")["sentence"]
        assert said == "This file: It takes more memory or time to open than this machine has."
        assert ana.node.is_running
        group.allow_all()
        assert ana.cli("post", "still here")["text"] == "still here"


def test_a_node_without_memory_refuses_in_a_sentence_and_keeps_what_it_acknowledged(tmp_path):
    with people("ana", folder=tmp_path) as (ana,):
        pid = ana.node.process.pid
        kept = [ana.cli("post", "before")["text"]]
        now = int(re.search(r"VmSize:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
        resource.prlimit(pid, resource.RLIMIT_AS, (now + 1024 * 1024, resource.RLIM_INFINITY))
        refused = []
        for number in range(40):
            said = {"text": f"{number}{LONG}", "audience": FRIENDS}
            try:
                kept.append(ana.api.post("/posts", said)["text"])
                # Only there to take memory; it is too long for a post, so it may also be hung up on.
                with contextlib.suppress(NotRunning):
                    ana.api.post("/posts", {"text": "x" * 900_000, "audience": FRIENDS})
            except Refused as refusal:
                refused.append(refusal)
        assert "This machine has no memory left" in " ".join(map(str, refused))
        assert {one.status for one in refused} <= {400, 500, 507}
        assert ana.node.is_running
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        kept.append(ana.cli("post", "after")["text"])
        assert ana.texts() == kept[::-1]
        ana.kill()
        ana.start()
        assert ana.texts() == kept[::-1]


def large_png(width, height):
    """A small file and a large picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, "PNG")
    return out.getvalue()
