"""When the courier speaks to whom. What is said is faked: a post office with a pile of letters per friend."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.database import DiskFull, MachineRecovered, in_memory
from microsocial.delivery import courier as courier_module
from microsocial.delivery import rounds
from microsocial.delivery.answers import Listed
from microsocial.delivery.backoff import Backoff
from microsocial.delivery.courier import Courier
from microsocial.delivery.model import (
    BUSY,
    KEYS_NOT_TAKEN,
    CorrespondenceBegan,
    CorrespondenceEnded,
    Done,
    Draft,
    Ended,
    HelloArrived,
    NextStep,
    Outgoing,
    SendKeys,
    SendUpdate,
    Stop,
)
from microsocial.records.model import ChangeLogged
from microsocial.transport.errors import NotReachable
from microsocial.transport.http_out import Destination, Response

MINUTE = 60_000
HOUR = 60 * MINUTE


class PostOffice:
    """Has a pile of letters per friend; an acknowledged letter is gone."""

    def __init__(self, *friends: str) -> None:
        self.friends = list(friends)
        self.pile: dict[str, int] = defaultdict(int)
        self.asked: list[str] = []
        self.introduced: list[tuple[str, bytes]] = []
        self.failures: list[tuple[str, str, int | None]] = []
        self.says: Callable[[Outgoing], NextStep] = lambda outgoing: Done()

    def correspondents(self, conn: Connection) -> list[str]:
        return self.friends

    def due(self, conn: Connection) -> list[str]:
        return [person for person, letters in self.pile.items() if letters]

    def draft(self, conn: Connection, person: str, hello: bool = False) -> Draft | None:
        self.asked.append(person)
        if not self.pile[person] and not hello:
            return None
        outgoing = Outgoing(person, "update", b"", hash="", hello=hello, records=self.pile[person])
        return lambda: outgoing

    def open_answer(self, conn: Connection, outgoing: Outgoing, answer: bytes) -> Listed | None:
        return None

    def on_answer(
        self, conn: Connection, outgoing: Outgoing, answer: bytes, listed: Listed | None = None
    ) -> NextStep:
        self.pile[outgoing.person] -= outgoing.records
        return self.says(outgoing)

    def introduction(self) -> bytes:
        return b"my keys"

    def on_introduction(
        self, conn: Connection, person: str, body: bytes, answer: bytes
    ) -> NextStep:
        self.introduced.append((person, body))
        return SendUpdate()

    def failed(
        self, conn: Connection, person: str, sentence: str, next_try: int | None = None
    ) -> None:
        self.failures.append((person, sentence, next_try))


class Network:
    """Remembers who was called when. Friends in `down` cannot be reached; those in `slow` answer when told to."""

    def __init__(self, clock: FakeClock) -> None:
        self.calls: list[tuple[str, int]] = []
        self.down: set[str] = set()
        self.slow: dict[str, asyncio.Event] = {}
        self.status = 200
        self.most_at_once = 0
        self._clock = clock
        self._now = 0

    async def post(self, to: Destination, path: str, body: bytes, **how: Any) -> Response:
        self.calls.append((to.person, self._clock.now()))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if to.person in self.slow:
                await self.slow[to.person].wait()
            if to.person in self.down:
                raise NotReachable
        finally:
            self._now -= 1
        return Response(self.status, "application/microsocial", b"answer", "")

    def calls_to(self, person: str) -> int:
        return sum(1 for called, _ in self.calls if called == person)


class Story:
    """A courier at work, a clock that moves when told to, and time for the loop to settle."""

    def __init__(self, *friends: str) -> None:
        self.clock = FakeClock()
        self.post = PostOffice(*friends)
        self.network = Network(self.clock)
        self.db = in_memory()
        self.courier = Courier(
            self.db,
            self.post,
            self.network,
            signer=object(),
            whereabouts=lambda conn, person: (frozenset(), None),
            clock=self.clock,
            entropy=SeededEntropy(7),
            bus=self.db.bus,
            backoff=Backoff(),
            seal=self.seal,
        )
        self.drafts: list[bool] = []  # of each letter sealed: whether a transaction was open

    async def seal(self, draft: Draft) -> Outgoing:
        self.drafts.append(self.db._open_reader().in_transaction())
        return draft()

    async def settle(self) -> None:
        for _ in range(60):
            await asyncio.sleep(0)

    async def pass_time(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        self.courier.look_at_the_clock()
        await self.settle()

    async def write_to(self, *people: str) -> None:
        for person in people:
            self.post.pile[person] += 1
        self.db.bus.publish(ChangeLogged(frozenset(people)))
        await self.settle()

    async def tell(self, event: Any) -> None:
        self.db.bus.publish(event)
        await self.settle()


@asynccontextmanager
async def story(*friends: str, greeted: bool = True) -> AsyncIterator[Story]:
    told = Story(*friends)
    task = asyncio.ensure_future(told.courier.run())
    try:
        await told.settle()
        if greeted:
            await told.pass_time(1000)
            told.network.calls.clear()
            told.post.asked.clear()
        yield told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        told.db.close()


async def test_at_the_start_everybody_gets_one_hello() -> None:
    async with story("ben", "cem", greeted=False) as it:
        await it.pass_time(1000)
        assert sorted(person for person, _ in it.network.calls) == ["ben", "cem"]
        await it.pass_time(HOUR)
        assert len(it.network.calls) == 2


async def test_a_farewell_that_did_not_get_out_is_told_after_the_start() -> None:
    it = Story()
    it.post.pile["former"] = 1
    task = asyncio.ensure_future(it.courier.run())
    await it.settle()
    assert it.network.calls_to("former") == 1
    task.cancel()
    it.db.close()


async def test_a_change_leaves_at_once_to_those_whom_it_concerns() -> None:
    async with story("ben", "cem") as it:
        await it.write_to("ben")
        assert [person for person, _ in it.network.calls] == ["ben"]
        assert it.post.asked[:1] == ["ben"]
        assert "cem" not in it.post.asked


async def test_a_change_for_whoever_may_see_it_asks_for_everybody() -> None:
    async with story("ben", "cem") as it:
        it.post.pile["cem"] = 1
        await it.tell(ChangeLogged(None))
        assert set(it.post.asked) == {"ben", "cem"}
        assert [person for person, _ in it.network.calls] == ["cem"]


async def test_one_exchange_at_a_time_and_what_changes_meanwhile_goes_together() -> None:
    async with story("ben") as it:
        it.network.slow["ben"] = asyncio.Event()
        await it.write_to("ben")
        for _ in range(5):
            await it.write_to("ben")
        assert it.network.calls_to("ben") == 1
        it.network.slow.pop("ben").set()
        await it.settle()
        assert it.network.calls_to("ben") == 2
        assert it.post.pile["ben"] == 0


async def test_a_day_without_anything_costs_one_hello_per_silent_friend() -> None:
    async with story("ben", "cem") as it:
        for _ in range(26 * 6):
            await it.pass_time(10 * MINUTE)
        assert it.network.calls_to("ben") == 1
        assert it.network.calls_to("cem") == 1


async def test_a_friend_heard_from_needs_no_hello_that_day() -> None:
    async with story("ben") as it:
        for _ in range(4):
            await it.pass_time(20 * HOUR)
            it.courier.heard("ben")
            await it.settle()
        assert it.network.calls == []


async def test_changes_that_somebody_may_not_see_do_not_put_off_their_hello() -> None:
    async with story("ben") as it:
        for _ in range(27):
            await it.pass_time(HOUR)
            await it.tell(ChangeLogged(None))
        assert it.network.calls_to("ben") == 1


async def test_who_cannot_be_reached_is_tried_less_and_less_often_but_never_given_up() -> None:
    async with story("ben") as it:
        it.network.down.add("ben")
        await it.write_to("ben")
        for _ in range(3 * 24 * 60):
            await it.pass_time(MINUTE)
        times = [moment for _, moment in it.network.calls]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert gaps[0] <= 2 * MINUTE
        assert max(gaps) < 8 * HOUR
        assert 15 < len(times) < 30
        assert gaps[-1] > 4 * HOUR
        it.network.down.clear()
        await it.pass_time(8 * HOUR)
        assert it.post.pile["ben"] == 0


async def test_posting_does_not_hammer_a_machine_that_is_down() -> None:
    async with story("ben") as it:
        it.network.down.add("ben")
        for _ in range(50):
            await it.write_to("ben")
        assert it.network.calls_to("ben") == 1


async def test_the_ledger_is_told_why_and_when_the_next_try_is() -> None:
    async with story("ben") as it:
        it.network.down.add("ben")
        await it.write_to("ben")
        [(person, sentence, next_try)] = it.post.failures
        assert person == "ben"
        assert sentence == NotReachable.sentence()
        assert next_try is not None
        assert 45_000 <= next_try - it.clock.now() <= 75_000


async def test_being_heard_from_ends_the_waiting() -> None:
    async with story("ben") as it:
        it.network.down.add("ben")
        await it.write_to("ben")
        await it.pass_time(12 * HOUR)
        it.network.down.clear()
        it.network.calls.clear()
        it.courier.heard("ben")
        await it.settle()
        assert it.post.pile["ben"] == 0


async def test_being_heard_from_while_trying_in_vain_means_another_try_at_once() -> None:
    async with story("ben") as it:
        gate = it.network.slow["ben"] = asyncio.Event()
        it.network.down.add("ben")
        await it.write_to("ben")
        it.courier.heard("ben")
        gate.set()
        await it.settle()
        assert it.network.calls_to("ben") == 2


async def test_a_hello_is_followed_by_a_look() -> None:
    async with story("ben") as it:
        it.post.pile["ben"] = 1
        await it.tell(HelloArrived("ben"))
        assert it.post.pile["ben"] == 0


async def test_a_new_friend_is_written_to() -> None:
    async with story() as it:
        it.post.pile["dora"] = 1
        await it.tell(CorrespondenceBegan("dora"))
        assert it.network.calls_to("dora") == 1


async def test_when_they_ended_it_nothing_is_sent_any_more() -> None:
    async with story("ben") as it:
        await it.tell(CorrespondenceEnded("ben", by_them=True))
        for _ in range(60):
            await it.pass_time(HOUR)
        assert it.network.calls == []


async def test_when_we_end_it_the_farewell_goes_out_and_then_nothing() -> None:
    async with story("ben") as it:
        it.post.pile["ben"] = 1
        it.post.says = lambda outgoing: Ended()
        await it.tell(CorrespondenceEnded("ben", by_them=False))
        for _ in range(60):
            await it.pass_time(HOUR)
        assert it.network.calls_to("ben") == 1


async def test_pages_follow_each_other_at_once() -> None:
    async with story("ben") as it:
        steps: list[NextStep] = [SendUpdate(), SendUpdate(), Done()]
        it.post.says = lambda outgoing: steps.pop(0)

        def draft(conn: Connection, person: str, hello: bool = False) -> Draft | None:
            return (lambda: Outgoing(person, "update", b"", hash="")) if steps else None

        it.post.draft = draft
        await it.tell(ChangeLogged(frozenset({"ben"})))
        assert it.network.calls_to("ben") == 3


async def test_nothing_is_sealed_while_a_transaction_is_open() -> None:
    async with story("ben") as it:
        it.drafts.clear()
        await it.write_to("ben")
        assert it.drafts == [False]


async def test_a_stopped_copy_sends_nothing_until_the_owner_decides() -> None:
    async with story("ben", "cem") as it:
        it.post.says = lambda outgoing: Stop("Another copy runs.")
        await it.write_to("ben")
        await it.write_to("cem")
        assert it.network.calls_to("cem") == 0
        it.post.says = lambda outgoing: Done()
        it.courier.resume()
        await it.settle()
        assert it.network.calls_to("cem") == 1


@pytest.mark.parametrize("status", [429, 500, 503, 507])
async def test_a_busy_machine_is_tried_again_later(status: int) -> None:
    async with story("ben") as it:
        it.network.status = status
        await it.write_to("ben")
        assert it.post.failures[0][1] == BUSY
        it.network.status = 200
        await it.pass_time(2 * MINUTE)
        assert it.post.pile["ben"] == 0


async def test_slow_friends_never_delay_the_others() -> None:
    slow = [f"slow{number}" for number in range(40)]
    async with story("ben", *slow) as it:
        for person in slow:
            it.network.slow[person] = asyncio.Event()
        await it.write_to(*slow)
        await it.write_to("ben")
        assert it.post.pile["ben"] == 0


async def test_no_more_than_so_many_exchanges_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "MAX_IN_FLIGHT", 5)
    people = [f"p{number}" for number in range(20)]
    async with story(*people) as it:
        gate = asyncio.Event()
        it.network.slow = dict.fromkeys(people, gate)
        it.network.most_at_once = 0
        await it.write_to(*people)
        assert it.network.most_at_once == 5
        gate.set()
        for _ in range(20):
            await it.settle()
        assert not any(it.post.pile.values())


async def test_a_machine_that_never_answers_is_given_up_after_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "EXCHANGE_SECONDS", 0.05)
    async with story("ben") as it:
        it.network.slow["ben"] = asyncio.Event()
        await it.write_to("ben")
        await asyncio.sleep(0.1)
        await it.settle()
        assert len(it.post.failures) == 1


async def test_a_mistake_of_ours_with_one_friend_does_not_stop_the_rest() -> None:
    async with story("ben", "cem") as it:
        good = it.post.draft

        def broken(conn: Connection, person: str, hello: bool = False) -> Draft | None:
            if person == "ben":
                raise RuntimeError("a mistake of ours")
            return good(conn, person, hello)

        it.post.draft = broken
        await it.write_to("ben", "cem")
        assert it.post.pile["cem"] == 0


async def test_after_our_own_network_was_gone_one_answer_wakes_all_the_others() -> None:
    friends = ("ben", "cem", "dora")
    async with story(*friends) as it:
        it.network.down.update(friends)
        await it.write_to(*friends)
        for _ in range(10):
            await it.pass_time(HOUR)
        it.network.down.clear()
        it.courier.heard("ben")
        await it.settle()
        await it.pass_time(MINUTE)
        assert not any(it.post.pile.values())


async def test_somebody_long_dead_is_not_woken_by_every_success_of_another() -> None:
    async with story("ben", "dead") as it:
        it.network.down.add("dead")
        await it.write_to("dead")
        for _ in range(12):
            await it.pass_time(HOUR)
        it.network.calls.clear()
        for _ in range(60):
            await it.write_to("ben")
            await it.pass_time(MINUTE)
        assert it.network.calls_to("ben") == 60
        assert it.network.calls_to("dead") <= 1


async def test_many_friends_mean_one_timer() -> None:
    people = [f"p{number}" for number in range(500)]
    async with story(*people) as it:
        for _ in range(40):
            await it.pass_time(1000)
        await it.settle()
        assert len(asyncio.all_tasks()) <= 3


YEAR = 365 * 24 * HOUR


async def test_a_clock_set_back_by_a_year_puts_nothing_off_by_a_year() -> None:
    async with story("ben", "cem") as it:
        it.network.down.add("ben")
        await it.write_to("ben")
        it.network.calls.clear()
        await it.pass_time(-YEAR)
        await it.pass_time(2 * MINUTE)
        assert it.network.calls_to("ben") == 1, "the next try came in its time"
        for _ in range(30):
            await it.pass_time(HOUR)
        assert it.network.calls_to("cem") == 1, "and so did the daily hello"


async def test_a_clock_set_ahead_and_back_again_costs_one_look_at_everybody() -> None:
    async with story("ben", "cem") as it:
        await it.pass_time(YEAR)
        assert it.network.calls_to("ben") <= 1
        await it.pass_time(-YEAR)
        for _ in range(20):
            await it.pass_time(HOUR)
        assert it.network.calls_to("ben") <= 1
        await it.write_to("cem")
        assert it.post.pile["cem"] == 0


async def test_whom_our_full_disk_turned_away_hears_from_us_as_soon_as_it_is_over() -> None:
    async with story("ben", "cem") as it:
        it.courier.turned_away("ben")
        await it.pass_time(MINUTE)
        assert it.network.calls == []
        await it.tell(MachineRecovered())
        assert [person for person, _ in it.network.calls] == ["ben"]
        await it.tell(MachineRecovered())
        assert it.network.calls_to("ben") == 1


async def test_what_our_own_disk_kept_from_leaving_leaves_as_soon_as_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with story("ben") as it:

        async def full(change: object) -> None:
            raise DiskFull

        with monkeypatch.context() as broken:
            broken.setattr(it.db, "write", full)
            await it.write_to("ben")
        assert it.post.pile["ben"] == 1
        await it.tell(MachineRecovered())
        assert it.post.pile["ben"] == 0


async def test_who_does_not_know_my_newest_key_is_shown_it_and_then_gets_the_letter() -> None:
    async with story("ben") as it:
        steps = iter([SendKeys(hello=True)])
        it.post.says = lambda outgoing: next(steps, Done())
        await it.write_to("ben")
        assert it.post.introduced == [("ben", b"my keys")]
        assert not it.post.failures


async def test_who_takes_my_key_and_does_not_know_it_after_all_is_shown_it_again_later() -> None:
    async with story("ben") as it:

        def says(outgoing: Outgoing) -> NextStep:
            it.post.pile["ben"] += outgoing.records
            return SendKeys()

        it.post.says = says
        await it.write_to("ben")
        assert it.post.introduced == [("ben", b"my keys")]
        assert [sentence for _, sentence, _ in it.post.failures] == [KEYS_NOT_TAKEN]
        await it.pass_time(HOUR)
        assert len(it.post.introduced) > 1
