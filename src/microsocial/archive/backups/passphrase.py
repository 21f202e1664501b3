"""A small secret in an age file that a passphrase opens (age's scrypt recipient), with the work that we choose.

The library measures the machine it runs on and takes up to a gigabyte of memory: a backup made on a fast computer could not be
opened on a small one, nor made on a fast one that has little memory. So this one file is written here; any age program opens it.
"""

import base64
import binascii
import hashlib
import re

from microsocial.archive.backups.age import CannotOpen
from microsocial.clock import Entropy
from microsocial.protocol.crypto import chacha_open, chacha_seal, hkdf, hmac, same
from microsocial.protocol.refusals import CannotOpen as NotTheKey

# 2^17: 128 MiB and about half a second for each guess (OWASP's first choice for scrypt); a Raspberry Pi manages it.
WORK = 17
MOST_WORK = 20  # what a file from elsewhere may ask of this machine: a gigabyte
FILE_KEY_BYTES, SALT_BYTES, NONCE_BYTES = 16, 16, 16
MAX_SECRET_BYTES = 64 * 1024  # one chunk of age's stream

_LABEL = b"age-encryption.org/v1/scrypt"
_ZERO = bytes(12)  # the file key's own nonce: its key is used once
_ONLY_CHUNK = bytes(11) + b"\1"  # the stream's first chunk, which is its last
_HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n---"
)


def locked_with(passphrase: str, secret: str, entropy: Entropy) -> bytes:
    """Write the file. Takes half a second, on purpose."""
    file_key, salt, nonce = entropy(FILE_KEY_BYTES), entropy(SALT_BYTES), entropy(NONCE_BYTES)
    wrapped = chacha_seal(_stretched(passphrase, salt, WORK), _ZERO, file_key)
    header = (
        b"age-encryption.org/v1\n-> scrypt %b %d\n%b\n---"
        % (_written(salt), WORK, _written(wrapped))
    )  # fmt: skip
    sealed = chacha_seal(_payload_key(file_key, nonce), _ONLY_CHUNK, secret.encode())
    return header + b" " + _written(_header_mac(file_key, header)) + b"\n" + nonce + sealed


def unlocked(passphrase: str, file: bytes) -> str:
    """Read it back. Raises CannotOpen: another passphrase, or a byte is not what it was."""
    found = _HEADER.match(file)
    if found is None or len(file) > MAX_SECRET_BYTES:
        raise CannotOpen
    salt, work, wrapped = found.groups()
    header, rest = found[0], file[found.end() :]
    mac, nonce, sealed = rest[1:44], rest[45 : 45 + NONCE_BYTES], rest[45 + NONCE_BYTES :]
    if int(work) > MOST_WORK or (rest[:1], rest[44:45]) != (b" ", b"\n"):
        raise CannotOpen
    try:
        key = _stretched(passphrase, _read(salt), int(work))
        file_key = chacha_open(key, _ZERO, _read(wrapped))
        if not same(_written(_header_mac(file_key, header)), mac):
            raise CannotOpen
        return chacha_open(_payload_key(file_key, nonce), _ONLY_CHUNK, sealed).decode()
    except (NotTheKey, UnicodeDecodeError, binascii.Error) as error:
        raise CannotOpen from error


def _stretched(passphrase: str, salt: bytes, work: int) -> bytes:
    memory = 128 * 8 * 2**work
    return hashlib.scrypt(
        passphrase.encode(),
        salt=_LABEL + salt,
        n=2**work,
        r=8,
        p=1,
        maxmem=memory + 2**20,
        dklen=32,
    )


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac(hkdf(file_key, b"header"), header)


def _payload_key(file_key: bytes, nonce: bytes) -> bytes:
    return hkdf(file_key, b"payload", salt=nonce)


def _written(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def _read(text: bytes) -> bytes:
    """Canonical base64 without padding; binascii.Error for any other spelling."""
    raw = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    if _written(raw) != text:
        raise binascii.Error("not canonical")
    return raw
