"""The move as its owner tells it."""

import pytest
from tests.support.village import Village

from microsocial.archive.moving import AddressWrong, AlreadyThere, Moving, NotMoved

HERE, THERE = "https://here.example", "https://there.example"


@pytest.fixture
def ana():
    village = Village()
    ana = village.person("Ana")
    ana.write(lambda conn: ana.log.set_one(conn, "address", {"urls": [HERE], "home": []}))
    yield ana
    village.close()


def test_a_move_is_said_and_taken_back(ana):
    moving = Moving(ana.delivery)
    shape = ana.read(lambda conn: moving.shape(conn, HERE))
    assert (shape["state"], shape["address"], shape["record"]) == ("here", HERE, None)
    moved = ana.write(lambda conn: moving.move(conn, f" {THERE}/ ", HERE))
    assert (moved["state"], moved["address"]) == ("moved", THERE)
    assert "sends nothing any more" in moved["sentence"]
    assert moved["record"]
    back = ana.write(lambda conn: moving.stay(conn, HERE))
    assert back["state"] == "here"
    with pytest.raises(NotMoved):
        ana.write(lambda conn: moving.stay(conn, HERE))


def test_a_private_address_is_named_as_such(ana):
    moving = Moving(ana.delivery)
    moved = ana.write(lambda conn: moving.move(conn, "http://192.168.1.7:8080", HERE))
    assert "private address" in moved["sentence"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "there.example",
        "ftp://there.example",
        "https://ana@there.example",
        "https://" + "x" * 400,
    ],
)
def test_what_is_no_address_is_refused(ana, address):
    with pytest.raises(AddressWrong):
        ana.write(lambda conn: Moving(ana.delivery).move(conn, address, HERE))


def test_nobody_moves_to_where_they_are(ana):
    with pytest.raises(AlreadyThere):
        ana.write(lambda conn: Moving(ana.delivery).move(conn, HERE + "/", HERE))
