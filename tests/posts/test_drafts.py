import pytest

from microsocial.posts import drafts as drafts_module
from microsocial.posts.model import DraftNotFound, DraftTooLarge, TooManyDrafts


def test_a_draft_is_kept_replaced_and_dropped(village):
    ana = village.person("Ana")
    drafts = ana.posts.drafts
    ana.write(lambda conn: drafts.keep(conn, "new", "Hal", {"class": "friends"}, []))
    village.clock.advance(5)
    kept = ana.write(lambda conn: drafts.keep(conn, "new", "Half", {"class": "me"}, [1]))
    assert ana.read(drafts.all) == [kept]
    assert (kept["text"], kept["audience"], kept["media"]) == ("Half", {"class": "me"}, [1])
    ana.write(lambda conn: drafts.drop(conn, "new"))
    assert ana.read(drafts.all) == []
    with pytest.raises(DraftNotFound):
        ana.write(lambda conn: drafts.drop(conn, "new"))


def test_drafts_have_limits(village, monkeypatch):
    monkeypatch.setattr(drafts_module, "MAX_DRAFTS", 1)
    ana = village.person("Ana")
    drafts = ana.posts.drafts
    ana.write(lambda conn: drafts.keep(conn, "a", "", {}, []))
    ana.write(lambda conn: drafts.keep(conn, "a", "again", {}, []))
    with pytest.raises(TooManyDrafts):
        ana.write(lambda conn: drafts.keep(conn, "b", "", {}, []))
    with pytest.raises(DraftTooLarge):
        ana.write(lambda conn: drafts.keep(conn, "a", "x" * 300_000, {}, []))
