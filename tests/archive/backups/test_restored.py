"""What is still to come is said, until it is there."""

import pytest
from sqlalchemy import insert
from tests.support import FakeClock

from microsocial.archive.backups import store
from microsocial.archive.backups.restored import TOLD_FOR_MS, still_coming
from microsocial.database import in_memory
from microsocial.delivery import store as correspondence
from microsocial.friends import store as friends
from microsocial.media import store as media
from microsocial.records.store import offered, records

ME, BEN, CEM, DAN = (letter * 43 for letter in "abcd")
RESTORED = FakeClock().now()


class Names:
    """Who anybody is."""

    def persons(self, _, ids):
        return {one: {"name": {BEN: "Ben", CEM: "Cem", DAN: "Dan"}[one]} for one in ids}


@pytest.fixture
def db():
    db = in_memory()
    yield db
    db.close()


def correspond(db, person, **values):
    given = {"state": "active", "sees_from": 1, "acknowledged": 1, **values}
    db.write_sync(lambda conn: correspondence.put(conn, person, **given))


def told(db, now=RESTORED):
    return db.read_sync(lambda conn: still_coming(conn, Names(), ME, now))


def test_whose_machine_was_heard_and_compared_is_not_waited_for(db):
    correspond(db, BEN, last_heard=RESTORED - 1)
    assert told(db) == []
    db.write_sync(lambda conn: store.add_restoration(conn, RESTORED - 5000, RESTORED))
    assert told(db) == [
        "Not heard from yet since you came back: Ben. What they hold of yours comes when their machine answers."
    ]
    correspond(db, CEM, last_heard=None, acknowledged=None)
    assert "Ben and Cem" in told(db)[0]
    assert told(db, RESTORED + TOLD_FOR_MS + 1)[0].startswith(
        "Not heard from yet since you came back: Cem"
    )
    correspond(db, DAN, last_heard=None, sees_from=RESTORED + 1)  # a friend made since
    assert "Dan" not in told(db)[0]
    correspond(db, BEN, last_heard=RESTORED + 1)
    correspond(db, CEM, last_heard=RESTORED + 1, state="ended")
    assert told(db) == []


def test_who_is_still_looked_for_and_who_is_being_compared_are_told_apart(db):
    sought = {"person": DAN, "urls": "[]", "attempts": 1, "next_try": 0}
    db.write_sync(lambda conn: friends.put(conn, friends.sought, **sought))
    correspond(db, BEN, last_heard=RESTORED, acknowledged=None, reunion="{}")
    [unheard, comparing] = told(db)
    assert "since you came back: Dan." in unheard
    assert comparing.startswith("Ben and you are comparing what each has")


def test_photos_of_mine_that_somebody_was_given_are_counted_by_what_shows_them(db):
    def fill(conn):
        for no, author in ((1, ME), (2, ME), (3, ME), (4, BEN), (5, ME)):
            text = dict.fromkeys(("kind", "audience"), "post")
            row = {"no": no, "ref": f"r{no}", "id": f"i{no}", "author": author, "hash": bytes([no])}
            numbers = dict.fromkeys(("key_number", "revision", "created", "received"), 1)
            conn.execute(insert(records).values(**row, **text, **numbers, envelope=b"", via=ME))
            for size in range(3):
                name = bytes([no, size])
                is_mine = author == ME
                values = {"hash": name, "length": 1, "chunk": 1, "type": "image/webp", "seen": 0}
                values |= {
                    "mine": is_mine,
                    "here": no == 2 or (no == 5 and not size),
                    "wanted": no != 2,
                }
                conn.execute(insert(media.blobs).values(**values))
                conn.execute(insert(media.blob_uses).values(record=no, hash=name))
        for no in (1, 2, 4, 5):  # nobody has the third: it cannot come back
            conn.execute(insert(offered).values(person=BEN, record=no))

    db.write_sync(fill)
    assert told(db) == [
        "The photos and clips of one thing you said are not back; friends who have them give them back when they are awake."
    ]
