"""How passwords and the 24 words come in: asked for without echo, or read from standard input. Never as an argument."""

import getpass
import re
import sys
import warnings

import typer

from microsocial.errors import Invalid


class NoPassword(Invalid):
    """No password came on standard input."""


class NotTheSame(Invalid):
    """The two passwords are not the same. Nothing was changed."""


class NoTerminal(Invalid):
    """There is no terminal here to type it in unseen. Give it on standard input, with the option that ends in -stdin."""


def ask_password(from_stdin: bool, question: str = "Password") -> str:
    if not from_stdin:
        return _ask_unseen(question)
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise NoPassword
    return line


def ask_new_password(from_stdin: bool) -> str:
    """A password that is being chosen: asked for twice."""
    first = ask_password(from_stdin, "New password")
    if not from_stdin and ask_password(False, "Again") != first:
        raise NotTheSame
    return first


WORDS = 24
MOST_WORDS = 20  # on one line; sheets have columns of six at most
# A sheet numbers its words; whoever copies it may bring the numbers along.
_NUMBER = re.compile(r"[0-9]{1,2}[.):]?")


def ask_words(from_stdin: bool) -> list[str]:
    """The 24 words as they were typed, to be checked by whoever needs them.

    From standard input lines are read until there are 24, so that a password may stand on the line after them. A line
    with most of them is the whole sheet: after a sheet with a word too few comes a password, and no word to show.
    """
    if not from_stdin:
        return _words_in(_ask_unseen("Your 24 words, with spaces between"))
    words: list[str] = []
    while len(words) < WORDS and (line := sys.stdin.readline()):
        words += (found := _words_in(line))
        if len(found) >= MOST_WORDS:
            break
    return words


def _ask_unseen(question: str) -> str:
    with warnings.catch_warnings():
        # It would go on and show what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return str(typer.prompt(question, hide_input=True, err=True))
        except getpass.GetPassWarning:
            raise NoTerminal from None


def _words_in(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if not _NUMBER.fullmatch(word)]
