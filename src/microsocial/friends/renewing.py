"""Has my capsule said anew soon after what it holds has changed: whoever loses everything tonight wants this afternoon's circles back.

Rule 1: not at every click: only once nothing has changed for a while, so that a circle being filled is told once, and filled.
Rule 2: how often at all is the capsule's own rule (capsules.py); what has to wait for it is said at its moment. Nothing polls.
"""

import asyncio
import time

from microsocial.database import Database
from microsocial.events import Event
from microsocial.friends.capsules import Capsules
from microsocial.friends.model import FriendshipEnded, ProfileChanged, TiesChanged

QUIET_S = 60.0
LONGEST_S = 300.0  # whoever sorts friends for an hour has the beginning of it safe


class Renewing:
    """Lives in the event loop."""

    def __init__(self, db: Database, capsules: Capsules, me: str) -> None:
        self._db = db
        self._capsules = capsules
        self._me = me
        self._stale = asyncio.Event()
        self._changed_at = float("-inf")
        db.bus.subscribe(TiesChanged, self._hear)
        db.bus.subscribe(FriendshipEnded, self._hear)
        db.bus.subscribe(ProfileChanged, self._hear_profile)

    async def run(self) -> None:
        """Renew when it is time, until cancelled. Also what changed before the node was stopped."""
        self._stale.set()
        while True:
            await self._stale.wait()
            await self._until_quiet()
            wait_ms = await self._db.read(self._capsules.wait_ms)
            await asyncio.sleep((wait_ms or 0) / 1000)
            self._stale.clear()
            await self._db.write(self._capsules.renew)

    async def _until_quiet(self) -> None:
        latest = time.monotonic() + LONGEST_S
        while (left := min(self._changed_at + QUIET_S, latest) - time.monotonic()) > 0:  # noqa: ASYNC110 - each change puts it off
            await asyncio.sleep(left)

    def _hear(self, _: Event) -> None:
        self._changed_at = time.monotonic()
        self._stale.set()

    def _hear_profile(self, changed: ProfileChanged) -> None:
        if changed.person == self._me:
            self._hear(changed)
