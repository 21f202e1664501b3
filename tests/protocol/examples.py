"""One true record and letter of each kind, and what breaks each rule: for tests and for docs/spec/vectors.

`WRONG_*` are rows of (spec section, what is wrong, kind, fields put into the true example).
"""

from typing import Any

from tests.protocol.cast import ANA, BEN, CEM, drawn, on, photo

from microsocial.protocol.capsules import CapsuleCircle, CapsuleFriend, Contents
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_CAPSULE_BYTES, MAX_TEXT_CHARACTERS

POST = ANA.says("post", ANA.base(text="Hello", media=[], links=[]))
ENTRY = ANA.base("an entry", on=on(POST), name="Ana")
TO_BEN = ANA.base("a message", audience="chosen", to=[BEN.id])
CARD = {
    "url": "https://lake.example/",
    "title": "A lake",
    "description": "It is blue.",
    "picture": None,
}
SIZE = photo()["sizes"][0]
EXPIRES = ANA.base()["created"] + 7 * 86_400_000
RANDOM = b64u(drawn("any id", 16))
HASH = b64u(drawn("any hash", 32))

TRUE_RECORDS: dict[str, dict[str, Any]] = {
    "post": ANA.base(text="Hello", media=[photo()], links=[CARD], expires=EXPIRES),
    "comment": ENTRY | {"text": "lovely"},
    "reaction": ENTRY | {"emoji": "❤️"},
    "removal": ANA.base("x", post=ANA.base()["id"], entry={"author": BEN.id, "id": ENTRY["id"]}),
    "message": TO_BEN | {"text": "Hi Ben", "media": [], "expires": EXPIRES},
    "clear": TO_BEN | {"messages": [[ANA.id, RANDOM], [BEN.id, RANDOM]]},
    "profile": ANA.base(id="profile", name="Ana", about="I am", hue=200, avatar=photo()),
    "address": ANA.base(id="address", urls=["https://ana.example"], home=["192.168.0.7:8080"]),
    "disown": ANA.base(items=[[RANDOM, 5, HASH], ["profile", 6, b64u(drawn("another hash", 32))]]),
    "tombstone": ANA.base(of="post"),
    "capsule": ANA.base(id="capsule", sealed=b64u(drawn("a capsule", 32))),
}
OPTIONAL = {"media", "links", "expires", "about", "hue", "avatar", "home"}  # and a tombstone's `on`

Wrong = tuple[str, str, str, dict[str, Any]]
NOTHING_ELSE = {"media": [], "links": []}
WRONG_RECORDS: list[Wrong] = [
    ("4.1", "an author that is no id", "post", {"author": "me"}),
    ("1.1", "an id with stray bits", "post", {"author": ANA.id[:-1] + "B"}),
    ("1.1", "an id and a line feed", "post", {"author": ANA.id + "\n"}),
    ("4.1", "a key number below 0", "post", {"key": -1}),
    ("4.1", "a key number as text", "post", {"key": "0"}),
    ("4.1", "a key number that is a boolean", "post", {"key": True}),
    ("4.1", "an id that is not 16 bytes", "post", {"id": HASH}),
    ("4.1", "an id that is another kind's name", "post", {"id": "profile"}),
    ("4.1", "a negative revision", "post", {"revision": -1}),
    ("4.1", "a revision older than its record", "post", {"revision": 1}),
    ("4.1", "no time of creation", "post", {"created": None}),
    ("4.1", "an audience that does not exist", "post", {"audience": "everyone"}),
    ("4.6", "an empty text and nothing else", "post", {"text": ""} | NOTHING_ELSE),
    ("4.6", "white space and nothing else", "post", {"text": " \n"} | NOTHING_ELSE),
    ("4.6", "a text too long", "post", {"text": "x" * (MAX_TEXT_CHARACTERS + 1)}),
    ("4.10", "a control character", "post", {"text": "a\x00b"}),
    ("4.10", "a carriage return", "post", {"text": "a\r\nb"}),
    ("4.6", "a text that is none", "post", {"text": 5}),
    ("11.1", "media that are no array", "post", {"media": {}}),
    ("11.1", "two media with one id", "post", {"media": [photo()] * 2}),
    (
        "11.1",
        "too many media",
        "post",
        {"media": [photo(id=b64u(drawn(str(n), 16))) for n in range(11)]},
    ),
    ("4.6", "too many cards", "post", {"links": [CARD] * 5}),
    ("4.10", "a link to a script", "post", {"links": [CARD | {"url": "javascript:alert(1)"}]}),
    ("4.10", "a title of two lines", "post", {"links": [CARD | {"title": "a\nb"}]}),
    ("4.13", "an end before the beginning", "post", {"expires": ANA.base()["created"]}),
    ("4.13", "an end beyond the limit", "post", {"expires": ANA.base()["created"] + 2**40}),
    ("4.13", "an end that is a text", "post", {"expires": "tomorrow"}),
    ("4.13", "a message that ends before it begins", "message", {"expires": 1}),
    ("4.6", "an empty comment", "comment", {"text": ""}),
    ("4.10", "an empty name", "comment", {"name": ""}),
    ("4.10", "a name that turns the line around", "comment", {"name": "\u202eanA"}),
    ("4.6", "a name too long", "comment", {"name": "x" * 81}),
    ("4.7", "a comment on nothing", "comment", {"on": None}),
    ("4.7", "a comment on no hash", "comment", {"on": on(POST, hash="x")}),
    ("4.7", "an entry under another audience than its post", "comment", {"audience": "circle"}),
    ("4.10", "letters for an emoji", "reaction", {"emoji": "lol"}),
    ("4.10", "two emoji", "reaction", {"emoji": "❤️❤️"}),
    ("4.6", "an entry as an array", "removal", {"entry": [BEN.id, ENTRY["id"]]}),
    ("4.6", "a post that is no id", "removal", {"post": "x"}),
    ("4.6", "a message to nobody", "message", {"to": []}),
    ("4.6", "a recipient twice", "message", {"to": [BEN.id, BEN.id]}),
    ("4.6", "a message to oneself", "message", {"to": [ANA.id]}),
    ("4.6", "recipients that are no array", "message", {"to": BEN.id}),
    ("4.6", "too many recipients", "message", {"to": [b64u(drawn(str(n), 32)) for n in range(33)]}),
    ("4.6", "a message under another audience", "message", {"audience": "friends"}),
    ("4.6", "an empty message", "message", {"text": ""}),
    ("4.6", "a clear of nothing", "clear", {"messages": []}),
    ("4.6", "a clear of what others said", "clear", {"messages": [[CEM.id, RANDOM]]}),
    ("4.6", "a message without its id", "clear", {"messages": [[BEN.id]]}),
    ("4.6", "too many messages", "clear", {"messages": [[BEN.id, RANDOM]] * 2001}),
    ("4.6", "a clear under another audience", "clear", {"audience": "me"}),
    ("4.1", "a profile with a random id", "profile", {"id": RANDOM}),
    ("4.1", "a profile with the address's id", "profile", {"id": "address"}),
    ("4.10", "a name of white space", "profile", {"name": " "}),
    ("4.6", "a hue beyond the circle", "profile", {"hue": 360}),
    ("4.6", "an about too long", "profile", {"about": "x" * 501}),
    ("4.4", "a profile for me alone", "profile", {"audience": "me"}),
    ("11.2", "a public profile with a sealed avatar", "profile", {"audience": "public"}),
    ("4.4", "a capsule for the world", "capsule", {"audience": "public"}),
    ("4.6", "a capsule that is not b64u", "capsule", {"sealed": "=="}),
    ("4.6", "an empty capsule", "capsule", {"sealed": ""}),
    ("4.6", "a capsule too large", "capsule", {"sealed": "A" * (MAX_CAPSULE_BYTES * 4 // 3 + 2)}),
    ("4.3", "a tombstone of a capsule", "tombstone", {"of": "capsule"}),
    ("4.10", "an address without a scheme", "address", {"urls": ["ana.example"]}),
    ("4.10", "an address with a user", "address", {"urls": ["https://ana@evil.example"]}),
    ("4.6", "too many addresses", "address", {"urls": ["https://ana.example"] * 9}),
    ("4.10", "a name for an ip:port", "address", {"home": ["localhost:80"]}),
    ("4.14", "a disown of nothing", "disown", {"items": []}),
    ("4.14", "a revision disowned twice", "disown", {"items": [[RANDOM, 5, HASH]] * 2}),
    ("4.14", "a disown without a hash", "disown", {"items": [[RANDOM, 5]]}),
    ("4.14", "a disown for some", "disown", {"audience": "chosen"}),
    ("4.3", "a tombstone of a profile", "tombstone", {"of": "profile"}),
    ("4.3", "a tombstone of a tombstone", "tombstone", {"of": "tombstone"}),
    ("4.3", "a tombstone of a disown", "tombstone", {"of": "disown"}),
    ("4.3", "a tombstone of no kind", "tombstone", {"of": "Post"}),
    ("4.3", "a tombstone on half a post", "tombstone", {"on": {"author": ANA.id}}),
]
# (spec section, what is wrong, fields put into the photo of the true post)
WRONG_MEDIA: list[tuple[str, str, dict[str, Any]]] = [
    ("11.1", "an id that is none", {"id": "x"}),
    ("11.1", "an unknown kind", {"kind": "gif"}),
    ("11.1", "a type that is no picture", {"type": "text/html"}),
    ("11.1", "a type with parameters", {"type": "image/svg+xml; charset=utf-8"}),
    ("11.1", "a negative width", {"width": -1}),
    ("11.1", "a height beyond the limit", {"height": 30_001}),
    ("11.1", "a photo with a duration", {"duration": 5}),
    ("11.1", "a negative duration", {"duration": -1}),
    ("11.1", "a caption too long", {"caption": "x" * 2001}),
    ("4.10", "a control character in a caption", {"caption": "\x00"}),
    ("11.1", "no description", {"alt": None}),
    ("4.10", "a control character in a description", {"alt": "\x1b"}),
    ("11.1", "a placeholder with stray bits", {"placeholder": "AB"}),
    ("11.1", "a placeholder too long", {"placeholder": b64u(bytes(65))}),
    ("11.1", "a placeholder that is markup", {"placeholder": "<svg>"}),
    ("11.1", "no sizes", {"sizes": []}),
    ("11.1", "too many sizes", {"sizes": [SIZE] * 9}),
    ("11.1", "a hash that is none", {"sizes": [SIZE | {"hash": "x"}]}),
    ("11.2", "an open blob of a private record", {"sizes": [SIZE | {"key": None}]}),
    ("11.1", "a key that is none", {"sizes": [SIZE | {"key": "x"}]}),
    ("11.1", "an empty blob", {"sizes": [SIZE | {"bytes": 0}]}),
    ("11.1", "a blob beyond the limit", {"sizes": [SIZE | {"bytes": 2**40}]}),
    ("11.1", "a chunk below the limit", {"sizes": [SIZE | {"chunk": 1}]}),
    ("11.1", "a chunk beyond the limit", {"sizes": [SIZE | {"chunk": 2**30}]}),
    ("11.1", "an unknown role", {"sizes": [SIZE | {"role": "huge"}]}),
]

PAIR = {"from": ANA.id, "to": BEN.id, "key": 0, "your_key": 0}
PREKEY = ANA.prekey.envelope.encoded()
TRUE_LETTERS: dict[str, dict[str, Any]] = {
    "update": PAIR
    | {
        "since": "",
        "upto": "here",
        "more": False,
        "have": "",
        "hello": False,
        "prekey": PREKEY,
        "records": [POST.encoded()],
        "keys": {BEN.id: BEN.log.encoded()},
    },
    "answer": PAIR
    | {
        "update": HASH,
        "status": "applied",
        "position": "here",
        "prekey": PREKEY,
        "refused": [[BEN.id, RANDOM, "malformed"]],
        "keys": [],
        "address": None,
        "now": 1_700_000_000_000,
    },
    "reunion": PAIR | {"prekey": PREKEY, "after": [ANA.id, RANDOM], "want": [[ANA.id, "profile"]]},
    "holdings": PAIR
    | {
        "request": HASH,
        "position": "here",
        "prekey": PREKEY,
        "holds": [[ANA.id, RANDOM, 5, HASH, "held"], [ANA.id, "profile", 0, None, "gone"]],
        "next": None,
        "records": [POST.encoded()],
        "keys": {},
    },
    "greeting": {
        "from": ANA.id,
        "to": BEN.id,
        "key": 0,
        "keys": ANA.log.encoded(),
        "prekey": PREKEY,
        "profile": ANA.says("profile", TRUE_RECORDS["profile"]).encoded(),
        "address": ANA.says("address", TRUE_RECORDS["address"]).encoded(),
        "invite": {"id": b64u(bytes(8)), "mac": HASH},
        "note": "It is me!",
        "position": "",
    },
    "help": {
        "from": ANA.id,
        "to": BEN.id,
        "key": 0,
        "request": HASH,
        "keys": BEN.log.encoded(),
        "capsule": BEN.says("capsule", BEN.base(id="capsule", sealed="AAAA")).encoded(),
    },
    "farewell": PAIR | {"since": "here", "left": False},
}
WRONG_LETTERS: list[Wrong] = [
    ("7.1", "a letter to oneself", "update", {"to": ANA.id}),
    ("7.1", "a sender that is no id", "update", {"from": "ana"}),
    ("7.1", "no position", "update", {"since": None}),
    ("6.1", "a position too long", "update", {"since": "x" * 201}),
    ("7.1", "a number for a boolean", "update", {"more": 0}),
    ("7.7", "too many records", "update", {"records": [POST.encoded()] * 501}),
    ("1.1", "a record that is not b64u", "update", {"records": ["=" * 8]}),
    ("7.1", "a record that is no text", "update", {"records": [5]}),
    ("7.1", "key logs as an array", "update", {"keys": []}),
    ("7.1", "a key log of nobody", "update", {"keys": {"ben": []}}),
    ("7.1", "a key log that is none", "update", {"keys": {BEN.id: "x"}}),
    ("7.1", "no prekey", "update", {"prekey": None}),
    ("7.3", "an answer to no hash", "answer", {"update": "x"}),
    ("7.3", "a negative time", "answer", {"now": -1}),
    ("7.3", "a status too long", "answer", {"status": "x" * 41}),
    ("7.3", "a refusal without a reason", "answer", {"refused": [[BEN.id, RANDOM]]}),
    ("7.3", "a refusal as an object", "answer", {"refused": [{"author": BEN.id}]}),
    ("8.1", "half a name", "reunion", {"after": [ANA.id]}),
    ("8.1", "too many wants", "reunion", {"want": [[ANA.id, RANDOM]] * 501}),
    ("8.1", "an unknown state", "holdings", {"holds": [[ANA.id, RANDOM, 5, HASH, "lost"]]}),
    ("8.1", "one name twice", "holdings", {"holds": [[ANA.id, RANDOM, 5, HASH, "held"]] * 2}),
    (
        "8.1",
        "names out of order",
        "holdings",
        {"holds": [[ANA.id, "profile", 5, HASH, "held"], [ANA.id, RANDOM, 5, HASH, "held"]]},
    ),
    ("8.1", "a reply to nothing", "holdings", {"request": None}),
    ("9.2", "no key log", "greeting", {"keys": []}),
    ("9.2", "an invite id that is none", "greeting", {"invite": {"id": "x", "mac": HASH}}),
    ("9.2", "an invite without proof", "greeting", {"invite": {"id": b64u(bytes(8))}}),
    ("9.2", "a note too long", "greeting", {"note": "x" * 501}),
    ("4.10", "a control character in a note", "greeting", {"note": "\x1b[2J"}),
    ("7.3", "an address that is no record", "answer", {"address": "https://ana.example"}),
    ("9.8", "no key log", "help", {"keys": []}),
    ("9.8", "a reply to nothing", "help", {"request": ""}),
    ("9.8", "a capsule that is no text", "help", {"capsule": {}}),
    ("9.5", "a position that is a number", "farewell", {"since": 5}),
    ("9.5", "a number for a boolean", "farewell", {"left": 1}),
]

WELL_KNOWN = {
    "protocol": 1,
    "id": ANA.id,
    "keys": ANA.log.encoded(),
    "prekey": PREKEY,
    "profile": {"name": "Ana", "hue": 200},
    "address": {"urls": ["https://ana.example"]},
    "moved": False,
    "capabilities": ["media"],
}
WRONG_WELL_KNOWN: list[tuple[str, str, dict[str, Any]]] = [
    ("10.1", "a protocol below 1", {"protocol": 0}),
    ("10.1", "no key log", {"keys": []}),
    ("10.1", "an empty name", {"profile": {"name": ""}}),
    ("10.1", "no profile", {"profile": None}),
    ("10.1", "an address that is a script", {"address": {"urls": ["javascript:alert(1)"]}}),
    ("10.1", "a number for a boolean", {"moved": 1}),
    ("10.1", "too many capabilities", {"capabilities": ["x"] * 33}),
    ("10.1", "a control character in a capability", {"capabilities": ["\x1b"]}),
]

ANAS_CAPSULE = Contents(
    name="Ana",
    about="I am",
    hue=200,
    urls=("https://ana.example",),
    friends=(
        CapsuleFriend(
            id=BEN.id,
            sees_from=1_700_000_000_000,
            name="Ben",
            urls=("https://ben.example", "http://192.168.0.8:8080"),
            allowed=("192.168.0.8:8080",),
            met="invited_me",
        ),
        CapsuleFriend(id=CEM.id, sees_from=1_700_000_000_001),
    ),
    circles=(CapsuleCircle(name="Family", people=(1,)), CapsuleCircle(name="Nobody yet")),
    blocked=(HASH,),
)
_FRIEND = {"id": BEN.id, "sees_from": 1}
WRONG_CAPSULES: list[tuple[str, Any]] = [
    ("no name", {}),
    ("an empty name", {"name": " "}),
    ("a friend without an id", {"name": "Ana", "friends": [{"sees_from": 1}]}),
    ("a friend twice", {"name": "Ana", "friends": [_FRIEND, _FRIEND]}),
    ("a friend by name only", {"name": "Ana", "friends": ["Ben"]}),
    (
        "a circle with somebody who is no friend",
        {"name": "Ana", "friends": [_FRIEND], "circles": [{"name": "Family", "people": [1]}]},
    ),
    (
        "a place below the first",
        {"name": "Ana", "friends": [_FRIEND], "circles": [{"name": "Family", "people": [-1]}]},
    ),
    ("somebody blocked who is no id", {"name": "Ana", "blocked": ["Cem"]}),
    ("an address that is a script", {"name": "Ana", "urls": ["javascript:alert(1)"]}),
    ("an array", []),
]

# Rows of what is wrong and the bytes.
NOT_STRICT_JSON: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("an array", b"[]"),
    ("a string", b'"text"'),
    ("a number", b"1"),
    ("null", b"null"),
    ("an object that does not end", b"{"),
    ("something after the object", b"{}x"),
    ("two objects", b"{} {}"),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("a float", b'{"a":1.0}'),
    ("an exponent", b'{"a":1e3}'),
    ("a negative zero as a float", b'{"a":-0.0}'),
    ("NaN", b'{"a":NaN}'),
    ("Infinity", b'{"a":Infinity}'),
    ("minus Infinity", b'{"a":-Infinity}'),
    ("2^53", b'{"a":9007199254740992}'),
    ("minus 2^53", b'{"a":-9007199254740992}'),
    ("a leading zero", b'{"a":01}'),
    ("a number of 5,000 digits", b'{"a":' + b"9" * 5000 + b"}"),
    ("a key twice", b'{"a":1,"a":2}'),
    ("a key twice inside", b'{"a":{"b":1,"b":1}}'),
    ("a key twice, once escaped", b'{"a":1,"\\u0061":2}'),
    ("a lone high surrogate", b'{"a":"\\ud800"}'),
    ("surrogates in the wrong order", b'{"a":"\\udc00\\ud800"}'),
    ("a lone surrogate in a key", b'{"\\ud800":1}'),
    ("bytes that are not UTF-8", b'{"a":"\xff"}'),
    ("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}'),
    ("a raw line feed in a string", b'{"a":"\n"}'),
    ("single quotes", b"{'a':1}"),
    ("a trailing comma", b'{"a":1,}'),
    ("half a word", b'{"a":tru}'),
    ("a comment", b"/**/{}"),
    ("a string that does not end", b'{"a":"' + b'\\"' * 1000),
    ("17 levels of arrays", b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"),
    ("17 levels of objects", b'{"a":' * 17 + b"1" + b"}" * 17),
    ("100,000 levels", b"[" * 100_000),
]
NOT_B64U = ["AA==", "A", "AB", "AAB", "A+", "A/", "AA\n", " AA", "ÄA", "A\x00"]
