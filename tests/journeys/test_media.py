"""Photos and clips from a phone to friends and to the public page: upright, clean, captioned, playable, and gone when taken back."""

import io
import os

import httpx
from PIL import Image
from tests.support import files_made
from tests.support.nodes import befriend, people, wait_for

from microsocial.client import doors
from microsocial.client.sync import Client
from microsocial.client.uploads import PIECE_BYTES, Uploader


def media_of(person, post):
    return person.api.get(f"/posts/{post['id']}")["media"]


def bytes_of(person, url):
    """What the owner's browser would get."""
    where, token = person.api.url, person.api._token  # the command line's key
    answer = httpx.get(where + url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 200, (url, answer.status_code, answer.text[:200])
    return answer.content


def tells_nothing(content):
    return not [secret for secret in files_made.SECRETS if secret in content]


def blobs_in(person):
    folder = person.node.data / "media" / "blobs"
    return sorted(file for file in folder.rglob("*") if file.is_file())


def here(person, post):
    """The post's media once their first sizes have come."""
    media = wait_for(lambda: media_of(person, post))
    wait_for(lambda: all(one["state"] == "ready" for one in media_of(person, post)))
    return media


def test_photos_reach_a_friend_upright_and_clean(tmp_path):
    files = {
        "phone.heic": files_made.heic(),
        "place.jpg": files_made.jpeg(),
        "sideways.jpg": files_made.jpeg(orientation=6, size=(800, 400)),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert not tells_nothing(content)
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        options = [word for name in files for word in ("--photo", str(tmp_path / name))]
        post = ana.cli("post", "Three", *options, "--caption", "The sea", "--alt", "Waves")
        assert [one["kind"] for one in post["media"]] == ["photo"] * 3
        media = here(ben, post)
        assert (media[0]["caption"], media[0]["alt"]) == ("The sea", "Waves")
        assert (media[2]["width"], media[2]["height"]) == (400, 800)
        for one in media:
            for size in one["sizes"]:
                content = bytes_of(ben, size["url"])
                assert tells_nothing(content)
                assert Image.open(io.BytesIO(content)).size == (size["width"], size["height"])
        upright = Image.open(io.BytesIO(bytes_of(ben, media[2]["sizes"][0]["url"])))
        red, green, _ = upright.convert("RGB").getpixel((upright.width - 20, 20))
        assert red > 200
        assert green < 60
        # Sealed: what lies on either disk tells nothing, not even that it is a picture.
        for file in (*blobs_in(ana), *blobs_in(ben)):
            assert b"WEBP" not in file.read_bytes()[:64]


def test_a_clip_plays_at_the_friends_and_on_the_public_page(tmp_path):
    clip = files_made.clip(tmp_path / "street.mp4")
    assert not tells_nothing(clip.read_bytes())
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        post = ana.cli("post", "A street", "--clip", str(clip), "--audience", "public")
        [media] = here(ben, post)
        video = bytes_of(ben, media["sizes"][0]["url"])
        assert video[4:8] == b"ftyp"
        assert tells_nothing(video)
        assert Image.open(io.BytesIO(bytes_of(ben, media["poster"]))).size == (320, 240)
        page = httpx.get(f"{ana.address}/p/{post['id']}").text
        name = media["sizes"][0]["url"].rsplit("/", 1)[-1]
        assert f"/media/{name}.mp4" in page
        part = httpx.get(f"{ana.address}/media/{name}.mp4", headers={"Range": "bytes=10-99"})
        assert part.status_code == 206
        assert part.content == video[10:100]
        assert "immutable" in part.headers["cache-control"]
        ana.cli("posts", "delete", post["id"])
        gone = httpx.get(f"{ana.address}/media/{name}.mp4")
        assert gone.status_code == 404
        wait_for(lambda: not blobs_in(ana) and not blobs_in(ben))


def test_a_friend_who_was_away_gets_the_pictures_later(tmp_path):
    (tmp_path / "sea.jpg").write_bytes(files_made.jpeg())
    with people("ana", "ben", through_proxy=("ana",)) as (ana, ben):
        befriend(ana, ben)
        ben.stop()
        post = ana.cli("post", "While you slept", "--photo", str(tmp_path / "sea.jpg"))
        ben.start()
        [media] = here(ben, post)
        # The large size comes when it is looked at, and not while Ana's machine is out of reach.
        ana.proxy.go_dark()
        large = media["sizes"][-1]["url"]
        missing = httpx.get(
            ben.api.url + large, headers={"Authorization": f"Bearer {ben.api._token}"}, timeout=60
        )
        assert missing.status_code == 404
        assert "when your friend" in missing.json()["title"]
        ana.proxy.come_back()
        ana.cli("post", "I am back")
        wait_for(lambda: "I am back" in ben.texts())
        assert bytes_of(ben, large)


def test_clearing_a_conversation_removes_the_files_on_both_sides(tmp_path):
    (tmp_path / "sea.jpg").write_bytes(files_made.jpeg())
    spoken = files_made.voice(tmp_path / "hello.webm")
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("message", ben.id, "Look", "--photo", str(tmp_path / "sea.jpg"))
        ana.cli("message", ben.id, "", "--voice", str(spoken))

        def items():
            return ben.api.get(f"/messages/{ana.id}")["items"]

        wait_for(lambda: len(items()) == 2)
        wait_for(lambda: all(one["media"][0]["state"] == "ready" for one in items()))
        assert blobs_in(ana)
        assert blobs_in(ben)
        assert {one["media"][0]["kind"] for one in items()} == {"photo", "voice"}
        ben.api.post(f"/messages/{ana.id}/clear")
        wait_for(lambda: not blobs_in(ana) and not blobs_in(ben))


def test_a_folder_of_hostile_files_is_refused_by_name_and_harms_nothing(tmp_path):
    with people("ana") as (ana,):
        for name, content in files_made.hostile().items():
            (tmp_path / name).write_bytes(content)
            refused = ana.run("post", "Look", "--photo", str(tmp_path / name))
            assert refused.returncode == 1, name
            assert f"{name}: " in refused.stderr
        assert ana.texts() == []
        assert ana.api.get("/uploads") == []
        (tmp_path / "good.jpg").write_bytes(files_made.jpeg(size=(300, 200)))
        post = ana.cli("post", "A good one", "--photo", str(tmp_path / "good.jpg"))
        assert post["media"][0]["state"] == "ready"


class KillsHalfway:
    """Stops the node with kill -9 after the first piece, and starts it again."""

    def __init__(self, person):
        self.person = person
        self.heard = []

    def sent(self, count):
        if not self.heard:
            self.person.kill()
            self.person.start()
        self.heard.append(count)

    def prepared(self, percent):
        pass


def test_an_upload_goes_on_where_a_killed_node_had_stood(tmp_path):
    noise = Image.frombytes("RGB", (2200, 1800), os.urandom(2200 * 1800 * 3))
    noise.save(tmp_path / "noise.png")
    length = (tmp_path / "noise.png").stat().st_size
    with people("ana") as (ana,):
        halfway = KillsHalfway(ana)
        uploader = Uploader(lambda: Client(*doors.of_folder(ana.node.data)))
        upload = uploader.bring(tmp_path / "noise.png", halfway)
        uploader.close()
        assert upload["state"] == "ready"
        assert set(halfway.heard) == {PIECE_BYTES, length}  # no byte was sent twice
        said = {"text": "", "audience": {"class": "friends"}, "media": [{"id": upload["id"]}]}
        assert ana.api.post("/posts", said)["media"][0]["width"] == 2200


def test_others_photos_stay_below_the_ceiling_and_come_again_when_looked_at(tmp_path):
    ceiling = 60_000
    with people("ana", "ben", settings={"MICROSOCIAL_MEDIA_CEILING_BYTES": str(ceiling)}) as (
        ana,
        ben,
    ):
        befriend(ana, ben)
        posts = []
        for number in range(4):
            file = tmp_path / f"{number}.png"
            Image.frombytes("RGB", (200, 150), os.urandom(200 * 150 * 3)).save(file)
            post = ana.cli("post", f"{number}", "--photo", str(file))
            bytes_of(ben, here(ben, post)[0]["sizes"][0]["url"])
            posts.append(post)
        assert 0 < ben.api.get("/storage")["friends"] <= ceiling
        assert ana.api.get("/storage")["mine"] > ceiling
        [oldest] = media_of(ben, posts[0])
        assert oldest["state"] == "waiting"
        assert bytes_of(ben, oldest["sizes"][0]["url"])
        assert ben.api.get("/storage")["friends"] <= ceiling
