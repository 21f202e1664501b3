"""A post that waits for its clip goes out by itself, also when the power failed meanwhile."""

import httpx
from tests.support import files_made
from tests.support.nodes import befriend, people, wait_for

from microsocial.client import doors
from microsocial.client.sync import Client
from microsocial.client.uploads import Uploader


def brought(person, file):
    """Send a file and do not wait until it is ready; give its id."""
    uploader = Uploader(lambda: Client(*doors.of_folder(person.node.data)))
    content = file.read_bytes()
    upload = uploader._announce(file.name, len(content), keep_credit=False)
    assert uploader._send(upload, 0, content) == len(content)
    uploader.close()
    return upload


def asked(person, path, body):
    where, token = person.api.url, person.api._token
    return httpx.post(
        f"{where}/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"}
    )


def test_a_post_and_a_message_wait_for_their_clips_through_a_crash(tmp_path):
    """Clips as an iPhone makes them (HEVC in MOV) have to be transcoded: that takes a while."""
    clip = files_made.clip(
        tmp_path / "wave.mov", seconds=8, options=("-c:v", "libx265", "-pix_fmt", "yuv420p")
    )
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        media = [{"id": brought(ana, clip), "caption": "A wave"}]
        post = {"text": "Wait", "audience": {"class": "friends"}, "media": media, "key": "p"}
        answer = asked(ana, "/posts", post)
        assert answer.status_code == 202, answer.text
        message = {"text": "For you", "media": [{"id": brought(ana, clip)}]}
        answer = asked(ana, f"/messages/{ben.id}", message)
        assert answer.status_code == 202, answer.text
        assert ana.texts() == []
        ana.kill()
        ana.start()
        assert [one["text"] for one in ana.api.get("/posts/waiting")] == ["Wait"]
        assert len(ana.api.get(f"/messages/{ben.id}/waiting")) == 1
        [shown] = wait_for(ben.feed, 60)
        [item] = wait_for(lambda: ben.api.get(f"/messages/{ana.id}")["items"], 60)
        for one in (shown, item):
            assert one["media"][0]["kind"] == "clip"
        assert (shown["text"], item["text"]) == ("Wait", "For you")
        assert ana.api.get("/posts/waiting") == []
        assert ana.api.get("/uploads") == []
        said_again = asked(ana, "/posts", post)
        assert (said_again.status_code, len(ana.feed())) == (201, 1)
        url = wait_for(lambda: ben.feed()[0]["media"][0]["sizes"][0]["url"])
        video = httpx.get(
            ben.api.url + url, headers={"Authorization": f"Bearer {ben.api._token}"}, timeout=30
        ).content
        assert b"avc1" in video  # what every player knows
        assert b"hvc1" not in video
        assert not [secret for secret in files_made.SECRETS if secret in video]
