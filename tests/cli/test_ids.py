"""Ids on the command line."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from microsocial.cli.ids import TakesIds

app = typer.Typer()
WHOLE = "--" + "a1_-" * 5
SHORT = "-Zmjkh0_-hhhhhhhhhhhhh"


@app.command(cls=TakesIds)
def say(
    who: str,
    words: list[str],
    *,
    loud: Annotated[bool, typer.Option("--loud-as-a-whole-crowd")] = False,
) -> None:
    typer.echo([who, list(words), loud])


def said(*arguments: str) -> str:
    return CliRunner().invoke(app, list(arguments)).output.strip()


@pytest.mark.parametrize("found", [SHORT, SHORT[:8], WHOLE, "Zmjk"])
def test_an_id_may_begin_with_a_hyphen(found: str) -> None:
    assert said(found, "hello", found) == str([found, ["hello", found], False])


def test_an_option_stays_an_option_wherever_it_stands() -> None:
    assert said(SHORT, "hello", "--loud-as-a-whole-crowd") == str([SHORT, ["hello"], True])
    assert said("--loud-as-a-whole-crowd", SHORT, "hello") == str([SHORT, ["hello"], True])


@pytest.mark.parametrize("option", ["--loudd", "-x", "--nothing=that"])
def test_an_option_that_there_is_not_is_still_a_mistake(option: str) -> None:
    result = CliRunner().invoke(app, ["a", "hello", option])
    assert result.exit_code == 2
