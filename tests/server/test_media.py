"""Photos over HTTP: uploads in pieces for the owner, blobs in ranges, files for anybody, a picture of oneself."""

import asyncio
import base64
import io

import pytest
from PIL import Image
from tests.support import files_made

PHOTO = files_made.jpeg(size=(900, 600))
PIECE = "application/offset+octet-stream"


def named(name):
    return "filename " + base64.b64encode(name.encode()).decode()


async def begin(owner, name="sea.jpg", length=None, **headers):
    told = {"Upload_Length": str(length or len(PHOTO)), "Upload_Metadata": named(name), **headers}
    answer = await owner.send("POST", "/uploads", Tus_Resumable="1.0.0", **told)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/api/v1")


async def send(owner, path, offset, content):
    headers = {
        "Origin": "http://node.test", "X-CSRF-Token": owner.csrf, "Upload-Offset": str(offset), "Content-Type": PIECE,
    }  # fmt: skip
    return await owner.http.patch(f"/api/v1{path}", content=content, headers=headers)


async def settled(node, owner, path):
    while node.darkroom.intake._at_work:
        await asyncio.gather(*node.darkroom.intake._at_work.values(), return_exceptions=True)
    return (await owner.get(path)).json()


async def uploaded(node, owner, content=PHOTO, name="sea.jpg"):
    path = await begin(owner, name, len(content))
    assert (await send(owner, path, 0, content)).status_code == 204
    return await settled(node, owner, path)


async def posted(node, owner, audience="public"):
    upload = await uploaded(node, owner)
    said = {
        "text": "Look", "audience": {"class": audience}, "media": [{"id": upload["id"], "caption": "The sea", "alt": "Waves"}],
    }  # fmt: skip
    answer = await owner.post("/posts", said)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_file_comes_in_pieces_and_is_shown_before_it_is_posted(node, owner):
    path = await begin(owner)
    assert (await send(owner, path, 0, PHOTO[:5000])).headers["upload-offset"] == "5000"
    where = await owner.send("HEAD", path)
    assert (where.headers["upload-offset"], where.headers["upload-length"]) == (
        "5000",
        str(len(PHOTO)),
    )
    wrong = await send(owner, path, 10, PHOTO[10:])
    assert (wrong.status_code, wrong.json()["type"]) == (409, "about:microsocial/offset-differs")
    assert (await send(owner, path, 5000, PHOTO[5000:])).status_code == 204
    upload = await settled(node, owner, path)
    assert upload["state"] == "ready"
    assert "the place where it was taken" in {leak["what"] for leak in upload["leaked"]}
    preview = await owner.get(upload["preview"].removeprefix("/api/v1"))
    assert Image.open(io.BytesIO(preview.content)).size == (640, 427)
    assert [one["id"] for one in (await owner.get("/uploads")).json()] == [upload["id"]]
    assert (await owner.send("DELETE", path)).status_code == 204
    assert (await owner.get(path)).status_code == 404


async def test_a_file_may_come_with_its_announcement(node, owner):
    headers = {
        "Origin": "http://node.test", "X-CSRF-Token": owner.csrf, "Content-Type": PIECE,
        "Upload-Length": str(len(PHOTO)), "Upload-Metadata": named("sea.jpg"),
    }  # fmt: skip
    answer = await owner.http.post("/api/v1/uploads", content=PHOTO, headers=headers)
    assert answer.headers["upload-offset"] == str(len(PHOTO))
    upload = await settled(node, owner, answer.headers["location"].removeprefix("/api/v1"))
    assert upload["state"] == "ready"


async def test_a_piece_may_be_larger_than_any_other_body(node, owner):
    length = 3 * 1024 * 1024
    path = await begin(owner, length=length + 100)
    assert (await send(owner, path, 0, PHOTO + b"\0" * (length - len(PHOTO)))).status_code == 204
    assert (await send(owner, path, length, b"\0" * 101)).status_code == 413


async def test_a_piece_of_another_type_is_refused(owner):
    path = await begin(owner)
    answer = await owner.send("PATCH", path, {"a": 1}, Upload_Offset="0")
    assert answer.status_code == 415


async def test_a_stranger_uploads_nothing(node, owner, stranger):
    path = await begin(owner)
    answer = await stranger.http.patch(
        f"/api/v1{path}", content=PHOTO, headers={"Upload-Offset": "0", "Content-Type": PIECE}
    )
    assert answer.status_code == 401
    assert (await owner.get(path)).json()["offset"] == 0


async def test_a_post_shows_it_and_names_what_is_not_ready(node, owner):
    path = await begin(owner, "wave.mp4", 5000)
    early = {"text": "", "audience": {"class": "me"}, "media": [{"id": path.rsplit("/", 1)[-1]}]}
    answer = await owner.post("/posts", early)
    assert (answer.status_code, answer.json()["type"]) == (409, "about:microsocial/not-ready-yet")
    assert "wave.mp4" in answer.json()["detail"]
    [media] = (await posted(node, owner))["media"]
    assert (media["caption"], media["alt"], media["state"]) == ("The sea", "Waves", "ready")
    assert [size["role"] for size in media["sizes"]] == ["small", "screen"]


@pytest.mark.parametrize(
    "media",
    [
        [{"id": "x", "sizes": []}],
        [{"caption": "no id"}],
        ["x"],
        [{"id": 3}],
        "x",
        [{"id": "x"}] * 11,
    ],
)
async def test_nothing_but_uploads_goes_into_a_post(owner, media):
    said = {"text": "Look", "audience": {"class": "public"}, "media": media}
    assert (await owner.post("/posts", said)).status_code == 400


async def test_a_blob_is_read_whole_and_in_part_by_its_owner_alone(node, owner, stranger):
    url = (await posted(node, owner, "friends"))["media"][0]["sizes"][0]["url"].removeprefix(
        "/api/v1"
    )
    whole = await owner.get(url)
    assert whole.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert Image.open(io.BytesIO(whole.content)).format == "WEBP"
    part = await owner.get(url, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert (await stranger.get(url)).status_code == 401
    for nothing in ("/blobs/x", f"/blobs/{'A' * 43}"):
        assert (await owner.get(nothing)).json()["type"].startswith("about:microsocial/")


async def test_a_public_file_is_for_anybody_until_the_post_is_deleted(node, owner, stranger):
    post = await posted(node, owner)
    page = await stranger.http.get(f"/p/{post['id']}")
    name = post["media"][0]["sizes"][0]["url"].rsplit("/", 1)[-1]
    address = f"/media/{name}.webp"
    assert address in page.text
    found = await stranger.http.get(address)
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["cross-origin-resource-policy"] == "cross-origin"
    assert not [secret for secret in files_made.SECRETS if secret in found.content]
    part = await stranger.http.get(address, headers={"Range": "bytes=-10"})
    assert part.content == found.content[-10:]
    assert (await stranger.http.head(address)).headers["content-length"] == str(len(found.content))
    for wrong in (
        f"/media/{name}.jpg",
        f"/media/{name}",
        "/media/x.webp",
        f"/media/{'A' * 43}.webp",
    ):
        assert (await stranger.http.get(wrong)).status_code == 404
    assert (await owner.send("DELETE", f"/posts/{post['id']}")).status_code == 204
    assert (await stranger.http.get(address)).status_code == 404


async def test_what_is_for_friends_is_not_for_anybody(node, owner, stranger):
    post = await posted(node, owner, "friends")
    name = post["media"][0]["sizes"][0]["url"].rsplit("/", 1)[-1]
    assert (await stranger.http.get(f"/media/{name}.webp")).status_code == 404
    assert (await stranger.http.get(f"/peer/v1/media/{name}")).status_code == 401  # not signed


async def test_a_picture_of_oneself(node, owner, stranger):
    upload = await uploaded(node, owner)
    me = (await owner.send("PATCH", "/me", {"avatar": upload["id"]})).json()
    assert (await owner.get(me["avatar"].removeprefix("/api/v1"))).status_code == 200
    home = (await stranger.http.get("/")).text
    assert f"/media/{me['avatar'].rsplit('/', 1)[-1]}.webp" in home
    await node.darkroom.keeping.sweep()
    assert len(list(node.rooms.media.files.names())) == 1  # only the small size is kept
    assert (await owner.send("PATCH", "/me", {"name": "Ana B"})).json()["avatar"] == me["avatar"]
    assert (await owner.send("PATCH", "/me", {"avatar": None})).json()["avatar"] is None
    await node.darkroom.keeping.sweep()
    assert list(node.rooms.media.files.names()) == []


async def test_storage_says_whose_bytes_they_are(node, owner):
    await posted(node, owner)
    told = (await owner.get("/storage")).json()
    assert told["mine"] > 10_000
    assert (told["friends"], told["ceiling"]) == (0, node.settings.media_ceiling_bytes)
    assert told["database"] > 0
