"""A village: people with whole nodes (all rooms, in memory) and no network. What one says reaches another when asked to.

village = Village()
ana, ben = village.person("Ana"), village.person("Ben")
village.befriend(ana, ben)
post = ana.publish("Hello", "friends")
village.bring()                       # everybody's letters to everybody, until nothing is left
assert ben.feed()[0]["text"] == "Hello"
"""

from itertools import permutations

from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.database import in_memory
from microsocial.delivery.service import Delivery
from microsocial.events import LiveEvent, take_emitted
from microsocial.feed.live import SHOWN, Live
from microsocial.feed.notices import Notices
from microsocial.feed.service import Feed
from microsocial.friends import store as friends_store
from microsocial.friends.service import Friends
from microsocial.identity.me import Me
from microsocial.messages.service import Messages
from microsocial.posts.model import Choice, Draft
from microsocial.posts.service import Posts
from microsocial.protocol.keys import begin, inception, signing_key
from microsocial.records.service import Log

MOST_LETTERS = 50  # between two people in one go; more means that they never agree


class Villager:
    """One person with a whole node."""

    def __init__(self, name: str, seed: int, clock: FakeClock) -> None:
        entropy = SeededEntropy(seed)
        words = entropy(32)
        key = signing_key(words, 0)
        self.name = name
        self.clock = clock
        self.me = Me(key, begin(inception(key, signing_key(words, 1).public)))
        self.db = in_memory()
        self.log = Log(self.me, clock, entropy)
        self.delivery = Delivery(self.log, clock, entropy)
        self.friends = Friends(self.me, self.log, self.delivery, clock, entropy)
        self.notices = Notices(self.me.id, self.friends, clock)
        self.posts = Posts(self.me, self.log, self.friends, self.delivery, clock)
        self.messages = Messages(self.log, self.friends, self.delivery, clock)
        self.feeds = Feed(self.posts, self.friends, self.messages)
        self.live = Live(self.posts, self.messages, self.notices, self.friends)
        self.told: list[LiveEvent] = []
        self.emitted = []
        self.is_watched = True  # whether a screen is open
        self.write(self.delivery.start)
        profile = {"name": name, "about": f"This is {name}.", "hue": 200}
        self.write(lambda conn: self.log.set_one(conn, "profile", profile, audience="public"))

    @property
    def id(self) -> str:
        return self.me.id

    def write(self, change):
        """One transaction; what it tells open screens is kept in `told`, everything in `emitted`."""

        def kept(conn):
            result = change(conn)
            events = take_emitted(conn)
            conn.info["events"] = list(events)  # the bus hears them too, after the commit
            self.emitted += events
            return result

        before = len(self.emitted)
        result = self.db.write_sync(kept)
        happened = self.emitted[before:]
        self.told += [event for event in happened if isinstance(event, LiveEvent)]
        if self.is_watched:
            changed = [event for event in happened if isinstance(event, SHOWN)]
            self.told += self.read(lambda conn: self.live.shown(conn, changed)) if changed else []
        return result

    def read(self, query):
        return self.db.read_sync(query)

    def told_names(self) -> list[str]:
        names = [event.name for event in self.told]
        self.told.clear()
        return names

    # What people do

    def publish(self, text, audience="friends", *, circle=None, people=(), key=None, media=()):
        choice = Choice(audience, circle, tuple(person.id for person in people))
        draft = Draft(text, choice, list(media), key=key)
        return self.write(lambda conn: self.posts.publish(conn, draft))

    def edit(self, post, text):
        return self.write(lambda conn: self.posts.edit(conn, post["id"], text))

    def delete(self, post):
        return self.write(lambda conn: self.posts.delete(conn, post["id"]))

    def comment(self, post, text, key=None):
        return self.write(lambda conn: self.posts.comment(conn, post["id"], text, key))

    def edit_comment(self, comment, text):
        return self.write(lambda conn: self.posts.edit_comment(conn, comment["id"], text))

    def delete_comment(self, comment):
        return self.write(lambda conn: self.posts.delete_comment(conn, comment["id"]))

    def react(self, post, emoji):
        return self.write(lambda conn: self.posts.react(conn, post["id"], emoji))

    def circle(self, name, *people):
        circle = self.write(lambda conn: self.friends.circles.create(conn, name))
        for person in people:
            self.write(lambda conn, who=person.id: self.friends.circles.put(conn, circle.id, who))
        return circle.id

    # What people see

    def show(self, post):
        return self.read(lambda conn: self.posts.show(conn, post["id"]))

    def feed(self, limit=100):
        return self.read(lambda conn: self.feeds.page(conn, limit))["items"]

    def texts(self):
        return [post["text"] for post in self.feed()]


class Village:
    """Everybody, their friendships, and whoever carries their letters."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.people: list[Villager] = []

    def person(self, name: str) -> Villager:
        villager = Villager(name, len(self.people) + 1, self.clock)
        self.people.append(villager)
        return villager

    def people_named(self, *names: str) -> list[Villager]:
        """Make people who are all friends of the first."""
        made = [self.person(name) for name in names]
        for other in made[1:]:
            self.befriend(made[0], other)
        self.bring()
        return made

    def befriend(self, one: Villager, other: Villager) -> None:
        for mine, theirs in ((one, other), (other, one)):
            prekey = theirs.write(theirs.delivery.current_prekey)
            mine.write(lambda conn, me=mine, them=theirs, key=prekey: _begin(conn, me, them, key))

    def bring(self, *only: Villager) -> int:
        """Carry letters between these people (or all) until nobody has anything left to say; give how many."""
        carried = -1
        total = 0
        while carried:
            carried = sum(
                self.carry(sender, receiver)
                for sender, receiver in permutations(only or self.people, 2)
            )
            total += carried
        return total

    def carry(self, sender: Villager, receiver: Villager) -> int:
        """Carry letters one way; nobody answers a stranger."""
        if receiver.id not in sender.read(sender.delivery.correspondents):
            return 0
        for count in range(MOST_LETTERS):
            letter = sender.write(lambda conn: sender.delivery.next_outgoing(conn, receiver.id))
            if letter is None:
                return count
            self.clock.advance(1)
            answer = receiver.write(
                lambda conn, it=letter: receiver.delivery.receive(
                    conn, sender.id, it.purpose, it.sealed
                )
            )
            sender.write(
                lambda conn, it=letter, said=answer: sender.delivery.on_answer(conn, it, said)
            )
        raise AssertionError(f"{sender.name} and {receiver.name} never agree")

    def close(self) -> None:
        for person in self.people:
            person.db.close()


def _begin(conn, me: Villager, them: Villager, prekey) -> None:
    sees_from = me.log.tick(conn)
    me.delivery.begin(conn, them.id, sees_from, "", prekey, them.me.key_log, [])
    friends_store.put(
        conn,
        friends_store.friends,
        person=them.id,
        state="friend",
        met="took_my_invite",
        since=me.clock.now(),
        sees_from=sees_from,
    )
