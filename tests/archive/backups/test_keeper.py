"""The plan: where backups go, when they are made, and how it stands. Over a node that runs, with its own clock."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.archive.backups import passphrase
from microsocial.archive.backups.age import Key
from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keeper import Backups
from microsocial.archive.backups.keys import Opened
from microsocial.archive.backups.making import Made
from microsocial.archive.backups.model import (
    DAY_MS,
    HOUR_MS,
    FolderHoldsOther,
    NotSetUpYet,
    PassphraseNeeded,
    PassphraseWeak,
    PassphraseWrong,
)
from microsocial.archive.backups.store import snapshot_sizes
from microsocial.archive.work import AlreadyWorking, Workbench
from microsocial.database import Database
from microsocial.events import EventBus, LiveEvent

PASSPHRASE = "four words are enough"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def keeper(house, clock, monkeypatch):
    """Only what `Backups` needs of a node; the schedule is looked at by hand."""
    monkeypatch.setattr(passphrase, "WORK", 4)
    house.node.close()
    bus = EventBus()
    db = Database(house.data / "microsocial.db", bus).open()
    work = Workbench(clock, SeededEntropy(1), bus)
    backups = Backups(db, work, house_person(db), house.data, clock, SeededEntropy(2))
    backups.work, backups.bus, backups.disk = work, bus, house.disk.with_name("usb")
    yield backups
    db.close()


def house_person(db):
    return db.read_sync(lambda c: c.exec_driver_sql("SELECT person FROM identity").scalar_one())


async def chosen(keeper, every="day"):
    return await keeper.choose(str(keeper.disk), PASSPHRASE, every)


async def done(keeper):
    await keeper.work.ended()
    return keeper.work.all()[0]


async def test_nothing_is_made_before_a_folder_is_chosen(keeper) -> None:
    assert (await keeper.state())["folder"] is None
    assert await keeper.look() is None
    for verb in (keeper.run, keeper.rehearse):
        with pytest.raises(NotSetUpYet):
            await verb()
    with pytest.raises(PassphraseNeeded):
        await keeper.choose(str(keeper.disk), None, "day")
    with pytest.raises(PassphraseWeak):
        await keeper.choose(str(keeper.disk), "too short", "day")
    assert not list(keeper.disk.iterdir())


async def test_a_backup_is_rehearsed_at_once_and_said_in_a_sentence(keeper) -> None:
    told = []
    keeper.bus.subscribe(LiveEvent, told.append)
    assert (await chosen(keeper))["snapshots"] == []
    began = await keeper.run()
    with pytest.raises(AlreadyWorking):
        await keeper.run()
    work = await done(keeper)
    assert (work["id"], work["state"]) == (began["id"], "done")
    assert "A restore would work: checked " in work["sentence"]
    state = await keeper.state()
    assert state["rehearsal"]["fine"]
    assert state["last"]["bytes"] == state["snapshots"][0]["bytes"] > 100_000
    assert {event.name for event in told} == {"work.changed"}


async def test_what_is_due_begins_by_itself_and_a_missed_one_is_caught_up(keeper, clock) -> None:
    await chosen(keeper)
    assert await keeper.look() is None
    clock.advance(HOUR_MS)
    assert (await keeper.look())["kind"] == "backup"
    await done(keeper)
    state = await keeper.state()
    assert DAY_MS <= state["next"] - clock.now() <= DAY_MS + HOUR_MS
    clock.advance(DAY_MS - HOUR_MS)
    assert await keeper.look() is None
    clock.advance(20 * DAY_MS)  # the machine was off
    assert (await keeper.look())["kind"] == "backup"
    assert await keeper.look() is None, "something runs already"
    await done(keeper)


async def test_off_means_only_by_hand_but_the_newest_is_rehearsed_weekly(keeper, clock) -> None:
    await chosen(keeper, "off")
    await keeper.run()
    await done(keeper)
    assert (await keeper.state())["next"] is None
    clock.advance(6 * DAY_MS)
    assert await keeper.look() is None
    clock.advance(2 * DAY_MS)
    assert (await keeper.look())["kind"] == "rehearsal"
    assert (await done(keeper))["state"] == "done"
    keeper.disk.rename(keeper.disk.with_name("drawer"))
    clock.advance(8 * DAY_MS)
    assert await keeper.look() is None, "a disk in a drawer is no trouble"


async def test_an_unplugged_disk_is_told_and_tried_again_within_the_hour(keeper, clock) -> None:
    await chosen(keeper)
    await keeper.run()
    await done(keeper)
    keeper.disk.rename(keeper.disk.with_name("drawer"))
    clock.advance(2 * DAY_MS)
    await keeper.look()
    assert (await done(keeper))["state"] == "failed"
    state = await keeper.state()
    assert "Is its disk plugged in?" in state["trouble"]
    assert len(state["snapshots"]) == 1, "remembered while the disk is away"
    assert state["next"] - clock.now() == HOUR_MS
    keeper.disk.with_name("drawer").rename(keeper.disk)
    clock.advance(HOUR_MS)
    await keeper.look()
    assert (await done(keeper))["state"] == "done"
    assert (await keeper.state())["trouble"] is None


async def test_damage_is_told_and_mended_by_a_backup_soon(keeper, clock) -> None:
    await chosen(keeper)
    await keeper.run()
    await done(keeper)
    victim = max((keeper.disk / "objects").rglob("*"), key=lambda f: f.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-5])
    await keeper.rehearse()
    work = await done(keeper)
    assert work["state"] == "failed"
    assert victim.name in work["sentence"]
    state = await keeper.state()
    assert (state["rehearsal"]["fine"], victim.name in state["rehearsal"]["sentence"]) == (
        False,
        True,
    )
    clock.advance(HOUR_MS)
    await keeper.look()
    assert (await done(keeper))["state"] == "done"
    assert (await keeper.state())["rehearsal"]["fine"]


async def test_a_snapshot_that_was_taken_away_is_missed_once(keeper) -> None:
    await chosen(keeper)
    await keeper.run()
    await done(keeper)
    [snapshot] = (keeper.disk / "snapshots").iterdir()
    snapshot.unlink()
    await keeper.rehearse()
    assert "missing" in (await done(keeper))["sentence"]
    await keeper.run()
    assert (await done(keeper))["state"] == "done"


async def test_the_schedule_changes_without_the_passphrase(keeper) -> None:
    await chosen(keeper)
    assert (await keeper.choose(str(keeper.disk), None, "week"))["every"] == "week"


async def test_a_folder_used_before_needs_its_own_passphrase(keeper) -> None:
    await chosen(keeper)
    await keeper.run()
    await done(keeper)
    await keeper.end()
    assert (await keeper.state())["folder"] is None
    assert (keeper.disk / "snapshots").exists()
    with pytest.raises(PassphraseWrong):
        await keeper.choose(str(keeper.disk), "some other passphrase", "day")
    await chosen(keeper)
    assert len((await keeper.state())["snapshots"]) == 1


async def test_a_folder_with_other_things_is_refused(keeper) -> None:
    keeper.disk.mkdir()
    (keeper.disk / "taxes.pdf").write_bytes(b"")
    with pytest.raises(FolderHoldsOther):
        await chosen(keeper)


async def test_stopping_a_backup_is_no_trouble(keeper) -> None:
    await chosen(keeper)
    began = await keeper.run()
    keeper.work.stop(began["id"])
    assert (await done(keeper))["state"] == "stopped"
    state = await keeper.state()
    assert (state["trouble"], state["last"]) == (None, None)


async def test_a_next_time_set_by_a_wrong_clock_is_not_waited_for(keeper, clock) -> None:
    clock.advance(365 * DAY_MS)
    await chosen(keeper)
    await keeper.run()
    await done(keeper)
    clock.advance(-365 * DAY_MS)
    assert (await keeper.look())["kind"] == "backup"
    await done(keeper)


async def test_the_schedule_runs_and_ends_with_the_node(keeper, monkeypatch) -> None:
    left = keeper.disk.with_name("data") / "backup-scratch" / "copy.db"
    left.parent.mkdir()
    left.write_bytes(b"from before a crash")
    monkeypatch.setattr("microsocial.archive.backups.keeper.LOOK_EVERY_S", 0.01)
    looked = asyncio.Event()

    async def look():
        looked.set()
        raise RuntimeError("and it looks again all the same")

    keeper.look = look
    await keeper.start()
    await asyncio.wait_for(looked.wait(), 5)
    looked.clear()
    await asyncio.wait_for(looked.wait(), 5)
    await keeper.stop()
    assert not left.parent.exists()


async def test_a_backup_that_ends_after_another_folder_was_chosen_is_not_expected_there(
    keeper, tmp_path
) -> None:
    await chosen(keeper)
    opened = Opened(BackupFolder(tmp_path / "an earlier disk"), Key(bytes(32)))
    made = Made(manifest=SimpleNamespace(id="20260101T000000Z", made=1, size=1), written=1, kept=[])
    await keeper._db.write(lambda conn: keeper._note_made(conn, opened, made, "done"))
    assert await keeper._db.read(snapshot_sizes) == {}
