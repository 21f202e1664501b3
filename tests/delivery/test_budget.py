"""What delivery may cost, counted in letters (protocol §3, Budget)."""

import math

import pytest
from tests.support.world import World

from microsocial.delivery import updates
from microsocial.protocol.limits import MAX_PAGE_RECORDS


@pytest.fixture
def world() -> World:
    return World.of_friends("ana", "ben", "cem")


def test_one_update_per_friend_and_change(world: World) -> None:
    ana = world.people[0]
    for count in range(1, 4):
        ana.post(f"post {count}")
        world.run()
        assert len(world.sent) == 2 * count


def test_what_happens_while_a_letter_is_in_flight_goes_with_the_next(world: World) -> None:
    ana, ben, _ = world.people
    posts = [ana.post("first")]
    letter = ana.write_letter(ben.id)
    assert letter is not None
    world.post(letter)
    posts += [ana.post(f"post {count}") for count in range(20)]
    world.run()
    assert sum(outgoing.person == ben.id for outgoing in world.sent) == 2
    assert all(ben.holds(post) for post in posts)


@pytest.mark.parametrize(("changes", "page"), [(7, 3), (6, 3), (1, 3)])
def test_catching_up_takes_as_many_updates_as_there_are_pages(
    world: World, monkeypatch: pytest.MonkeyPatch, changes: int, page: int
) -> None:
    monkeypatch.setattr(updates, "MAX_PAGE_RECORDS", page)
    ana, ben, _ = world.people
    ana.in_flight[ben.id] = None  # type: ignore[assignment]  # ben is away
    posts = [ana.post(f"post {count}") for count in range(changes)]
    world.run()
    world.sent.clear()
    del ana.in_flight[ben.id]
    world.run()
    assert all(ben.holds(post) for post in posts)
    assert len(world.sent) == math.ceil(changes / page)


def test_a_page_ends_at_the_limit_of_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "MAX_PAGE_BYTES", 4_000)
    ana, ben, cem = world.people
    ana.write(lambda conn: ana.delivery.end(conn, cem.id))
    posts = [ana.post("x" * 1_000) for _ in range(10)]
    world.run()
    assert all(ben.holds(post) for post in posts)
    assert [outgoing.records for outgoing in world.sent] == [3, 3, 3, 1]


def test_a_change_that_one_may_not_see_sends_nothing(world: World) -> None:
    ana, _, cem = world.people
    ana.post("for me", "me")
    ana.post("for cem", "circle", [cem])
    world.run()
    assert [outgoing.person for outgoing in world.sent] == [cem.id]


def test_a_comment_costs_one_letter_to_the_owner_and_one_to_each_other_reader(
    world: World,
) -> None:
    ana, ben, cem = world.people
    post = ana.post("hello")
    world.run()
    world.sent.clear()
    comment = ben.comment(post, "hi")
    world.run()
    assert cem.holds(comment)
    assert [outgoing.person for outgoing in world.sent] == [ana.id, cem.id]


def test_many_edits_of_one_post_travel_as_the_newest(world: World) -> None:
    ana, ben, _ = world.people
    post = ana.post("hello")
    for count in range(30):
        ana.edit(post, f"edit {count}")
    world.run()
    assert ben.text(post) == "edit 29"
    assert [outgoing.records for outgoing in world.sent] == [1, 1]


def test_an_idle_hello_costs_one_letter(world: World) -> None:
    ana, ben, _ = world.people
    ana.wants_hello.add(ben.id)
    world.run()
    assert len(world.sent) == 1


def test_one_hello_on_return_catches_both_sides_up(world: World) -> None:
    ana, ben, cem = world.people
    for person in (ana, cem):
        person.waits.add(ben.id)  # ben is away
    from_ana = [ana.post(f"post {count}") for count in range(50)]
    ana.message(ben, "are you there?")
    world.run()
    world.sent.clear()
    ben.wants_hello.add(ana.id)
    ana.waits.clear()  # the hello says that ben is back
    world.run()
    assert all(ben.holds(post) for post in from_ana)
    assert len(world.sent) <= 3


def test_the_page_limit_is_the_protocols() -> None:
    assert updates.MAX_PAGE_RECORDS == MAX_PAGE_RECORDS == 500
