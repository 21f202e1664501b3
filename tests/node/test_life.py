import asyncio
import json
import stat

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select
from tests.support import FakeClock

from microsocial.context import NotSetUp
from microsocial.database.folder import FolderInUse
from microsocial.friends import renewing
from microsocial.friends import store as friends_store
from microsocial.friends.service import Friends
from microsocial.friends.store import friends
from microsocial.identity import passwords
from microsocial.identity.model import AlreadySetUp, NameUnfit
from microsocial.identity.sessions import Sessions
from microsocial.node import Node, life, make_person
from microsocial.node.outside import Outside
from microsocial.records.keys.suspects import TAKEN_BACK_FOR_MS
from microsocial.records.service import Log
from microsocial.records.store import take_backs
from microsocial.settings import Settings
from microsocial.transport.reception import Reception


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr(
        passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data", port=8123)


@pytest.fixture
def ana(settings):
    return make_person(settings, "Ana", "correct horse")


async def started(settings):
    node = Node(settings, FakeClock())
    await node.start()
    return node


def test_init_makes_a_person_whom_the_next_start_finds(settings, ana):
    assert len(ana.words) == 24
    node = Node(settings)
    node.open()
    assert node.me.id == ana.id
    assert node.db.read_sync(node.name) == "Ana"
    node.close()


def test_init_again_changes_nothing(settings, ana):
    with pytest.raises(AlreadySetUp):
        make_person(settings, "Mallory", "long enough")
    node = Node(settings)
    node.open()
    assert (node.me.id, node.db.read_sync(node.name)) == (ana.id, "Ana")
    node.close()


def test_a_name_that_does_not_fit_makes_no_folder(settings):
    with pytest.raises(NameUnfit):
        make_person(settings, " ", "long enough")
    assert not settings.data.exists()


def test_the_new_person_does_not_print_the_words(ana):
    assert not any(word in repr(ana).split() for word in ana.words)


async def test_a_folder_is_one_nodes(settings):
    node = await started(settings)
    with pytest.raises(FolderInUse):
        Node(settings).open()
    await node.stop()
    again = Node(settings)
    again.open()
    again.close()


async def test_before_setup_there_are_no_rooms_but_a_door(settings):
    node = await started(settings)
    assert node.me is None
    assert node.room(Sessions) is node.sessions
    for kind in (Log, Friends, Reception):
        with pytest.raises(NotSetUp):
            node.room(kind)
    await node.stop()


async def test_the_rooms_and_the_way_outside_are_found_by_their_class(settings, ana):
    node = await started(settings)
    assert node.room(Log) is node.rooms.log
    assert isinstance(node.outside, Outside)
    assert node.room(Reception) is node.outside.reception
    await node.stop()


async def test_programs_on_this_machine_find_the_node_and_its_key(settings, ana):
    node = await started(settings)
    node.announce()
    described = json.loads((settings.data / "node.json").read_text())
    assert described["url"] == "http://127.0.0.1:8123"
    assert described["port"] == 8123
    for name in ("node.json", "cli-token"):
        assert stat.S_IMODE((settings.data / name).stat().st_mode) == 0o600
    await node.stop()
    assert not (settings.data / "node.json").exists()
    assert not (settings.data / "cli-token").exists()


async def test_each_start_has_another_key_for_programs(settings, ana):
    tokens = set()
    for _ in range(2):
        node = Node(settings)
        await node.start()
        tokens.add((settings.data / "cli-token").read_text())
        await node.stop()
    assert len(tokens) == 2


async def test_friends_are_told_the_address_once_and_again_when_it_changes(settings, ana):
    def told(node):
        return node.db.read_sync(
            lambda conn: (
                node.rooms.log.get(conn, ana.id, "address").fields["urls"],
                node.rooms.log.head(conn).seq,
            )
        )

    node = await started(settings)
    urls, head = told(node)
    assert urls == ["http://localhost:8123"]
    await node.stop()
    node = await started(settings)
    assert told(node) == (urls, head)
    await node.stop()
    object.__setattr__(settings, "address", "https://ana.example")
    node = await started(settings)
    assert told(node) == (["https://ana.example"], head + 1)
    await node.stop()


@pytest.mark.parametrize(
    ("host", "local", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123", "http://localhost:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123", "http://localhost:8123"),
        ("::1", "http://[::1]:8123", "http://[::1]:8123"),
        ("192.168.1.5", "http://192.168.1.5:8123", "http://192.168.1.5:8123"),
    ],
)
def test_where_it_is_reached_follows_from_where_it_listens(tmp_path, host, local, address):
    node = Node(Settings(data=tmp_path, host=host, port=8123))
    assert (node.local_url, node.address) == (local, address)


async def test_the_hourly_round_erases_what_can_no_longer_be_undone(settings, ana, monkeypatch):
    node = await started(settings)
    old = node.clock.now() - TAKEN_BACK_FOR_MS - 1
    row = {"ref": "r" * 43, "person": "b" * 43, "taken": old, "hash": b"h", "before": b"secret"}
    await node.db.write(lambda conn: conn.execute(insert(take_backs).values(**row)))
    await node.stop()
    monkeypatch.setattr(life, "HOUSEKEEPING_S", 0.01)
    node = await started(settings)
    async with asyncio.timeout(10):
        while await node.db.read(lambda conn: conn.execute(select(take_backs.c.before)).scalar()):  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
    await node.stop()


async def test_a_running_node_renews_the_capsule_soon_after_circles_change(
    settings, ana, monkeypatch
):
    monkeypatch.setattr(renewing, "QUIET_S", 0.01)
    node = await started(settings)
    tie = {"person": "A" * 43, "state": "friend", "met": "took_my_invite", "since": 1}
    await node.db.write(lambda conn: friends_store.put(conn, friends, sees_from=1, **tie))
    circles = node.room(Friends).circles
    await node.db.write(lambda conn: circles.create(conn, "Family"))
    async with asyncio.timeout(10):
        while not await node.db.read(lambda conn: node.room(Log).find(conn, ana.id, "capsule")):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    await node.stop()
