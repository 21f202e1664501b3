"""Ana invites, Ben adds; circles, threads, edits, removal: what two, three and four people see of each other."""

import httpx
import pytest
from tests.support.nodes import CommandFailed, Person, befriend, people, wait_for


def test_an_invite_makes_friends_in_one_round_trip_and_posts_arrive_live():
    with people("ana", "ben", "stranger") as (ana, ben, stranger):
        arrivals = ben.watch()
        link = ana.cli("invite")["link"]
        friend = ben.cli("friends", "add", link)["friend"]
        assert friend["id"] == ana.id
        assert [one["name"] for one in ana.cli("friends", "list")["friends"]] == ["Ben"]

        said = ana.cli("post", "Good morning, *Ben*", "--audience", "friends")
        seen = arrivals.wait_for("post.arrived")["post"]
        assert (seen["id"], seen["text"]) == (said["id"], "Good morning, *Ben*")
        assert "<em>Ben</em>" in seen["html"]
        assert ben.texts() == ["Good morning, *Ben*"]

        with pytest.raises(CommandFailed, match=r"already|used"):
            stranger.cli("friends", "add", link)
        assert _nothing_readable_to_strangers(ana, said["id"])


def _nothing_readable_to_strangers(ana: Person, post: str) -> bool:
    with httpx.Client(base_url=ana.address) as stranger:
        for path in ("/", f"/p/{post}", "/feed.atom", "/feed.json", "/peer/v1/public", "/.well-known/microsocial", "/i",
                     "/api/v1/feed", f"/api/v1/posts/{post}", "/api/v1/friends", "/api/v1/events", "/api/v1/openapi.json"):  # fmt: skip
            answer = stranger.get(path)
            assert "Good morning" not in answer.text, path
            assert answer.status_code < 500, path
            if path.startswith("/api/"):
                assert answer.status_code == 401, path
    return True


def test_a_request_by_address_waits_for_a_yes_and_a_no_stays_quiet():
    with people("ana", "ben", "cem") as (ana, ben, cem):
        ben.cli("friends", "add", ana.address)
        cem.cli("friends", "add", ana.address)
        requests = ana.wait_for(
            lambda: (found := ana.cli("friends", "list")["requests"]) and len(found) == 2 and found
        )
        assert {one["name"] for one in requests} == {"Ben", "Cem"}
        ana.cli("friends", "accept", "Ben")
        ana.cli("friends", "decline", "Cem")
        ben.wait_for(
            lambda: [one["name"] for one in ben.cli("friends", "list")["friends"]] == ["Ana"]
        )
        assert cem.cli("friends", "list")["friends"] == []
        assert ana.cli("friends", "list")["requests"] == []


def test_only_the_circle_gets_what_is_for_the_circle():
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        ana.cli("circles", "create", "Family")
        ana.cli("circles", "add", "Family", "Ben")
        ana.cli("post", "Grandma's secret biscuits", "--audience", "circle:Family")
        ana.cli("post", "biscuits for everybody", "--audience", "friends")
        wait_for(lambda: cem.texts() == ["biscuits for everybody"])
        wait_for(lambda: len(ben.texts()) == 2)
        assert ben.feed()[1]["audience"]["class"] == "circle"
        cem.stop()
        assert not cem.said_in_files("secret biscuits")


def test_edits_and_deletions_end_the_same_everywhere():
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        post = ana.cli("post", "frist")["id"]
        other = ana.cli("post", "to be deleted soon")["id"]
        ben.wait_for(lambda: len(ben.texts()) == 2)
        ben.proxy.go_dark()
        ana.cli("posts", "edit", post, "fist")
        ana.cli("posts", "edit", post, "first")
        ana.cli("posts", "delete", other)
        ben.proxy.come_back()
        ben.wait_for(lambda: ben.texts() == ["first"])
        assert ben.feed()[0]["edited"]
        ben.stop()
        assert not ben.said_in_files("to be deleted soon")


def test_three_friends_read_one_whole_thread_and_strangers_in_it_are_introduced():
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        post = ana.cli("post", "What shall we cook?")["id"]
        for friend in (ben, cem):
            friend.wait_for(lambda friend=friend: friend.texts())
        ben.cli("comment", post, "Soup")
        cem.cli("react", post, "🍲")
        ana.cli("comment", post, "Soup it is")

        def thread(reader: Person):
            return reader.cli("posts", "show", post)

        for reader in (ana, ben, cem):
            wait_for(
                lambda reader=reader: (
                    [c["text"] for c in thread(reader)["comments"]] == ["Soup", "Soup it is"]
                )
            )
            wait_for(
                lambda reader=reader: [r["emoji"] for r in thread(reader)["reactions"]] == ["🍲"]
            )
        soup = thread(cem)["comments"][0]
        assert (soup["author"]["name"], soup["author"]["known_through"]) == ("Ben", "Ana")
        assert thread(cem)["reactions"][0]["mine"]

        cem.cli("react", post, "🍲")
        for reader in (ana, ben, cem):
            wait_for(lambda reader=reader: thread(reader)["reactions"] == [])
        comment = thread(ana)["comments"][0]["id"]
        ana.api.delete(f"/comments/{comment}")
        for reader in (ana, ben, cem):
            wait_for(
                lambda reader=reader: (
                    [c["text"] for c in thread(reader)["comments"]] == ["Soup it is"]
                )
            )


def test_somebody_removed_is_told_gets_nothing_new_and_stops_asking():
    with people("ana", "ben", through_proxy=("ana",)) as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "before")
        ben.wait_for(lambda: ben.texts() == ["before"])
        told = ben.watch()
        ana.cli("friends", "remove", "Ben")
        sentence = told.wait_for("friend.ended")["sentence"]
        assert "Ana" in sentence
        ana.cli("post", "after")
        ben.cli("post", "are you there?")
        assert ben.cli("friends", "list")["friends"] == []
        ana.proxy.forget()
        ben.restart()  # a start says hello to friends: there is none
        assert ben.texts() == ["are you there?", "before"]
        assert ana.proxy.requests() == []
        ben.stop()
        assert not ben.said_in_files("after")


def test_blocking_is_not_told_and_looks_like_any_closed_door():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        told = ben.watch()
        ana.cli("friends", "block", "Ben")
        ana.cli("post", "not for Ben")
        ben.cli("post", "hello?")
        told.wait_for(
            "friend.ended"
        )  # Ben's own machine notices at the closed door, not by a farewell
        assert ben.texts() == ["hello?"]
        assert ana.texts() == ["not for Ben"]
