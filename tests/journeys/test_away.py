"""Friends who sleep, machines that are killed, answers that get lost, folders that are copied and restored."""

import shutil

from tests.support.nodes import befriend, people, wait_for


def test_a_friend_who_was_away_gets_everything_once_in_order_within_five_requests():
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "warm-up")
        ben.wait_for(lambda: ben.texts() == ["warm-up"])
        ben.stop()
        ben.proxy.go_dark()
        for number in range(50):
            ana.api.post("/posts", {"text": f"post {number}", "audience": {"class": "friends"}})
            if number in (10, 30):
                ana.kill()
                ana.start()
            if number < 20:
                ana.api.post(f"/messages/{ben.id}", {"text": f"message {number}"})
        ana.kill()
        ana.start()
        ben.start()
        ben.proxy.forget()
        ben.proxy.come_back()
        posts = [f"post {number}" for number in reversed(range(50))]
        wait_for(lambda: len(ben.texts()) >= 51, seconds=30)
        assert ben.texts() == [*posts, "warm-up"]
        conversation = ben.api.get(f"/messages/{ana.id}", limit=100)["items"]
        assert [message["text"] for message in conversation] == [
            f"message {n}" for n in reversed(range(20))
        ]
        assert len(ben.proxy.requests()) <= 5


def test_a_lost_answer_doubles_nothing():
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ben.proxy.mood.drop_answers = 1
        ana.cli("post", "said once")
        ben.wait_for(lambda: ben.texts() == ["said once"])
        ana.wait_for(lambda: ana.cli("delivery")["friends"][0]["behind"] == 0)
        assert ben.texts() == ["said once"]


def test_an_old_folder_put_back_gets_what_its_friends_still_hold():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "before the copy")
        ben.wait_for(ben.texts)
        ana.stop()
        copy = ana.node.data.with_name("ana-old")
        shutil.copytree(ana.node.data, copy)
        ana.start()
        ana.cli("post", "after the copy")
        ana.cli("message", "Ben", "remember this")
        ben.wait_for(lambda: len(ben.texts()) == 2)
        ben.wait_for(lambda: ben.api.get(f"/messages/{ana.id}")["items"])
        ana.stop()
        shutil.rmtree(ana.node.data)
        shutil.copytree(copy, ana.node.data)
        ana.start()
        ana.wait_for(lambda: ana.texts() == ["after the copy", "before the copy"])
        ana.wait_for(
            lambda: (
                [m["text"] for m in ana.api.get(f"/messages/{ben.id}")["items"]]
                == ["remember this"]
            )
        )
        ana.cli("post", "life goes on")
        ben.wait_for(lambda: ben.texts() == ["life goes on", "after the copy", "before the copy"])


def test_a_folder_copied_while_stopped_runs_elsewhere():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "from the old house")
        ben.wait_for(ben.texts)
        ana.stop()
        moved = ana.node.data.with_name("new-house")
        ana.node.data.rename(moved)
        ana.node.data = moved
        ana.start()
        ana.cli("post", "from the new house")
        ben.wait_for(lambda: ben.texts() == ["from the new house", "from the old house"])


def test_one_dead_friend_delays_nobody():
    with people("ana", "ben", "cem", through_proxy=("cem",)) as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        cem.proxy.mood.delay_seconds = 30
        arrivals = ben.watch()
        ana.cli("post", "quick as ever")
        arrivals.wait_for("post.arrived", seconds=5)


def test_rebuild_makes_the_same_again():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        post = ana.cli("post", "to be rebuilt")["id"]
        ben.wait_for(ben.texts)
        ben.cli("comment", post, "me too")
        ana.cli("message", "Ben", "hello")
        ana.wait_for(lambda: ana.cli("posts", "show", post)["comments"])
        before = (ana.feed(), ana.cli("messages", "Ben")["items"])
        ana.stop()
        ana.cli("rebuild")
        ana.start()
        assert (ana.feed(), ana.cli("messages", "Ben")["items"]) == before
