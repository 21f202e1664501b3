"""Private conversations: delivered, unsent, cleared; and gone where they were cleared."""

from tests.support.nodes import befriend, people, wait_for

SECRET = "the key is under the geranium"


def test_messages_go_both_ways_and_unsending_takes_one_back():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        arrivals = ben.watch()
        sent = ana.cli("message", "Ben", "hello Ben")
        arrivals.wait_for("message.arrived")
        ben.cli("message", "Ana", "hello Ana")
        ana.wait_for(
            lambda: (
                [m["text"] for m in ana.cli("messages", "Ben")["items"]]
                == ["hello Ana", "hello Ben"]
            )
        )
        ana.wait_for(lambda: ana.cli("messages", "Ben")["items"][1]["state"] == "delivered")
        ana.api.delete(f"/messages/{ben.id}/{sent['id']}")
        ben.wait_for(
            lambda: [m["text"] for m in ben.cli("messages", "Ana")["items"]] == ["hello Ana"]
        )


def test_clearing_empties_both_sides_and_both_disks_and_says_so():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("message", "Ben", SECRET)
        ben.wait_for(lambda: ben.cli("messages", "Ana")["items"])
        ben.cli("message", "Ana", f"understood: {SECRET}")
        ana.wait_for(lambda: len(ana.cli("messages", "Ben")["items"]) == 2)
        assert ana.said_in_files(SECRET)

        ben.cli("messages", "Ana", "--clear")
        assert ben.cli("messages", "Ana")["items"] == []
        wait_for(lambda: ana.cli("messages", "Ben")["items"] == [])
        notes = ana.cli("messages", "Ben")["notes"]
        assert "Ben" in notes[-1]["sentence"]
        wait_for(lambda: not ana.said_in_files(SECRET))
        wait_for(lambda: not ben.said_in_files(SECRET))


def test_a_message_to_somebody_away_waits_and_is_cleared_before_it_was_ever_sent():
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        ben.proxy.go_dark()
        waiting = ana.cli("message", "Ben", SECRET)
        assert waiting["state"] == "sending"
        ana.cli("messages", "Ben", "--clear")
        ana.cli("message", "Ben", "what is left")
        ben.proxy.come_back()
        ben.wait_for(
            lambda: [m["text"] for m in ben.cli("messages", "Ana")["items"]] == ["what is left"]
        )
        ben.stop()
        assert not ben.said_in_files(SECRET)
