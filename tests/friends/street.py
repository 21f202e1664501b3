"""A street: people with an address, a door and a database in memory, and a carrier that walks between them.

    street = Street()
    ana, ben = street.person("Ana"), street.person("Ben")
    link = ana.invite()
    await ben.knocking.accept_invite(link)

The carrier signs and reads requests as HTTP would; `ana.is_asleep` lets nobody in, `street.lose_replies` lets answers vanish.
"""

import msgspec
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.database import in_memory
from microsocial.delivery.peer import well_known
from microsocial.delivery.service import Delivery
from microsocial.errors import PeerBroke
from microsocial.events import LiveEvent, take_emitted
from microsocial.friends.knocking import GREETINGS, WELL_KNOWN, Knocking
from microsocial.friends.service import Friends
from microsocial.identity.me import Me
from microsocial.protocol.keys import begin, inception, signing_key
from microsocial.protocol.signatures import read_request, sign_request
from microsocial.records.service import Log
from microsocial.transport.errors import NotMicrosocial, NotReachable
from microsocial.transport.http_out import Response

LOOPBACK = "127.0.0.1"


class Neighbour:
    """One person, with everything the friends room needs."""

    def __init__(self, street: "Street", name: str, url: str, seed: int) -> None:
        self.entropy = SeededEntropy(seed)
        words = self.entropy(32)
        self.words = words
        key = signing_key(words, 0)
        self.street = street
        self.name, self.url, self.seed = name, url, seed
        self.clock = street.clock
        self.me = Me(key, begin(inception(key, signing_key(words, 1).public)))
        self.db = in_memory()
        self.log = Log(self.me, self.clock, self.entropy)
        self.delivery = Delivery(self.log, self.clock, self.entropy)
        self.friends = Friends(self.me, self.log, self.delivery, self.clock, self.entropy)
        self.knocking = Knocking(self.db, street, self.friends, self.me, self.clock, self.entropy)
        self.is_asleep = False
        self.told: list[LiveEvent] = []
        self.write(self.delivery.start)
        profile = {"name": name, "about": "", "hue": 200}
        self.write(lambda conn: self.log.set_one(conn, "profile", profile))
        self.write(lambda conn: self.log.set_one(conn, "address", {"urls": [url], "home": []}))

    @property
    def id(self) -> str:
        return self.me.id

    def write(self, change):
        def kept(conn):
            result = change(conn)
            events = take_emitted(conn)
            self.told += [event for event in events if isinstance(event, LiveEvent)]
            return result

        return self.db.write_sync(kept)

    def read(self, query):
        return self.db.read_sync(query)

    def told_names(self) -> list[str]:
        names = [event.name for event in self.told]
        self.told.clear()
        return names

    def invite(self) -> str:
        return self.write(lambda conn: self.friends.invite(conn, self.url)).link

    def page(self, person: "Neighbour"):
        return self.read(lambda conn: self.friends.friend(conn, person.id))

    def lists(self) -> dict[str, list[str]]:
        lists = self.read(self.friends.all)
        return {name: [page["name"] for page in pages] for name, pages in lists.items() if pages}

    def is_friend_of(self, other: "Neighbour") -> bool:
        return self.read(lambda conn: self.friends.is_friend(conn, other.id))

    def remove(self, other: "Neighbour") -> None:
        self.write(lambda conn: self.friends.remove(conn, other.id))

    def block(self, other: "Neighbour") -> None:
        self.write(lambda conn: self.friends.block(conn, other.id))


class Street:
    """Everybody, and the carrier between them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.houses: dict[str, Neighbour] = {}
        self.lose_replies = False
        self.posted: list[tuple[str, str]] = []  # (path, receiver)
        self.allowed: list[frozenset[str]] = []
        self.came_from = LOOPBACK

    def person(self, name: str, url: str | None = None) -> Neighbour:
        url = url or f"http://localhost:{8081 + len(self.houses)}"
        neighbour = Neighbour(self, name, url, len(self.houses) + 1)
        self.houses[url] = neighbour
        return neighbour

    async def get(self, url, *, allowed=frozenset(), max_bytes):
        base = url.removesuffix(WELL_KNOWN)
        self.allowed.append(frozenset(allowed))
        house = self._awake(base)
        document = house.write(lambda conn: well_known(conn, house.log, house.delivery))
        return Response(200, "application/json", msgspec.json.encode(document), base)

    async def post(self, to, path, body, *, signer, purpose, max_bytes=0):
        assert path == GREETINGS
        self.posted.append((path, to.person))
        self.allowed.append(to.allowed)
        for url in to.urls:
            house = self._awake(url)
            headers = sign_request(
                "POST",
                path,
                "",
                body,
                to.person,
                signer.signing_key,
                f"{signer.id}#{signer.key_number}",
                self.clock.now(),
                signer.id.encode()[:16],
            )
            claims = read_request("POST", path, "", headers, body)
            try:
                reply = house.write(
                    lambda conn, claims=claims, house=house: house.friends.receive_greeting(
                        conn, claims, body, self.came_from
                    )
                )
            except PeerBroke as error:
                return Response(error.status, "application/problem+json", b"{}", url)
            if self.lose_replies:
                raise NotReachable
            return Response(200, "application/microsocial", reply, url)
        raise NotReachable

    def _awake(self, url: str) -> Neighbour:
        house = self.houses.get(url)
        if house is None:
            raise NotMicrosocial
        if house.is_asleep:
            raise NotReachable
        return house

    def close(self) -> None:
        for house in self.houses.values():
            house.db.close()
