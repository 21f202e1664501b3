import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, CEM

from microsocial.protocol.invites import Invite, InviteWrong, check_mac, mac, parse_invite

SECRET = bytes(range(16))
INVITE = Invite("https://ana.example", ANA.id, bytes(8), SECRET)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=16, max_size=16))
def test_a_link_brings_the_invite_back(invite_id, secret):
    invite = Invite("http://localhost:8080", ANA.id, invite_id, secret)
    assert parse_invite(invite.link()) == invite
    assert parse_invite(f"  web+microsocial:{invite.link()}\n") == invite


def test_a_link_is_written_as_the_spec_says():
    assert INVITE.link() == f"https://ana.example/i#{ANA.id}.AAAAAAAAAAAAAQIDBAUGBwgJCgsMDQ4P"
    assert INVITE.link("http://192.168.0.7:8080/").startswith("http://192.168.0.7:8080/i#")


def test_an_invite_does_not_show_its_secret():
    assert "secret" not in repr(INVITE)
    assert str(SECRET) not in repr(INVITE)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://ana.example",
        "https://ana.example/i",
        INVITE.link()[:-1],
        INVITE.link() + "A",
        INVITE.link().replace("/i#", "/j#"),
        INVITE.link().replace("https", "ftp"),
        INVITE.link().replace("ana.example", "u@ana.example"),
        INVITE.link().replace("ana.example", "ana.example/" + "x" * 500),
        INVITE.link().replace(ANA.id, ANA.id[:-1] + "B"),
        "javascript:alert(1)/i#" + INVITE.link().split("#")[1],
    ],
)
def test_another_link_is_no_invite(link):
    with pytest.raises(InviteWrong):
        parse_invite(link)


@given(st.text(max_size=80))
def test_any_text_ends_as_a_refusal(text):
    with pytest.raises(InviteWrong):
        parse_invite(text)


def test_the_proof_is_for_these_two_and_this_secret():
    proof = mac(SECRET, BEN.id, ANA.id)
    assert check_mac(SECRET, BEN.id, ANA.id, proof)
    assert not check_mac(SECRET, CEM.id, ANA.id, proof)
    assert not check_mac(SECRET, BEN.id, CEM.id, proof)
    assert not check_mac(bytes(16), BEN.id, ANA.id, proof)
    assert not check_mac(SECRET, BEN.id, ANA.id, "é")
