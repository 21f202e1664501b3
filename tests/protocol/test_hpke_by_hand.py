"""The seal of spec 5.1 opened with nothing but its parts: what a second implementation would write.

RFC 9180 base mode with KEM 0x647a (MLKEM768-X25519, known as X-Wing), KDF 0x0001, AEAD 0x0002.
"""

import hmac
from hashlib import sha3_256, sha256, shake_256

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.protocol.cast import ANA, BEN

from microsocial.protocol.crypto import new_hpke_key
from microsocial.protocol.encoding import b64u
from microsocial.protocol.sealing import pad, seal

SUITE = b"HPKE" + bytes.fromhex("647a 0001 0002")


def extract(salt: bytes, label: bytes, content: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + SUITE + label + content, "sha256")


def expand(secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    first = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + context
    return hmac.digest(secret, first + b"\x01", "sha256")[:length]  # at most 32 bytes: one round


def open_by_hand(seed: bytes, info: bytes, sealed: bytes) -> bytes:
    expanded = shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
    first, second, ciphertext = sealed[:1088], sealed[1088:1120], sealed[1120:]
    shared = sha3_256(
        mlkem.decapsulate(first)
        + x25519.exchange(X25519PublicKey.from_public_bytes(second))
        + second
        + x25519.public_key().public_bytes_raw()
        + b"\\.//^\\"
    ).digest()
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def test_a_letter_can_be_opened_by_hand():
    letter = b"a signed envelope"
    sealed = seal(letter, "update", ANA.id, BEN.id, BEN.prekey)
    parties = f"{ANA.id}\n{BEN.id}\n".encode() + b64u(BEN.prekey.id).encode()
    info = b"microsocial/1 update" + sha256(parties).digest()
    assert open_by_hand(BEN.private_prekey, info, sealed[11:]) == pad(letter)


def test_the_key_is_the_one_of_x_wing():
    # draft-connolly-cfrg-xwing-kem, appendix C, first vector
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    assert (
        new_hpke_key(seed)[1].hex().startswith("e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b")
    )
