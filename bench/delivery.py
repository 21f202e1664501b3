"""What does it cost to bring a post to a friend: requests, time, processor?"""

import time

from tests.support.nodes import Person, befriend, people

from bench.start import processor_seconds

POSTS = 60


def ask() -> list[str]:
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "warm-up")
        ben.wait_for(lambda: ben.texts() == ["warm-up"])
        requests, waits, (author_s, friend_s) = _one_by_one(ana, ben)
        burst = _all_at_once(ana, ben)
    waits.sort()
    return [
        f"- requests per post and friend, one post at a time: {requests / POSTS:.2f}",
        f"- requests for {POSTS} posts of which all but the first were written while one was in flight: {burst}",
        (
            "- from the owner's request to the friend's live event, both nodes on this machine, a counting proxy between: "
            f"median {waits[POSTS // 2] * 1000:.0f} ms, slowest {waits[-1] * 1000:.0f} ms"
        ),
        (
            f"- processor per delivered post: {author_s * 1000 / POSTS:.1f} ms at the author's node, "
            f"{friend_s * 1000 / POSTS:.1f} ms at the friend's"
        ),
    ]


def _one_by_one(ana: Person, ben: Person) -> tuple[int, list[float], tuple[float, float]]:
    arrivals = ben.watch()
    ben.proxy.forget()
    before = processor_seconds(ana), processor_seconds(ben)
    waits = []
    for number in range(POSTS):
        began = time.perf_counter()
        ref = _post(ana, f"post {number}")
        arrivals.wait_for("post.arrived", lambda event, ref=ref: event["post"]["id"] == ref)
        waits.append(time.perf_counter() - began)
    after = processor_seconds(ana), processor_seconds(ben)
    return len(ben.proxy.requests()), waits, (after[0] - before[0], after[1] - before[1])


def _all_at_once(ana: Person, ben: Person) -> int:
    ben.proxy.forget()
    ben.proxy.mood.delay_seconds = 1.0
    for number in range(POSTS):
        _post(ana, f"burst {number}")
    ben.wait_for(lambda: len(ben.feed()) == 2 * POSTS + 1, 60)
    ben.proxy.mood.delay_seconds = 0
    return len(ben.proxy.requests())


def _post(author: Person, text: str) -> str:
    ref: str = author.api.post("/posts", {"text": text, "audience": {"class": "friends"}})["id"]
    return ref
