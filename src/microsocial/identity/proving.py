"""Proving that it is the owner who asks, by the password: for coming in, and again before what cannot be undone.

Rule 1: one slow hash at a time, off the loop: a crowd at the door must not take the machine's memory.
Rule 2: guessing gets slower with every wrong password; a browser or key that is known is never locked out by others' guesses.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from microsocial.database import Database
from microsocial.identity import passwords
from microsocial.identity.model import Caller, PasswordUnfit, WrongPassword, fit_password
from microsocial.identity.service import Identity
from microsocial.identity.throttle import Throttle

T = TypeVar("T")


class SlowHashes:
    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def make(self, secret: str) -> str:
        return await self._run(lambda: passwords.slow_hash(secret))

    async def fits(self, secret: str, hashed: str) -> bool:
        return await self._run(lambda: passwords.fits(secret, hashed))

    async def _run(self, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)


class Proving:
    """One per node."""

    def __init__(self, identity: Identity, throttle: Throttle) -> None:
        self._identity = identity
        self._throttle = throttle
        self.hashes = SlowHashes()

    async def again(
        self, request: Request, db: Database, password: str, field: str = "password"
    ) -> None:
        """Ask somebody who is in already. Raises WrongPassword, TooManyTries."""
        caller: Caller = request.state.owner
        await self.prove(request, db, password, f"{caller.kind} {caller.id}", field)

    async def prove(
        self,
        request: Request,
        db: Database,
        password: str,
        known: str | None,
        field: str = "password",
    ) -> None:
        """Check the password within the throttle's patience. Raises WrongPassword, TooManyTries."""
        address = request.client.host if request.client else "unknown"
        self._throttle.claim(address, known)
        hashed = await db.read(self._identity.password_hash)
        try:
            password = fit_password(password)
        except PasswordUnfit:
            raise WrongPassword(field=field) from None
        if not await self.hashes.fits(password, hashed):
            raise WrongPassword(field=field)
        self._throttle.succeeded(address, known)
        if passwords.is_outdated(hashed):
            stronger = await self.hashes.make(password)
            await db.write(lambda conn: self._identity.change_password(conn, stronger))
