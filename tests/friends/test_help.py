"""Help for a friend who has lost everything but the words: from making the link to what is believed of the reply."""

import pytest
from tests.friends.test_capsules import knows_words

from microsocial.errors import PeerBroke
from microsocial.friends.asking import (
    Asking,
    HelpNotGiven,
    NoFriendOfMine,
    NotNow,
    WordsInTwoHands,
    rank_of,
)
from microsocial.friends.model import NotAFriend, NotWhoTheySay
from microsocial.identity.recovery import capsule_key
from microsocial.protocol.capsules import open_capsule
from microsocial.protocol.encoding import b64u, hash_of
from microsocial.protocol.exchange import Answer, InviteProof
from microsocial.protocol.help import HelpRequest, parse_help_link, read_help_request
from microsocial.protocol.invites import mac
from microsocial.protocol.keys import begin, inception, rotation, signing_key
from microsocial.protocol.limits import HELP_LIFETIME_S
from microsocial.protocol.payloads import read_record
from microsocial.protocol.refusals import Status
from microsocial.transport.http_out import Response

NONCE = b64u(bytes(16))
PEER = "application/microsocial"


class Door:
    """The street's carrier, with Ben's door for help: what transport checks is left to its own tests."""

    def __init__(self, street):
        self.street = street
        self.asked: list[int] = []  # the key numbers under which somebody asked
        self.spoil = lambda raw: raw
        self.keeps_logs = True  # of who is no friend any more

    async def get(self, url, **how):
        return await self.street.get(url, **how)

    async def post(self, to, path, body, *, signer, purpose, max_bytes=0, content_type=""):
        assert (path, content_type) == ("/peer/v1/help", "application/json")
        house = self.street._awake(to.urls[0])
        self.asked.append(signer.key_number)
        asked = read_help_request(body)
        known = house.read(lambda conn: house.log.key_logs(conn, [signer.id])).get(signer.id)
        is_friend = house.read(lambda conn: house.friends.is_friend(conn, signer.id))
        if asked.link is None and not is_friend:
            status = Status.NOT_FRIENDS if self.keeps_logs else Status.KEY_UNKNOWN
            return self._answer(house, signer, body, status)
        if asked.link is None and signer.key_number < known.number:
            return self._answer(house, signer, body, Status.KEY_BEHIND, tuple(known.encoded()))
        reply = is_friend and house.read(
            lambda conn: house.friends.help.answer(conn, signer.id, asked, hash_of(body))
        )
        if not reply:
            return Response(404, "application/problem+json", b"{}", to.urls[0])
        return Response(200, PEER, self.spoil(reply), to.urls[0])

    def _answer(self, house, signer, body, status, keys=()):
        answer = Answer(
            sender=house.id,
            receiver=signer.id,
            key=house.me.key_number,
            your_key=signer.key_number,
            update=hash_of(body),
            status=status.value,
            keys=keys,
            now=house.clock.now(),
        )
        return Response(200, PEER, house.me.sign("answer", answer.payload()).raw, "")


@pytest.fixture
async def door(street, ana, ben):
    knows_words(ana)
    await ben.knocking.accept_invite(ana.invite())
    bring_capsule(ana, ben)
    return Door(street)


def bring_capsule(author, keeper):
    """As an update would."""
    stored = author.read(lambda conn: author.log.get(conn, author.id, "capsule"))
    logs = {author.id: author.me.key_log}
    keeper.write(lambda conn: keeper.log.accept(conn, stored.envelope, author.id, logs))


def link_from(helper, person):
    made = helper.write(lambda conn: helper.friends.help.make(conn, person.id, helper.url))
    return parse_help_link(made["link"])


def asking(door, person):
    return Asking(door, person.entropy, person.words)


def turned(person, steps=1, reason="planned"):
    log = person.me.key_log
    for _ in range(steps):
        number = log.number + 1
        step = rotation(
            log,
            signing_key(person.words, number),
            signing_key(person.words, number + 1).public,
            reason,
        )
        log = log.with_event(step)
    return log


async def test_the_link_and_the_words_bring_key_log_and_capsule(door, ana, ben):
    known = await asking(door, ana).with_link(link_from(ben, ana))
    assert known.key_log == ana.me.key_log
    assert known.resident.person == ben.id
    sealed = read_record(known.capsule).sealed
    said = open_capsule(sealed, ana.id, capsule_key(ana.words))
    assert [friend.id for friend in said.friends] == [ben.id]
    assert door.asked == [0]


async def test_opening_consumes_nothing(door, ana, ben):
    link = link_from(ben, ana)
    await asking(door, ana).with_link(link)
    assert (await asking(door, ana).with_link(link)).capsule is not None


async def test_a_link_is_for_friends_and_a_newer_one_replaces_it(door, ana, ben, cem):
    with pytest.raises(NotAFriend):
        link_from(ben, cem)
    first, _second = link_from(ben, ana), link_from(ben, ana)
    with pytest.raises(HelpNotGiven):
        await asking(door, ana).with_link(first)


async def test_a_late_link_and_an_unknown_one_are_answered_alike(door, street, ana, ben):
    link = link_from(ben, ana)
    street.clock.advance(HELP_LIFETIME_S * 1000 + 1)
    with pytest.raises(HelpNotGiven):
        await asking(door, ana).with_link(link)


async def test_the_words_of_somebody_else_get_nothing(door, ana, ben, cem):
    await cem.knocking.accept_invite(ben.invite())
    with pytest.raises(HelpNotGiven):
        await asking(door, cem).with_link(link_from(ben, ana))


async def test_a_link_that_leads_to_somebody_else_is_noticed(door, ana, ben, cem):
    link = link_from(ben, ana)
    elsewhere = type(link)(cem.url, link.id, link.help_id, link.secret)
    with pytest.raises(NotWhoTheySay):
        await asking(door, ana).with_link(elsewhere)


async def test_a_friend_whose_machine_has_trouble_is_asked_later(door, ana, ben, monkeypatch):
    async def busy(*_args, **_more):
        return Response(503, "application/problem+json", b"{}", "")

    monkeypatch.setattr(door, "post", busy)
    with pytest.raises(NotNow):
        await asking(door, ana).with_link(link_from(ben, ana))


async def test_a_friend_tells_a_longer_log_and_then_the_rest(door, ana, ben):
    longer = turned(ana, 2)
    ben.write(lambda conn: ben.log.keep_key_log(conn, longer))
    known = await asking(door, ana).friend(ben.id, (ben.url,), frozenset(), ana.me.key_log)
    assert known.key_log == longer
    assert known.capsule is not None
    assert door.asked == [0, 2]


async def test_a_friend_who_knows_less_teaches_nothing(door, ana, ben):
    known = await asking(door, ana).friend(ben.id, (ben.url,), frozenset(), turned(ana))
    assert known.key_log.number == 1


@pytest.mark.parametrize("keeps_logs", [True, False])
async def test_who_is_no_friend_says_so(door, ana, cem, keeps_logs):
    door.keeps_logs = keeps_logs
    with pytest.raises(NoFriendOfMine):
        await asking(door, ana).friend(cem.id, (cem.url,), frozenset(), ana.me.key_log)


async def test_two_logs_that_contradict_each_other_end_it(door, ana, ben):
    ben.write(lambda conn: ben.log.keep_key_log(conn, turned(ana, 1, "stolen")))
    with pytest.raises(WordsInTwoHands):
        await asking(door, ana).friend(ben.id, (ben.url,), frozenset(), turned(ana, 1, "planned"))


async def test_an_old_reply_does_not_count(door, ana, ben):
    link = link_from(ben, ana)
    kept: list[bytes] = []
    door.spoil = lambda raw: kept.append(raw) or raw
    await asking(door, ana).with_link(link)
    door.spoil = lambda _raw: kept[0]
    with pytest.raises(PeerBroke):
        await asking(door, ana).with_link(link)


async def test_what_does_not_prove_itself_is_refused(door, ana, ben, cem):
    link = link_from(ben, ana)
    door.spoil = lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])
    with pytest.raises(PeerBroke):
        await asking(door, ana).with_link(link)
    profile = cem.read(lambda conn: cem.log.get(conn, cem.id, "profile")).envelope
    with pytest.raises(PeerBroke):
        rank_of(profile, cem.me.key_log)
    capsule = ana.read(lambda conn: ana.log.get(conn, ana.id, "capsule")).envelope
    others = begin(inception(signing_key(bytes(32), 0), signing_key(bytes(32), 1).public))
    with pytest.raises(PeerBroke):
        rank_of(capsule, others)
    assert rank_of(capsule, ana.me.key_log)  # positive control


def test_a_proof_for_another_link_opens_nothing(ana, ben):
    asked = HelpRequest(
        nonce=NONCE, link=InviteProof(id=b64u(bytes(8)), mac=mac(bytes(16), ana.id, ben.id))
    )
    assert ben.read(lambda conn: ben.friends.help.answer(conn, ana.id, asked, NONCE)) is None


async def test_the_sentence_says_what_will_be_missing(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    made = ben.write(lambda conn: ben.friends.help.make(conn, ana.id, "https://ben.example"))
    assert "Give it to Ana alone" in made["sentence"]
    assert "circles will be missing" in made["sentence"]
