"""What backups are, which of them are kept, and what can go wrong with them. Pure."""

import unicodedata
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Literal

from typing_extensions import TypedDict

from microsocial.errors import Conflict, Invalid, NotFound, TooMuch

Every = Literal["day", "week", "off"]

HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
EVERY_MS: dict[Every, int] = {"day": DAY_MS, "week": 7 * DAY_MS}
JITTER_MS = HOUR_MS  # so that a household's nodes do not all wake the same disk in the same minute
TRY_AGAIN_MS = HOUR_MS  # a disk that was unplugged may be back
FIRST_AFTER_MS = 10 * 60 * 1000  # whoever sets it up usually begins the first one by hand
REHEARSE_EVERY_MS = 7 * DAY_MS

SHORTEST_PASSPHRASE = (
    12  # whoever finds the disk can guess as long as they like; age makes each guess cost a second
)
LONGEST_PASSPHRASE = 1000
FEWEST_CHARACTERS = 6  # different ones in a passphrase

# Only days, weeks and months in which a backup was made are counted, so that no jump of the clock makes all of them old.
DAYS_ALL_KEPT = 7
WEEKS_KEPT = 2 + 4  # the first two are those of the seven days
MONTHS_KEPT = 1 + 12
ALWAYS_KEPT = 3  # the newest, whatever their dates say: a clock that jumps must not cost backups
KEPT = "All of the last 7 days, then one a week for 4 weeks, then one a month for a year."

_ID = "%Y%m%dT%H%M%SZ"


class FolderAway(Conflict):
    """The backup folder is not there. Is its disk plugged in?"""


class FolderHoldsOther(Conflict):
    """There is something else in this folder. Choose an empty one, or one that holds your backups."""


class FolderInsideData(Invalid):
    """Backups cannot lie inside the data folder: what breaks one would break both. Choose another disk."""


class FolderNotWhole(Invalid):
    """Give the whole path of the backup folder, such as /media/disk/microsocial."""


class NoBackupHere(Conflict):
    """There is no Microsocial backup in this folder, or its file microsocial-backup.json is damaged."""


class NoSnapshotYet(NotFound):
    """There is no finished backup in this folder yet."""


class NoSuchSnapshot(NotFound):
    """There is no backup of that time in this folder."""


class BackupFromNewerProgram(Conflict):
    """This backup was made by a newer Microsocial. Install the newest version and try again."""


class SomebodyElsesBackup(Conflict):
    """This folder holds another person's backups. Choose another one."""


class BackupInUse(Conflict):
    """Another Microsocial is writing into this backup folder. Wait until it is done."""


class NotSetUpYet(Conflict):
    """No backup folder is chosen yet."""


class PassphraseNeeded(Invalid):
    """A new backup folder needs a passphrase."""


class PassphraseWeak(Invalid):
    """A passphrase needs at least 12 characters, and more variety than one key held down. Four or five words are good."""


class PassphraseWrong(Invalid):
    """This passphrase does not open the backup. If you are sure of it, the file key.age is damaged: your 24 words open it too."""


class WordsDoNotOpen(Invalid):
    """These words do not open the backup: they are another person's, or the file words.age is missing or damaged."""


class BackupDiskFull(TooMuch):
    """The backup disk is full. Your earlier backups are whole. Free some space on it and try again."""

    status = 507


class BackupNotWritable(Conflict):
    """The backup folder cannot be written. Look whether the disk is locked or belongs to another user."""


class BackupDiskBroke(Conflict):
    """The backup disk does not take or give what it should. Check it, or choose another one."""


class BackupDamaged(Conflict):
    """The backup is damaged, and a restore would not bring everything back."""


class DataFolderNotEmpty(Conflict):
    """Somebody lives in this data folder already. Restore into an empty one, named with --data."""


class LastBackup(TypedDict):
    """The newest backup."""

    made: int
    bytes: int
    sentence: str


class Rehearsal(TypedDict):
    """What the last rehearsal found."""

    made: int
    fine: bool
    sentence: str


class Snapshot(TypedDict):
    """One backup that can be restored; `bytes` is what a restore would bring, None when this node did not make it."""

    id: str
    made: int
    bytes: int | None


class State(TypedDict):
    """How it stands with the backups (docs/develop/api.md, "Your data")."""

    folder: str | None
    every: Every
    keep: str
    last: LastBackup | None
    next: int | None
    trouble: str | None
    rehearsal: Rehearsal | None
    snapshots: list[Snapshot]


def spelled(passphrase: str) -> str:
    """The one spelling of a passphrase, whatever keyboard wrote it."""
    return unicodedata.normalize("NFC", passphrase.strip())


def fit_passphrase(passphrase: str) -> str:
    """Give the passphrase as it counts, or raise PassphraseWeak."""
    passphrase = spelled(passphrase)
    is_fit = (
        SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE
        and len(set(passphrase)) >= FEWEST_CHARACTERS
    )
    if not is_fit:
        raise PassphraseWeak(field="passphrase")
    return passphrase


def id_at(moment: int) -> str:
    """The name of a snapshot made at this moment: readable, and in order when sorted."""
    return datetime.fromtimestamp(moment // 1000, UTC).strftime(_ID)


def made_at(snapshot: str) -> int:
    """Read the moment from the name; ValueError when it is no snapshot's."""
    return int(datetime.strptime(snapshot, _ID).replace(tzinfo=UTC).timestamp()) * 1000


def is_id(name: str) -> bool:
    try:
        return id_at(made_at(name)) == name
    except ValueError:
        return False


def next_moment(now: int, newest: str | None) -> int:
    """When the next snapshot counts as made: after the newest one, even if the clock was put back."""
    whole = now - now % 1000
    return whole if newest is None else max(whole, made_at(newest) + 1000)


def to_keep(snapshots: Collection[str]) -> set[str]:
    """Choose by the rule above. Stable: what is let go now would not be missed later."""
    ordered = sorted(snapshots)
    if not ordered:
        return set()
    of_day, of_week, of_month = (_by_period(ordered, form) for form in ("%F", "%G-%V", "%Y-%m"))
    return {
        *ordered[-ALWAYS_KEPT:],
        *(one for day in of_day[-DAYS_ALL_KEPT:] for one in day),
        *(week[0] for week in of_week[-WEEKS_KEPT:]),
        *(month[0] for month in of_month[-MONTHS_KEPT:]),
    }


def _by_period(ordered: Iterable[str], form: str) -> list[list[str]]:
    """Give the snapshots of each period, oldest first: the oldest in a period stays the same one as later ones come."""
    periods: dict[str, list[str]] = {}
    for snapshot in ordered:
        period = datetime.fromtimestamp(made_at(snapshot) / 1000, UTC).strftime(form)
        periods.setdefault(period, []).append(snapshot)
    return list(periods.values())


def day_of(moment: int) -> str:
    """Name a day as a person on this machine would: "Tuesday 22 November"."""
    at = datetime.fromtimestamp(moment / 1000).astimezone()
    return f"{at:%A} {at.day} {at:%B}"


def time_of(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000).astimezone():%H:%M}"
