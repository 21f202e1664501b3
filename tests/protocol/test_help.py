import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, drawn

from microsocial.protocol.encoding import b64u, dump
from microsocial.protocol.help import (
    HelpLink,
    HelpLinkWrong,
    parse_help_link,
    read_help_request,
)
from microsocial.protocol.invites import InviteWrong, mac, parse_invite
from microsocial.protocol.refusals import Malformed

LINK = HelpLink("https://ben.example/ben", BEN.id, drawn("help id", 8), drawn("help", 16))


def test_a_link_says_again_what_it_was_made_of():
    assert parse_help_link(LINK.link()) == LINK
    assert parse_help_link(f"  web+microsocial:{LINK.link()}\n") == LINK


def test_an_invite_is_no_help_link_and_the_other_way_round():
    with pytest.raises(HelpLinkWrong):
        parse_help_link(LINK.link().replace("/h#", "/i#"))
    with pytest.raises(InviteWrong):
        parse_invite(LINK.link())


def test_its_secret_does_not_show():
    assert "secret" not in repr(LINK)


@given(st.text())
def test_no_text_breaks_the_reader(text):
    with pytest.raises(HelpLinkWrong):
        parse_help_link(text)


def test_a_request_names_the_link_and_proves_its_secret():
    proof = {"id": b64u(LINK.help_id), "mac": mac(LINK.secret, ANA.id, BEN.id)}
    asked = read_help_request(dump({"nonce": b64u(bytes(16)), "link": proof}))
    assert asked.link.mac == proof["mac"]
    assert read_help_request(dump({"nonce": b64u(bytes(16))})).link is None


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader_of_requests(content):
    with pytest.raises(Malformed):
        read_help_request(content)
