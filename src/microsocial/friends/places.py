"""Where friends say that they are at home now, and what the owner says to it (spec 9.6).

A private address in a friend's signed record opens nothing by itself. It becomes a question; a yes allows this one `host:port` for
this one friend, a no is remembered. Rule: only what stands in the friend's newest record can be said yes to.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select

from microsocial.clock import Clock
from microsocial.delivery.model import CorrespondenceBegan
from microsocial.events import emit
from microsocial.friends import people, store
from microsocial.friends.homes import place_of, places_to_accept, places_to_ask_about
from microsocial.friends.model import HomeAsked, NoSuchHome, NotAFriend
from microsocial.transport.guard import Network

# A friend names at most eight addresses (MAX_ADDRESS_URLS), so no more are asked about at once; as many noes are remembered.
MAX_NOES = 8

_homes, _hosts = store.homes.c, store.allowed_hosts.c


class Places:
    """Args: `opened` are the private networks that the owner opened for everybody; nobody is asked about those."""

    def __init__(self, me: str, clock: Clock, opened: Iterable[Network] = ()) -> None:
        self._me = me
        self._clock = clock
        self._opened = tuple(opened)

    def note(self, conn: Connection, ids: Collection[str]) -> list[str]:
        """Look at the newest addresses of these people: ask about what is new, forget the questions that are over.

        Give those about whom the owner is asked something else than before.
        """
        ties = store.by_person(conn, store.friends, ids)
        friends = [person for person, tie in ties.items() if tie.state == "friend"]
        rows = store.by_person(conn, store.addresses, friends)
        allowed, known = self._allowed(conn, friends), self._known(conn, friends)
        mine = next(iter(people.urls_of(conn, self._me)), "")
        changed = []
        for person in friends:
            urls = json.loads(rows[person].urls) if person in rows else ()
            asked = places_to_ask_about(urls, mine, self._opened) - allowed[person]
            if self._ask(conn, person, asked, known[person]):
                changed.append(person)
        return changed

    def _ask(
        self, conn: Connection, person: str, asked: Collection[str], known: dict[str, bool]
    ) -> bool:
        over = [place for place, is_open in known.items() if is_open and place not in asked]
        if over:
            mine = _homes.person == person
            conn.execute(delete(store.homes).where(mine, _homes.place.in_(over)))
        news = sorted(place for place in asked if place not in known)
        for place in news:
            self._put(conn, person, place, None)
        if news:
            emit(conn, HomeAsked(person))
        return bool(news or over)

    def asked(self, conn: Connection, ids: Collection[str]) -> dict[str, list[str]]:
        """Give the places that wait for a yes or no, by person."""
        query = select(_homes.person, _homes.place).where(
            _homes.person.in_(set(ids)), _homes.declined.is_(None)
        )
        found: dict[str, list[str]] = defaultdict(list)
        for row in conn.execute(query.order_by(_homes.place)):
            found[row.person].append(row.place)
        return found

    def accept(self, conn: Connection, person: str, typed: str) -> None:
        """Say yes: from now on this friend, and nobody else, is called there. What was allowed where they no longer live is over.

        Raises NotAFriend, NoSuchHome.
        """
        named = self._named(conn, person)
        place = _read(typed)
        if place not in named:
            raise NoSuchHome
        store.drop(conn, store.homes, person=person, place=place)
        former = delete(store.allowed_hosts).where(_hosts.person == person)
        conn.execute(former.where(_hosts.host.not_in(named)))
        store.put(conn, store.allowed_hosts, person=person, host=place)
        emit(conn, CorrespondenceBegan(person))  # what waits for them goes at once

    def decline(self, conn: Connection, person: str, typed: str) -> None:
        """Say no, or take a yes back: nothing is called there, and the same place is not asked about again.

        Raises NotAFriend, NoSuchHome.
        """
        named = self._named(conn, person)
        place = _read(typed)
        was_allowed = bool(store.drop(conn, store.allowed_hosts, person=person, host=place))
        if place in named:
            self._put(conn, person, place, self._clock.now())
            self._forget_old_noes(conn, person)
        elif not was_allowed:
            raise NoSuchHome

    def forget(self, conn: Connection, person: str) -> None:
        """They are no friend any more: there is nothing to ask."""
        store.drop(conn, store.homes, person=person)

    def _put(self, conn: Connection, person: str, place: str, declined: int | None) -> None:
        now = self._clock.now()
        store.put(conn, store.homes, person=person, place=place, asked=now, declined=declined)

    def _forget_old_noes(self, conn: Connection, person: str) -> None:
        noes = select(_homes.place).where(_homes.person == person, _homes.declined.is_not(None))
        old = noes.order_by(_homes.declined.desc(), _homes.place).offset(MAX_NOES)
        mine = _homes.person == person
        conn.execute(delete(store.homes).where(mine, _homes.place.in_(old)))

    def _named(self, conn: Connection, person: str) -> frozenset[str]:
        tie = store.find(conn, store.friends, person=person)
        if tie is None or tie.state != "friend":
            raise NotAFriend
        return places_to_accept(people.urls_of(conn, person))

    def _allowed(self, conn: Connection, ids: Collection[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        query = select(store.allowed_hosts).where(_hosts.person.in_(set(ids)))
        for row in conn.execute(query):
            found[row.person].add(row.host)
        return found

    def _known(self, conn: Connection, ids: Collection[str]) -> dict[str, dict[str, bool]]:
        """Give the places noted for each, and whether the question is open."""
        found: dict[str, dict[str, bool]] = defaultdict(dict)
        for row in conn.execute(select(store.homes).where(_homes.person.in_(set(ids)))):
            found[row.person][row.place] = row.declined is None
        return found


def _read(typed: str) -> str | None:
    """Read a place as a person may type it: `192.168.1.20:8000`, or the whole address."""
    bare = typed.strip().rstrip("/")
    return place_of(bare if "://" in bare else f"http://{bare}")
