"""Why bytes did not get there, or were not let in. The docstrings stand in the ledger and in problem documents."""

from microsocial.errors import Invalid, NotAllowed, NotFound, PeerBroke, TooMuch


class NoAddress(NotFound):
    """No address is known where their machine could be reached."""


class NotReachable(PeerBroke):
    """Their machine does not answer. It may be off or offline."""

    status = 502


class TooSlow(PeerBroke):
    """Their machine took too long to answer."""

    status = 502


class AddressRefused(NotAllowed):
    """Their address points into a private network, and you never said yes to that address."""

    status = 403


class CertificateWrong(PeerBroke):
    """Their address answers with a certificate that does not fit it."""

    status = 502


class NotMicrosocial(PeerBroke):
    """What answers at their address is not Microsocial."""

    status = 502


class AnswerTooLarge(PeerBroke):
    """Their machine sent more than the protocol allows."""

    status = 502


class NotAPage(PeerBroke):
    """There is no page at that address that can be shown."""


class Moved(PeerBroke):
    """Their address sends us elsewhere. Redirects are not followed: the new address has to come from them."""

    status = 502


# -- at our own door --


class BodyTooLarge(TooMuch):
    """That is larger than the protocol allows."""

    status = 413


class BodyTooSlow(TooMuch):
    """That took too long to arrive."""

    status = 408


class WrongContentType(Invalid):
    """This is not taken in that form. Letters come as application/microsocial, key logs as application/json."""

    status = 415


class TooManyTries(TooMuch):
    """Too many requests from your address. Wait a little."""

    retry_after_seconds = 10


class UnknownPurpose(Invalid):
    """The header Microsocial-Purpose names nothing that is taken here."""


class Replayed(Invalid):
    """This request has been seen before."""

    status = 409


class NoSuchBlob(NotFound):
    """There is no such photo or clip for you here (any more)."""


class NoSuchHelp(NotFound):
    """This help link is not valid (any more). Ask your friend for a new one."""


class LivesElsewhere(NotFound):
    """This person has moved."""

    status = 410


class LeavesForGood(NotFound):
    """This person is giving up their page, and everything on it."""

    status = 410


class NobodyOfThatId(NotFound):
    """The person this is addressed to does not live here."""

    status = 421
