"""The people on the screenshots: real nodes, real friendships, two days of a small street's life. Nothing leaves this machine."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.files_made import voice
from tests.support.nodes import Person, befriend, people, wait_for

from microsocial.cli import demo
from microsocial.client.uploads import Uploader

YESTERDAY_MS = -26 * 60 * 60 * 1000
CLOCK = "MICROSOCIAL_CLOCK_OFFSET_MS"
KNOT = "Which knot holds best when it is wet?"
LONG_NAME = "Maximilian-Alexander von und zu Hohenstein-Rothenburg"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"

PROFILES: dict[str, dict[str, Any]] = {
    "ana": {"name": "Ana Ferreira", "about": "Swims too early, bakes too late.", "hue": 352},
    "ben": {"name": "Ben Ohlsson", "about": "Repairs what others throw away.", "hue": 215},
    "elif": {"name": "Elif Çağlar", "about": "Plants, mostly.", "hue": 140},
    "layla": {"name": "ليلى حدّاد", "about": "أكتب وأصوّر", "hue": 32},
    "max": {"name": LONG_NAME, "hue": 275},
}
FACES = {"ana": "face-a", "ben": "face-b", "elif": "flower", "layla": "dawn"}
DEMO_PICTURES = Path(demo.__file__).parent / "demo_pictures"


class _Quiet:
    def sent(self, count: int) -> None: ...
    def prepared(self, percent: int) -> None: ...


@dataclass
class Street:
    """Ana, whose screens are shown, her friends, and somebody who has just arrived."""

    ana: Person
    friends: dict[str, Person]
    photos: dict[str, Path]
    nora: Person
    broken: Path
    posts: dict[str, str] = field(default_factory=dict)
    circles: dict[str, str] = field(default_factory=dict)

    @property
    def everybody(self) -> list[Person]:
        return [self.ana, *self.friends.values()]

    def person(self, name: str) -> Person:
        return self.ana if name == "ana" else self.friends[name]

    def upload(self, who: str, photo: str) -> str:
        person = self.person(who)
        upload = Uploader(lambda: person.api).bring(self.photos[photo], _Quiet())
        assert upload["state"] == "ready", upload["sentence"]
        return upload["id"]

    def say(
        self,
        who: str,
        key: str,
        text: str,
        audience: str = "friends",
        photos: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Post; with photos, each with what is to be seen on it. `audience` may name a circle of Ana's."""
        circle = self.circles.get(audience)
        chosen = {"class": "circle", "circle": circle} if circle else {"class": audience}
        media = [{"id": self.upload(who, name), "alt": alt} for name, alt in photos]
        post = self.person(who).api.post(
            "/posts", {"text": text, "audience": chosen, "media": media}
        )
        self.posts[key] = post["id"]
        self.seen("ana", key)

    def comment(self, who: str, key: str, text: str) -> None:
        self.seen(who, key)
        self.person(who).api.post(f"/posts/{self.posts[key]}/comments", {"text": text})
        wait_for(
            lambda: [said for said in self.seen("ana", key)["comments"] if said["text"] == text]
        )

    def react(self, who: str, key: str, emoji: str) -> None:
        self.seen(who, key)
        self.person(who).api.post(f"/posts/{self.posts[key]}/reactions", {"emoji": emoji})
        wait_for(
            lambda: [
                person
                for reaction in self.seen("ana", key)["reactions"]
                for person in reaction["people"]
                if person["id"] == self.person(who).id
            ]
        )

    def write(self, who: str, to: str, text: str, *photos: str) -> None:
        """A message; the next one comes after it."""
        receiver, sender = self.person(to), self.person(who)
        media = [{"id": self.upload(who, name)} for name in photos]
        sender.api.post(f"/messages/{receiver.id}", {"text": text, "media": media})
        wait_for(
            lambda: any(
                said["text"] == text for said in receiver.api.get(f"/messages/{sender.id}")["items"]
            )
        )

    def seen(self, who: str, key: str) -> dict[str, Any]:
        person = self.person(who)
        post: dict[str, Any] = wait_for(lambda: person.api.get(f"/posts/{self.posts[key]}"))
        return post


@contextmanager
def street(folder: Path, photos: dict[str, Path]) -> Iterator[Street]:
    """Everybody at home, with everything said."""
    names = (*PROFILES, "nora")
    with people(*names, folder=folder, settings={CLOCK: str(YESTERDAY_MS)}) as everybody:
        ana, *others, nora = everybody
        photos = photos | {file.stem: file for file in DEMO_PICTURES.iterdir()}
        photos["hello"] = voice(folder / "hello.ogg", seconds=7)
        broken = folder / "IMG_2041.jpg"
        broken.write_bytes(photos["lake"].read_bytes()[:9000])
        friends = {person.name: person for person in others}
        world = Street(ana, friends, photos, nora, broken)
        with ThreadPoolExecutor(2) as together:
            list(together.map(lambda name: _settle(world, name), PROFILES))
        _befriend(world)
        _yesterday(world)
        with ThreadPoolExecutor(2) as together:
            list(together.map(_wake_up_today, [*world.everybody, nora]))
        _today(world)
        _strangers(world)
        yield world


def _settle(world: Street, name: str) -> None:
    changes = dict(PROFILES[name])
    if face := FACES.get(name):
        changes["avatar"] = world.upload(name, face)
    world.person(name).api.patch("/me", changes)


def _befriend(world: Street) -> None:
    ana, friends = world.ana, world.friends
    asked = ana.api.get("/me")["words_asked"]
    ana.api.post("/setup/confirm", {"words": {str(n): ana.words[n - 1] for n in asked}})
    for friend in friends.values():
        befriend(ana, friend)
    befriend(friends["ben"], friends["elif"])
    befriend(friends["ben"], friends["layla"])
    befriend(friends["elif"], friends["layla"])
    for name, members in (("Family", ("ben", "elif")), ("Early swimmers", ("layla",))):
        circle = ana.api.post("/circles", {"name": name})["id"]
        for member in members:
            ana.api.put(f"/circles/{circle}/people/{friends[member].id}")
        world.circles[name] = circle


def _wake_up_today(person: Person) -> None:
    person.stop()
    env = dict(person.node.env or {})
    env.pop(CLOCK)
    person.node.env = env
    person.start()


def _yesterday(world: Street) -> None:
    world.say(
        "ben",
        "tap",
        "The tap that dripped since **March** is quiet. It was a washer for twelve cents.",
    )
    world.comment("ana", "tap", "You said that in April as well.")
    world.comment("ben", "tap", "In April I *said* it.")
    world.comment("elif", "tap", "I have heard it drip on the phone. Congratulations!")
    world.react("ana", "tap", "😂")
    world.say(
        "max",
        "word",
        f"A word for your next crossword: {LONG_WORD}. And yes, there is a longer one.",
    )
    world.say("ana", "vase", "Note to self: the blue vase, not the white one.", "me")
    world.say(
        "ana",
        "lake",
        "The lake at six this evening. Nobody there but a heron, who left.",
        "public",
        (
            (
                "lake",
                "A lake between hills in evening light; the hills stand upside down in the water",
            ),
        ),
    )
    world.comment("layla", "lake", "ما أجملها! نلتقي هناك يوم الجمعة؟")
    world.comment("ana", "lake", "Friday, at seven. Bring the big towel.")
    for who, emoji in (("ben", "❤️"), ("elif", "😍"), ("max", "👏")):
        world.react(who, "lake", emoji)
    world.write("ben", "ana", "Found the rope. It was under the tarpaulin all along.")
    world.write("ana", "ben", "No! I looked there twice.")
    world.write("max", "ana", f"Is {LONG_WORD} too long for the invitation?")
    world.write("ana", "elif", "Thank you for watering everything.")


def _today(world: Street) -> None:
    world.say(
        "elif",
        "flower",
        "First one of the year, behind the old mill. It smells of cloves if you kneel down.",
        "friends",
        (("flower", "A violet flower with nine petals, close by, before dark leaves"),),
    )
    world.react("ana", "flower", "😍")
    world.react("layla", "flower", "🌷")
    world.react("ben", "flower", "❤️")
    world.comment("ana", "flower", "Which mill? I want to kneel too.")
    world.comment("ben", "flower", "The one with the dog. Bring something for the dog.")
    world.say(
        "layla",
        "coffee",
        "قهوة الصباح على الشرفة ☕",
        "friends",
        (("coffee", "A cup of coffee on a saucer, seen from above"),),
    )
    world.say(
        "layla", "morning", "صباح الخير يا أصدقاء، البحيرة اليوم هادئة جدًّا والسماء بلا غيمة واحدة."
    )
    world.react("ana", "morning", "❤️")
    world.say(
        "ben",
        "walk",
        "Up at five for this, and up again tomorrow.",
        "public",
        (
            ("hills", "Blue hills one behind the other, the sun above them"),
            ("dawn", "The same hills in rose light"),
            ("night", "A house at night with one lit window under many stars"),
        ),
    )
    world.say(
        "max",
        "sky",
        "What the telescope saw, slowly.",
        "friends",
        (("drifting", "A slow move over thousands of small galaxies"),),
    )
    world.say(
        "ana",
        "list",
        "For Saturday:\n\n- bread (Ben)\n- soup, the red one\n- **no** speeches",
        "Family",
    )
    world.say(
        "ana",
        "poppies",
        "The field by the station is red again.",
        "friends",
        (("poppy", "A red poppy before a blurred field"),),
    )
    world.react("elif", "poppies", "❤️")
    world.comment("elif", "poppies", "Leave them standing! They last an hour in a vase.")
    world.say(
        "elif",
        "cat",
        "Slow start. Paprika supervised.",
        "friends",
        (("cat", "A tabby cat looks past the camera, its chin on a cushion"),),
    )
    world.comment("ana", "cat", "Promote her.")
    world.react("layla", "cat", "❤️")
    world.react("ana", "cat", "😂")
    world.write("ben", "ana", "Saturday at nine? Elif brings the soup, I bring the ropes. يلّا")
    world.write("ana", "ben", "Nine is good.")
    world.write("ben", "ana", "This is where we meet.", "hills", "dawn")
    world.write("ben", "ana", "", "hello")
    world.write("ana", "ben", "Heard, and packed.", "coffee")
    world.say("ben", "hum", "The tap, for those who missed it.", "friends", (("hello", ""),))
    world.write("layla", "ana", "هل وصلتك الصور؟")


def _strangers(world: Street) -> None:
    """Nora, a friend of Ben, writes below his post; she is no friend of Ana."""
    ben, nora = world.friends["ben"], world.nora
    nora.api.patch("/me", {"name": "Nora Lind", "about": "Ropes and knots.", "hue": 32})
    befriend(ben, nora)
    post = ben.api.post("/posts", {"text": KNOT, "audience": {"class": "friends"}})["id"]
    world.posts["knot"] = post
    wait_for(lambda: nora.api.get(f"/posts/{post}"))
    nora.api.post(f"/posts/{post}/comments", {"text": "A bowline. Always a bowline."})
    wait_for(lambda: world.seen("ana", "knot")["comments"])


def ask(world: Street) -> None:
    """Nora asks Ana, with a word."""
    note = "We met on the lake, you had the blue boat. Ben says hello!"
    world.nora.api.post("/friends", {"address": world.ana.address, "note": note})
    wait_for(lambda: world.ana.api.get("/friends")["requests"])


def fall_asleep(world: Street, name: str) -> None:
    """Somebody's machine goes off, and something is on its way to them."""
    world.friends[name].stop()
    soup = {"text": "Soup on Thursday, the red one.", "audience": {"class": "friends"}}
    post = world.ana.api.post("/posts", soup)
    wait_for(lambda: "asleep" in world.ana.api.get(f"/posts/{post['id']}")["delivery"]["sentence"])
    world.ana.api.post(f"/messages/{world.friends[name].id}", {"text": "Bring the long ladder?"})


def speak_up(world: Street) -> None:
    """Three posts while Ana looks at her feed."""
    world.say("layla", "swim", "من يسبح معي غدًا؟")
    world.say("max", "van", "The van has nine seats. Is that silly?")
    world.say("elif", "tram", "The tram sings again. I have stopped pretending not to enjoy it.")
