"""What an export holds, how much of anything is read back, and what can go wrong. Pure."""

from dataclasses import dataclass

from microsocial.errors import Conflict, Invalid, TooMuch

MEBIBYTE = 1024 * 1024

# What is written, and so what is in memory at a time.
POSTS_A_PAGE = 30  # of a month: what a browser shows at once without thinking
MESSAGES_A_PAGE = 200
RECORDS_A_FILE_BYTES = 4 * MEBIBYTE
WHOLE_BYTES = 8 * MEBIBYTE  # a file up to this size is read once, a larger one twice

# What is read back. Larger, slower or more is no export of ours.
MAX_IMPORT_BYTES = 1024 * 1024 * MEBIBYTE  # 1 TiB: a lifetime of photos and clips
MAX_FILES = 4_000_000  # in one zip: a post or a picture a minute, waking, for twenty years
MAX_NAME_BYTES = 255  # of a file in the zip; ours have at most 120
MAX_DIRECTORY_BYTES = 1024 * MEBIBYTE  # what the files' names may take; read in steps
MAX_STAMP_BYTES = 16 * MEBIBYTE  # names and hashes of 100,000 files of records
MAX_RECORDS_FILE_BYTES = 16 * MEBIBYTE  # envelopes, or what is known about them
MAX_FACTS_BYTES = 64 * MEBIBYTE  # keys of everybody met, circles, drafts
BATCH = 100  # records brought back in one transaction: a tenth of a second
KEPT_FREE_BYTES = 512 * MEBIBYTE  # of the disk, for everything else


@dataclass(frozen=True)
class Wanted:
    """What the owner asked to take along."""

    messages: bool


class AlreadyExporting(Conflict):
    """Another download of your data is running. Wait until it is done, or stop it."""


class NotAnExport(Invalid):
    """This is not an export of Microsocial that could be brought back."""


class ExportDamaged(NotAnExport):
    """This export is not as it was made: something in it is damaged, missing or changed. Take another copy of it."""


class ExportOfSomebodyElse(Conflict):
    """This export is somebody else's. Only your own comes back here."""


class ExportKnowsNewerKeys(Conflict):
    """You changed your keys after this machine's copy of you was made. Come back with your 24 words first, then import."""


class ImportTooLarge(TooMuch):
    """This is larger than any export."""

    status = 413


class ImportDoesNotFit(TooMuch):
    """There is not enough room on the disk for this export. Free some, and import it again."""

    status = 507
