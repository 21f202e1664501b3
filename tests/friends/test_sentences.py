import re
from datetime import UTC

import pytest

from microsocial.delivery.ledger import Account
from microsocial.friends.sentences import Tie, day, listed, sight, state, trust, waiting

MAY = 1_777_800_000_000  # 3 May 2026
JARGON = re.compile(
    r"\b(node|peer|key ?log|server|DID|federat\w*|prekey|envelope)\b", re.IGNORECASE
)
STATES = ("friend", "asked", "asks", "former", "blocked", "stranger", "me")
MEETINGS = ("took_my_invite", "invited_me", "asked_me", "i_asked", None)


def test_days_are_said_as_people_say_them():
    assert day(MAY, UTC) == "3 May 2026"
    assert day(2**60, UTC) == "an unknown day"


def test_how_we_met_and_that_nothing_changed():
    said = trust(Tie("Ben", "friend", "took_my_invite", MAY))
    assert said == [
        f"You invited Ben, who took your link on {day(MAY)}.",
        f"Everything from Ben has carried the same signature since {day(MAY)}.",
    ]


def test_renewed_signatures_are_told_calmly_and_theft_is_told():
    (_, once) = trust(Tie("Ben", "friend", "i_asked", MAY, key_changes=["planned"]))
    assert "renewed their signature once" in once
    (_, stolen) = trust(Tie("Ben", "friend", "i_asked", MAY, key_changes=["planned", "stolen"]))
    assert "2 times" in stolen
    assert "stolen" in stolen


def test_what_they_see_names_their_circles():
    assert sight(Tie("Ben", "friend", "i_asked", MAY, circles=["Family", "Choir"])) == [
        f"Ben sees what you post to friends since {day(MAY)}, and what you post to Family and Choir."
    ]
    assert sight(Tie("Ben", "former", "i_asked", MAY)) == []


def test_what_waits_is_counted_and_explained():
    account = Account("b" * 43, 1, 2, MAY, "Their machine does not answer.", None, None, [])
    assert waiting(Tie("Ben", "friend", "i_asked", MAY), account) == [
        f"2 things wait for Ben since {day(MAY)}.",
        "Their machine does not answer.",
    ]
    assert waiting(Tie("Ben", "friend", "i_asked", MAY), None) == []


def test_a_request_of_mine_says_how_far_it_has_come():
    assert state(Tie("Ben", "asked", "i_asked", MAY)) == "You asked Ben. There is no answer yet."
    assert "does not answer yet" in state(Tie("Ben", "asked", "i_asked", MAY, error="x"))
    assert "is being told" in state(Tie("Ben", "asked", "asked_me", MAY))


def test_names_are_joined():
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize("state_", STATES)
@pytest.mark.parametrize("met", MEETINGS)
def test_every_sentence_is_plain_and_names_the_person(state_, met):
    tie = Tie("Ben", state_, met, MAY, ended=MAY, ended_by_me=True)
    said = [state(tie), *trust(tie), *sight(tie)]
    for sentence in said:
        assert not JARGON.search(sentence)
        assert sentence.endswith(".")
    assert state_ == "me" or all("Ben" in sentence for sentence in said)
