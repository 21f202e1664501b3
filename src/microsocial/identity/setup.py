"""The one-time setup link of a node in which nobody lives yet. Its token is in memory only; each start makes a new one."""

import hmac

from typing_extensions import override

from microsocial.clock import Entropy
from microsocial.identity.model import SetupLinkUsed, secret_hash
from microsocial.protocol.encoding import b64u


class SetupLink:
    def __init__(self, entropy: Entropy) -> None:
        self._token: str | None = b64u(entropy(32))

    def link(self, base: str) -> str:
        """The link for the person. The token stands in the fragment: browsers do not send it, logs do not see it."""
        return f"{base}/app/#setup={self._token}"

    def check(self, token: str) -> None:
        """Let the right token pass; it stays good until `use`, so that a mistyped password costs nothing."""
        if self._token is None or not hmac.compare_digest(
            secret_hash(token), secret_hash(self._token)
        ):
            raise SetupLinkUsed

    def use(self) -> None:
        self._token = None

    @override
    def __repr__(self) -> str:
        return f"SetupLink({'used' if self._token is None else 'unused'})"
