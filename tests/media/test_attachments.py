"""From prepared uploads to a record: together or not at all."""

import pytest
from tests.support.studio import SCREEN, SMALL, Studio

from microsocial.media.attachments import Chosen
from microsocial.media.model import (
    MixedFiles,
    NotReadyYet,
    TooManyFiles,
    UploadNotFound,
    UploadRefused,
)


async def test_a_post_shows_its_photos_in_the_order_they_were_named(studios):
    ana, _ = studios
    ids = [
        ana.prepared(f"{number}.jpg", sizes={"small": b"%d" % number * 40}) for number in range(3)
    ]
    post = await ana.post(ids[2], ids[0], ids[1])
    assert [ana.plain(one["sizes"][0])[:1] for one in post["media"]] == [b"2", b"0", b"1"]
    assert await ana.intake.all() == []
    assert not list((ana.folder / "uploads").iterdir())


async def test_the_same_key_gives_the_same_post_though_the_files_are_taken(studios):
    ana, _ = studios
    upload = ana.prepared("sea.jpg")
    first = await ana.post(upload, key="once")
    assert await ana.post(upload, key="once") == first
    with pytest.raises(UploadNotFound):
        await ana.post(upload)


async def test_a_file_that_is_not_ready_is_named(studios):
    ana, _ = studios
    upload = await ana.intake.create("wave.mp4", 5000, keep_credit=False)
    with pytest.raises(NotReadyYet, match=r"wave\.mp4 is still being prepared"):
        await ana.post(upload.id)
    await ana.intake.append(upload.id, 0, pieces(b"no clip" * 700 + b"x" * 100))
    with pytest.raises(UploadRefused, match=r"wave\.mp4: That is neither"):
        await ana.post(upload.id)


async def pieces(*parts):
    for part in parts:
        yield part


async def test_ten_photos_or_one_clip(studios):
    ana, _ = studios
    photos = [ana.prepared(f"{number}.jpg") for number in range(11)]
    clip = ana.prepared("street.mp4", kind="clip", sizes={"poster": SMALL, "screen": SCREEN})
    with pytest.raises(TooManyFiles):
        await ana.post(*photos)
    for mixed in ((photos[0], clip), (photos[0], photos[0])):
        with pytest.raises(MixedFiles):
            await ana.post(*mixed)
    assert (await ana.post(clip))["media"][0]["kind"] == "clip"


async def test_what_was_not_said_leaves_no_file_and_keeps_the_upload(studios):
    ana, _ = studios
    upload = ana.prepared("sea.jpg")

    def refuse(_conn, _shown):
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        await ana.attachments.say(
            [Chosen(id=upload)], refuse, public=False, said=lambda _conn: None
        )
    assert ana.files() == []
    assert [one.id for one in await ana.intake.all()] == [upload]


async def test_what_a_crash_left_between_file_and_row_is_swept_at_the_next_start(studios, tmp_path):
    ana, _ = studios
    await ana.post(ana.prepared("kept.jpg"))
    before = ana.files()
    ana.media.files.keep([b"sealed, and then the power went"])
    (ana.folder / "blobs" / "new-abc").write_bytes(b"half")
    assert len(ana.files()) == 3
    await Studio(ana.person, tmp_path).keeping.start()
    assert ana.files() == before
    assert not (ana.folder / "blobs" / "new-abc").exists()


async def test_files_that_only_an_undone_database_names_stay_as_long_as_it(
    studios, tmp_path, monkeypatch
):
    ana, _ = studios
    ana.media.files.keep([b"a photo of after the upgrade"])
    again = Studio(ana.person, tmp_path).keeping
    monkeypatch.setattr(ana.person.db, "path", tmp_path / "microsocial.db")
    aside = tmp_path / "microsocial.db.undone"
    aside.write_bytes(b"")
    await again.start()
    assert len(ana.files()) == 1
    aside.unlink()
    await again.start()
    assert ana.files() == []


async def test_deleting_a_post_removes_its_files_but_not_those_of_another(studios):
    ana, _ = studios
    first = await ana.post(ana.prepared("one.jpg"))
    await ana.post(ana.prepared("two.jpg", sizes={"small": SMALL}))
    assert len(ana.files()) == 2  # the small one is shown by both
    ana.person.delete(first)
    await ana.keeping.sweep()
    assert len(ana.files()) == 1


async def test_captions_are_cleaned_of_what_cannot_be_sent(studios):
    ana, _ = studios
    chosen = Chosen(id=ana.prepared("sea.jpg"), caption=" The\x00 sea\r\n", alt="Waves\x07")
    shown = await ana.attachments.say(
        [chosen], lambda _conn, shown: shown, public=False, said=lambda _conn: None
    )
    assert (shown.media[0]["caption"], shown.media[0]["alt"]) == ("The sea", "Waves")
