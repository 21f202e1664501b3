"""One long thing at a time, with progress, and stoppable."""

import threading

import pytest
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.archive.work import AlreadyWorking, NoSuchWork, Progress, Stopped, Workbench
from microsocial.database import in_memory
from microsocial.errors import Conflict, WeBroke
from microsocial.events import EventBus, LiveEvent


class TheDiskIsGone(Conflict):
    """The disk is not there. Plug it in."""


@pytest.fixture
def bus():
    return EventBus()


@pytest.fixture
def told(bus):
    events = []
    bus.subscribe(LiveEvent, events.append)
    return events


@pytest.fixture
def bench(bus, told):
    return Workbench(FakeClock(1_000), SeededEntropy(1), bus)


async def test_work_runs_in_a_thread_and_says_how_it_ended(bench, told):
    here = threading.get_ident()
    threads = []

    def job(progress):
        threads.append(threading.get_ident())
        progress.at(1, 2, "One of two")
        return "Both are packed."

    began = bench.start("import", job)
    assert (began["state"], began["ended"]) == ("running", None)
    await bench.ended()
    (done,) = bench.all()
    assert done["id"] == began["id"]
    assert (done["state"], done["sentence"]) == ("done", "Both are packed.")
    assert (done["done"], done["total"], done["ended"]) == (1, 2, 1_000)
    assert threads != [here]
    assert {event.name for event in told} == {"work.changed"}
    assert told[-1].payload == {"work": done}


async def test_a_second_one_waits_its_turn(bench):
    go_on = threading.Event()

    def job(progress):
        go_on.wait(5)
        return "Done."

    bench.start("backup", job)
    with pytest.raises(AlreadyWorking):
        bench.start("purge", job)
    go_on.set()
    await bench.ended()
    assert bench.start("purge", job)["kind"] == "purge"
    await bench.ended()
    assert [work["kind"] for work in bench.all()] == ["purge", "backup"]


async def test_what_is_stopped_stops_at_its_next_good_moment(bench):
    def job(progress):
        while True:
            progress.check()

    began = bench.start("backup", job)
    bench.stop(began["id"])
    await bench.ended()
    assert bench.all()[0]["state"] == "stopped"
    assert bench.stop(began["id"])["state"] == "stopped"
    with pytest.raises(NoSuchWork):
        bench.stop("nothing")


async def test_the_node_stops_what_runs_when_it_stops(bench):
    def job(progress):
        while True:
            progress.check()

    bench.start("backup", job)
    await bench.close()
    assert not bench.is_busy


async def test_what_fails_fails_with_a_sentence(bench):
    def foreseen(progress):
        raise TheDiskIsGone("/media/disk")

    def unforeseen(progress):
        raise ZeroDivisionError

    for job in (foreseen, unforeseen):
        bench.start("backup", job)
        await bench.ended()
    second, first = bench.all()
    assert first["state"] == second["state"] == "failed"
    assert first["sentence"] == "The disk is not there. Plug it in. (/media/disk)"
    assert second["sentence"] == WeBroke.sentence()


async def test_a_job_writes_through_the_event_loop(bench, told):
    db = in_memory()
    answers = []

    def job(progress):
        answers.append(progress.wait(db.write(lambda conn: threading.get_ident())))
        return "Written."

    bench.start("import", job)
    await bench.ended()
    assert bench.all()[0]["sentence"] == "Written."
    assert answers == [threading.get_ident()]


async def test_only_the_newest_are_remembered(bench):
    for number in range(25):
        bench.start("purge", lambda progress, number=number: f"{number}")
        await bench.ended()
    assert [work["sentence"] for work in bench.all()] == [str(n) for n in range(24, 4, -1)]


def test_bare_progress_serves_whoever_has_no_screen():
    progress = Progress()
    progress.at(1, 1, "So far")
    progress.check()

    async def seven():
        return 7

    assert progress.wait(seven()) == 7
    progress.stop()
    with pytest.raises(Stopped):
        progress.check()
