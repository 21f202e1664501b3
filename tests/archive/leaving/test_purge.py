"""Letting things go: by kind, age and friend; here alone, or everywhere."""

import pytest

from microsocial.archive.leaving.model import Found, OnlyHere, OnlyOfFriends, Wish
from microsocial.archive.leaving.purge import STEP, shape
from microsocial.records import store as records

DAY_MS = 86_400_000


def done(person, purge, wish):
    """Carry a wish out; give how much went."""
    count = 0
    while True:
        step = person.write(lambda conn: purge.step(conn, wish))
        count += step.count
        if step.is_last:
            return count


def counted(person, purge, wish):
    return person.read(lambda conn: purge.found(conn, wish)).count


def texts_of(person, friend):
    page = person.read(lambda conn: person.messages.page(conn, friend.id))
    return [message["text"] for message in page["items"]]


def say(person, friend, text):
    person.write(lambda conn: person.messages.send(conn, friend.id, text))


def test_my_posts_go_here_alone_or_everywhere(village, friends, purge):
    ana, ben, _cem = friends
    ana.publish("told")
    village.bring()
    assert counted(ana, purge(ana), Wish("posts")) == 1
    assert done(ana, purge(ana), Wish("posts")) == 1
    village.bring()
    assert (ana.texts(), ben.texts()) == ([], ["told"])

    ana.publish("taken back")
    village.bring()
    assert done(ana, purge(ana), Wish("posts", tell=True)) == 1
    village.bring()
    assert ben.texts() == ["told"]


def test_only_what_is_older_goes(village, friends, purge):
    ana, ben, _cem = friends
    ben.publish("old")
    ana.publish("mine, old")
    village.clock.advance(30 * DAY_MS)
    moment = village.clock.now()
    village.clock.advance(DAY_MS)
    ben.publish("new")
    village.bring()
    assert done(ana, purge(ana), Wish("posts", older_than=moment)) == 1
    # What arrived late is as old as it says: nobody makes a thing younger by sending it again.
    assert done(ana, purge(ana), Wish("friends-posts", older_than=moment)) == 1
    assert ana.texts() == ["new"]


def test_a_purged_post_of_a_friend_stays_away_with_what_is_said_under_it(village, friends, purge):
    ana, ben, cem = friends
    village.befriend(ben, cem)
    post = ben.publish("Ben's")
    village.bring()
    cem.comment(post, "before")
    village.bring()
    mine = ana.comment(post, "mine")
    village.bring()
    assert done(ana, purge(ana), Wish("friends-posts", friend=ben.id)) == 1
    cem.comment(post, "after")
    ben.edit(post, "Ben's, edited")
    village.bring()
    assert ana.texts() == []
    held = ana.read(lambda conn: records.find_by(conn, thread=post["id"]))
    assert [stored.ref for stored in held] == [mine["id"]]  # what I said is mine
    assert [one["text"] for one in ben.show(post)["comments"]] == ["before", "mine", "after"]


def test_only_one_friends_posts_go(village, friends, purge):
    ana, ben, cem = friends
    ben.publish("Ben's")
    cem.publish("Cem's")
    village.bring()
    assert done(ana, purge(ana), Wish("friends-posts", friend=cem.id)) == 1
    assert ana.texts() == ["Ben's"]


def test_messages_go_here_alone_or_on_both_sides(village, friends, purge):
    ana, ben, cem = friends
    for friend in (ben, cem):
        say(ana, friend, "to you")
        say(friend, ana, "to me")
    village.bring()
    assert done(ana, purge(ana), Wish("messages", friend=ben.id)) == 2
    village.bring()
    assert texts_of(ana, ben) == []
    assert len(texts_of(ben, ana)) == 2
    assert done(ana, purge(ana), Wish("messages", tell=True)) == 2
    village.bring()
    assert texts_of(ana, cem) == texts_of(cem, ana) == []


def test_the_old_part_of_a_conversation_is_cleared_on_both_sides(village, friends, purge):
    ana, ben, _cem = friends
    say(ana, ben, "old")
    village.bring()
    village.clock.advance(DAY_MS)
    moment = village.clock.now()
    say(ana, ben, "new")
    village.bring()
    assert done(ana, purge(ana), Wish("messages", older_than=moment, tell=True)) == 1
    village.bring()
    assert texts_of(ana, ben) == texts_of(ben, ana) == ["new"]


def test_comments_and_reactions_go_without_the_posts_they_stand_under(village, friends, purge):
    ana, ben, _cem = friends
    post = ben.publish("Ben's")
    village.bring()
    ana.comment(post, "mine")
    ana.react(post, "🎉")
    village.bring()
    assert done(ana, purge(ana), Wish("comments", tell=True)) == 2
    village.bring()
    shown = ben.show(post)
    assert (shown["comments"], shown["reactions"]) == ([], [])
    assert ana.texts() == ["Ben's"]


def test_much_goes_in_steps(village, friends, purge):
    ana, *_ = friends
    for number in range(STEP + 5):
        ana.publish(f"post {number}")
    steps = [ana.write(lambda conn: purge(ana).step(conn, Wish("posts"))) for _ in range(2)]
    assert [(step.count, step.is_last) for step in steps] == [(STEP, False), (5, True)]


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish("posts", friend="somebody"), OnlyOfFriends),
        (Wish("comments", friend="somebody"), OnlyOfFriends),
        (Wish("media", tell=True), OnlyHere),
        (Wish("friends-posts", tell=True), OnlyHere),
    ],
)
def test_what_cannot_be_meant_is_refused(friends, purge, wish, error):
    with pytest.raises(error):
        purge(friends[0]).check(wish)


def test_the_sentence_says_what_went_and_what_cannot_be_undone():
    nothing = shape(Wish("posts"), Found(0, 0), is_done=False)
    assert nothing["sentence"] == "There is nothing like that here."
    would = shape(Wish("posts", tell=True), Found(1, 5_000), is_done=False)["sentence"]
    assert would.startswith("1 post of yours would go. Your friends' machines would remove")
    assert would.endswith("There is no undo.")
    here = shape(Wish("posts"), Found(1, 5_000), is_done=False)["sentence"]
    assert here.endswith("There is no undo, but for an export made before.")
    went = shape(Wish("messages"), Found(1_200, 1), is_done=True)["sentence"]
    assert went == "1,200 messages are gone from this folder. Your friends keep what they have."
    media = shape(Wish("media"), Found(2, 3_000_000), is_done=True)["sentence"]
    assert "They come again" in media
