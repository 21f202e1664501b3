import ipaddress

import pytest

from microsocial.friends.homes import (
    accepted_places,
    housemate_places,
    is_private,
    place_of,
    places_to_accept,
    places_to_ask_about,
)

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


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (HOME, "192.168.1.5:8080"),
        ("http://10.0.0.7", "10.0.0.7:80"),
        ("http://[fd00::5]:8000", "[fd00::5]:8000"),
        ("http://ana.local:8080", "ana.local:8080"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_a_private_place_can_be_said_yes_to(url, place):
    assert places_to_accept([url]) == {place}


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254",  # a cloud's metadata
        "http://169.254.7.7:8080",
        "http://[fe80::1]:8080",
        "http://[::ffff:192.168.1.5]:8080",  # another way of writing what the guard judges
        "http://[::ffff:a9fe:a9fe]",
        "http://[fd00:ec2::254]",
        "http://100.100.100.200",
        "http://0.0.0.0:8080",
        "http://224.0.0.1",
        "http://2130706433:6379",  # 127.0.0.1, as a riddle
        "http://0x7f000001:6379",
        "http://0:6379",
        "http://192.168.1.5.nip.io",  # a name on the internet, whatever it resolves to
        "https://ana.example",
        "https://93.184.216.34",
    ],
)
def test_nobody_is_asked_to_say_yes_to_what_stays_closed_or_needs_none(url):
    assert places_to_accept([url]) == frozenset()
    assert places_to_ask_about([url], HOME) == frozenset()


def test_this_machine_is_asked_about_only_where_it_can_be_meant():
    urls = [
        "http://localhost:8082",
        "http://127.0.0.1:6379",
        "http://[::1]:80",
        "http://x.localhost",
    ]
    assert places_to_ask_about(urls, HOME) == frozenset()
    assert places_to_ask_about(urls, "https://ana.example") == frozenset()
    assert places_to_ask_about(urls, "http://localhost:8081") == places_to_accept(urls)
    assert len(places_to_accept(urls)) == 4


def test_what_the_owner_opened_for_everybody_is_not_asked_about():
    opened = [ipaddress.ip_network("192.168.1.0/24")]
    assert places_to_ask_about([HOME, "http://10.0.0.7"], HOME, opened) == {"10.0.0.7:80"}
