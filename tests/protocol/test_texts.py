import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.protocol.refusals import Malformed
from microsocial.protocol.texts import (
    check_line,
    check_name,
    check_text,
    check_web_link,
    clean,
    clean_line,
    is_address,
    is_emoji,
    is_home,
)


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "❤️",
        "❤",
        "👨‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🇩🇪",
        "1️⃣",
        "👍🏽",
        "☺",
        "🏳️‍🌈",
        "👁️‍🗨️",
        "🧑🏽‍❤️‍💋‍🧑🏽",
        "🫩",
        "™️",
    ],
)
def test_an_emoji_is_one(text):
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1",
        ":)",
        "👍👍",
        "👍 ",
        " 👍",
        "👍a",
        "\u200d",
        "\ufe0f",
        "é",
        "愛",
        "👍\n",
        "👍\u200d",
        "<b>",
        "\ud83d",
    ],
)
def test_anything_else_is_no_emoji(text):
    assert not is_emoji(text)


def test_a_tower_of_emoji_is_too_long():
    assert not is_emoji("\u200d".join(["👍"] * 20))


@pytest.mark.parametrize("text", ["", "two\nlines\tand a tab", "שלום", "👍", "a\u2067b"])
def test_a_text_may_have_lines_and_any_script(text):
    check_text(text)


@pytest.mark.parametrize("text", ["\x00", "\r", "\x1b[31m", "\x7f", "\x9f", "a\x0bb"])
def test_a_text_has_no_control_characters(text):
    with pytest.raises(Malformed):
        check_text(text)


@pytest.mark.parametrize("text", ["two\nlines", "\u202eevil", "a\u2066b", "a\u2028b", "\t"])
def test_a_line_turns_nothing_around(text):
    with pytest.raises(Malformed):
        check_line(text)


@pytest.mark.parametrize("name", ["", "   ", "\u00a0"])
def test_a_name_is_not_empty(name):
    with pytest.raises(Malformed):
        check_name(name)


@given(st.text(max_size=60))
def test_what_a_person_typed_can_always_be_cleaned(text):
    check_text(clean(text))
    check_line(clean_line(text))


def test_cleaning_keeps_what_was_said():
    assert clean("one\r\ntwo\rthree\n\tfour\x00") == "one\ntwo\nthree\n\tfour"
    assert clean_line("  Ana \n Maria\u202e ") == "Ana Maria"


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "https://ana.example",
        "https://a.example:443/x/",
        "http://[::1]:8080",
        "http://192.168.0.7:8080",
    ],
)
def test_addresses_of_nodes(url):
    assert is_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ana.example",
        "ftp://a",
        "http://",
        "http://a:0",
        "http://a:65536",
        "http://u@a",
        "http://u:p@a",
        "http://a#x",
        "http://a?x",
        "http://a b",
        "http://a\n",
        "http://[::g]",
        "http://é",
        "javascript:alert(1)",
        "http://-a",
        "http://a/<b>",
        "http://a\\b",
        "HTTP://a",
        "http://" + "a" * 300,
    ],
)
def test_what_is_no_address_of_a_node(url):
    assert not is_address(url)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("192.168.0.7:8080", True),
        ("[fe80::1]:8080", True),
        ("fe80::1:8080", False),
        ("1.2.3:80", False),
        ("1.2.3.4", False),
        ("1.2.3.4:0", False),
        ("1.2.3.4:99999", False),
        ("home:80", False),
        ("[]:1", False),
        ("[fe80::1%eth0]:80", False),
        ("1.2.3.4:80\n", False),
        ("", False),
        ("01.2.3.4:80", False),
    ],
)
def test_an_address_at_home_is_an_ip_and_a_port(address, is_one):
    assert is_home(address) is is_one


@pytest.mark.parametrize(
    "url", ["https://a.example/ä?x=1#y", "http://münchen.example", "https://a?b@c"]
)
def test_links_of_cards(url):
    check_web_link(url)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://u@a", "http://", "http://a b", "data:,x", "//a", "http://a\\b"],
)
def test_what_is_no_link_of_a_card(url):
    with pytest.raises(Malformed):
        check_web_link(url)


@given(st.text(max_size=60))
def test_any_text_gets_a_yes_or_a_no(text):
    assert {type(is_emoji(text)), type(is_address(text)), type(is_home(text))} == {bool}
