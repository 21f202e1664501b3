from pathlib import Path

from microsocial.cli.manual import manual

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "commands.md"


def test_the_page_about_the_commands_is_current() -> None:
    assert PAGE.read_text("utf-8") == manual(), (
        "run: python -m microsocial.cli.manual > docs/operate/commands.md"
    )


def test_every_command_that_others_rely_on_is_there() -> None:
    page = manual()
    for name in [
        "init",
        "run",
        "demo",
        "status",
        "invite",
        "post",
        "comment",
        "react",
        "feed",
        "message",
        "messages",
        "delivery",
        "watch",
        "search",
        "rebuild",
        "doctor",
        "offer",
    ]:
        assert f"## `microsocial {name}" in page, name
    for name in ["add", "list", "accept", "decline", "remove", "block", "show"]:
        assert f"## `microsocial friends {name}" in page
    for name in ["list", "create", "add", "remove"]:
        assert f"## `microsocial circles {name}" in page
    for name in ["show", "edit", "delete"]:
        assert f"## `microsocial posts {name}" in page


def test_every_command_says_what_it_does() -> None:
    for section in manual().split("\n## ")[1:]:
        heading, _, rest = section.partition("\n")
        assert rest.strip(), heading
