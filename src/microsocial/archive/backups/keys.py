"""The key of a backup folder: made, locked twice, unlocked, and its locked copies looked after."""

import contextlib
from dataclasses import dataclass

import msgspec

from microsocial.archive.backups import age
from microsocial.archive.backups.age import SEED_BYTES, CannotOpen, Key
from microsocial.archive.backups.folder import (
    CHECK_NAME,
    KEY_NAME,
    SNAPSHOTS,
    WORDS_NAME,
    BackupFolder,
)
from microsocial.archive.backups.model import (
    BackupDamaged,
    PassphraseWrong,
    SomebodyElsesBackup,
    WordsDoNotOpen,
    spelled,
)
from microsocial.archive.backups.passphrase import locked_with, unlocked
from microsocial.clock import Entropy
from microsocial.identity.recovery import backup_key
from microsocial.protocol.crypto import sha256


class _Check(msgspec.Struct):
    """The SHA-256 that each locked copy may have. Two while one is being replaced."""

    key: list[str] = []
    words: list[str] = []


@dataclass(frozen=True)
class Opened:
    """A backup folder with the key that opens it."""

    folder: BackupFolder
    key: Key


def begin(folder: BackupFolder, passphrase: str, entropy: Entropy) -> Opened:
    """Give a prepared, empty folder its key. The sign comes last."""
    opened = Opened(folder, Key(entropy(SEED_BYTES)))
    lock_with_passphrase(opened, passphrase, entropy)
    folder.sign()
    return opened


def unlock(folder: BackupFolder, passphrase: str) -> Opened:
    """Raises PassphraseWrong, and what `check_sign` raises."""
    folder.check_sign()
    try:
        written = unlocked(spelled(passphrase), folder.read(KEY_NAME))
        return Opened(folder, age.key_written(written))
    except (CannotOpen, ValueError) as error:
        raise PassphraseWrong(field="passphrase") from error


def unlock_with_words(folder: BackupFolder, entropy: bytes) -> Opened:
    """Open with what the 24 words stand for (`words.entropy_of`). Raises WordsDoNotOpen."""
    folder.check_sign()
    try:
        written = Key(backup_key(entropy)).open(folder.read(WORDS_NAME))
        return Opened(folder, age.key_written(written.decode()))
    except (BackupDamaged, CannotOpen, ValueError) as error:
        raise WordsDoNotOpen from error


def lock_with_passphrase(opened: Opened, passphrase: str, entropy: Entropy) -> None:
    """Let this passphrase open the folder, and no earlier one."""
    _put_locked(
        opened, KEY_NAME, "key", locked_with(spelled(passphrase), opened.key.written, entropy)
    )


def lock_for_words(opened: Opened, public: bytes) -> None:
    """Let the 24 words open the folder too, once."""
    if not _read_check(opened).words or not (opened.folder.path / WORDS_NAME).is_file():
        _put_locked(opened, WORDS_NAME, "words", age.lock_for(opened.key.written, public))


def check_locked(opened: Opened) -> None:
    """Look whether the locked copies are as they were made. Raises BackupDamaged, naming the file."""
    check = _read_check(opened)
    for name, allowed in ((KEY_NAME, check.key), (WORDS_NAME, check.words)):
        if allowed and sha256(opened.folder.read(name)).hex() not in allowed:
            raise BackupDamaged(
                f"{name} is not what it was; give a passphrase again and it is written anew"
            )


def check_key(opened: Opened) -> None:
    """Look whether this key is this folder's. Raises SomebodyElsesBackup: another disk may stand at the same place."""
    sealed = [CHECK_NAME, *(f"{SNAPSHOTS}/{name}.age" for name in opened.folder.snapshots()[::-1])]
    for name in sealed:
        with contextlib.suppress(BackupDamaged, CannotOpen):
            opened.key.open(opened.folder.read(name))
            return
    raise SomebodyElsesBackup(str(opened.folder.path))


def _put_locked(opened: Opened, name: str, field: str, locked: bytes) -> None:
    try:
        check = _read_check(opened)
    except BackupDamaged:
        check = _Check()
    digest = sha256(locked).hex()
    _write_check(opened, check, field, [*getattr(check, field)[-1:], digest])
    opened.folder.put(name, locked)
    _write_check(opened, check, field, [digest])


def _read_check(opened: Opened) -> _Check:
    if not opened.folder.is_there:
        return _Check()  # the folder is only being made; what lies there is from an interrupted try
    try:
        plain = opened.key.open(opened.folder.read(CHECK_NAME))
        return msgspec.json.decode(plain, type=_Check)
    except (CannotOpen, msgspec.DecodeError) as error:
        raise BackupDamaged(f"{CHECK_NAME} is not what it was") from error


def _write_check(opened: Opened, check: _Check, field: str, digests: list[str]) -> None:
    setattr(check, field, digests)
    opened.folder.put(CHECK_NAME, opened.key.seal(msgspec.json.encode(check)))
