"""The public posts as Atom (RFC 4287) and JSON Feed 1.1. Pure."""

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

from microsocial.site.dates import iso
from microsocial.site.model import Owner, PublicPost

ATOM = "http://www.w3.org/2005/Atom"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(owner: Owner, posts: Sequence[PublicPost], base: str) -> bytes:
    """Write the Atom feed; links stand under `base`, ids do not, so that moving house repeats nothing."""
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", f"urn:microsocial:{owner.id}")
    _add(feed, "title", owner.name)
    if owner.about:
        _add(feed, "subtitle", owner.about)
    _add(feed, "updated", iso(max((post.updated for post in posts), default=0)))
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{base}/feed.atom")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{base}/")
    _add(_add(feed, "author"), "name", owner.name)
    for post in posts:
        _add_entry(feed, owner, post, base)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(feed: ET.Element, owner: Owner, post: PublicPost, base: str) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", f"urn:microsocial:{owner.id}:{post.id}")
    _add(entry, "title", post.title(owner.name))
    _add(entry, "published", iso(post.published))
    _add(entry, "updated", iso(post.updated))
    _add(entry, "link", rel="alternate", type="text/html", href=f"{base}{post.path}")
    _add(entry, "content", content_html(post, base), type="html")


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = _NOT_IN_XML.sub("", text) or None
    return child


def json_feed(owner: Owner, posts: Sequence[PublicPost], base: str) -> bytes:
    """Write the JSON Feed."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": owner.name,
        "home_page_url": f"{base}/",
        "feed_url": f"{base}/feed.json",
        "description": owner.about,
        "authors": [{"name": owner.name, "url": f"{base}/"}],
        "items": [_item(post, owner, base) for post in posts],
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _item(post: PublicPost, owner: Owner, base: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"urn:microsocial:{owner.id}:{post.id}",
        "url": f"{base}{post.path}",
        "content_html": content_html(post, base),
        "content_text": post.plain,
        "date_published": iso(post.published),
        "date_modified": iso(post.updated),
    }
    if post.picture:
        item["image"] = f"{base}{post.picture}"
    attachments = [
        {"url": f"{base}{size['url']}", "mime_type": size["type"]}
        for media in post.media
        for size in media.get("sizes", [])[-1:]
    ]
    return item | ({"attachments": attachments} if attachments else {})


def content_html(post: PublicPost, base: str) -> str:
    """Give the words, then the pictures with their captions, with whole addresses."""
    return "\n".join([str(post.html), *(_figure(media, base) for media in post.media)])


def _figure(media: dict[str, Any], base: str) -> str:
    if not media.get("sizes"):
        return ""
    address = escape(base + media["sizes"][-1]["url"])
    caption = f"<figcaption>{escape(media['caption'])}</figcaption>" if media.get("caption") else ""
    if media.get("kind") == "photo":
        return (
            f'<figure><img src="{address}" alt="{escape(media.get("alt", ""))}">{caption}</figure>'
        )
    return f'<figure><a href="{address}">{escape(media.get("alt") or "A recording")}</a>{caption}</figure>'
