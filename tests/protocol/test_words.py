import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.protocol.words import WordsWrong, entropy_of, new_words


def test_the_words_are_those_of_bip39():
    assert new_words(bytes(32)) == ["abandon"] * 23 + ["art"]
    assert new_words(b"\xff" * 32) == ["zoo"] * 23 + ["vote"]


@given(st.binary(min_size=32, max_size=32))
def test_the_words_bring_the_bytes_back(entropy):
    words = new_words(entropy)
    assert len(words) == 24
    assert entropy_of(words) == entropy
    assert entropy_of([f" {word.upper()} " for word in words]) == entropy


def test_a_word_that_is_none_is_named():
    words = new_words(bytes(32))
    words[2] = "abandom"
    with pytest.raises(WordsWrong, match="Word 3, “abandom”"):
        entropy_of(words)


def test_swapped_and_missing_words_are_told_apart():
    words = new_words(bytes(range(32)))
    with pytest.raises(WordsWrong, match="do not belong together"):
        entropy_of([words[1], words[0], *words[2:]])
    with pytest.raises(WordsWrong, match="these are 23"):
        entropy_of(words[1:])


def test_the_words_need_no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    assert entropy_of(new_words(bytes(32))) == bytes(32)
