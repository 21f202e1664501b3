"""Follows long work to its end: a line that moves on a terminal, nothing in a script, the closing sentence in both."""

import sys
import time

import typer

from microsocial.cli.door import Door
from microsocial.cli.words import complain, plain
from microsocial.client import calls
from microsocial.client.model import Work

LOOK_EVERY_S = 0.3


def follow(door: Door, work: Work) -> None:
    """Wait for the end and tell it; exit with 1 unless it was done. Ctrl+C stops the work itself."""
    ended = watched_to_its_end(door, work)
    door.tell(ended, *([ended["sentence"]] if ended["state"] == "done" else []))
    if ended["state"] != "done":
        complain(f"microsocial: {ended['sentence']}")
        raise typer.Exit(1)


def watched_to_its_end(door: Door, work: Work) -> Work:
    while work["state"] == "running":
        try:
            time.sleep(LOOK_EVERY_S)
            work = next(one for one in door.do(calls.works()) if one["id"] == work["id"])
            show_progress(work["done"], work["total"], work["sentence"])
        except KeyboardInterrupt:
            work = door.do(calls.stop_work(work["id"]))
    clear_progress()
    return work


def show_progress(done: int, total: int, sentence: str) -> None:
    """One line on the terminal, written over the last one; nothing in a script."""
    if not sys.stderr.isatty():
        return
    share = f"{100 * done // total:3d} %  " if total else ""
    sys.stderr.write(f"\r\033[K{share}{plain(sentence)}")
    sys.stderr.flush()


def clear_progress() -> None:
    if not sys.stderr.isatty():
        return
    sys.stderr.write("\r\033[K")
    sys.stderr.flush()
