# ruff: noqa: INP001  # scripts beside the pages they write, not a package
"""What each vector asks for, in this implementation. Bytes are b64u unless a name says otherwise.

An operation takes a vector's `input` and returns its `output`; it refuses by raising PeerBroke or Invalid.
"""

import json
from collections.abc import Callable
from typing import Any

from microsocial.protocol import blobs, exchange, invites, signatures
from microsocial.protocol.capsules import open_capsule, read_contents
from microsocial.protocol.crypto import PublicKey, SigningKey, hkdf, new_hpke_key, x25519_public
from microsocial.protocol.disowning import reach
from microsocial.protocol.encoding import b64u, parse_object, unb64u
from microsocial.protocol.envelope import (
    decode_envelope,
    signed_bytes,
    verify_envelope,
)
from microsocial.protocol.help import parse_help_link, read_help_request
from microsocial.protocol.keys import decode_key_log, merge, signing_key
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_RECORD_BYTES, MAX_UPDATE_BYTES
from microsocial.protocol.payloads import Address, read_record, read_signed_record
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Malformed, Status
from microsocial.protocol.revisions import keeps_its_promises, rank
from microsocial.protocol.sealing import open_sealed, pad, unpad
from microsocial.protocol.words import entropy_of

Values = dict[str, Any]

_LETTERS: dict[str, Callable[..., Any]] = {
    "update": exchange.read_update,
    "answer": exchange.read_answer,
    "reunion": exchange.read_reunion,
    "holdings": exchange.read_holdings,
    "greeting": exchange.read_greeting,
    "farewell": exchange.read_farewell,
    "help": exchange.read_help,
}


def decode_b64u(given: Values) -> Values:
    return {"hex": unb64u(given["text"]).hex()}


def read_payload(given: Values) -> Values:
    return {"value": parse_object(unb64u(given["payload"]), MAX_RECORD_BYTES)}


def pre_authentication_encoding(given: Values) -> Values:
    return {"bytes": b64u(signed_bytes(given["type"], unb64u(given["payload"])))}


def verify_an_envelope(given: Values) -> Values:
    envelope = decode_envelope(given["envelope"], MAX_RECORD_BYTES)
    verify_envelope(envelope, PublicKey(unb64u(given["public"])))
    return {"type": envelope.type, "payload": b64u(envelope.payload), "hash": b64u(envelope.hash)}


def words_to_entropy(given: Values) -> Values:
    return {"entropy": b64u(entropy_of(given["words"].split()))}


def derive_key(given: Values) -> Values:
    key = signing_key(unb64u(given["entropy"]), given["number"])
    return {"seed": b64u(key.seed), "public": b64u(key.public.raw)}


def read_key_log(given: Values) -> Values:
    log = decode_key_log(given["keys"])
    return {"id": log.id, "number": log.number, "public": b64u(log.current.raw)}


def merge_key_logs(given: Values) -> Values:
    return {
        "keys": merge(decode_key_log(given["known"]), decode_key_log(given["offered"])).encoded()
    }


def read_a_prekey(given: Values) -> Values:
    prekey = decode_prekey(given["envelope"], decode_key_log(given["keys"]))
    return {"id": b64u(prekey.id), "revision": prekey.revision, "public": b64u(prekey.public)}


def read_a_record(given: Values) -> Values:
    envelope = decode_envelope(given["envelope"], MAX_RECORD_BYTES)
    record = read_signed_record(envelope, decode_key_log(given["keys"]))
    return {
        "kind": envelope.kind,
        "author": record.author,
        "id": record.id,
        "revision": record.revision,
    }


def which_stands(given: Values) -> Values:
    envelopes = [decode_envelope(text, MAX_RECORD_BYTES) for text in given["envelopes"]]
    ranks = [rank(envelope, read_record(envelope)) for envelope in envelopes]
    return {"index": ranks.index(max(ranks))}


def may_follow(given: Values) -> Values:
    known, new = (
        read_record(decode_envelope(given[name], MAX_RECORD_BYTES)) for name in ("known", "new")
    )
    if not keeps_its_promises(new, known):
        raise Malformed("a revision that changes what is fixed")
    return {"revision": new.revision}


def how_far_a_disown_counts(given: Values) -> Values:
    return {"below": reach(decode_key_log(given["keys"]), given["number"])}


def pad_content(given: Values) -> Values:
    padded = pad(bytes(given["zeros"]))
    return {"size": len(padded), "begins": padded[:4].hex()}


def unpad_content(given: Values) -> Values:
    return {"content": b64u(unpad(unb64u(given["padded"])))}


def open_a_letter(given: Values) -> Values:
    opened = open_sealed(
        unb64u(given["sealed"]),
        given["purpose"],
        given["from"],
        given["to"],
        unb64u(given["private"]),
    )
    return {"envelope": b64u(opened)}


def derive_other_keys(given: Values) -> Values:
    words = unb64u(given["entropy"])
    capsule, backup = hkdf(words, b"microsocial capsule"), hkdf(words, b"microsocial backup")
    return {
        "capsule": b64u(capsule),
        "capsule-public": b64u(new_hpke_key(capsule)[1]),
        "backup": b64u(backup),
        "backup-public": b64u(x25519_public(backup)),
    }


def open_a_capsule(given: Values) -> Values:
    contents = open_capsule(given["sealed"], given["author"], unb64u(given["private"]))
    return {"contents": json.loads(contents.written())}


def read_capsule_contents(given: Values) -> Values:
    return {"contents": json.loads(read_contents(unb64u(given["padded"])).written())}


def read_a_letter(given: Values) -> Values:
    envelope = decode_envelope(given["envelope"], MAX_UPDATE_BYTES)
    if envelope.kind not in _LETTERS:
        raise Malformed("not a letter")
    letter = _LETTERS[envelope.kind](envelope)
    verify_envelope(envelope, PublicKey(unb64u(given["public"])))
    return {"kind": envelope.kind, "from": letter.sender, "to": letter.receiver}


def follow_who_moved(given: Values) -> Values:
    key_log = decode_key_log(given["keys"])
    envelope = decode_envelope(given["answer"], MAX_ANSWER_BYTES)
    answer = exchange.read_answer(envelope)
    verify_envelope(envelope, key_log.current)
    if answer.says is not Status.MOVED or answer.address is None:
        raise Malformed("nobody moved")
    record = read_signed_record(decode_envelope(answer.address, MAX_RECORD_BYTES), key_log)
    if not isinstance(record, Address):
        raise Malformed("something else than an address")
    return {"urls": list(record.urls)}


def read_posted_keys(given: Values) -> Values:
    log = decode_key_log(exchange.read_keys(unb64u(given["body"])))
    return {"id": log.id, "number": log.number}


def read_well_known(given: Values) -> Values:
    document = exchange.read_well_known(unb64u(given["document"]))
    return {"id": document.id, "name": document.profile.name}


def parse_invite(given: Values) -> Values:
    invite = invites.parse_invite(given["link"])
    return {
        "url": invite.url,
        "id": invite.id,
        "invite": b64u(invite.invite_id),
        "secret": b64u(invite.secret),
    }


def parse_a_help_link(given: Values) -> Values:
    link = parse_help_link(given["link"])
    return {
        "url": link.url,
        "id": link.id,
        "help": b64u(link.help_id),
        "secret": b64u(link.secret),
    }


def read_a_help_request(given: Values) -> Values:
    asked = read_help_request(unb64u(given["body"]))
    return {"nonce": asked.nonce, "link": asked.link.id if asked.link else None}


def invite_mac(given: Values) -> Values:
    return {"mac": invites.mac(unb64u(given["secret"]), given["from"], given["to"])}


def sign_bytes(given: Values) -> Values:
    key = SigningKey(unb64u(given["seed"]))
    return {"public": b64u(key.public.raw), "signature": b64u(key.sign(unb64u(given["bytes"])))}


def signature_base(given: Values) -> Values:
    components = [(name, value) for name, value in given["components"]]
    return {"base": signatures.signature_base(components, given["params"]).decode()}


def content_digest(given: Values) -> Values:
    return {"header": signatures.content_digest(unb64u(given["body"]))}


def verify_a_request(given: Values) -> Values:
    request = signatures.read_request(
        given["method"], given["path"], given["query"], given["headers"], unb64u(given["body"])
    )
    signatures.verify(request, decode_key_log(given["keys"]).key(request.number))
    return {
        "id": request.id,
        "number": request.number,
        "created": request.created,
        "nonce": request.nonce,
        "to": request.to,
    }


def seal_blob(given: Values) -> Values:
    sealed = blobs.seal_blob(unb64u(given["plain"]), unb64u(given["key"]), given["chunk"])
    return {"sealed": b64u(sealed), "hash": blobs.name_of(sealed)}


def open_blob(given: Values) -> Values:
    shape = blobs.Shape(given["bytes"], given["chunk"])
    start, end = given.get("range", [0, shape.length])
    opened = blobs.open_range(unb64u(given["sealed"]), start, end, unb64u(given["key"]), shape)
    return {"plain": b64u(opened)}


OPERATIONS: dict[str, Callable[[Values], Values]] = {
    operation.__name__.replace("_", "-"): operation
    for operation in (
        decode_b64u,
        read_payload,
        pre_authentication_encoding,
        verify_an_envelope,
        words_to_entropy,
        derive_key,
        read_key_log,
        merge_key_logs,
        read_a_prekey,
        read_a_record,
        which_stands,
        may_follow,
        how_far_a_disown_counts,
        pad_content,
        unpad_content,
        open_a_letter,
        derive_other_keys,
        open_a_capsule,
        read_capsule_contents,
        read_a_letter,
        follow_who_moved,
        read_posted_keys,
        read_well_known,
        parse_invite,
        parse_a_help_link,
        read_a_help_request,
        invite_mac,
        sign_bytes,
        signature_base,
        content_digest,
        verify_a_request,
        seal_blob,
        open_blob,
    )
}
