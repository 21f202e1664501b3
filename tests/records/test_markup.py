"""What people wrote becomes harmless HTML: whatever is put in, nothing that executes comes out."""

import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microsocial.records.markup import ALLOWED, plain, render

ALLOWED_ATTRIBUTES = {"href", "rel", "dir", "start", "title"}


class Reader(HTMLParser):
    """Reads HTML as a browser's parser would see its tags, and keeps what could execute."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.links: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.wrong.append(tag)
        self.wrong += [name for name, _ in attrs if name not in ALLOWED_ATTRIBUTES]
        if tag == "a":
            self.links.append(dict(attrs))

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl}")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def nothing_executes(html: str) -> None:
    reader = read(html)
    assert reader.wrong == []
    for link in reader.links:
        href = link.get("href")
        if href is None:  # an address that is none: it leads nowhere
            continue
        assert urlsplit(href).scheme in {"http", "https", "mailto"}
        assert link["rel"] == "nofollow noopener noreferrer"


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    "[x](/api/v1/logout)",
    "<javascript:alert(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    "![x](https://tracker.example/pixel.png)",
    '[x](https://a.example "onmouseover=alert(1)")',
    "[x](https://a.example/\" onmouseover='alert(1)')",
    'https://a.example/"onmouseover="alert(1)',
    "https://a.example/<script>alert(1)</script>",
    '```"><script>alert(1)</script>\nx\n```',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    '<!--<img src="--><img src=x onerror=alert(1)//">',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import 'https://evil.example'</style>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=https://evil.example><input name=p type=password></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "\u2028<script>\u2029alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "> <details open ontoggle=alert(1)>",
    "- <body onload=alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_comes_out_executable(payload: str) -> None:
    nothing_executes(render(payload))
    nothing_executes(render(f"before {payload} after *{payload}*"))


fragments = st.sampled_from(
    [*PAYLOADS, "[", "](", ")", "<", ">", '"', "'", "`", "```\n", "\n", "\n\n", "> ", "- ", "1. ",
     "*", "**", "_", "javascript:", "https://", "&#x", ";", "\\", "a", " ", "on=", "\t", "\x00", "\u202e"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(fragments | st.text(max_size=6), max_size=12).map("".join))
def test_no_mixture_of_payloads_comes_out_executable(text: str) -> None:
    nothing_executes(render(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_plain_words(text: str) -> None:
    assert isinstance(plain(text), str)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** `c`", '<p dir="auto"><em>a</em> <strong>b</strong> <code>c</code></p>'),
        ("one\ntwo", '<p dir="auto">one<br>\ntwo</p>'),
        ("# not a heading", '<p dir="auto"># not a heading</p>'),
        ("a < b & c", '<p dir="auto">a &lt; b &amp; c</p>'),
        (
            "> so",
            '<blockquote dir="auto">\n<p dir="auto">so</p>\n</blockquote>',
        ),
        (
            "[site](https://a.example)",
            '<p dir="auto"><a href="https://a.example" rel="nofollow noopener noreferrer">site</a></p>',
        ),
    ],
)
def test_the_subset_is_rendered(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://a.example.", "https://a.example"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("HTTP://A.EXAMPLE?", "HTTP://A.EXAMPLE"),
        ("<https://a.example/z>", "https://a.example/z"),
    ],
)
def test_a_bare_address_becomes_a_link_without_the_end_of_the_sentence(
    text: str, address: str
) -> None:
    [link] = read(render(text)).links
    assert link["href"] is not None
    assert link["href"].lower() == address.lower()


def test_a_link_is_not_linked_twice() -> None:
    assert len(read(render("[https://b.example](https://a.example)")).links) == 1


def test_an_image_is_never_loaded() -> None:
    assert "<img" not in render("![x](https://tracker.example/pixel.png)")


def test_plain_words_keep_lines_and_lose_marks() -> None:
    assert plain("**One** [two](https://a.example)\nthree\n\n- four\n- `five`") == (
        "One two\nthree\nfour\nfive"
    )


@pytest.mark.parametrize("part", ["[", "*a_ ", "> ", "![[", "`", "<http://", "[a](b", "- ", "a**b"])
def test_a_text_made_to_be_slow_is_not(part: str) -> None:
    started = time.perf_counter()
    render(part * (5_000 // len(part)))
    assert time.perf_counter() - started < 2
