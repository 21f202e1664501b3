"""The cryptography, and the only importer of its libraries. Secrets never show in a repr.

Ed25519 goes through libsodium for signing, for checking one and for checking many, because the libraries differ in which
odd signatures they let pass (spec 2.4), and one node must not think twice about the same bytes.
"""

import hashlib
import hmac as stdlib_hmac
from collections.abc import Iterable
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError
from typing_extensions import override

from microsocial.protocol.refusals import BadSignature, CannotOpen, Malformed

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
HPKE_SEED_BYTES = 32
HPKE_PUBLIC_BYTES = 1216  # ML-KEM-768 (1,184) ‖ X25519 (32)
HPKE_ENC_BYTES = 1120  # ML-KEM-768 ciphertext (1,088) ‖ X25519 (32)
AEAD_TAG_BYTES = 16
_MLKEM_SEED_BYTES = 64
_MLKEM_PUBLIC_BYTES = 1184

# spec 5.1: the one mandatory suite
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class PublicKey:
    """An Ed25519 key to verify with."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != PUBLIC_KEY_BYTES:
            raise Malformed("a public key has 32 bytes")
        self.raw = raw

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise BadSignature unless the holder of the private key signed `message`."""
        if not self.verifies(signature, message):
            raise BadSignature

    def verifies(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            return False
        return True

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.raw == other.raw

    @override
    def __hash__(self) -> int:
        return hash(self.raw)

    @override
    def __repr__(self) -> str:
        return f"PublicKey({self.raw.hex()[:8]}…)"


class SigningKey:
    """An Ed25519 private key, made from its 32-byte seed (RFC 8032)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        self._public_raw, self._secret = crypto_sign_seed_keypair(seed)

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self._public_raw)

    @property
    def seed(self) -> bytes:
        return self._secret[:SEED_BYTES]

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    @override
    def __repr__(self) -> str:
        return f"SigningKey(of {self.public!r})"


def verify_all(claims: Iterable[tuple[PublicKey, bytes, bytes]]) -> list[bool]:
    """Check many (key, signature, message) at once; one answer each, in order."""
    return [key.verifies(signature, message) for key, signature, message in claims]


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def hkdf(secret: bytes, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def hmac(secret: bytes, message: bytes) -> bytes:
    """HMAC-SHA256."""
    return stdlib_hmac.digest(secret, message, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return stdlib_hmac.compare_digest(one, other)


def aead_seal(key: bytes, nonce: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM; the 16-byte tag comes last."""
    return AESGCM(key).encrypt(nonce, plain, bound_to)


def aead_open(key: bytes, nonce: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Raise CannotOpen unless `sealed` was made with the same key, nonce and `bound_to`."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound_to)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def chacha_seal(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    """ChaCha20-Poly1305, of which age files are made; nothing of the protocol is."""
    return ChaCha20Poly1305(key).encrypt(nonce, plain, None)


def chacha_open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Raise CannotOpen unless `sealed` was made with the same key and nonce."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, None)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def new_hpke_key(seed: bytes | None = None) -> tuple[bytes, bytes]:
    """Make an MLKEM768-X25519 key from a 32-byte seed: (private, public). Without a seed the library draws one."""
    private = seed if seed is not None else AESGCM.generate_key(bit_length=8 * HPKE_SEED_BYTES)
    mlkem, x25519 = _expand(private)
    return private, mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def x25519_public(private: bytes) -> bytes:
    """Give the public half of a plain X25519 key, 32 bytes each."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def hpke_seal(public: bytes, info: bytes, plain: bytes) -> bytes:
    """HPKE base mode, single shot: enc ‖ ciphertext (spec 5.1). Raises Malformed for a key that is none."""
    if len(public) != HPKE_PUBLIC_BYTES:
        raise Malformed("a prekey has 1,216 bytes")
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
        )
        return _SUITE.encrypt(plain, key, info)
    except ValueError as error:  # such as an X25519 key of small order
        raise Malformed("a prekey that cannot be sealed to") from error


def hpke_open(private: bytes, info: bytes, sealed: bytes) -> bytes:
    """Open enc ‖ ciphertext with the private seed; raise CannotOpen."""
    try:
        return _SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*_expand(private)), info)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def _expand(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Expand the seed as X-Wing does, so that other libraries read the same private key (spec 5.1)."""
    if len(seed) != HPKE_SEED_BYTES:
        raise ValueError("an HPKE seed has 32 bytes")
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
    )
