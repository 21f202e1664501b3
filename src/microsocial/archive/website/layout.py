"""How files and pages are called: by day and by the first words, so that a person finds them in a folder too. Pure.

Rule 1: names are small ASCII letters, digits and signs that every system keeps as they are, whatever program unpacks the
zip: a link must lead to its file in ten years. What was said in other letters stands in the pages.
Rule 2: a name ends in letters that follow from what it names, so that no two are alike.
"""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from hashlib import sha256

README, FORMAT, STYLE, INDEX = "README.txt", "FORMAT.txt", "style.css", "index.html"
FRIENDS, CONVERSATIONS, ELSEWHERE = "friends.html", "conversations.html", "elsewhere"
RECORDS = "records/"
STAMP, KEYS, FACTS = f"{RECORDS}stamp.envelope", f"{RECORDS}keys.json", f"{RECORDS}facts.json"
ENVELOPES, ABOUT = ".envelopes", ".facts"  # records/0001.envelopes and records/0001.facts
MEDIA = "media/"

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_MS, LAST_MS = (
    86_400_000,
    253_370_764_800_000,
)  # 1970-01-02 to 9999-01-01: in any zone a year of four digits

MAX_WORDS, MAX_SLUG = 6, 40  # of a caption in a name: enough to recognise it
TAIL = 10  # hexadecimal letters: 40 bits tell apart what has one day and the same words


def moment(ms: int, zone: tzinfo | None = None) -> datetime:
    """The moment in the machine's own zone, unless another is named; claims beyond the calendar stand at its ends."""
    return datetime.fromtimestamp(min(max(ms, FIRST_MS), LAST_MS) / 1000, UTC).astimezone(zone)


def day(when: datetime) -> str:
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def weekday(when: datetime) -> str:
    return f"{DAYS[when.weekday()]}, {day(when)}"


def month(when: datetime) -> str:
    return f"{MONTHS[when.month - 1]} {when.year}"


def slug(text: str) -> str:
    """The first words as a name: "Café by the sea!" → "cafe-by-the-sea"; "" when no letter of a-z is in them."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", bare.replace("'", ""))[:MAX_WORDS]
    while len("-".join(words)) > MAX_SLUG and len(words) > 1:
        words.pop()
    return "-".join(words)[:MAX_SLUG]


def tail(of: str | bytes) -> str:
    """The letters that tell apart: the same for the same thing."""
    raw = of.encode() if isinstance(of, str) else of
    return sha256(raw).hexdigest()[:TAIL]


def joined(*parts: str) -> str:
    return "-".join(part for part in parts if part)


def month_page(when: datetime, number: int) -> str:
    """Where the posts of a month stand; a month of many posts has several pages, the newest first."""
    name = f"{when.year:04}/{when.month:02}"
    return f"{name}.html" if number == 1 else f"{name}-{number}.html"


def post_page(ref: str, words: str, when: datetime) -> str:
    return f"{when.year:04}/{when.month:02}/{joined(f'{when.day:02}', slug(words), tail(ref))}.html"


def conversation_page(person: str, name: str, when: datetime, number: int) -> str:
    page = f"{when.year:04}-{when.month:02}" + (f"-{number}" if number > 1 else "")
    return f"conversations/{joined(slug(name), tail(person))}/{page}.html"


def elsewhere_page(number: int) -> str:
    return f"{ELSEWHERE}.html" if number == 1 else f"{ELSEWHERE}-{number}.html"


def media_file(name: bytes, words: str, when: datetime, role: str, extension: str) -> str:
    """Where a picture, clip or sound stands; the size that one looks at has no word for its size."""
    size = "" if role == "screen" else role
    stem = joined(f"{when.year:04}-{when.month:02}-{when.day:02}", slug(words), tail(name), size)
    return f"{MEDIA}{when.year:04}/{stem}.{extension}"


def envelopes_file(number: int) -> str:
    return f"{RECORDS}{number:04}{ENVELOPES}"


def about_file(number: int) -> str:
    return f"{RECORDS}{number:04}{ABOUT}"


def root_from(page: str) -> str:
    """What leads from a page back to the top: "", "../", "../../"."""
    return "../" * page.count("/")
