"""What was taken along comes back bit for bit, and nobody notices."""

import pytest
from tests.archive.website.packing import Packer
from tests.support.time_and_chance import SeededEntropy
from tests.support.village import Village

from microsocial.archive.website.model import (
    ExportKnowsNewerKeys,
    ExportOfSomebodyElse,
)
from microsocial.archive.work import Progress, Stopped
from microsocial.feed.store import read_marks
from microsocial.friends import store as friends_store
from microsocial.identity.me import Me
from microsocial.messages import store as messages_store
from microsocial.posts import store as posts_store
from microsocial.posts.model import PublicChanged
from microsocial.protocol.keys import rotation, signing_key
from microsocial.records import returning, store
from microsocial.records.returning import PURGED

SAID = ("post", "comment", "reaction", "message")


def mine(packer):
    """What an export holds of what is here: all but friends' own."""
    rows = packer.rows(store.records)
    me = packer.person.id
    talk = {"message", "clear"}
    return {
        (row.author, row.id): bytes(row.envelope)
        for row in rows
        if me in (row.author, row.thread_author) or row.kind in talk
    }


def facts_of(packer):
    """What is known beside records, by their names."""
    names = {row.no: row.ref for row in packer.rows(store.records)}
    return {
        "received": {row.ref: row.received for row in packer.rows(store.records)},
        "readers": sorted((names[row.record], row.person) for row in packer.rows(store.readers)),
        "offered": sorted((names[row.record], row.person) for row in packer.rows(store.offered)),
        "audiences": sorted(tuple(row) for row in packer.rows(posts_store.post_audiences)),
    }


def purge_mine(packer, *kinds):
    """Be without what an export holds; friends' own posts stay."""
    held = mine(packer)
    for row in packer.rows(store.records):
        if (row.author, row.id) in held and row.kind in kinds and not row.withdrawn:
            packer.person.write(
                lambda conn, row=row: packer.person.log.forget(conn, row.author, row.id, PURGED)
            )


def talk_with(packer, friend):
    page = packer.person.read(lambda conn: packer.person.messages.page(conn, friend.id))
    return [message["text"] for message in page["items"]]


def others_hear(village, ana):
    """What friends' nodes take in from now on, and what wakes up for them."""
    return [village.carry(ana.person, other) for other in village.people[1:]]


def test_a_purge_is_undone_bit_for_bit(ana, life):
    before, facts, files = mine(ana), facts_of(ana), ana.studio.files()
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    ana.lose_files()
    assert set(mine(ana)) < set(before)
    assert ana.person.texts() == ["Ben's own"]
    sentence = ana.bring_back(zipped)
    assert mine(ana) == before
    assert facts_of(ana) == facts
    assert ana.studio.files() == files
    assert sentence == "Eleven things and four picture files came back."
    shown = ana.person.show(life["sea"])
    assert [comment["text"] for comment in shown["comments"]] == ["Lovely!", "Thank you"]
    assert shown["media"][0]["state"] == "ready"
    assert ana.studio.plain(shown["media"][0]["sizes"][0]) == b"small picture " * 50


def test_importing_again_changes_nothing(ana, life):
    zipped = ana.take_along()
    before = ana.person.db.snapshot()
    assert ana.bring_back(zipped) == "Everything in it is here already."
    assert ana.person.db.snapshot() == before


def test_friends_notice_nothing(ana, ben, cem, life, village):
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    village.bring()
    ben.emitted.clear()
    ana.person.told.clear()
    ana.bring_back(zipped)
    assert others_hear(village, ana) == [0, 0]
    assert ben.emitted == []
    # Open screens look at everything again; no bell rings, and nothing is told piece by piece.
    assert [event.name for event in ana.person.told] == ["resync"]
    notices = ana.person.read(ana.person.notices.all)
    assert {one["kind"] for one in notices} == {"comment", "reaction", "friend"}


def test_a_new_friend_does_not_get_what_came_back(ana, life, village):
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    dora = village.person("Dora")
    village.befriend(ana.person, dora)
    village.bring()
    ana.bring_back(zipped)
    village.bring()
    assert dora.texts() == []


@pytest.mark.parametrize("rule", [True, False], ids=["as it is", "without the rule"])
def test_what_was_said_after_a_friendship_ended_does_not_reach_them(
    ana, ben, village, monkeypatch, rule
):
    """R9, for exports: an old folder still thinks that Ben is a friend."""
    if not rule:
        monkeypatch.setattr(returning, "TOLD_TO_ALL", ("post",))
    old = ana.person.db.snapshot()
    ana.person.write(lambda conn: ana.person.friends.block(conn, ben.id))
    ana.person.publish("About Ben", "friends")
    zipped = ana.take_along()
    ana.person.db = type(ana.person.db).from_snapshot(old, ana.person.db.bus)
    ana.bring_back(zipped)
    village.bring()
    assert "About Ben" in ana.person.texts()
    assert ("About Ben" in ben.texts()) is not rule


def test_whoever_had_it_follows_it_again(ana, ben, cem, life, village):
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    ana.bring_back(zipped)
    ana.person.edit(life["family"], "For the whole family")
    ana.person.delete(life["words"])
    ben.comment(life["sea"], "Still lovely")
    village.bring()
    assert "For the whole family" in ben.texts()
    assert "For the whole family" not in cem.texts()
    assert "Just words" not in ben.texts()
    assert ana.person.show(life["sea"])["comments"][-1]["text"] == "Still lovely"
    assert cem.show(life["sea"])["comments"][-1]["text"] == "Still lovely"


def test_what_is_public_is_in_the_public_log_again(ana, life):
    def public():
        page = ana.person.read(lambda conn: ana.person.log.public_page(conn, 0, 10**9, 10**6))
        return {stored.ref for stored in page.entries}

    before = public()
    assert life["public"]["id"] in before
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    assert public() < before
    ana.person.emitted.clear()
    ana.bring_back(zipped)
    assert public() == before
    assert any(isinstance(event, PublicChanged) for event in ana.person.emitted)


def test_what_was_deleted_or_cleared_stays_away(ana, ben, life, village):
    zipped = ana.take_along()
    ana.person.delete(life["sea"])
    ana.person.write(lambda conn: ana.person.messages.clear(conn, ben.id))
    village.bring()
    before = mine(ana)
    sentence = ana.bring_back(zipped)
    assert mine(ana) == before
    assert "stayed away" in sentence
    assert "A walk by the sea\n\nwith *everybody*" not in ana.person.texts()
    assert ana.rows(messages_store.messages) == []


def test_a_comment_taken_out_stays_out(ana, life):
    zipped = ana.take_along()
    [first, *_] = ana.person.show(life["sea"])["comments"]
    ana.person.delete_comment(first)
    ana.bring_back(zipped)
    assert first["id"] not in [one["id"] for one in ana.person.show(life["sea"])["comments"]]


def test_nothing_older_takes_the_place_of_what_is_newer(ana, life):
    zipped = ana.take_along()
    ana.person.edit(life["words"], "Newer words")
    ana.person.write(
        lambda conn: ana.person.log.set_one(conn, "profile", {"name": "Ana L."}, audience="public")
    )
    before = mine(ana)
    assert ana.bring_back(zipped) == "Everything in it is here already."
    assert mine(ana) == before


def test_a_newer_revision_comes_back_over_an_older_one(ana, ben, life, village):
    """As after an old backup was restored: what was edited since comes from the export, and friends stay as they are."""
    old = ana.person.db.snapshot()
    ana.person.edit(life["words"], "Newer words")
    ana.person.delete(life["family"])
    village.bring()
    zipped, newer = ana.take_along(), mine(ana)
    ana.person.db = type(ana.person.db).from_snapshot(old, ana.person.db.bus)
    ana.bring_back(zipped)
    assert mine(ana) == newer
    village.bring()
    assert "Newer words" in ben.texts()
    assert "For the family" not in ben.texts()


def test_a_fresh_folder_becomes_what_the_old_one_was(ana, ben, life, village, tmp_path):
    before, files = mine(ana), ana.studio.files()
    zipped = ana.take_along()
    elsewhere = tmp_path / "new machine"
    elsewhere.mkdir()
    fresh = Packer(Village().person("Ana Lindqvist"), elsewhere)  # the same words, so the same keys
    assert fresh.person.id == ana.person.id
    fresh.bring_back(zipped)
    assert {name: raw for name, raw in mine(fresh).items() if name[1] != "profile"} == {
        name: raw for name, raw in before.items() if name[1] != "profile"
    }
    assert fresh.studio.files() == files
    assert talk_with(fresh, ben) == talk_with(ana, ben)
    shown = fresh.person.show(life["family"])
    assert (shown["audience"]["label"], shown["audience"]["people"][0]["name"]) == ("Family", "Ben")


def test_what_was_read_stays_read(ana, ben, cem, life, village):
    ana.person.write(lambda conn: ana.person.messages.read(conn, ben.id))
    cem.write(lambda conn: cem.messages.send(conn, ana.person.id, "Nobody has read this yet"))
    village.bring()
    ana.person.write(ana.person.notices.read)
    marks = ana.rows(read_marks)
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    ana.bring_back(zipped)
    assert ana.person.read(messages_store.friends_unread) == {cem.id}
    assert ana.rows(read_marks) == marks


def test_circles_and_drafts_come_back_where_they_are_missing(ana, ben, life):
    person = ana.person
    draft = {"class": "friends"}
    person.write(lambda conn: person.posts.drafts.keep(conn, "new", "Half said", draft, []))
    zipped = ana.take_along()
    [circle] = person.read(person.friends.circles.all)
    person.write(lambda conn: person.friends.circles.delete(conn, circle.id))
    person.write(lambda conn: person.posts.drafts.drop(conn, "new"))
    ana.bring_back(zipped)
    assert person.read(person.friends.circles.all) == [circle]
    [kept] = person.read(person.posts.drafts.all)
    assert (kept["text"], kept["audience"]) == ("Half said", draft)
    # What is there already says more.
    person.write(lambda conn: person.friends.circles.rename(conn, circle.id, "Kin"))
    person.write(lambda conn: person.posts.drafts.keep(conn, "new", "More said", draft, []))
    ana.bring_back(zipped)
    assert person.read(person.friends.circles.all)[0].name == "Kin"
    assert person.read(person.posts.drafts.all)[0]["text"] == "More said"


def test_a_friendship_does_not_come_back_by_itself(ana, ben, life):
    zipped = ana.take_along()
    ana.person.write(lambda conn: ana.person.friends.remove(conn, ben.id))
    ana.bring_back(zipped)
    rows = {row.person: row.state for row in ana.rows(friends_store.friends)}
    assert rows[ben.id] == "former"


def test_conversations_come_along_only_when_asked_for(ana, life):
    zipped = ana.take_along(messages=False)
    purge_mine(ana, *SAID)
    ana.bring_back(zipped)
    assert ana.rows(messages_store.messages) == []
    assert b"Hello Ben" not in zipped.read_bytes()
    assert "Just words" in ana.person.texts()


# Whose it is


def test_somebody_elses_export_is_refused_naming_both(ana, village, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    dora = Packer(village.person("Dora"), other)
    with pytest.raises(ExportOfSomebodyElse) as refused:
        ana.bring_back(dora.take_along())
    assert refused.value.detail == "It is Dora’s, and you are Ana Lindqvist."  # noqa: RUF001


def test_an_export_from_after_a_key_change_asks_for_the_words_first(ana, life):
    me = ana.person.me
    words_of_ana = ana_words()
    longer = me.key_log.with_event(
        rotation(me.key_log, signing_key(words_of_ana, 1), signing_key(words_of_ana, 2).public)
    )
    renewed = Me(signing_key(words_of_ana, 1), longer)
    ana.person.log.me = renewed
    zipped = ana.take_along()
    ana.person.log.me = me
    with pytest.raises(ExportKnowsNewerKeys):
        ana.bring_back(zipped)
    # And the other way round: what was taken along before is still mine afterwards.
    older = ana.take_along(name="older.zip")
    ana.person.log.me = renewed
    assert ana.bring_back(older) == "Everything in it is here already."


def ana_words():
    """As the village dealt them."""
    return SeededEntropy(1)(32)


# Broken off


class Breaks(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 2, 4, 7])
def test_an_import_that_is_broken_off_is_simply_done_again(ana, life, monkeypatch, after):
    monkeypatch.setattr("microsocial.archive.website.importing.BATCH", 3)
    before, files = mine(ana), ana.studio.files()
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    ana.lose_files()
    left = [after]

    def write(change):
        if not left[0]:
            raise Breaks
        left[0] -= 1
        return ana.person.write(change)

    with pytest.raises(Breaks):
        ana.bring_back(zipped, write=write)
    ana.bring_back(zipped)
    assert mine(ana) == before
    assert ana.studio.files() == files


def test_it_can_be_stopped_and_tells_how_far_it_is(ana, life, monkeypatch):
    monkeypatch.setattr("microsocial.archive.website.importing.BATCH", 4)
    zipped = ana.take_along()
    purge_mine(ana, *SAID)
    ana.person.told.clear()
    told = []
    progress = Progress(lambda done, total, sentence: told.append((done, total, sentence)))
    ana.bring_back(zipped, progress)
    assert [done for done, _, _ in told] == [*range(4, told[-1][1], 4), told[-1][1]]
    stopped = Progress(lambda *_: stopped.stop())
    with pytest.raises(Stopped):
        ana.bring_back(zipped, stopped)
    assert [event.name for event in ana.person.told] == ["resync"]
