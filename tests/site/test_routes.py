"""What visitors get: what is public, and nothing else."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from tests.support.visitors import Context, visitor

PRIVATE = "a secret among friends"
PAGES = ["/", "/feed.atom", "/feed.json", "/i", "/h"]


def policy(response):
    return response.headers["content-security-policy"]


@pytest.fixture
def everything(village, ana):
    """One post for each audience, and a thread under the public one."""
    ben = village.person("Ben")
    village.befriend(ana, ben)
    village.bring()
    family = ana.circle("Family", ben)
    posts = {
        "public": ana.publish("Hello, world", "public"),
        "friends": ana.publish(PRIVATE),
        "circle": ana.publish(PRIVATE, "circle", circle=family),
        "chosen": ana.publish(PRIVATE, "chosen", people=[ben]),
        "me": ana.publish(PRIVATE, "me"),
    }
    village.bring()
    for name in ("public", "friends"):
        ben.comment(posts[name], "Hello, Ana" if name == "public" else PRIVATE)
        ben.react(posts[name], "🌍")
    posts["ben"] = ben.publish("Ben's own", "public")
    village.bring()
    return posts


async def test_only_what_is_public_is_anywhere(page, everything):
    for path in PAGES:
        shown = (await page.get(path)).text
        assert PRIVATE not in shown
        assert "own" not in shown or "Ben" not in shown
        assert "Family" not in shown
    for name, post in everything.items():
        answer = await page.get(f"/p/{post['id']}")
        assert answer.status_code == (200 if name == "public" else 404)
        assert PRIVATE not in answer.text
    shown = (await page.get(f"/p/{everything['public']['id']}")).text
    assert "Hello, Ana" in shown
    assert "🌍" in shown
    assert "Ben" in shown


async def test_nobody_sets_a_cookie_and_everything_has_a_strict_policy(page, everything):
    for path in [*PAGES, f"/p/{everything['public']['id']}", "/p/nothing"]:
        answer = await page.get(path)
        assert "set-cookie" not in answer.headers
        if "html" in answer.headers["content-type"]:
            assert policy(answer).startswith("default-src 'none'; style-src 'self' 'sha256-")
            assert "unsafe" not in policy(answer)
            assert ("script-src" in policy(answer)) == (path in ("/i", "/h"))
            assert not re.search(
                r"""(?:src|href)=["'](?:https?:)?//(?!ana\.example)""", answer.text
            )
            assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", answer.text)


@pytest.mark.parametrize("path", ["/i", "/h"])
async def test_the_policy_allows_exactly_the_style_and_the_script_that_are_there(page, path):
    answer = await page.get(path)
    for tag in ("style", "script"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src" in policy(answer)
        assert f"'sha256-{digest}'" in policy(answer)


async def test_private_and_missing_pages_are_never_cached_and_public_ones_are(page, everything):
    for path in ("/", "/feed.atom", f"/p/{everything['public']['id']}"):
        assert (await page.get(path)).headers["cache-control"].startswith("public")
    for path in ("/p/nothing", f"/p/{everything['friends']['id']}", "/?before=nothing"):
        answer = await page.get(path)
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"
        assert "The page of" in answer.text


async def test_a_page_that_has_not_changed_is_not_sent_again(page, ana):
    ana.publish("One", "public")
    first = await page.get("/")
    etag = first.headers["etag"]
    for offered in (etag, f'W/{etag}, "other"'):
        again = await page.get("/", headers={"If-None-Match": offered})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
    ana.publish("Two", "public")
    changed = await page.get("/", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "Two" in changed.text


async def test_every_public_change_shows_at_once(page, village, ana):
    ben = village.person("Ben")
    village.befriend(ana, ben)
    post = ana.publish("Frist", "public")
    village.bring()
    path = f"/p/{post['id']}"
    assert "Frist" in (await page.get("/")).text
    ana.edit(post, "First")
    assert "Frist" not in (await page.get("/")).text
    assert "edited" in (await page.get(path)).text
    comment = ben.comment(post, "Ping")
    village.bring()
    assert "Ping" in (await page.get(path)).text
    ana.delete_comment(comment)
    assert "Ping" not in (await page.get(path)).text
    profile = {"name": "Anna", "about": "Renamed", "hue": 10}
    ana.write(lambda conn: ana.log.set_one(conn, "profile", profile))
    shown = (await page.get("/")).text
    assert "Anna" in shown
    assert "--hue:10" in shown
    ana.delete(post)
    assert (await page.get(path)).status_code == 404
    assert "nothing here for everyone yet" in (await page.get("/")).text


async def test_older_posts_are_a_page_away(page, ana):
    for n in range(23):
        ana.publish(f"Thought {n:02}", "public")
    shown = (await page.get("/")).text
    assert re.findall(r"Thought (\d\d)</p>", shown) == [f"{n:02}" for n in range(22, 2, -1)]
    [older] = re.findall(r'href="(/\?before=[^"]+)"', shown)
    rest = (await page.get(older)).text
    assert re.findall(r"Thought (\d\d)</p>", rest) == ["02", "01", "00"]
    assert "Newest" in rest
    assert "Older" not in rest


async def test_words_of_anybody_are_only_words(village):
    evil = '"><script>alert(1)</script>'
    ana, ben = village.people_named(f"Ana {evil}", f"Ben {evil}")
    profile = {"name": f"Ana {evil}", "about": evil, "hue": 1}
    ana.write(lambda conn: ana.log.set_one(conn, "profile", profile))
    post = ana.publish(evil, "public")
    village.bring()
    ben.comment(post, evil)
    village.bring()
    async with visitor(Context(ana)) as page:
        for path in ("/", f"/p/{post['id']}", "/i", "/h", "/p/nothing"):
            shown = (await page.get(path)).text
            assert shown.count("<script>") == (1 if path in ("/i", "/h") else 0)
            assert "alert(1)</script>" not in shown


async def test_before_setup_the_page_says_so(village):
    somebody = village.person("Nobody yet")
    async with visitor(Context(db=somebody.db, clock=village.clock)) as page:
        for path in PAGES:
            answer = await page.get(path)
            assert answer.status_code == 200
            assert "Nobody lives here yet" in answer.text
            assert answer.headers["cache-control"] == "no-store"
        assert (await page.get("/p/nothing")).status_code == 404


async def test_head_says_the_same_without_the_body(page):
    whole, head = await page.get("/"), await page.head("/")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"] == whole.headers["etag"]


async def test_nothing_is_written_through_the_public_page(page):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await page.request(method, "/")).status_code == 405


async def test_the_styles_and_fonts_are_kept_for_ever_under_their_version(page):
    shown = (await page.get("/")).text
    [style] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', shown)
    answer = await page.get(style)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    fonts = re.findall(r"url\((fonts/[^)]+)\)", answer.text)
    assert len(fonts) == 6
    for font in fonts:
        url = style.replace("site.css", font)
        assert (await page.get(url)).headers["content-type"] == "font/woff2"
    old = await page.get(re.sub("/site/[^/]+/", "/site/older/", style))
    assert "immutable" not in old.headers["cache-control"]


@pytest.mark.parametrize("name", ["..%2froutes.py", "%2e%2e/routes.py", "nothing.css", "fonts", ""])
async def test_nothing_but_the_assets_is_served(page, name):
    assert (await page.get(f"/site/x/{name}")).status_code == 404


async def test_links_name_the_owners_address_whoever_asks(ana):
    post = ana.publish("Where?", "public")
    async with visitor(Context(ana, address="https://ana.example/")) as page:
        for path in ("/", f"/p/{post['id']}", "/feed.atom", "/feed.json"):
            shown = (await page.get(path, headers={"Host": "evil.example"})).text
            assert "evil.example" not in shown
            assert "https://ana.example/" in shown


async def test_a_hostile_host_header_gets_into_nothing(page):
    answer = await page.get("/feed.atom", headers={"Host": "x<y>"})
    assert b"x<y>" not in answer.content


@pytest.mark.parametrize("path", ["/i", "/h"])
async def test_an_invitation_and_help_hold_no_secret_and_send_none(page, path):
    answer = await page.get(path)
    assert "Ana Lindqvist" in answer.text
    assert "location.hash" in answer.text
    assert not re.search(r"fetch|XMLHttp|sendBeacon|Image\(", answer.text)
    assert "connect-src" not in policy(answer)  # so default-src 'none' holds


async def test_a_post_speaks_to_other_programs(page, ana):
    post = ana.publish("A first line\n\nand more", "public")
    shown = (await page.get(f"/p/{post['id']}")).text
    for said in (
        '<meta property="og:title" content="A first line">',
        '<meta property="og:type" content="article">',
        f'<meta property="og:url" content="http://ana.example/p/{post["id"]}">',
        "h-entry",
        "e-content",
        "dt-published",
        "p-author h-card",
        '<link rel="alternate" type="application/atom+xml"',
    ):
        assert said in shown
