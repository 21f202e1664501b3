import pytest

from microsocial.friends.model import InviteNotFound, TooManyInvites
from microsocial.protocol.invites import parse_invite


def test_an_invite_says_who_where_and_until_when(ana):
    shown = ana.write(lambda conn: ana.friends.invite(conn, "https://ana.example/"))
    invite = parse_invite(shown.link)
    assert (invite.url, invite.id) == ("https://ana.example", ana.id)
    assert shown.expires - shown.made == 7 * 24 * 3600 * 1000
    assert shown.reachable is True
    assert shown.note is None


@pytest.mark.parametrize("address", ["http://localhost:8080", "http://192.168.1.5:8080"])
def test_an_invite_on_a_private_address_says_how_far_it_reaches(ana, address):
    shown = ana.write(lambda conn: ana.friends.invite(conn, address))
    assert shown.reachable is False
    assert "home network" in shown.note


def test_without_an_address_the_one_my_friends_know_is_used(ana):
    shown = ana.write(ana.friends.invite)
    assert parse_invite(shown.link).url == ana.url


async def test_the_list_shows_who_took_it(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.invite()
    newest, taken = sorted(
        ana.read(ana.friends.invites.all), key=lambda one: one.taken_by is not None
    )
    assert newest.taken_by is None
    assert taken.taken_by == ben.id


def test_a_revoked_invite_leaves_the_list(ana):
    ana.invite()
    (shown,) = ana.read(ana.friends.invites.all)
    ana.write(lambda conn: ana.friends.invites.revoke(conn, shown.id))
    assert ana.read(ana.friends.invites.all) == []
    with pytest.raises(InviteNotFound):
        ana.write(lambda conn: ana.friends.invites.revoke(conn, "nothing"))


def test_two_invites_have_two_secrets(ana):
    assert ana.invite() != ana.invite()


def test_open_invites_are_bounded_and_run_out(street, ana, monkeypatch):
    monkeypatch.setattr("microsocial.friends.invites.MAX_OPEN_INVITES", 3)
    for _ in range(3):
        ana.invite()
    with pytest.raises(TooManyInvites):
        ana.invite()
    street.clock.advance(8 * 24 * 3600 * 1000)
    ana.invite()
