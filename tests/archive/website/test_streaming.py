"""From a thread to whoever downloads: whole, or visibly broken, and never more in memory than is on its way."""

import asyncio
import threading

import pytest

from microsocial.archive.website import streaming
from microsocial.archive.website.model import AlreadyExporting
from microsocial.archive.website.streaming import MADE_AHEAD, PIECE_BYTES, DownloadBroken, Downloads
from microsocial.database import Database


@pytest.fixture
def db(tmp_path):
    database = Database(tmp_path / "some.db").open()
    yield database
    database.close()


@pytest.fixture
def downloads(db, monkeypatch):
    monkeypatch.setattr(streaming, "LOOK_S", 0.01)
    return Downloads(db)


class Source:
    """Makes pieces of one size; knows how many it made, and when it was let go."""

    def __init__(self, count, breaks_at=None):
        self.count = count
        self.made = 0
        self.breaks_at = breaks_at
        self.let_go = threading.Event()

    def __call__(self, conn):
        try:
            for number in range(self.count):
                if number == self.breaks_at:
                    raise OSError("the disk is gone")
                self.made += 1
                yield bytes([number % 256]) * PIECE_BYTES
        finally:
            self.let_go.set()


async def test_everything_comes_in_order(downloads):
    pieces = [piece async for piece in downloads.begin(Source(30))]
    assert b"".join(pieces) == b"".join(bytes([n]) * PIECE_BYTES for n in range(30))


async def test_who_begins_late_gets_it_all(downloads):
    download = downloads.begin(Source(3))
    await asyncio.sleep(0.3)
    assert len([piece async for piece in download]) == 3


async def test_small_pieces_are_handed_over_together(downloads):
    pieces = [piece async for piece in downloads.begin(lambda conn: (b"x" for _ in range(1000)))]
    assert pieces == [b"x" * 1000]


async def test_no_more_is_made_than_is_taken(downloads):
    source = Source(500)
    download = downloads.begin(source)
    await anext(download)
    await asyncio.sleep(0.2)
    assert source.made <= MADE_AHEAD + 3
    await download.aclose()


async def test_who_goes_away_is_noticed(downloads):
    source = Source(500)
    download = downloads.begin(source)
    await anext(download)
    await download.aclose()
    assert await asyncio.to_thread(source.let_go.wait, 5)
    assert source.made < 50


async def test_who_stands_still_is_let_go(downloads, monkeypatch):
    monkeypatch.setattr(streaming, "PATIENCE_S", 0.1)
    source = Source(500)
    download = downloads.begin(source)
    await anext(download)
    assert await asyncio.to_thread(source.let_go.wait, 5)
    with pytest.raises(DownloadBroken):
        [piece async for piece in download]


async def test_what_breaks_here_breaks_there(downloads):
    with pytest.raises(OSError, match="the disk is gone"):
        async for _ in downloads.begin(Source(30, breaks_at=4)):
            pass


async def test_two_at_once_are_one_too_many(downloads):
    download = downloads.begin(Source(500))
    with pytest.raises(AlreadyExporting):
        downloads.begin(Source(1))
    await download.aclose()
    await downloads.stop()
    assert [len(piece) async for piece in downloads.begin(Source(1))] == [PIECE_BYTES]


async def test_a_node_that_stops_does_not_wait_for_a_slow_reader(downloads):
    source = Source(500)
    download = downloads.begin(source)
    await anext(download)
    await asyncio.wait_for(downloads.stop(), 5)
    assert source.let_go.is_set()
    with pytest.raises(DownloadBroken):
        async for _ in download:
            pass
