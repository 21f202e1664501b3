"""Whether I still live on this node: it may have been told that I moved (spec 9.7), or that I give it up.

A node that I moved away from sends nothing and takes in nothing; it only says where I am. One that I give up still speaks to
friends, so that they take away what I took back, but makes no new ones.
"""

import json

from sqlalchemy import Connection

from microsocial.delivery import store
from microsocial.delivery.model import GivenUp, MovedAway, ResidenceChanged
from microsocial.events import emit
from microsocial.records.service import Log

MOVED, GIVING_UP = "moved", "giving-up"  # facts


class Residence:
    def __init__(self, log: Log) -> None:
        self._log = log

    # Moving

    def moved_to(self, conn: Connection) -> str | None:
        """The address that I moved to, or None while I live here."""
        fact = store.fact(conn, MOVED)
        return str(json.loads(fact)["to"]) if fact else None

    def record(self, conn: Connection) -> str | None:
        """My signed address record as answers carry it, once I have moved."""
        if self.moved_to(conn) is None:
            return None
        return self._log.get(conn, self._log.me.id, "address").envelope.encoded()

    def move(self, conn: Connection, address: str) -> None:
        """From now on I live there. The record that says so is signed here, while this node still may."""
        was = store.fact(conn, MOVED)
        known = self._log.find(conn, self._log.me.id, "address")
        before = json.loads(was)["from"] if was else list(known.fields["urls"]) if known else []
        self._log.set_one(conn, "address", {"urls": [address], "home": []})
        store.put_fact(conn, MOVED, json.dumps({"to": address, "from": before}).encode())
        emit(conn, ResidenceChanged())

    def stay(self, conn: Connection) -> None:
        """I live here after all, where I lived before."""
        fact = store.fact(conn, MOVED)
        if fact:
            store.drop_fact(conn, MOVED)
            self._log.set_one(conn, "address", {"urls": json.loads(fact)["from"], "home": []})
            emit(conn, ResidenceChanged())

    def arrive(self, conn: Connection, address: str) -> bool:
        """At the start: give whether this is where I live. The place that I moved to takes the note away."""
        moved_to = self.moved_to(conn)
        if moved_to == address:
            store.drop_fact(conn, MOVED)
        return moved_to in (None, address)

    # Giving up

    def is_given_up(self, conn: Connection) -> bool:
        return store.fact(conn, GIVING_UP) is not None

    def give_up(self, conn: Connection) -> None:
        store.put_fact(conn, GIVING_UP, b"1")
        emit(conn, ResidenceChanged())

    def keep(self, conn: Connection) -> None:
        store.drop_fact(conn, GIVING_UP)
        emit(conn, ResidenceChanged())

    # Both

    def check(self, conn: Connection) -> None:
        """Raise MovedAway or GivenUp when nothing new may begin on this node."""
        moved_to = self.moved_to(conn)
        if moved_to is not None:
            raise MovedAway(f"You live at {moved_to} now.")
        if self.is_given_up(conn):
            raise GivenUp
