"""Builds the public pages: what anyone may see, from the database to bytes. Runs on the reader thread.

Rule 1: everything here passes through `_public_rows` or `_public_post`: only the owner's posts of audience `public`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, Row

from microsocial.identity.zones import zone_of
from microsocial.media.service import public_url
from microsocial.posts import store
from microsocial.posts.service import Posts
from microsocial.protocol.payloads import Profile
from microsocial.records.service import Log
from microsocial.site import dates, feeds
from microsocial.site.assets import Assets
from microsocial.site.cache import Built
from microsocial.site.model import PAGE, Owner, PublicPost, public, ratio_class, ratios, shortened

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"
DEFAULT_HUE = 352

_TEMPLATES = Path(__file__).parent / "templates"


def environment(assets: Assets) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["iso"] = dates.iso
    templates.filters["line"] = shortened
    templates.filters["ratio_class"] = ratio_class
    templates.filters["ratios"] = ratios
    templates.globals["asset"] = assets.path
    return templates


class Pages:
    """One method per page. Each gives None where there is nothing public."""

    def __init__(self, assets: Assets) -> None:
        self._templates = environment(assets)

    # Pages that need no person

    def nobody_home(self) -> Built:
        return self._render("nobody.html", name="Microsocial", hue=DEFAULT_HUE)

    def not_found(self, owner: Owner | None) -> Built:
        name, hue = (owner.name, owner.hue) if owner else ("Microsocial", DEFAULT_HUE)
        return self._render("missing.html", name=name, hue=hue, owner=owner)

    def invitation(self, owner: Owner, script: str) -> Built:
        return self._render("invitation.html", name=owner.name, hue=owner.hue, script=script)

    def help(self, owner: Owner, script: str) -> Built:
        return self._render("help.html", name=owner.name, hue=owner.hue, script=script)

    def moved(self, owner: Owner, address: str) -> Built:
        return self._render("moved.html", name=owner.name, hue=owner.hue, address=address)

    def given_up(self) -> Built:
        return self._render("gone.html", name="Microsocial", hue=DEFAULT_HUE)

    # Pages made of posts

    def home(
        self, conn: Connection, posts: Posts, owner: Owner, base: str, before: str | None
    ) -> Built | None:
        """Build a page of posts older than the post `before`."""
        edge = None
        if before is not None:
            row = _public_row(conn, owner, before)
            if row is None:
                return None
            edge = (row.shown_at, row.record)
        rows = store.newest_posts(conn, PAGE + 1, edge, author=owner.id, audience="public")
        page, rest = rows[:PAGE], rows[PAGE:]
        zone = zone_of(conn)
        return self._render(
            "home.html",
            name=owner.name,
            hue=owner.hue,
            about=owner.about,
            avatar=owner.avatar,
            picture=base + owner.avatar if owner.avatar else None,
            base=base,
            canonical="/" if before is None else f"/?before={before}",
            posts=_shown(conn, posts, page),
            newer=before,
            older=page[-1].ref if rest else None,
            older_from=dates.month(rest[0].shown_at, zone) if rest else None,
            day=partial(dates.day, zone=zone),
        )

    def post(
        self, conn: Connection, posts: Posts, owner: Owner, base: str, ref: str
    ) -> Built | None:
        row = _public_row(conn, owner, ref)
        if row is None:
            return None
        [post] = _shown(conn, posts, [row], every_comment=True)
        return self._render(
            "post.html",
            name=owner.name,
            hue=owner.hue,
            base=base,
            post=post,
            title=post.title(owner.name),
            day=partial(dates.day, zone=zone_of(conn)),
            picture=base + post.picture if post.picture else None,
        )

    def atom(self, conn: Connection, posts: Posts, owner: Owner, base: str) -> Built:
        return Built.of(feeds.atom(owner, self._newest(conn, posts, owner), base), ATOM)

    def json_feed(self, conn: Connection, posts: Posts, owner: Owner, base: str) -> Built:
        return Built.of(feeds.json_feed(owner, self._newest(conn, posts, owner), base), JSON_FEED)

    def _newest(self, conn: Connection, posts: Posts, owner: Owner) -> list[PublicPost]:
        rows = store.newest_posts(conn, PAGE, author=owner.id, audience="public")
        return _shown(conn, posts, rows)

    def _render(self, template: str, **values: Any) -> Built:
        text = self._templates.get_template(template).render(**values)
        return Built.of(text.encode(), HTML)


def owner_of(conn: Connection, log: Log) -> Owner:
    """Give the owner as the public profile says."""
    profile = log.get(conn, log.me.id, "profile").payload
    assert isinstance(profile, Profile)
    shown = profile.avatar if profile.audience == "public" else None
    face = public_url({"hash": shown.sizes[0].hash, "type": shown.sizes[0].type}) if shown else None
    return Owner(log.me.id, profile.name, profile.about, profile.hue, face)


def _public_row(conn: Connection, owner: Owner, ref: str) -> Row[Any] | None:
    row = store.find(conn, store.posts, ref=ref)
    return row if row is not None and row.author == owner.id and row.audience == "public" else None


def _shown(
    conn: Connection, posts: Posts, rows: Sequence[Row[Any]], *, every_comment: bool = False
) -> list[PublicPost]:
    shapes = posts.views.posts(conn, rows, every_comment=every_comment, for_owner=False)
    return [public(shape, row.revision) for shape, row in zip(shapes, rows, strict=True)]
