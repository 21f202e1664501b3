"""Ask the questions and write the answers down."""

import importlib
import platform
import sys
from pathlib import Path

QUESTIONS = ("start", "writes", "statements", "delivery", "media_sizes")
FIGURES = Path(__file__).parent / "FIGURES.md"


def main(chosen: list[str]) -> None:
    answers = []
    for name in chosen or QUESTIONS:
        question = importlib.import_module(f"bench.{name}")
        sys.stderr.write(f"{name} …\n")
        title = (question.__doc__ or name).splitlines()[0]
        answers += [f"## {title}", "", f"`bench/{name}.py`", "", *question.ask(), ""]
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    heading = ["# Figures", "", f"Measured on {machine}; `make bench` measures yours.", ""]
    text = "\n".join([*heading, *answers])
    sys.stdout.write(text)
    if not chosen:
        FIGURES.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
