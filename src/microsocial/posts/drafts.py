"""Half-said things: local facts, told to nobody, kept until they are posted or deleted."""

import json
from typing import Any

from sqlalchemy import Connection, func, select
from typing_extensions import TypedDict

from microsocial.clock import Clock
from microsocial.posts import store
from microsocial.posts.model import (
    MAX_DRAFT_BYTES,
    MAX_DRAFTS,
    DraftNotFound,
    DraftTooLarge,
    TooManyDrafts,
    fit_key,
)


class KeptDraft(TypedDict):
    """A draft as the composer left it."""

    key: str
    text: str
    audience: dict[str, Any]
    media: list[Any]
    changed: int


class Drafts:
    """Keeps what is being written, under the client's own key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def all(self, conn: Connection) -> list[KeptDraft]:
        rows = conn.execute(select(store.drafts).order_by(store.drafts.c.changed.desc()))
        return [
            KeptDraft(
                key=row.key,
                text=row.text,
                audience=json.loads(row.audience),
                media=json.loads(row.media),
                changed=row.changed,
            )
            for row in rows
        ]

    def keep(
        self, conn: Connection, key: str, text: str, audience: dict[str, Any], media: list[Any]
    ) -> KeptDraft:
        """Keep it as it is: a draft may be anything, whole or not."""
        fit_key(key)
        chosen, items = json.dumps(audience), json.dumps(media)
        if len(text.encode()) + len(chosen) + len(items) > MAX_DRAFT_BYTES:
            raise DraftTooLarge
        if store.find(conn, store.drafts, key=key) is None:
            kept = conn.execute(select(func.count()).select_from(store.drafts)).scalar_one()
            if kept >= MAX_DRAFTS:
                raise TooManyDrafts
        now = self._clock.now()
        store.put(conn, store.drafts, key=key, text=text, audience=chosen, media=items, changed=now)
        return KeptDraft(key=key, text=text, audience=audience, media=media, changed=now)

    def drop(self, conn: Connection, key: str) -> None:
        if store.drop(conn, store.drafts, key=key) == 0:
            raise DraftNotFound
