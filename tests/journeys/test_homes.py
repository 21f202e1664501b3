"""A friend moves to another private address: the owner is asked, and nothing is called there before the yes.

Unlike in other journeys no private network is open for everybody: only the owners' yes opens what is called here.
"""

import socket
import threading
from contextlib import contextmanager

from tests.support.nodes import befriend, people, wait_for

from microsocial.cli.children import free_port

ASKING = {"MICROSOCIAL_ALLOW_PRIVATE_ADDRESSES": "", "MICROSOCIAL_BACKOFF_BASE_MS": "100"}


class Counter:
    """A door at which somebody counts who comes, and lets nobody in."""

    def __init__(self) -> None:
        self.port = free_port()
        self.came = 0
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._listening.accept()
            except OSError:
                return
            self.came += 1
            visitor.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


@contextmanager
def counting():
    counter = Counter()
    try:
        yield counter
    finally:
        counter.close()


def lives_at(person, address):
    """The node says of itself that it lives there, from its next start on."""
    person.address = address
    person.node.env["MICROSOCIAL_ADDRESS"] = address
    person.restart()


def page(ana, ben):
    return ana.api.get(f"/friends/{ben.id}")


def asked(ana, ben):
    return [home["place"] for home in page(ana, ben)["at_home"]]


def tries(ana, ben):
    [account] = [
        one for one in ana.api.get("/delivery")["friends"] if one["person"]["id"] == ben.id
    ]
    return account["error"]


def post(person, text):
    person.api.post("/posts", {"text": text, "audience": {"class": "friends"}})


def test_a_friend_at_a_new_private_place_is_called_there_after_a_yes_and_not_before():
    with people("ana", "ben", settings=ASKING) as (ana, ben), counting() as counter:
        befriend(ana, ben)
        screen = ana.watch()
        # First somebody else's door: Ben's record names it, and who trusted that would knock there.
        lives_at(ben, f"http://{counter.place}")
        changed = screen.wait_for("friend.changed", lambda told: told["friend"]["at_home"])
        [home] = changed["friend"]["at_home"]
        assert home["place"] == counter.place
        assert home["sentence"].startswith(f"Ben says they are at home at {counter.place} now")
        noticed = screen.wait_for("notice.arrived")["notice"]
        assert (noticed["kind"], noticed["about"]["person"]["id"]) == ("home", ben.id)
        assert counter.place in noticed["sentence"]
        assert noticed["id"] in [one["id"] for one in ana.api.get("/notices")]
        post(ana, "is anybody there?")
        wait_for(lambda: tries(ana, ben))
        ana.restart()  # a start greets everybody
        wait_for(lambda: tries(ana, ben))
        assert counter.came == 0

        # A no keeps it closed; the control: a yes is what opens it, and then somebody comes.
        ana.run("friends", "home", ben.id, "--no")
        assert asked(ana, ben) == []
        assert counter.came == 0
        ana.run("friends", "home", ben.id, counter.place)
        wait_for(lambda: counter.came)

        # Then Ben's own new door.
        ben.stop()
        ben.node.port = free_port()
        place = f"127.0.0.1:{ben.node.port}"
        lives_at(ben, f"http://{place}")
        wait_for(lambda: asked(ana, ben) == [place])
        came = counter.came
        assert "is anybody there?" not in ben.texts()
        said = ana.cli("friends", "home", "Ben")
        assert said["at_home"] == []
        wait_for(lambda: "is anybody there?" in ben.texts())
        assert counter.came == came
