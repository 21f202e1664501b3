"""Seven kinds of error. The docstring of a leaf class is the sentence the person reads."""


class MicrosocialError(Exception):
    """Something went wrong."""

    status = 500

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        super().__init__(detail or self.sentence())
        self.detail = detail
        self.field = field

    @classmethod
    def sentence(cls) -> str:
        """The title that a person reads: the first paragraph of the class's docstring."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def slug(cls) -> str:
        """The stable name in problem documents: NotOpenYet → not-open-yet."""
        name = cls.__name__
        return "".join(
            f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name)
        )


class Invalid(MicrosocialError):
    """That cannot be used as it is."""

    status = 400


class NotAllowed(MicrosocialError):
    """That is not open to you. Log in first."""

    status = 401


class NotFound(MicrosocialError):
    """There is nothing like that here."""

    status = 404


class Conflict(MicrosocialError):
    """That does not go together with what is there."""

    status = 409


class TooMuch(MicrosocialError):
    """That is more than fits. Try less, or later."""

    status = 429


class PeerBroke(MicrosocialError):
    """The other side sent something that breaks the protocol."""

    status = 400


class WeBroke(MicrosocialError):
    """Something went wrong on this machine. The log says what."""

    status = 500
