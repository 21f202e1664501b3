# ruff: noqa: INP001  # scripts beside the pages they write, not a package
"""Makes the vectors, the same bytes every time. Called by `python -m docs.spec.make`.

A file is a list of cases of `accept` and `refuse`; what an accepted one gives is computed by `operations.py`. Sealing
draws randomness inside the library, so letters that were sealed once are kept as long as they open.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docs.spec.vectors.operations import OPERATIONS
from tests.protocol.cast import ANA, BEN, CEM, Person, drawn, on, photo
from tests.protocol.examples import (
    ANAS_CAPSULE,
    EXPIRES,
    NOT_B64U,
    NOT_STRICT_JSON,
    POST,
    PREKEY,
    TRUE_LETTERS,
    TRUE_RECORDS,
    WELL_KNOWN,
    WRONG_CAPSULES,
    WRONG_LETTERS,
    WRONG_MEDIA,
    WRONG_RECORDS,
    WRONG_WELL_KNOWN,
)

from microsocial.errors import Invalid, PeerBroke
from microsocial.protocol import invites, signatures
from microsocial.protocol.blobs import Shape, seal_blob
from microsocial.protocol.capsules import Contents, open_capsule, seal_capsule
from microsocial.protocol.crypto import hkdf, new_hpke_key
from microsocial.protocol.encoding import b64u, dump, unb64u
from microsocial.protocol.envelope import sign_envelope
from microsocial.protocol.help import HelpLink
from microsocial.protocol.keys import KeyLog, Reason, inception, rotation
from microsocial.protocol.limits import MAX_LIFETIME_S
from microsocial.protocol.refusals import CannotOpen
from microsocial.protocol.sealing import open_sealed, pad, seal
from microsocial.protocol.words import new_words

HERE = Path(__file__).parent
LARGEST_INPUT = 20_000  # characters: what proves only a large limit is left to our tests
Values = dict[str, Any]


class Case(dict[str, Any]):
    """One vector."""


def accept(section: str, name: str, operation: str, **given: Any) -> Case:
    return Case(
        name=name,
        section=section,
        operation=operation,
        input=given,
        output=OPERATIONS[operation](given),
    )


def refuse(section: str, name: str, operation: str, **given: Any) -> Case:
    try:
        OPERATIONS[operation](given)
    except (PeerBroke, Invalid):
        return Case(name=name, section=section, operation=operation, input=given, refuse=True)
    raise AssertionError(f"{operation} accepts {name}")


def flip(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def turned(person: Person, steps: int, reason: Reason = "planned") -> KeyLog:
    return changed(person, *([reason] * steps))


def changed(person: Person, *reasons: Reason) -> KeyLog:
    log = person.log
    for number, reason in enumerate(reasons, start=1):
        step = rotation(log, person.key(number), person.key(number + 1).public, reason)
        log = log.with_event(step)
    return log


def encoding() -> Iterator[Case]:
    for text in ("", "AA", "AAE", "_-8A"):
        yield accept("1.1", f"b64u of {len(text)} letters", "decode-b64u", text=text)
    for text in NOT_B64U:
        yield refuse("1.1", f"not b64u: {text!r}", "decode-b64u", text=text)
    good = {
        "an empty object": b"{}",
        "white space around": b' {"a" : [ 1 , null , true ] }\n',
        "the greatest integers": b'{"a":9007199254740991,"b":-9007199254740991}',
        "a surrogate pair": b'{"a":"\\ud83d\\ude00"}',
        "16 levels": b'{"a":' * 16 + b"1" + b"}" * 16,
        "brackets in a string": b'{"a":"' + b"[{" * 100 + b'"}',
    }
    for name, payload in good.items():
        yield accept("1.2", name, "read-payload", payload=b64u(payload))
    for name, payload in NOT_STRICT_JSON:
        yield refuse("1.2", name, "read-payload", payload=b64u(payload))


def envelopes() -> Iterator[Case]:
    public = b64u(ANA.key().public.raw)
    yield accept(
        "2.2",
        "the example of DSSE",
        "pre-authentication-encoding",
        type="http://example.com/HelloWorld",
        payload=b64u(b"hello world"),
    )
    yield accept("2.1", "a post", "verify-an-envelope", envelope=POST.encoded(), public=public)
    odd = ANA.says("post", b'{ "white":  "space is kept" }\n')
    yield accept("1.3", "odd spelling", "verify-an-envelope", envelope=odd.encoded(), public=public)
    raw = POST.raw
    wrong = {
        "nothing": b"",
        "cut short": raw[:-1],
        "a byte more": raw + b"\0",
        "version 2": raw.replace(b"microsocial/1", b"microsocial/2", 1),
        "another kind": b"\x15microsocial/1/comment" + raw[19:],
        "a kind in capitals": raw.replace(b"/post", b"/Post", 1),
        "a payload of 4 GiB": raw[:19] + b"\xff" * 4 + raw[23:],
        "a bit of the type": flip(raw, 8 * 15),
        "a bit of the payload": flip(raw, 8 * 40),
        "a bit of the signature": flip(raw, 8 * (len(raw) - 1)),
    }
    for name, changed in wrong.items():
        yield refuse("2.1", name, "verify-an-envelope", envelope=b64u(changed), public=public)
    yield refuse(
        "2.2",
        "another's key",
        "verify-an-envelope",
        envelope=POST.encoded(),
        public=b64u(BEN.key().public.raw),
    )
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(POST.signature[32:], "little") + order
    twin = raw[:-32] + scalar.to_bytes(32, "little")
    yield refuse(
        "2.4",
        "a scalar beyond the order",
        "verify-an-envelope",
        envelope=b64u(twin),
        public=public,
    )
    small = raw[:-64] + bytes([1]) + bytes(63)
    yield refuse(
        "2.4",
        "a key of small order",
        "verify-an-envelope",
        envelope=b64u(small),
        public=b64u(bytes([1]) + bytes(31)),
    )


def identity() -> Iterator[Case]:
    words = new_words(ANA.entropy)
    yield accept("3.1", "Ana's words", "words-to-entropy", words=" ".join(words))
    yield accept("3.1", "24 zeros", "words-to-entropy", words="abandon " * 23 + "art")
    swapped = [words[1], words[0], *words[2:]]
    yield refuse("3.1", "two words swapped", "words-to-entropy", words=" ".join(swapped))
    yield refuse("3.1", "a word short", "words-to-entropy", words=" ".join(words[1:]))
    yield refuse("3.1", "no such word", "words-to-entropy", words="abandom " * 23 + "art")
    for number in (0, 1, 10):
        yield accept(
            "3.1", f"Ana's key {number}", "derive-key", entropy=b64u(ANA.entropy), number=number
        )
    logs = {
        "an inception": ANA.log,
        "two rotations": turned(ANA, 2),
        "stolen": turned(ANA, 1, "stolen"),
    }
    for name, log in logs.items():
        yield accept("3.4", name, "read-key-log", keys=log.encoded())
    for section, name, keys in _wrong_logs():
        yield refuse(section, name, "read-key-log", keys=keys)
    short, long = turned(ANA, 1).encoded(), turned(ANA, 2).encoded()
    yield accept("3.4", "the longer one counts", "merge-key-logs", known=short, offered=long)
    yield accept("3.4", "a log is never shortened", "merge-key-logs", known=long, offered=short)
    stolen = turned(ANA, 1, "stolen").encoded()
    yield refuse("3.4", "two rotations of one step", "merge-key-logs", known=long, offered=stolen)
    yield refuse("3.4", "another person", "merge-key-logs", known=long, offered=BEN.log.encoded())
    yield accept("3.6", "Ana's prekey", "read-a-prekey", envelope=PREKEY, keys=ANA.log.encoded())
    yield refuse("3.6", "not her prekey", "read-a-prekey", envelope=PREKEY, keys=BEN.log.encoded())
    yield refuse("3.6", "after a rotation", "read-a-prekey", envelope=PREKEY, keys=long)
    altered = b64u(flip(unb64u(PREKEY), 8 * 200))
    yield refuse(
        "3.6", "an altered prekey", "read-a-prekey", envelope=altered, keys=ANA.log.encoded()
    )


def _wrong_logs() -> Iterator[tuple[str, str, list[str]]]:
    log = turned(ANA, 2).encoded()
    begun = ANA.log.encoded()
    yield "3.4", "no events", []
    yield "3.4", "no beginning", log[1:]
    yield "3.4", "two beginnings", begun * 2
    yield "3.4", "a step left out", [log[0], log[2]]
    thief = rotation(ANA.log, ANA.key(0), ANA.key(2).public)
    yield "3.3", "a key that was not promised", [*begun, thief.encoded()]
    step = rotation(ANA.log, ANA.key(1), ANA.key(2).public)
    forged = sign_envelope("rotation", step.payload, ANA.key(0))
    yield "3.3", "signed by the key before", [*begun, forged.encoded()]
    spaced = sign_envelope("rotation", step.payload.replace(b",", b", "), ANA.key(1))
    yield "3.3", "another spelling", [*begun, spaced.encoded()]
    first = inception(ANA.key(0), ANA.key(1).public)
    more = sign_envelope("inception", first.payload[:-1] + b',"name":"Ana"}', ANA.key(0))
    yield "3.2", "another field", [more.encoded()]
    other = sign_envelope("inception", first.payload, BEN.key(0))
    yield "3.2", "signed by another", [other.encoded()]


def records() -> Iterator[Case]:
    keys = ANA.log.encoded()

    def said(kind: str, payload: Values) -> str:
        return ANA.says(kind, payload).encoded()

    for kind, payload in TRUE_RECORDS.items():
        yield accept("4.6", f"a {kind}", "read-a-record", envelope=said(kind, payload), keys=keys)
    post = TRUE_RECORDS["post"]
    more = said("post", post | {"later": {"x": [1]}})
    yield accept("1.3", "an unknown field", "read-a-record", envelope=more, keys=keys)
    poll = said("poll", ANA.base(question="?"))
    yield accept("4.8", "an unknown kind", "read-a-record", envelope=poll, keys=keys)
    plain = photo()["sizes"][0] | {"key": None}
    public = said("post", post | {"audience": "public", "media": [photo(sizes=[plain])]})
    yield accept("11.2", "an open photo", "read-a-record", envelope=public, keys=keys)
    longest = post | {"expires": post["created"] + MAX_LIFETIME_S * 1000}
    yield accept("4.13", "ten years", "read-a-record", envelope=said("post", longest), keys=keys)
    for section, name, kind, change in WRONG_RECORDS:
        payload = TRUE_RECORDS[kind] | change
        yield refuse(section, name, "read-a-record", envelope=said(kind, payload), keys=keys)
    for section, name, change in WRONG_MEDIA:
        payload = post | {"media": [photo(**change)]}
        yield refuse(section, name, "read-a-record", envelope=said("post", payload), keys=keys)
    yield refuse("4.1", "an object that is no record", "read-a-record", envelope=PREKEY, keys=keys)
    forged = BEN.says("post", post).encoded()
    yield refuse("4.1", "signed by another", "read-a-record", envelope=forged, keys=keys)
    ahead = said("post", post | {"key": 1})
    yield refuse("4.1", "a key that is not there", "read-a-record", envelope=ahead, keys=keys)


def revisions() -> Iterator[Case]:
    def revision(kind: str, later: int = 0, **change: Any) -> str:
        payload = TRUE_RECORDS[kind] | {"revision": ANA.base()["revision"] + later} | change
        return ANA.says(kind, payload).encoded()

    arrivals = {
        "the newer edit stands": (
            "4.2",
            [revision("post"), revision("post", 5), revision("post", 3)],
        ),
        "a tie goes to the greater hash": (
            "4.2",
            [revision("post", text=t) for t in ("a", "b", "c")],
        ),
        "a tombstone stands": ("4.3", [revision("tombstone"), revision("post", 99)]),
        "the newer tombstone stands": ("4.3", [revision("tombstone", 1), revision("tombstone", 2)]),
        "the newer key's profile stands": (
            "4.4",
            [revision("profile", 99), revision("profile", key=1)],
        ),
        "the newer profile of one key stands": (
            "4.4",
            [revision("profile", 1), revision("profile")],
        ),
        "a post's key gives no precedence": ("4.4", [revision("post", 1), revision("post", key=1)]),
    }
    for name, (section, texts) in arrivals.items():
        yield accept(section, name, "which-stands", envelopes=texts)
        yield accept(section, f"{name}, the other way", "which-stands", envelopes=texts[::-1])
    yield from _followers(revision)


def _followers(revision: Callable[..., str]) -> Iterator[Case]:
    post, comment = revision("post"), revision("comment")
    elsewhere = on(POST, id=TRUE_RECORDS["comment"]["id"])
    created = ANA.base()["created"]
    fine = {
        "an edit": (post, revision("post", 5, text="edited")),
        "an edit without its photo": (post, revision("post", media=[])),
        "a tombstone of another time": (post, revision("tombstone", 5, created=created - 5)),
        "a tombstone under the same post": (
            comment,
            revision("tombstone", 5, of="comment", on=on(POST)),
        ),
        "a profile begun anew": (revision("profile"), revision("profile", 9, created=created + 9)),
    }
    wrong = {
        "another beginning": (post, revision("post", 5, created=created + 5)),
        "another audience": (post, revision("post", 5, audience="circle")),
        "a later end": (post, revision("post", 5, expires=EXPIRES + 1)),
        "an earlier end": (post, revision("post", 5, expires=EXPIRES - 1)),
        "no end any more": (post, revision("post", 5, expires=None)),
        "another kind": (post, revision("message", 5)),
        "a tombstone of another kind": (post, revision("tombstone", 5, of="comment")),
        "another post": (comment, revision("comment", 5, on=elsewhere)),
        "a tombstone under another post": (
            comment,
            revision("tombstone", 5, of="comment", on=elsewhere),
        ),
    }
    for name, (known, new) in fine.items():
        yield accept("4.5", name, "may-follow", known=known, new=new)
    for name, (known, new) in wrong.items():
        yield refuse("4.5", name, "may-follow", known=known, new=new)


def disowns() -> Iterator[Case]:
    def log(*reasons: Reason) -> list[str]:
        return changed(ANA, *reasons).encoded()

    twice = log("planned", "stolen", "planned", "stolen")
    counts = {
        "nothing was stolen": (log("planned", "planned"), 2),
        "by the key that was stolen": (twice, 1),
        "by the key after a theft": (twice, 2),
        "by a later key": (twice, 3),
        "after another theft": (twice, 4),
        "by the first key": (twice, 0),
    }
    for name, (keys, number) in counts.items():
        yield accept("4.14", name, "how-far-a-disown-counts", keys=keys, number=number)
    short = log("stolen")[1:]
    yield refuse("3.4", "no beginning", "how-far-a-disown-counts", keys=short, number=1)


def moves() -> Iterator[Case]:
    keys, said = ANA.log.encoded(), TRUE_RECORDS["address"]

    def answer(record: str | None, status: str = "moved", signer: Person = ANA) -> str:
        told = {"status": status, "address": record}
        return signer.says("answer", TRUE_LETTERS["answer"] | told).encoded()

    address = ANA.says("address", said).encoded()
    yield accept("9.7", "a signed address", "follow-who-moved", answer=answer(address), keys=keys)
    away = ANA.says("address", said | {"audience": "public"}).encoded()
    yield accept("9.7", "a public one", "follow-who-moved", answer=answer(away), keys=keys)
    wrong = {
        "no address": answer(None),
        "an address with another answer": answer(address, "held"),
        "an answer of another": answer(address, signer=BEN),
        "signed by another": answer(BEN.says("address", said).encoded()),
        "another's address": answer(
            BEN.says("address", BEN.base(id="address", urls=["https://x.example"])).encoded()
        ),
        "a post": answer(POST.encoded()),
        "a link": answer(b64u(b"https://ana.example")),
    }
    for name, text in wrong.items():
        yield refuse("9.7", name, "follow-who-moved", answer=text, keys=keys)


def _sealed_before() -> dict[str, str]:
    path = HERE / "sealing.json"
    cases = json.loads(path.read_text())["vectors"] if path.exists() else []
    return {case["name"]: case["input"].get("sealed", "") for case in cases}


def sealed_once(name: str, content: bytes) -> bytes:
    kept = unb64u(_sealed_before().get(name, ""))
    try:
        if open_sealed(kept, "update", ANA.id, BEN.id, BEN.private_prekey) == content:
            return kept
    except (PeerBroke, CannotOpen):
        pass
    return seal(content, "update", ANA.id, BEN.id, BEN.prekey)


def sealing() -> Iterator[Case]:
    for zeros in (0, 1020, 1021, 65_532, 65_533, 131_068, 131_069):
        yield accept("5.2", f"{zeros} bytes", "pad-content", zeros=zeros)
    yield accept("5.2", "unpadded", "unpad-content", padded=b64u(pad(b"content")))
    wrong = {
        "no size class": bytes(1025),
        "a class of 3 KiB": bytes(3072),
        "a length beyond the end": (1021).to_bytes(4, "big") + bytes(1020),
        "padding that is not zeros": bytes(1023) + b"\1",
        "nothing": b"",
    }
    for name, padded in wrong.items():
        yield refuse("5.2", name, "unpad-content", padded=b64u(padded))
    update = ANA.says("update", TRUE_LETTERS["update"])
    name = "Ana's update for Ben"
    sealed = sealed_once(name, update.raw)
    place = {
        "sealed": b64u(sealed),
        "purpose": "update",
        "from": ANA.id,
        "to": BEN.id,
        "private": b64u(BEN.private_prekey),
    }
    yield accept("5.1", name, "open-a-letter", **place)
    otherwise = {
        "another's prekey": {"private": b64u(CEM.private_prekey)},
        "another purpose": {"purpose": "reunion"},
        "an unknown purpose": {"purpose": "party"},
        "another sender": {"from": CEM.id},
        "another receiver": {"to": CEM.id},
        "another prekey id": {"sealed": b64u(flip(sealed, 8 * 3))},
        "a bit of enc": {"sealed": b64u(flip(sealed, 8 * 100))},
        "a bit of X25519": {"sealed": b64u(flip(sealed, 8 * 1110))},
        "a bit of the ciphertext": {"sealed": b64u(flip(sealed, 8 * 1200))},
        "another magic": {"sealed": b64u(b"MS2" + sealed[3:])},
        "cut short": {"sealed": b64u(sealed[:-1])},
    }
    for name, change in otherwise.items():
        yield refuse("5.1", name, "open-a-letter", **(place | change))


def _capsule_once(name: str, contents: Contents, private: bytes, public: bytes) -> str:
    path = HERE / "capsules.json"
    cases = json.loads(path.read_text())["vectors"] if path.exists() else []
    kept = next((case["input"]["sealed"] for case in cases if case["name"] == name), "")
    try:
        if open_capsule(kept, ANA.id, private) == contents:
            return kept
    except PeerBroke:
        pass
    sealed = seal_capsule(contents, ANA.id, public)
    assert sealed
    return sealed


def capsules() -> Iterator[Case]:
    private = hkdf(ANA.entropy, b"microsocial capsule")
    public = new_hpke_key(private)[1]
    keys = {"entropy": b64u(ANA.entropy)}
    yield accept("3.7", "the keys of Ana's words", "derive-other-keys", **keys)
    whole = "everything"
    sealed = _capsule_once(whole, ANAS_CAPSULE, private, public)
    place = {"sealed": sealed, "author": ANA.id, "private": b64u(private)}
    yield accept("3.8", whole, "open-a-capsule", **place)
    bare = "a name and nothing else"
    alone = _capsule_once(bare, Contents(name="Ana"), private, public)
    yield accept("3.8", bare, "open-a-capsule", **(place | {"sealed": alone}))
    raw = unb64u(sealed)
    wrong = {
        "somebody else's words": {"private": b64u(hkdf(BEN.entropy, b"microsocial capsule"))},
        "another author": {"author": BEN.id},
        "a bit of enc": {"sealed": b64u(flip(raw, 8 * 100))},
        "a bit of the ciphertext": {"sealed": b64u(flip(raw, 8 * 1200))},
        "cut short": {"sealed": b64u(raw[:-1])},
        "nothing": {"sealed": ""},
    }
    for name, change in wrong.items():
        yield refuse("3.8", name, "open-a-capsule", **(place | change))
    for name, content in WRONG_CAPSULES:
        within = b64u(pad(zlib.compress(dump(content))))
        yield refuse("3.8", name, "read-capsule-contents", padded=within)
    bomb = b64u(pad(zlib.compress(b" " * 2_000_000)))
    yield refuse("3.8", "unpacks to too much", "read-capsule-contents", padded=bomb)
    behind = b64u(pad(zlib.compress(b'{"name":"Ana"}') + b"more"))
    yield refuse("3.8", "something behind it", "read-capsule-contents", padded=behind)
    plain = b64u(pad(b'{"name":"Ana"}'))
    yield refuse("3.8", "not compressed", "read-capsule-contents", padded=plain)


def letters() -> Iterator[Case]:
    public = b64u(ANA.key().public.raw)
    sections = {
        "update": "7.1",
        "answer": "7.3",
        "reunion": "8.1",
        "holdings": "8.1",
        "greeting": "9.2",
        "farewell": "9.5",
        "help": "9.8",
    }
    for kind, payload in TRUE_LETTERS.items():
        said = ANA.says(kind, payload).encoded()
        yield accept(sections[kind], f"a {kind}", "read-a-letter", envelope=said, public=public)
        more = ANA.says(kind, payload | {"later": 1}).encoded()
        yield accept("1.3", f"a {kind} with more", "read-a-letter", envelope=more, public=public)
        forged = BEN.says(kind, payload).encoded()
        yield refuse("7.8", f"a forged {kind}", "read-a-letter", envelope=forged, public=public)
    for section, name, kind, change in WRONG_LETTERS:
        said = ANA.says(kind, TRUE_LETTERS[kind] | change).encoded()
        yield refuse(section, f"{kind}: {name}", "read-a-letter", envelope=said, public=public)
    for name, change in _FROM_LATER_EDITIONS:
        later = ANA.says("answer", TRUE_LETTERS["answer"] | change).encoded()
        yield accept("14.1", name, "read-a-letter", envelope=later, public=public)
    yield from moves()
    posted = {"keys": turned(ANA, 2).encoded()}
    yield accept("10.6", "a key log", "read-posted-keys", body=b64u(dump(posted)))
    for name, keys in (
        ("no keys", None),
        ("an empty log", []),
        ("no log", "x"),
        ("a gap", posted["keys"][1:]),
    ):
        yield refuse("10.6", name, "read-posted-keys", body=b64u(dump({"keys": keys})))
    yield accept("10.1", "Ana's document", "read-well-known", document=b64u(dump(WELL_KNOWN)))
    newer = b64u(dump(WELL_KNOWN | {"protocol": 2, "later": {}}))
    yield accept("14.1", "a document of version 2", "read-well-known", document=newer)
    moved = b64u(dump(WELL_KNOWN | {"moved": True}))
    yield accept("9.7", "a document of who has moved", "read-well-known", document=moved)
    for section, name, change in WRONG_WELL_KNOWN:
        document = b64u(dump(WELL_KNOWN | change))
        yield refuse(section, name, "read-well-known", document=document)


_FROM_LATER_EDITIONS: list[tuple[str, Values]] = [
    ("a status that is not known", {"status": "asleep"}),
    ("a reason that is not known", {"refused": [[BEN.id, ANA.base()["id"], "dull"]]}),
]


def invite_links() -> Iterator[Case]:
    secret = drawn("invite", 16)
    link = invites.Invite("https://ana.example", ANA.id, drawn("invite id", 8), secret).link()
    yield accept("9.1", "a link", "parse-invite", link=link)
    yield accept("9.1", "with our scheme", "parse-invite", link=f"web+microsocial:{link}")
    local = link.replace("https://ana.example", "http://localhost:8080")
    yield accept("9.1", "on this machine", "parse-invite", link=local)
    wrong = {
        "no secret": link.split("#")[0],
        "a letter short": link[:-1],
        "a letter more": link + "A",
        "another path": link.replace("/i#", "/j#"),
        "another scheme": link.replace("https", "ftp"),
        "a user": link.replace("ana.example", "ana@evil.example"),
        "an id with stray bits": link.replace(ANA.id, ANA.id[:-1] + "B"),
    }
    for name, changed in wrong.items():
        yield refuse("9.1", name, "parse-invite", link=changed)
    yield accept(
        "9.2", "Ben's proof", "invite-mac", secret=b64u(secret), **{"from": BEN.id, "to": ANA.id}
    )


def help_links() -> Iterator[Case]:
    secret = drawn("help", 16)
    link = HelpLink("https://ben.example", BEN.id, drawn("help id", 8), secret).link()
    yield accept("9.8", "a link", "parse-a-help-link", link=link)
    local = link.replace("https://ben.example", "http://localhost:8080")
    yield accept("9.8", "on this machine", "parse-a-help-link", link=local)
    wrong = {
        "no secret": link.split("#")[0],
        "a letter short": link[:-1],
        "an invite": link.replace("/h#", "/i#"),
        "another scheme": link.replace("https", "ftp"),
        "an id with stray bits": link.replace(BEN.id, BEN.id[:-1] + "B"),
    }
    for name, changed in wrong.items():
        yield refuse("9.8", name, "parse-a-help-link", link=changed)
    proof = {"id": b64u(drawn("help id", 8)), "mac": invites.mac(secret, ANA.id, BEN.id)}
    ends = {"from": ANA.id, "to": BEN.id}
    yield accept("9.8", "Ana's proof", "invite-mac", secret=b64u(secret), **ends)
    asked = {"nonce": b64u(drawn("nonce", 16)), "link": proof}
    yield accept("9.8", "with a link", "read-a-help-request", body=b64u(dump(asked)))
    alone = {"nonce": asked["nonce"]}
    yield accept("9.8", "of a friend", "read-a-help-request", body=b64u(dump(alone)))
    changes: dict[str, Values] = {
        "no nonce": {"nonce": None},
        "a short nonce": {"nonce": "AAAA"},
        "a link without proof": {"link": {"id": proof["id"]}},
        "a link that is none": {"link": "x"},
        "too much": {"more": "x" * 1024},
    }
    for name, change in changes.items():
        yield refuse("9.8", name, "read-a-help-request", body=b64u(dump(asked | change)))


def requests() -> Iterator[Case]:
    yield from _from_the_rfcs()
    asked: Values = {
        "method": "POST",
        "path": "/peer/v1/exchange",
        "query": "",
        "body": b64u(b"sealed"),
    }
    created = 1_700_000_000_000
    headers = signatures.sign_request(
        "POST", asked["path"], "", b"sealed", BEN.id, ANA.key(), f"{ANA.id}#0", created, bytes(16)
    )
    asked |= {"headers": headers, "keys": ANA.log.encoded()}
    yield accept("10.2", "a signed POST", "verify-a-request", **asked)
    lower = {name.lower(): value for name, value in headers.items()}
    yield accept(
        "10.2", "header names in any case", "verify-a-request", **asked | {"headers": lower}
    )
    got = {"method": "GET", "path": f"/peer/v1/media/{ANA.id}", "query": "a=b", "body": ""}
    signed = signatures.sign_request(
        "GET", got["path"], "a=b", b"", BEN.id, ANA.key(), f"{ANA.id}#0", created, bytes(16)
    )
    got_signed = got | {"headers": signed, "keys": ANA.log.encoded()}
    yield accept("10.2", "a signed GET with a query", "verify-a-request", **got_signed)
    changes: dict[str, Values] = {
        "another method": {"method": "PUT"},
        "another path": {"path": "/peer/v1/greetings"},
        "another query": {"query": "x"},
        "another body": {"body": b64u(b"Sealed")},
        "another's key": {"keys": BEN.log.encoded()},
        "another receiver": {"headers": headers | {"Microsocial-To": ANA.id}},
    }
    for name, change in changes.items():
        yield refuse("10.2", name, "verify-a-request", **asked | change)
    for name in headers:
        lacking = {other: value for other, value in headers.items() if other != name}
        yield refuse("10.2", f"no {name}", "verify-a-request", **asked | {"headers": lacking})
    for name, old, new in _SPELLINGS:
        spelled = headers | {name: headers[name].replace(old, new)}
        title = f"{name}: {old} → {new}"
        yield refuse("10.2", title, "verify-a-request", **asked | {"headers": spelled})


_SPELLINGS = [
    ("Signature-Input", "ms=", "sig1="),
    ("Signature-Input", '"@query" ', ""),
    ("Signature-Input", '"@path" "@query"', '"@query" "@path"'),
    ("Signature-Input", "ed25519", "rsa-v1_5-sha256"),
    ("Signature-Input", "created=1", "created=-1"),
    ("Signature-Input", "created=1", "created=2"),
    ("Signature-Input", "#0", "#00"),
    ("Signature-Input", 'nonce="A', 'nonce="B'),
    ("Signature", "ms=:", "ms=:A"),
    ("Content-Digest", "sha-256", "sha-512"),
]


def _from_the_rfcs() -> Iterator[Case]:
    yield accept(
        "10.2",
        "Content-Digest of RFC 9530, appendix D",
        "content-digest",
        body=b64u(b'{"hello": "world"}\n'),
    )
    components = [
        ["date", "Tue, 20 Apr 2021 02:07:55 GMT"],
        ["@method", "POST"],
        ["@path", "/foo"],
        ["@authority", "example.com"],
        ["content-type", "application/json"],
        ["content-length", "18"],
    ]
    covered = " ".join(f'"{name}"' for name, _ in components)
    params = f'({covered});created=1618884473;keyid="test-key-ed25519"'
    base = accept(
        "10.2",
        "signature base of RFC 9421, B.2.6",
        "signature-base",
        components=components,
        params=params,
    )
    yield base
    yield accept(
        "10.2",
        "signature of RFC 9421, B.2.6, with test-key-ed25519",
        "sign-bytes",
        seed="n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
        bytes=b64u(base["output"]["base"].encode()),
    )


def blobs() -> Iterator[Case]:
    plain = (bytes(range(256)) * 40)[:10_000]  # two whole chunks and a part
    key = drawn("blob", 32)
    sealed = seal_blob(plain, key, 4096)
    given: Values = {"sealed": b64u(sealed), "key": b64u(key), "bytes": len(plain), "chunk": 4096}
    yield accept("11.3", "three chunks", "seal-blob", plain=b64u(plain), key=b64u(key), chunk=4096)
    yield accept("11.3", "one byte", "seal-blob", plain=b64u(b"x"), key=b64u(key), chunk=4096)
    yield accept("11.3", "opened again", "open-blob", **given)
    start, end = Shape(len(plain), 4096).sealed_span(5000, 5010)
    part = b64u(sealed[start:end])
    yield accept(
        "11.5",
        "ten bytes of the second",
        "open-blob",
        **given | {"sealed": part, "range": [5000, 5010]},
    )
    step = 4096 + 16
    changes: dict[str, Values] = {
        "another key": {"key": b64u(drawn("other", 32))},
        "a bit altered": {"sealed": b64u(flip(sealed, 8 * 5000))},
        "chunks swapped": {
            "sealed": b64u(sealed[step : 2 * step] + sealed[:step] + sealed[2 * step :])
        },
        "the last chunk cut off": {"sealed": b64u(sealed[: 2 * step]), "bytes": 8192},
        "a byte cut off": {"sealed": b64u(sealed[:-1])},
        "another chunk size": {"chunk": 8192},
    }
    for name, change in changes.items():
        yield refuse("11.3", name, "open-blob", **given | change)


FILES = {
    "encoding": ("Bytes, text and numbers", encoding),
    "envelopes": ("What somebody signed", envelopes),
    "identity": ("Words, keys, key logs, prekeys", identity),
    "records": ("What people say", records),
    "revisions": ("Which revision stands", revisions),
    "disowns": ("How far back a disown counts", disowns),
    "sealing": ("Sealed letters", sealing),
    "capsules": ("What friends keep for one who comes back", capsules),
    "letters": ("What nodes say", letters),
    "invites": ("Invite links and proofs", invite_links),
    "help": ("Help for one who comes back", help_links),
    "requests": ("Signed requests", requests),
    "blobs": ("Photos and clips", blobs),
}


def build() -> dict[str, str]:
    """Make all files: path relative to docs/spec → content."""
    made = {}
    for name, (about, cases) in FILES.items():
        kept = [case for case in cases() if len(json.dumps(case["input"])) <= LARGEST_INPUT]
        content = {"about": about, "protocol": 1, "vectors": kept}
        made[f"vectors/{name}.json"] = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
    return made
