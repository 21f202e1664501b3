"""What happens in the demo: four to eight people of one street, in the order they say it.

The pictures are free to ship; demo_pictures/CREDITS.md says whose they are.
"""

from dataclasses import dataclass
from typing import Literal

NAMES = ("Ana", "Ben", "Cem", "Dora", "Emil", "Fatma", "Greta", "Hugo")


# Who shows which picture as their face; the others are shown by their first letter.
FACES = {"Ana": "astronaut.jpg", "Cem": "cat.jpg", "Ben": "coffee.jpg"}


@dataclass(frozen=True)
class Shown:
    """A picture of a post, with its caption and what it shows for those who do not see it."""

    file: str
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Step:
    """One thing somebody does. `about` names the post it makes or means."""

    who: str
    what: Literal["post", "comment", "react", "message"]
    text: str
    about: str = ""
    to: str | None = None
    audience: Literal["public", "friends", "me"] = "friends"
    media: tuple[Shown, ...] = ()


STORY = (
    Step(
        "Dora",
        "post",
        "The swifts are back under our roof. Same gap, third year running.",
        "swifts",
        audience="public",
    ),
    Step("Ben", "react", "❤️", "swifts", to="Dora"),
    Step("Ana", "comment", "Ours came on Tuesday! Did you count them?", "swifts", to="Dora"),
    Step("Dora", "comment", "Seven, unless one is very fast.", "swifts"),
    Step(
        "Ben",
        "post",
        "Finally fixed the tap that dripped since **March**. It was a washer for 12 cents.",
        "tap",
    ),
    Step("Cem", "comment", "You said that in April as well.", "tap", to="Ben"),
    Step("Ben", "comment", "In April I *said* it.", "tap"),
    Step("Ana", "react", "😄", "tap", to="Ben"),
    Step(
        "Cem",
        "post",
        "Looking for someone with a ladder over 4 m on Saturday. There is cake in it.",
        "ladder",
    ),
    Step("Dora", "comment", "Mine is 5 m. What kind of cake?", "ladder", to="Cem"),
    Step("Cem", "comment", "Plum. My mother's recipe, my oven.", "ladder"),
    Step("Dora", "react", "🙌", "ladder", to="Cem"),
    Step(
        "Ana",
        "post",
        "First swim of the year. 14 degrees in the lake, about 14 seconds for me.",
        "swim",
        audience="public",
    ),
    Step("Ben", "comment", "Brave. I held the towel, which was also cold.", "swim", to="Ana"),
    Step("Cem", "react", "🥶", "swim", to="Ana"),
    Step("Dora", "react", "👏", "swim", to="Ana"),
    Step(
        "Cem",
        "post",
        "Somebody has found the warm place.",
        "cat",
        media=(
            Shown(
                "cat.jpg",
                "Chelsea, on the laundry.",
                "A tabby cat looks up, very close, with yellow eyes.",
            ),
        ),
    ),
    Step("Ana", "react", "😻", "cat", to="Cem"),
    Step("Ben", "comment", "That is my sweater.", "cat", to="Cem"),
    Step("Cem", "comment", "It was.", "cat"),
    Step(
        "Ben",
        "post",
        "Two mornings this week, one of them mine.",
        "morning",
        audience="public",
        media=(
            Shown(
                "coffee.jpg",
                "Mine: the corner table at Selim's.",
                "A red cup of coffee with a spoon on a wooden table.",
            ),
            Shown(
                "rocket.jpg",
                "Theirs: a rocket, seen from my chair.",
                "A white rocket stands lit on its launch pad at dusk, between tall masts.",
            ),
        ),
    ),
    Step("Dora", "comment", "Did you at least finish the coffee?", "morning", to="Ben"),
    Step(
        "Emil",
        "post",
        "New strings on the old guitar. Apologies in advance to everyone next door.",
        "guitar",
    ),
    Step("Fatma", "comment", "I like it better than the drums.", "guitar", to="Emil"),
    Step(
        "Greta",
        "post",
        "The library has a shelf for seeds now. Take some, bring some back next year.",
        "seeds",
        audience="public",
    ),
    Step("Hugo", "react", "🌱", "seeds", to="Greta"),
    Step("Ana", "message", "Are you still coming on Thursday?", to="Ben"),
    Step("Ben", "message", "Yes! I bring the bread, you said soup?", to="Ana"),
    Step("Ana", "message", "Soup. And tell nobody about the surprise for Dora.", to="Ben"),
    Step("Ben", "message", "My lips are sealed, and so is this message.", to="Ana"),
    Step("Cem", "message", "Thanks for the ladder, it is back at your gate.", to="Dora"),
    Step(
        "Ben",
        "post",
        "Market this morning:\n\n- first strawberries\n- too much rhubarb\n- no change for a fifty",
        "market",
        audience="public",
    ),
    Step("Ana", "comment", "There is no such thing as too much rhubarb.", "market", to="Ben"),
    Step("Dora", "comment", "There is. I have a cellar to prove it.", "market", to="Ben"),
    Step(
        "Ana",
        "post",
        "Every speck in here is a galaxy. Watch it without sound; there is none.",
        "galaxies",
        audience="public",
        media=(
            Shown(
                "drifting.mp4",
                "Six seconds out of thirteen billion years.",
                "A slow move into a dark field full of small bright galaxies.",
            ),
        ),
    ),
    Step("Ben", "react", "🌌", "galaxies", to="Ana"),
    Step("Dora", "comment", "And I worry about rhubarb.", "galaxies", to="Ana"),
    Step(
        "Ana",
        "post",
        "Note to self: the blue notebook is in the tent bag.",
        "notebook",
        audience="me",
    ),
)
