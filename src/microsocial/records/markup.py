"""The one Markdown renderer: what people wrote, as harmless HTML and as plain words. Pure.

Rule 1: text from anybody is data. Whatever is put in, nothing that executes comes out (tests/records/test_markup.py).
Rule 2: two walls, not one. markdown-it never passes HTML through, and nh3 lets only `ALLOWED` out.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

SCHEMES = frozenset({"http", "https", "mailto"})
REL = "nofollow noopener noreferrer"
ALLOWED = {"p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote"}
ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start", "dir"},
    "p": {"dir"},
    "ul": {"dir"},
    "blockquote": {"dir"},
    "pre": {"dir"},
}
MAX_NESTING = (
    12  # quotes in quotes in lists: deeper than anybody reads, shallow enough for every browser
)
MAX_REMEMBERED = 512  # a few screens of a feed; what is no longer shown is soon forgotten

_BLOCKS_WITH_DIRECTION = {
    "paragraph_open",
    "bullet_list_open",
    "ordered_list_open",
    "blockquote_open",
    "fence",
}
_BARE_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_TRAILING = ".,;:!?'\"*_~…"


def _without_trailing(url: str) -> str:
    """Leave out what ends the sentence rather than the address, as the bracket of (https://a.example)."""
    while url:
        if url[-1] in _TRAILING or (url[-1] == ")" and url.count(")") > url.count("(")):
            url = url[:-1]
        else:
            break
    return url


def first_link(text: str) -> str | None:
    """Give the first web address in what somebody wrote."""
    found = _BARE_LINK.search(text)
    return (_without_trailing(found[0]) or None) if found else None


def _words(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


def _linked(token: Token, md: MarkdownIt) -> list[Token]:
    """Split one run of text into text and links at the bare addresses in it."""
    pieces: list[Token] = []
    last = 0
    for match in _BARE_LINK.finditer(token.content):
        shown = _without_trailing(match.group())
        href = md.normalizeLink(shown)
        if len(shown) <= len("https://") or not md.validateLink(href):
            continue
        if match.start() > last:
            pieces.append(_words(token.content[last : match.start()], token.level))
        pieces += [
            Token("link_open", "a", 1, attrs={"href": href}, level=token.level),
            _words(shown, token.level + 1),
            Token("link_close", "a", -1, level=token.level),
        ]
        last = match.start() + len(shown)
    if last == 0:
        return [token]
    if last < len(token.content):
        pieces.append(_words(token.content[last:], token.level))
    return pieces


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type != "inline" or not block.children or "://" not in block.content:
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children:
            inside += token.nesting if token.type in {"link_open", "link_close"} else 0
            plain_text = token.type == "text" and inside == 0
            children += _linked(token, state.md) if plain_text else [token]
        block.children = children


def _give_each_block_its_direction(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in _BLOCKS_WITH_DIRECTION:
            token.attrSet("dir", "auto")


def _has_allowed_scheme(url: str) -> bool:
    """Only whole addresses: a relative link in a post would point at whoever shows it."""
    return url.partition(":")[0].lower() in SCHEMES


def _preformatted(
    _self: RendererHTML, tokens: list[Token], index: int, _options: object, _env: object
) -> str:
    # The language after the fence is not shown, and no class comes from outside.
    return f'<pre dir="auto"><code>{nh3.clean_text(tokens[index].content)}</code></pre>\n'


def _build() -> MarkdownIt:
    md = MarkdownIt("zero", {"html": False, "breaks": True, "maxNesting": MAX_NESTING})
    md.enable(
        [
            "paragraph", "blockquote", "list", "fence",
            "text", "newline", "escape", "backticks", "emphasis", "link", "autolink", "entity",
            "balance_pairs", "fragments_join", "text_join",
        ]
    )  # fmt: skip
    md.validateLink = _has_allowed_scheme  # type: ignore[method-assign]  # the documented hook
    md.core.ruler.push("bare_addresses", _link_bare_addresses)
    md.core.ruler.push("direction", _give_each_block_its_direction)
    md.add_render_rule("fence", _preformatted)
    return md


_MD = _build()


@lru_cache(MAX_REMEMBERED)
def render(text: str) -> str:
    """Turn the Markdown subset into HTML that is safe to put on a page as it is."""
    html: str = _MD.render(text)
    return nh3.clean(
        html, tags=ALLOWED, attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=REL
    ).strip()


def plain(text: str) -> str:
    """Give the words alone, one line per block: for feeds' titles, previews and search."""
    lines: list[str] = []
    for token in _MD.parse(text):
        if token.type == "inline":
            lines.append("".join(_spoken(child) for child in token.children or []))
        elif token.type == "fence":
            lines.append(token.content.rstrip("\n"))
    return "\n".join(lines).strip()


def _spoken(token: Token) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else token.content
