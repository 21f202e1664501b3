import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keys import begin, lock_for_words
from microsocial.cli.backups import _unlocked
from microsocial.cli.secrets_in import ask_password, ask_words
from microsocial.cli.words import in_words, moment, plain
from microsocial.client.errors import Refused
from microsocial.clock import system_entropy
from microsocial.identity.recovery import backup_key
from microsocial.protocol.crypto import x25519_public
from microsocial.protocol.words import new_words


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2Jgone",
        "\x1b]0;title\x07",
        "a\rb",
        "\x9b31mred",
        "back\x08space",
        "\u202egnol",
        "\u2066x\u2069",
        "nul\x00",
    ],
)
def test_nothing_a_friend_wrote_can_steer_the_terminal(hostile: str) -> None:
    shown = plain(hostile)
    assert not any(ord(one) < 32 or 0x7F <= ord(one) < 0xA0 for one in shown)
    assert not set("\u202e\u2066\u2069") & set(shown)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "So"])))
def test_ordinary_writing_of_any_script_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_line_breaks_and_families_stay() -> None:
    assert plain("a\n\tb 👨‍👩‍👧‍👦") == "a\n\tb 👨‍👩‍👧‍👦"


def test_a_moment_that_never_was_is_said_so() -> None:
    assert moment(None) == "never"


def test_a_detail_that_repeats_the_title_is_told_once():
    title = "This invitation has already been used by somebody else. Ask for a new one."
    detail = "This invitation has already been used by somebody else. Ask Ana for a new one."
    assert in_words(Refused(409, {"title": title, "detail": detail})) == detail
    assert in_words(Refused(409, {"title": "It is taken.", "detail": "Ben has it."})) == (
        "It is taken. Ben has it."
    )
    assert in_words(Refused(409, {"title": "It is taken."})) == "It is taken."


def test_a_password_after_a_sheet_with_a_word_too_few_is_not_taken_for_a_word(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{'abandon ' * 23}\nmy password\n"))
    assert ask_words(True) == ["abandon"] * 23


def test_a_sheet_may_come_in_several_lines(monkeypatch):
    lines = "".join(f"{row}. {'abandon ' * 6}\n" for row in range(4))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{lines}my password\n"))
    assert len(ask_words(True)) == 24
    assert ask_password(True) == "my password"


def test_a_numbered_sheet_in_several_lines_opens_a_backup(tmp_path, monkeypatch):
    folder = BackupFolder(tmp_path / "disk")
    folder.prepare()
    opened = begin(folder, "four words are enough", system_entropy)
    lock_for_words(opened, x25519_public(backup_key(bytes(32))))
    rows = [f"{number}. {word}\n" for number, word in enumerate(new_words(bytes(32)), 1)]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(rows)))
    assert _unlocked(folder, False, True).key == opened.key
