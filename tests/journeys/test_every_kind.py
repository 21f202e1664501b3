"""Every kind of file that people have, from Ana to a friend and to anybody, over real sockets: playable, clean, and cached only where it may be."""

import http.server
import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import httpx
import pytest
from PIL import Image, ImageSequence
from tests.support import files_made
from tests.support.nodes import befriend, people, wait_for

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def pair():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        yield ana, ben


def fetched(person, url, **headers):
    """What the owner's browser would get."""
    token = {"Authorization": f"Bearer {person.api._token}"}
    return httpx.get(person.api.url + url, headers={**token, **headers}, timeout=60)


def here(person, post):
    """The post's media at somebody's, once their first sizes have come."""
    shown = wait_for(lambda: person.api.get(f"/posts/{post['id']}"), 30)
    wait_for(lambda: all(one["state"] == "ready" for one in at(person, post)), 30)
    return at(person, post) or shown["media"]


def at(person, post):
    return person.api.get(f"/posts/{post['id']}")["media"]


def secrets_in(content):
    return [secret for secret in files_made.SECRETS if secret in content]


def photos(folder):
    """One photo of each kind, each with something in it that nobody else may learn."""
    exif = files_made.secrets().tobytes()
    moving = [files_made.picture((320, 240)).rotate(turn) for turn in (0, 90, 180)]
    gif = io.BytesIO()
    moving[0].save(
        gif, "GIF", save_all=True, append_images=moving[1:], duration=90, comment=b"Ana's phone"
    )
    made = {
        "a.jpg": files_made.jpeg(size=(900, 600)),
        "b.heic": files_made.heic(),
        "c.png": files_made.saved("PNG", (900, 600), exif=exif),
        "d.webp": files_made.saved("WEBP", (900, 600), exif=exif),
        "e.avif": files_made.saved("AVIF", (900, 600), exif=exif),
        "f.gif": gif.getvalue(),
    }
    for name, content in made.items():
        assert secrets_in(content), name
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def test_photos_of_every_kind_reach_a_friend_and_the_public_page_clean(pair, tmp_path):
    ana, ben = pair
    words = []
    for photo in photos(tmp_path):
        words += ["--photo", str(photo), "--caption", f"Caption of {photo.name}"]
    private = ana.cli("post", "Only for friends", "--photo", str(tmp_path / "a.jpg"))
    post = ana.cli("post", "Six kinds", *words, "--audience", "public")
    assert [one["kind"] for one in post["media"]] == ["photo"] * 6
    for one in here(ben, post):
        content = fetched(ben, one["sizes"][0]["url"]).content
        picture = Image.open(io.BytesIO(content))
        assert picture.format == "WEBP"
        assert not secrets_in(content)
        frames = sum(1 for _ in ImageSequence.Iterator(picture))
        assert frames == (3 if "f.gif" in one["caption"] else 1)
    with httpx.Client(base_url=ana.address, timeout=30) as stranger:
        page = stranger.get(f"/p/{post['id']}")
        files = sorted(set(re.findall(r"/media/[A-Za-z0-9_-]+\.webp", page.text)))
        assert len(files) >= 6
        for file in files:
            shown = stranger.get(file)
            assert (shown.status_code, secrets_in(shown.content)) == (200, [])
            assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert all(f"Caption of {letter}." in page.text for letter in "abcdef")
        [picture] = re.findall(r'og:image" content="([^"]+)"', page.text)
        assert stranger.get(picture).headers["content-type"] == "image/webp"
        assert picture.startswith(ana.address)
        feeds_show(stranger, post, ana.address)
        nothing_private(stranger, ana, private, page)


def feeds_show(stranger, post, address):
    """The feeds carry all pictures, with whole addresses that can be had."""
    feed = stranger.get("/feed.json").json()
    [item] = [one for one in feed["items"] if one["url"] == f"{address}/p/{post['id']}"]
    assert len(item["attachments"]) == 6
    assert stranger.get(item["image"]).status_code == 200
    for one in item["attachments"]:
        assert stranger.head(one["url"]).headers["content-type"] == one["mime_type"]
    root = ET.fromstring(stranger.get("/feed.atom").content)
    [entry] = [one for one in root.iter(f"{ATOM}entry") if post["id"] in one.find(f"{ATOM}id").text]
    assert entry.find(f"{ATOM}content").text.count("<img ") == 6


def nothing_private(stranger, ana, private, page):
    """What is public may be kept and is not sent twice; what is not is nowhere, and kept by nobody."""
    public = ("/", "/feed.atom", "/feed.json", page.url.path)
    for path in public:
        first = stranger.get(path)
        assert "Only for friends" not in first.text
        assert first.headers["cache-control"].startswith("public, max-age=0")
        again = stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    sealed = private["media"][0]["sizes"][0]["url"]
    for path in (f"/p/{private['id']}", f"/media/{sealed.rsplit('/', 1)[-1]}.webp", "/api/v1/feed"):
        answer = stranger.get(path)
        assert answer.status_code in {401, 404}
        assert answer.headers["cache-control"] == "no-store"
    for path in (*public, "/i", "/app/", "/healthz", "/.well-known/microsocial"):
        assert "set-cookie" not in stranger.get(path).headers
    assert fetched(ana, "/api/v1/feed").headers["cache-control"] == "no-store"
    assert fetched(ana, sealed).headers["cache-control"].startswith("private")


def test_clips_and_voices_of_every_kind_play_at_a_friends_and_in_parts(pair, tmp_path):
    ana, ben = pair
    vp9 = ("-c:v", "libvpx-vp9", "-c:a", "libopus", "-deadline", "realtime", "-pix_fmt", "yuv420p")
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    clips = [
        files_made.clip(tmp_path / "a.webm", options=vp9),
        files_made.clip(tmp_path / "b.mov", options=hevc),
        files_made.clip(tmp_path / "c.mp4"),
    ]
    voices = [
        files_made.voice(tmp_path / "d.webm"),  # Chrome
        files_made.voice(tmp_path / "e.ogg"),  # Firefox
    ]
    with ThreadPoolExecutor(2) as two:
        said = list(two.map(lambda clip: ana.cli("post", clip.name, "--clip", str(clip)), clips))
    said += [ana.cli("post", voice.name, "--voice", str(voice)) for voice in voices]
    for post in said:
        [media] = here(ben, post)
        kind = "voice" if post["text"] in {"d.webm", "e.ogg"} else "clip"
        assert (media["kind"], media["duration"] > 1500) == (kind, True)
        url = media["sizes"][-1]["url"]
        whole = fetched(ben, url)
        assert whole.content[4:8] == b"ftyp"  # MP4, which every browser plays
        assert not secrets_in(whole.content)
        assert b"hvc1" not in whole.content
        # A player asks for parts. The file lies sealed in chunks: what is asked for is opened alone.
        part = fetched(ben, url, Range="bytes=1000-1999")
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
        assert part.content == whole.content[1000:2000]
        end = fetched(ben, url, Range="bytes=-100")
        assert end.content == whole.content[-100:]
        assert fetched(ben, url, Range="bytes=99999999-").status_code == 416


PAGE = b"""<!doctype html><title>Boats</title><meta property="og:title" content="Boats on the lake">
<meta property="og:description" content="How they are built."><meta property="og:image" content="/boat.jpg">"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("User-Agent", "")))
        kind, content = self.server.pages.get(self.path, ("text/plain", b""))
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """It is quiet."""


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.asked = []
    photo = files_made.jpeg(size=(900, 600))
    server.pages = {"/boats": ("text/html", PAGE), "/boat.jpg": ("image/jpeg", photo)}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_links_card_is_made_by_its_author_alone_and_its_picture_is_cleaned(pair, site):
    ana, ben = pair
    link = f"http://127.0.0.1:{site.server_address[1]}/boats"
    post = ana.cli("post", f"Look {link}", "--audience", "public")
    assert post["card"]["title"] == "Boats on the lake"
    assert sorted(path for path, _ in site.asked) == ["/boat.jpg", "/boats"]
    shown = wait_for(lambda: ben.api.get(f"/posts/{post['id']}"))
    assert shown["card"]["url"] == link
    assert shown["card"]["description"] == "How they are built."
    wait_for(lambda: ben.api.get(f"/posts/{post['id']}")["card"]["picture"]["state"] == "ready")
    picture = fetched(ben, shown["card"]["picture"]["sizes"][0]["url"]).content
    assert Image.open(io.BytesIO(picture)).format == "WEBP"
    assert not secrets_in(picture)
    page = httpx.get(f"{ana.address}/p/{post['id']}").text
    assert "Boats on the lake" in page
    assert len(site.asked) == 2  # no reader's node asked a stranger's server, nor did the page
