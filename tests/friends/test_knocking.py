import pytest
from sqlalchemy import text

from microsocial.friends.model import (
    Blocked,
    InviteExpired,
    InviteUnknown,
    InviteUsed,
    NoReplyYet,
    NotAFriend,
    NotALink,
    NoteTooLong,
    NotWhoTheySay,
    Yourself,
)
from microsocial.protocol.invites import InviteWrong
from microsocial.transport.errors import NotMicrosocial, NotReachable

DAY = 24 * 3600 * 1000


async def test_an_invite_makes_two_friends_in_one_round_trip(street, ana, ben):
    page = await ben.knocking.accept_invite(ana.invite())
    assert page["state"] == "friend"
    assert page["name"] == "Ana"
    assert ana.is_friend_of(ben)
    assert ben.is_friend_of(ana)
    assert ana.page(ben)["name"] == "Ben"
    assert len(street.posted) == 1


async def test_both_sides_are_told_and_know_where_the_other_is(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    assert "friend.arrived" in ana.told_names()
    assert ana.page(ben)["address"] == [ben.url]
    assert ben.read(lambda conn: ben.delivery.urls(conn, ana.id)) == (ana.url,)
    assert ana.read(ana.delivery.active) == [ben.id]
    assert ana.page(ben)["last_heard"] and ben.page(ana)["last_heard"]


async def test_the_same_link_again_does_no_harm(street, ana, ben):
    link = ana.invite()
    await ben.knocking.accept_invite(link)
    since = ana.page(ben)["sees_from"]
    page = await ben.knocking.accept_invite(link)
    assert page["state"] == "friend"
    assert ana.page(ben)["sees_from"] == since


async def test_a_lost_reply_heals_by_saying_the_greeting_again(street, ana, ben):
    link = ana.invite()
    street.lose_replies = True
    with pytest.raises(NoReplyYet):
        await ben.knocking.accept_invite(link)
    assert ana.is_friend_of(ben)
    assert not ben.is_friend_of(ana)
    assert ben.page(ana)["state"] == "asked"
    street.lose_replies = False
    street.clock.advance(DAY)
    await ben.knocking.try_due()
    assert ben.is_friend_of(ana)


async def test_while_my_greeting_is_on_its_way_their_first_update_is_awaited(street, ana, ben):
    street.lose_replies = True
    with pytest.raises(NoReplyYet):
        await ben.knocking.accept_invite(ana.invite())
    assert ben.read(lambda conn: ben.friends.is_awaited(conn, ana.id))
    assert not ana.read(lambda conn: ana.friends.is_awaited(conn, ben.id))


async def test_another_person_finds_the_invite_used_and_is_told_whom_to_ask(ana, ben, cem):
    link = ana.invite()
    await ben.knocking.accept_invite(link)
    with pytest.raises(InviteUsed) as refused:
        await cem.knocking.accept_invite(link)
    assert (
        str(refused.value)
        == "This invitation has already been used by somebody else. Ask Ana for a new one."
    )
    assert not ana.is_friend_of(cem)
    assert cem.lists() == {}


async def test_an_invite_older_than_a_week_is_expired(street, ana, ben):
    link = ana.invite()
    street.clock.advance(7 * DAY + 1)
    with pytest.raises(InviteExpired):
        await ben.knocking.accept_invite(link)
    assert not ana.is_friend_of(ben)


async def test_an_invite_that_was_taken_back_is_not_valid(ana, ben):
    link = ana.invite()
    (shown,) = ana.read(ana.friends.invites.all)
    ana.write(lambda conn: ana.friends.invites.revoke(conn, shown.id))
    with pytest.raises(InviteUnknown):
        await ben.knocking.accept_invite(link)


async def test_an_invite_with_another_secret_is_not_valid(ana, ben):
    link = ana.invite()
    changed = "A" if link[-1] != "A" else "Q"
    with pytest.raises(InviteUnknown):
        await ben.knocking.accept_invite(link[:-1] + changed)
    assert not ana.is_friend_of(ben)


async def test_looking_says_who_it_is_and_keeps_nothing(ana, ben):
    look = await ben.knocking.look(ana.invite())
    assert look["person"]["name"] == "Ana"
    assert look["person"]["id"] == ana.id
    assert look["address"] == ana.url
    assert "home network" in look["note"]
    assert ben.lists() == {}
    with pytest.raises(InviteWrong):
        await ben.knocking.look("http://localhost:8081/i#nonsense")


async def test_looking_warns_when_a_stranger_bears_a_friends_name(street, ana, ben):
    other = street.person("ANA")
    await ben.knocking.accept_invite(ana.invite())
    look = await ben.knocking.look(other.invite())
    assert look["person"]["looks_like"] == ana.id
    assert (await ben.knocking.look(ana.invite()))["note"] == "You are friends already."


async def test_a_link_that_names_somebody_else_is_refused(street, ana, ben, cem):
    link = ana.invite().replace(ana.url, cem.url)
    with pytest.raises(NotWhoTheySay):
        await ben.knocking.accept_invite(link)


async def test_my_own_invite_is_not_for_me(ana):
    with pytest.raises(Yourself):
        await ana.knocking.accept_invite(ana.invite())


async def test_nobody_at_home_is_said_plainly_and_nothing_is_kept(ana, ben):
    ana.is_asleep = True
    with pytest.raises(NotReachable):
        await ben.knocking.accept_invite(ana.invite())
    with pytest.raises(NotMicrosocial):
        await ben.knocking.request("http://localhost:9")
    assert ben.lists() == {}


async def test_a_private_address_is_contacted_only_because_the_owner_accepted_it(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    assert set(street.allowed) == {frozenset({"localhost:8081"})}
    assert ben.read(lambda conn: ben.friends.allowed_hosts(conn, ana.id)) == {"localhost:8081"}


async def test_who_takes_my_private_invite_from_this_machine_may_be_reached_on_it(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    assert ana.read(lambda conn: ana.friends.allowed_hosts(conn, ben.id)) == {"localhost:8082"}


async def test_who_comes_from_elsewhere_may_not_name_my_own_machine(street, ana, ben):
    street.came_from = "192.168.1.7"
    await ben.knocking.accept_invite(ana.invite())
    assert ana.read(lambda conn: ana.friends.allowed_hosts(conn, ben.id)) == set()


# Requests


async def test_a_request_by_address_waits_until_it_is_accepted(ana, ben):
    page = await ben.knocking.request(ana.url, note="From the choir")
    assert page["state"] == "asked"
    assert page["sentence"] == "You asked Ana. There is no answer yet."
    assert ana.lists() == {"requests": ["Ben"]}
    assert ana.page(ben)["note"] == "From the choir"
    assert ana.told_names()[-1] == "request.arrived"
    page = await ana.knocking.accept(ben.id)
    assert page["state"] == "friend"
    assert ana.lists() == {"friends": ["Ben"]}
    assert ben.lists() == {"friends": ["Ana"]}


async def test_a_request_is_told_once_however_often_it_comes(ana, ben):
    for _ in range(3):
        await ben.knocking.request(ana.url)
    assert ana.told_names().count("request.arrived") == 1


async def test_saying_no_is_silent_and_asking_again_stays_quiet(ana, ben):
    await ben.knocking.request(ana.url)
    ana.write(lambda conn: ana.friends.decline(conn, ben.id))
    ana.told.clear()
    page = await ben.knocking.request(ana.url)
    assert page["state"] == "asked"
    assert ana.lists() == {}
    assert ana.told == []


async def test_two_requests_that_cross_are_a_friendship(ana, ben):
    await ben.knocking.request(ana.url)
    await ana.knocking.request(ben.url)
    assert ana.is_friend_of(ben)
    assert ben.is_friend_of(ana)
    assert ana.lists() == {"friends": ["Ben"]}


async def test_a_yes_to_somebody_asleep_is_told_when_they_wake(street, ana, ben):
    await ben.knocking.request(ana.url)
    ben.is_asleep = True
    page = await ana.knocking.accept(ben.id)
    assert page["state"] == "asked"
    assert (
        page["sentence"]
        == "You said yes to Ben. Their machine is asleep; you will be friends when it wakes."
    )
    ben.is_asleep = False
    street.clock.advance(DAY)
    await ana.knocking.try_due()
    assert ana.is_friend_of(ben)
    assert ben.is_friend_of(ana)


async def test_a_request_to_somebody_asleep_is_tried_later_and_later(street, ana, ben):
    ana_address = ana.url
    await ben.knocking.look(ana_address)
    street.lose_replies = True
    await ben.knocking.request(ana_address)
    for _ in range(5):
        await ben.knocking.try_due()
    assert len(street.posted) == 1  # not before its time
    street.clock.advance(DAY)
    await ben.knocking.try_due()
    assert len(street.posted) == 2


async def test_a_request_that_was_heard_is_repeated_once_a_day_and_for_a_month(street, ana, ben):
    await ben.knocking.request(ana.url)
    for _ in range(60):
        street.clock.advance(DAY // 2)
        await ben.knocking.try_due()
    assert 20 <= len(street.posted) <= 41


async def test_strangers_cannot_fill_the_list_of_requests(street, ana):
    for number in range(25):
        await street.person(f"Stranger {number}").knocking.request(ana.url)
    assert len(ana.lists()["requests"]) == 20


@pytest.mark.parametrize(("answer", "state"), [("decline", "stranger"), ("block", "blocked")])
async def test_a_request_answered_on_one_screen_is_gone_from_the_others(ana, ben, answer, state):
    await ben.knocking.request(ana.url)
    ana.told.clear()
    ana.write(lambda conn: getattr(ana.friends, answer)(conn, ben.id))
    [told] = ana.told
    assert (told.name, told.payload["friend"]["state"]) == ("friend.changed", state)
    assert ana.lists() == {}


async def test_who_is_blocked_hears_waiting_and_is_not_heard(ana, ben):
    ana.block(ben)
    page = await ben.knocking.request(ana.url)
    assert page["state"] == "asked"
    assert ana.lists() == {}
    assert [event.payload["friend"]["state"] for event in ana.told] == ["blocked"], "hers alone"
    with pytest.raises(Blocked):
        await ana.knocking.request(ben.url)
    with pytest.raises(InviteUnknown):
        await ben.knocking.accept_invite(ana.invite())


async def test_a_prekey_that_was_replaced_meanwhile_costs_one_more_request(street, ana, ben):
    await ben.knocking.request(ana.url)
    ana.write(lambda conn: ana.friends.decline(conn, ben.id))
    street.clock.advance(8 * DAY)
    ana.write(ana.delivery.tick)
    street.clock.advance(15 * DAY)
    ana.write(ana.delivery.tick)
    street.posted.clear()
    await ben.knocking.try_due()
    assert len(street.posted) == 2
    assert ben.page(ana)["sentence"] == "You asked Ana. There is no answer yet."


async def test_what_is_no_address_is_said_plainly(ben):
    for typed in ("", "not an address", "ftp://ana.example", "x" * 1000):
        with pytest.raises(NotALink):
            await ben.knocking.add(typed)
    with pytest.raises(NoteTooLong):
        await ben.knocking.add("localhost:8081", "x" * 501)


async def test_an_address_may_be_typed_as_people_type(ana, ben):
    assert (await ben.knocking.add("localhost:8081/"))["state"] == "asked"


# Endings


async def test_removing_a_friend_tells_them_and_ends_it_on_both_sides(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.remove(ben)
    assert not ana.is_friend_of(ben)
    assert "You ended the friendship with Ben" in ana.page(ben)["sentence"]
    farewell = ana.write(lambda conn: ana.delivery.next_outgoing(conn, ben.id))
    assert farewell.purpose == "farewell"
    ben.told.clear()
    answer = ben.write(
        lambda conn: ben.delivery.receive(conn, ana.id, farewell.purpose, farewell.sealed)
    )
    ana.write(lambda conn: ana.delivery.on_answer(conn, farewell, answer))
    assert not ben.is_friend_of(ana)
    assert "Ana ended the friendship" in ben.page(ana)["sentence"]
    assert ben.told_names() == ["friend.ended"]
    assert ben.lists() == {}


async def test_blocking_a_friend_ends_it_without_a_word(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.block(ben)
    assert ana.write(lambda conn: ana.delivery.next_outgoing(conn, ben.id)) is None
    assert ana.page(ben)["state"] == "blocked"
    ana.write(lambda conn: ana.friends.unblock(conn, ben.id))
    assert ana.page(ben)["state"] == "former"


async def test_whom_i_removed_does_not_come_back_through_the_old_link(ana, ben):
    link = ana.invite()
    await ben.knocking.accept_invite(link)
    ana.remove(ben)
    ben.write(lambda conn: ben.friends.they_ended(conn, ana.id))
    with pytest.raises(InviteUnknown):
        await ben.knocking.accept_invite(link)
    page = await ben.knocking.accept_invite(ana.invite())  # a new one is an invitation again
    assert page["state"] == "friend"


async def test_a_renewed_friendship_sees_only_what_comes_after(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    first = ana.page(ben)["sees_from"]
    ana.remove(ben)
    ben.write(lambda conn: ben.friends.they_ended(conn, ana.id))
    ana.write(lambda conn: ana.log.say(conn, "post", {"text": "not for Ben"}, audience="friends"))
    await ben.knocking.accept_invite(ana.invite())
    assert ana.page(ben)["sees_from"] > first
    last = ana.read(lambda conn: conn.execute(text("SELECT max(created) FROM records")).scalar())
    assert ana.page(ben)["sees_from"] > last - 1


async def test_a_request_of_mine_can_be_taken_back(ana, ben):
    await ben.knocking.request(ana.url)
    ben.remove(ana)
    assert ben.lists() == {}
    with pytest.raises(NotAFriend):
        ben.remove(ana)


async def test_who_ended_it_by_accident_comes_back_through_the_same_link_while_it_holds(
    street, ana, ben
):
    link = ana.invite()
    await ben.knocking.accept_invite(link)
    for one, other in ((ana, ben), (ben, ana)):
        one.write(lambda conn, one=one, other=other: one.friends.they_ended(conn, other.id))
    assert (await ben.knocking.accept_invite(link))["state"] == "friend"
    for one, other in ((ana, ben), (ben, ana)):
        one.write(lambda conn, one=one, other=other: one.friends.they_ended(conn, other.id))
    street.clock.advance(8 * DAY)
    with pytest.raises(InviteExpired):
        await ben.knocking.accept_invite(link)
