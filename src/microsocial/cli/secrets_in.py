"""How passwords come in: asked for without echo, or read from standard input by scripts. Never as an argument."""

import sys

import typer

from microsocial.errors import Invalid


class NoPassword(Invalid):
    """No password came on standard input."""


class NotTheSame(Invalid):
    """The two passwords are not the same. Nothing was changed."""


def ask_password(from_stdin: bool, question: str = "Password") -> str:
    if not from_stdin:
        return str(typer.prompt(question, hide_input=True, err=True))
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
