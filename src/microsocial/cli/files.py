"""Files that go with what is said: brought to the node with a progress bar, refused in a sentence that names them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from microsocial.cli.door import Door
from microsocial.cli.late import load
from microsocial.cli.words import complain
from microsocial.client.model import Chosen, Upload
from microsocial.errors import Invalid

PhotoOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--photo", metavar="FILE", help="A photo; up to ten, in this order.", show_default=False
    ),
]
ClipOption = Annotated[
    Path | None,
    typer.Option("--clip", metavar="FILE", help="A clip of up to a minute.", show_default=False),
]
VoiceOption = Annotated[
    Path | None,
    typer.Option("--voice", metavar="FILE", help="A voice note.", show_default=False),
]
CaptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--caption", metavar="TEXT", help="Of the first file, the second …", show_default=False
    ),
]
AltOption = Annotated[
    list[str] | None,
    typer.Option(
        "--alt",
        metavar="TEXT",
        help="What is to be seen, for those who do not see it; in the same order.",
        show_default=False,
    ),
]


class FileMissing(Invalid):
    """There is no such file, or it cannot be read."""


class FileNotTaken(Invalid):
    """That file cannot be posted."""


class WordsWithoutFile(Invalid):
    """There are more captions or alt texts than files. Give each file its own, in the same order."""


def bring(
    door: Door, files: Sequence[Path], captions: Sequence[str], alts: Sequence[str]
) -> list[Chosen]:
    """Bring all of these to the node; nothing is said when one of them is refused."""
    if max(len(captions), len(alts)) > len(files):
        raise WordsWithoutFile
    if not files:
        return []
    for file in files:
        if not file.is_file():
            raise FileMissing(f"{file}: There is no such file.")
    uploads = _bring(door, files)
    refused = [
        upload["sentence"] or upload["name"] for upload in uploads if upload["state"] == "refused"
    ]
    if refused:
        _drop(door, uploads)
        raise FileNotTaken("\n".join(refused))
    _say_what_stays_home(uploads)
    return [
        Chosen(
            id=upload["id"],
            caption=captions[number] if number < len(captions) else "",
            alt=alts[number] if number < len(alts) else "",
        )
        for number, upload in enumerate(uploads)
    ]


def _bring(door: Door, files: Sequence[Path]) -> list[Upload]:
    progress = load("rich.progress")
    console = load("rich.console").Console(stderr=True)
    uploader = load("microsocial.client.uploads").Uploader(door.reach)
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.fields[doing]}"),
    )
    uploads: list[Upload] = []
    with progress.Progress(*columns, console=console, transient=True) as bars:
        for file in files:
            told = _Bar(bars, file)
            try:
                uploads.append(uploader.bring(file, told))
            except OSError as error:
                raise FileMissing(f"{file}: {error.strerror or error}") from error
            told.done()
    uploader.close()
    return uploads


class _Bar:
    """One file's line: first how much of it was sent, then how far it is prepared."""

    def __init__(self, bars: Any, file: Path) -> None:
        self._bars = bars
        self._task = bars.add_task(file.name, total=max(1, file.stat().st_size), doing="sending")

    def sent(self, count: int) -> None:
        self._bars.update(self._task, completed=count)

    def prepared(self, percent: int) -> None:
        self._bars.update(self._task, total=100, completed=percent, doing="preparing")

    def done(self) -> None:
        self._bars.update(self._task, total=100, completed=100, doing="ready")


def _drop(door: Door, uploads: Sequence[Upload]) -> None:
    calls = load("microsocial.client.calls")
    for upload in uploads:
        door.do(calls.drop_upload(upload["id"]))


def _say_what_stays_home(uploads: Sequence[Upload]) -> None:
    for upload in uploads:
        if upload["leaked"]:
            told = ", ".join(leak["what"] for leak in upload["leaked"])
            complain(f"{upload['name']}: taken out before it is shown: {told}.")
