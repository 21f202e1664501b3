import pytest

from microsocial.friends.homes import accepted_places, housemate_places, is_private, place_of

HOME = "http://192.168.1.5:8080"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://[::1]:8080",
        HOME,
        "http://ana.local:8080",
        "http://[fd00::5]",
        "http://10.1.2.3",
        "http://raspberrypi",
    ],
)
def test_private_addresses_are_known_by_their_text(url):
    assert is_private(url)
    assert accepted_places(url) == {place_of(url)}


@pytest.mark.parametrize("url", ["https://ana.example", "http://93.184.216.34:8080"])
def test_public_addresses_need_no_permission(url):
    assert not is_private(url)
    assert accepted_places(url) == frozenset()


def test_what_is_no_address_has_no_place():
    assert place_of("javascript:alert(1)") is None
    assert place_of("https://ana.example") == "ana.example:443"
    assert place_of("http://LOCALHOST:80") == "localhost:80"


def test_a_housemate_is_the_machine_that_stood_at_the_door():
    urls = [
        "http://192.168.1.7:8080",
        "http://192.168.1.1",
        "http://ben.local",
        "https://ben.example",
    ]
    assert housemate_places(urls, "192.168.1.7", HOME) == {"192.168.1.7:8080"}
    assert housemate_places(urls, "::ffff:192.168.1.7", HOME) == {"192.168.1.7:8080"}


def test_behind_a_public_address_nobody_is_a_housemate():
    """The address they came from may be a proxy's, and then it would be our own machine."""
    urls = ["http://localhost:22", "http://127.0.0.1:6379"]
    assert housemate_places(urls, "127.0.0.1", "https://ana.example") == frozenset()
    assert housemate_places(urls, None, HOME) == frozenset()
    assert housemate_places(urls, "not an address", HOME) == frozenset()


def test_this_machine_is_named_only_by_this_machine():
    urls = ["http://localhost:8082", "http://127.0.0.1:8082"]
    assert housemate_places(urls, "127.0.0.1", "http://localhost:8081") == {
        "localhost:8082",
        "127.0.0.1:8082",
    }
    assert housemate_places(urls, "192.168.1.7", "http://localhost:8081") == frozenset()
