"""Whole or in one range (RFC 9110 §14)."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from microsocial.media.serving import serve, wanted_range

CONTENT = bytes(range(256)) * 5


async def answer(request):
    def content(start, end):
        yield CONTENT[start : (start + end) // 2]
        yield CONTENT[(start + end) // 2 : end]

    return serve(request, len(CONTENT), "image/webp", "private", content, "name")


async def ask(method="GET", **headers):
    app = Starlette(routes=[Route("/", answer)])
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
        return await http.request(method, "/", headers=told)


@settings(max_examples=50, deadline=None)
@given(start=st.integers(0, 2000), length=st.integers(0, 2000))
async def test_any_range_equals_the_slice(start, length):
    given_back = await ask(Range=f"bytes={start}-{start + length}")
    if start >= len(CONTENT):
        assert given_back.status_code == 416
        assert given_back.headers["content-range"] == f"bytes */{len(CONTENT)}"
    else:
        assert given_back.status_code == 206
        assert given_back.content == CONTENT[start : start + length + 1]
        last = min(start + length, len(CONTENT) - 1)
        assert given_back.headers["content-range"] == f"bytes {start}-{last}/{len(CONTENT)}"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=5-5", (5, 6)),
        ("bytes=0-9,20-29", None),  # several: the whole will do
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_header_is_read(header, wanted):
    assert wanted_range(header, 100) == wanted


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=9-3", "bytes=-0"])
def test_a_range_outside_is_refused(header):
    with pytest.raises(ValueError, match="outside"):
        wanted_range(header, 100)


async def test_who_has_it_already_hears_so():
    whole = await ask()
    assert whole.content == CONTENT
    assert (await ask(If_None_Match=whole.headers["etag"])).status_code == 304


async def test_a_head_says_how_long_it_is_and_sends_nothing():
    head = await ask("HEAD")
    assert (head.headers["content-length"], head.content) == (str(len(CONTENT)), b"")


async def test_a_browser_may_only_show_it():
    headers = (await ask()).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["accept-ranges"] == "bytes"
