"""What is taken along: everything that is mine, nothing that is secret, and nothing that grows with it."""

import base64
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.archive.website.conftest import send

from microsocial.archive.website import layout
from microsocial.delivery import store as delivery_store
from microsocial.delivery.standing import SECRET

ROOT = Path(__file__).parents[3]


def pages_of(path):
    with zipfile.ZipFile(path) as zipped:
        return {
            name: zipped.read(name).decode()
            for name in zipped.namelist()
            if name.endswith((".html", ".txt"))
        }


def everything_in(path):
    """All bytes, unpacked: names and contents."""
    with zipfile.ZipFile(path) as zipped:
        return b"\n".join(
            part for name in zipped.namelist() for part in (name.encode(), zipped.read(name))
        )


def page_of(pages, words):
    return next(text for name, text in pages.items() if words in name)


def test_it_is_a_whole_zip_in_which_everything_stands_once(ana, life):
    with zipfile.ZipFile(ana.take_along()) as zipped:
        names = zipped.namelist()
        assert zipped.testzip() is None
    assert len(set(names)) == len(names)
    assert {"index.html", "README.txt", "FORMAT.txt", "style.css", "friends.html"} <= set(names)
    assert all(name.isascii() for name in names)


def test_a_posts_page_shows_its_thread_its_pictures_and_who_sees_it(ana, life):
    page = page_of(pages_of(ana.take_along()), "a-walk-by-the-sea")
    assert "A walk by the sea" in page
    assert "<em>everybody</em>" in page
    assert "Lovely!" in page
    assert "Thank you" in page
    assert "❤" in page
    assert 'data-to="friends"' in page
    assert '<img src="../../media/2027/2027-01-15-a-walk-by-the-sea-with-' in page
    family = page_of(pages_of(ana.take_along()), "for-the-family")
    assert 'data-to="circle"' in family
    assert "For Ben." in family


def test_no_page_needs_a_script_or_anything_from_elsewhere(ana, life):
    for name, text in pages_of(ana.take_along()).items():
        if name.endswith(".html"):
            assert "<script" not in text, name
            assert 'src="http' not in text, name
            assert 'src="/' not in text, name
            assert 'href="/' not in text, name
            assert "/api/" not in text, name


def test_what_was_written_is_shown_as_words(ana):
    ana.person.publish("<script>alert(1)</script> & <b>bold</b>", "friends")
    text = everything_in(ana.take_along()).decode("utf-8", "replace")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    with zipfile.ZipFile(ana.take_along(name="again.zip")) as zipped:
        assert b"<script" not in zipped.read("index.html")


def test_what_i_wrote_under_others_posts_is_there_and_their_posts_are_not(ana, life):
    text = everything_in(ana.take_along()).decode("utf-8", "replace")
    assert "I like this" in text
    assert "Ben's own" not in text
    assert "Ben&#39;s own" not in text


def test_conversations_only_when_asked_for(ana, ben, life):
    with_them, without = (
        everything_in(ana.take_along(messages=asked)).decode("utf-8", "replace")
        for asked in (True, False)
    )
    for words in ("Hello Ben", "Hello Ana"):
        assert words in with_them
        assert words not in without
    assert "because you did not ask for them" in without


def test_a_picture_that_is_away_has_a_sentence_in_its_place(ana, life):
    for row in ana.studio.rows().values():
        if row.key is not None:
            ana.studio.media.files.remove(row.hash)
    page = page_of(pages_of(ana.take_along()), "a-walk-by-the-sea")
    assert "This photo was not on the machine when all this was taken along." in page
    assert "<img" not in page


def test_a_picture_that_rotted_is_left_out_and_the_zip_is_whole(ana, life):
    for row in ana.studio.rows().values():
        path = ana.studio.media.files.path(row.hash)
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    path = ana.take_along()
    with zipfile.ZipFile(path) as zipped:
        assert zipped.testzip() is None
        assert [name for name in zipped.namelist() if name.startswith(layout.MEDIA)] == []
    assert "was not on the machine" in page_of(pages_of(path), "a-walk-by-the-sea")


def test_a_picture_that_goes_while_it_is_written_leaves_a_whole_zip(ana, life):
    """As when something is purged meanwhile: the database's moment is held, files are not."""

    def halfway(conn):
        pieces = ana.pieces(conn)
        begun = [next(pieces) for _ in range(6)]
        ana.lose_files()
        return b"".join([*begun, *pieces])

    content = ana.person.read(halfway)
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        assert zipped.testzip() is None


def secrets_of(packer) -> dict[str, bytes]:
    person = packer.person
    rows = person.read(lambda conn: conn.execute(select(delivery_store.prekeys)).all())
    secret = person.read(lambda conn: delivery_store.fact(conn, SECRET))
    found = {"the seed": person.me.signing_key.seed, "the position secret": secret}
    found |= {f"the private half of prekey {n}": bytes(row.private) for n, row in enumerate(rows)}
    return found


def spelled(secret: bytes) -> list[bytes]:
    """However somebody might have written it down."""
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        *(form(secret[at:]).rstrip(b"=")[:-2] for form in (base64.b64encode, base64.urlsafe_b64encode) for at in range(3)),
    ]  # fmt: skip


def test_no_key_is_in_it_in_any_spelling(ana, life):
    everything = everything_in(ana.take_along())
    secrets = secrets_of(ana)
    assert len(secrets) >= 3
    for name, secret in secrets.items():
        assert len(secret) >= 16, name
        assert not [form for form in spelled(secret) if form in everything], name
    # Control: what is in it would be found, spelled as it is there.
    known = ana.person.me.key_log.events[0].raw
    assert [form for form in spelled(known) if form in everything]


def test_many_posts_of_a_month_have_several_pages_that_lead_to_each_other(ana):
    for number in range(65):
        ana.person.publish(f"Post {number}", "me")
    pages = pages_of(ana.take_along())
    month = [name for name in pages if name.startswith("2027/01") and name.count("/") == 1]
    assert sorted(month) == ["2027/01-2.html", "2027/01-3.html", "2027/01.html"]
    assert "Post 64<" in pages["2027/01.html"]
    assert 'href="../2027/01-2.html"' in pages["2027/01.html"]
    assert 'href="../2027/01.html"' in pages["2027/01-2.html"]
    assert 'href="../2027/01-3.html"' in pages["2027/01-2.html"]
    assert sum(f"Post {n}<" in pages[name] for n in range(65) for name in month) == 65


def test_long_conversations_have_several_pages(ana, ben, village, monkeypatch):
    monkeypatch.setattr("microsocial.archive.website.export.MESSAGES_A_PAGE", 4)
    for number in range(9):
        send(ana.person, ben, f"Message {number}")
    pages = pages_of(ana.take_along())
    talk = sorted(name for name in pages if name.startswith("conversations/"))
    assert [name.rsplit("/", 1)[1] for name in talk] == [
        "2027-01-2.html",
        "2027-01-3.html",
        "2027-01.html",
    ]
    assert all(name.rsplit("/", 2)[2] in pages["conversations.html"] for name in talk)


def test_many_records_lie_in_several_files(ana, life, monkeypatch):
    monkeypatch.setattr("microsocial.archive.website.export.RECORDS_A_FILE_BYTES", 1000)
    path = ana.take_along()
    with zipfile.ZipFile(path) as zipped:
        assert "records/0004.envelopes" in zipped.namelist()
    assert ana.bring_back(path) == "Everything in it is here already."


def test_the_same_picture_lies_in_it_once(ana):
    for text in ("Once", "Twice"):
        ana.post(f"{text}.jpg", text=text)
    with zipfile.ZipFile(ana.take_along()) as zipped:
        names = [name for name in zipped.namelist() if name.startswith(layout.MEDIA)]
    assert len(names) == len(ana.studio.files()) == 2
    pages = pages_of(ana.take_along())
    assert all("-once-" in page_of(pages, words) for words in ("-once-", "-twice-"))


@pytest.mark.timeout(240)
def test_a_large_library_takes_no_memory(tmp_path):
    """480 MB of photos in 40 posts; with all of it in memory this would grow by as much."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.archive.website.library", str(tmp_path), "40", "12"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    length, grown = map(int, done.stdout.split())
    assert length > 480 * 1024 * 1024
    assert grown < 48 * 1024 * 1024
