"""Testing a recovery sheet over the owner's API."""

import logging

import pytest

from microsocial.identity import store
from microsocial.identity.recovery import kept_public_halves, public_halves
from microsocial.protocol.words import entropy_of, new_words


async def check(owner, words):
    return await owner.post("/words/check", {"words": list(words)})


async def test_the_right_sheet_is_right(owner):
    answer = await check(owner, owner.words)
    assert answer.status_code == 200
    assert answer.json()["fine"] is True
    assert (await owner.get("/me")).json()["words_confirmed"] is True
    shouted = await check(owner, [word.upper() for word in owner.words])
    assert shouted.json()["fine"] is True


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda words: words[:23], "24 words"),
        (lambda words: [*words[:23], "zzz"], "Word 24"),
        (lambda words: [words[1], words[0], *words[2:]], "do not belong together"),
        (lambda _words: new_words(bytes(32)), "another person"),
    ],
)
async def test_a_wrong_sheet_is_told_why(owner, spoil, says):
    answer = (await check(owner, spoil(list(owner.words)))).json()
    assert answer["fine"] is False
    assert says in answer["sentence"]


async def test_guessing_is_slowed_down_and_the_right_words_end_it(owner, clock):
    wrong = new_words(bytes(32))
    statuses = [(await check(owner, wrong)).status_code for _ in range(12)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    clock.advance(60_000)
    assert (await check(owner, owner.words)).json()["fine"]
    assert (await check(owner, wrong)).status_code == 200


async def test_nothing_of_the_words_is_kept_or_logged(owner, node, caplog):
    caplog.set_level(logging.DEBUG)
    await check(owner, owner.words)
    await check(owner, [*owner.words[:23], "zzz"])
    stored = node.db.snapshot()
    for word in owner.words:
        assert f'"{word}"' not in caplog.text
        assert f'"{word}"'.encode() not in stored
    assert entropy_of(owner.words) not in stored


async def test_a_folder_from_before_learns_what_it_needs(owner, node):
    node.db.write_sync(lambda conn: conn.execute(store.words_halves.delete()))
    assert node.db.read_sync(kept_public_halves) is None
    await check(owner, new_words(bytes(32)))
    assert node.db.read_sync(kept_public_halves) is None
    await check(owner, owner.words)
    assert node.db.read_sync(kept_public_halves) == public_halves(entropy_of(owner.words))


async def test_too_much_is_refused_without_being_repeated(owner):
    answer = await check(owner, ["x" * 21] * 24)
    assert answer.status_code == 400
    assert "xxx" not in answer.text
