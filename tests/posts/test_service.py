"""What the owner says, and who has it: stories between whole nodes."""

import pytest

from microsocial.errors import NotFound
from microsocial.friends.model import CircleNotFound
from microsocial.posts.model import (
    CommentNotFound,
    NobodyChosen,
    NoSuchAudience,
    NotAmongFriends,
    NothingSaid,
    NotOneEmoji,
    NotYours,
    OutOfReach,
    PostNotFound,
    SaidBefore,
    TextTooLong,
)


def names(persons):
    return [person["name"] for person in persons]


def holds(person, ref):
    return person.read(lambda conn: person.log.find_ref(conn, ref)) is not None


def test_a_post_to_friends_reaches_every_friend_once(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    ana.publish("Hello *you*")
    village.bring()
    assert ben.texts() == cem.texts() == ana.texts() == ["Hello *you*"]
    assert ben.feed()[0]["html"] == '<p dir="auto">Hello <em>you</em></p>'
    assert ben.feed()[0]["author"]["name"] == "Ana"


def test_a_post_to_a_circle_reaches_only_who_is_in_it_at_that_moment(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    family = ana.circle("Family", ben)
    post = ana.publish("Only us", "circle", circle=family)
    ana.write(lambda conn: ana.friends.circles.put(conn, family, cem.id))
    village.bring()
    assert ben.texts() == ["Only us"]
    assert cem.texts() == []
    assert post["audience"]["label"] == "Family"
    assert names(post["audience"]["people"]) == ["Ben"]


def test_a_post_to_chosen_people_names_them_to_me_alone(village):
    ana, ben, cem, dana = village.people_named("Ana", "Ben", "Cem", "Dana")
    post = ana.publish("For two", "chosen", people=[ben, cem])
    village.bring()
    assert (ben.texts(), cem.texts(), dana.texts()) == (["For two"], ["For two"], [])
    assert sorted(names(post["audience"]["people"])) == ["Ben", "Cem"]
    assert ben.feed()[0]["audience"] == {
        "class": "chosen",
        "label": "Chosen people",
        "circle": None,
        "people": None,
    }


def test_a_post_to_me_goes_to_nobody(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("A note to myself", "me")
    assert village.bring() == 0
    assert ben.texts() == []
    assert ana.texts() == ["A note to myself"]
    assert post["delivery"]["sentence"] == "Nobody but you has it."


@pytest.mark.parametrize(
    ("audience", "people", "error"),
    [
        ("chosen", [], NobodyChosen),
        ("everybody", [], NoSuchAudience),
        ("circle", [], NoSuchAudience),
    ],
)
def test_an_audience_that_means_nobody_is_refused(village, audience, people, error):
    ana = village.person("Ana")
    with pytest.raises(error):
        ana.publish("?", audience, people=people)


def test_an_empty_or_unknown_circle_is_refused(village):
    ana, _ben = village.people_named("Ana", "Ben")
    with pytest.raises(NobodyChosen):
        ana.publish("?", "circle", circle=ana.circle("Empty"))
    with pytest.raises(CircleNotFound):
        ana.publish("?", "circle", circle="A" * 22)


def test_strangers_cannot_be_chosen(village):
    ana, ben = village.people_named("Ana", "Ben")
    with pytest.raises(NotAmongFriends):
        ana.publish("?", "chosen", people=[ben, village.person("Zoe")])


@pytest.mark.parametrize(
    ("text", "error"),
    [("", NothingSaid), (" \n\t", NothingSaid), ("\x00", NothingSaid), ("x" * 5_001, TextTooLong)],
)
def test_texts_have_limits(village, text, error):
    with pytest.raises(error):
        village.person("Ana").publish(text)


def test_the_same_key_says_it_once(village):
    ana, ben = village.people_named("Ana", "Ben")
    first = ana.publish("Once", key="k1")
    assert ana.publish("Once", key="k1")["id"] == first["id"]
    assert ana.publish("Again", key="k2")["id"] != first["id"]
    comment = ana.comment(first, "Hm", key="k1")
    assert ana.comment(first, "Hm", key="k1")["id"] == comment["id"]
    village.bring()
    assert ben.texts() == ["Again", "Once"]
    ana.delete(first)
    with pytest.raises(SaidBefore):
        ana.publish("Once", key="k1")


def test_an_edit_reaches_the_same_readers_and_keeps_its_place(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Frist", "chosen", people=[ben])
    ana.publish("Second")
    village.bring()
    village.clock.advance(60_000)
    shown = ana.edit(post, "First")
    assert shown["edited"]
    village.bring()
    assert ben.texts() == ["Second", "First"]
    assert cem.texts() == ["Second"]
    assert ben.feed()[1]["edited"]
    assert ben.feed()[1]["created"] == post["created"]


def test_an_edit_that_changes_nothing_says_nothing(village):
    ana, _ben = village.people_named("Ana", "Ben")
    post = ana.publish("Same")
    village.bring()
    assert not ana.edit(post, " Same ")["edited"]
    assert village.bring() == 0


def test_a_deleted_post_goes_from_everywhere_and_says_who_has_removed_it(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Oops")
    village.bring()
    ana.delete(post)
    village.bring(ana, ben)
    assert (ana.texts(), ben.texts(), cem.texts()) == ([], [], ["Oops"])
    receipts = ana.read(lambda conn: ana.posts.receipts(conn, post["id"]))
    assert receipts["sentence"] == (
        "1 of 2 have removed it; the others follow when their machines wake."
    )
    assert names(receipts["delivered"]) == ["Ben"]
    assert names(one["person"] for one in receipts["waiting"]) == ["Cem"]
    village.bring()
    assert cem.texts() == []
    with pytest.raises(PostNotFound):
        ana.show(post)


def test_only_mine_can_be_changed(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Mine")
    village.bring()
    for attempt in (lambda: ben.edit(post, "Yours"), lambda: ben.delete(post)):
        with pytest.raises(NotYours):
            attempt()


def test_the_delivery_sentence_follows_the_machines(village):
    ana, ben, _cem, _dana = village.people_named("Ana", "Ben", "Cem", "Dana")
    post = ana.publish("Where are you?")
    assert ana.show(post)["delivery"]["sentence"].startswith("It is on its way to ")
    village.bring(*(person for person in village.people if person is not ben))
    ana.write(
        lambda conn: ana.delivery.failed(
            conn, ben.id, "Their machine does not answer. It may be off or offline."
        )
    )
    delivery = ana.show(post)["delivery"]
    assert delivery["sentence"] == (
        "Two of three friends have it; Ben’s machine is asleep; it goes to them when it wakes."  # noqa: RUF001
    )
    assert sorted(names(delivery["delivered"])) == ["Cem", "Dana"]
    assert names(one["person"] for one in delivery["waiting"]) == ["Ben"]
    village.bring()
    assert ana.show(post)["delivery"]["sentence"] == "All three friends have it."


def test_earlier_posts_can_be_offered_to_one_friend(village):
    ana, ben = village.people_named("Ana", "Ben")
    old = ana.publish("Before we met Dana")
    ana.publish("Private", "chosen", people=[ben])
    village.bring()
    ben.comment(old, "I was there")
    village.bring()
    dana = village.person("Dana")
    village.clock.advance(1_000)
    village.befriend(ana, dana)
    village.bring()
    assert dana.texts() == []
    assert ana.write(lambda conn: ana.posts.offer(conn, dana.id, 0)) == 1
    village.bring()
    [shown] = dana.feed()
    assert shown["text"] == "Before we met Dana"
    assert [comment["text"] for comment in shown["comments"]] == ["I was there"]
    with pytest.raises(OutOfReach):
        ana.write(lambda conn: ana.posts.offer(conn, village.person("Zoe").id, 0))


# Threads


def test_a_comment_is_seen_by_all_readers_and_a_stranger_is_named_through_a_friend(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Look")
    village.bring()
    ben.comment(post, "I see **it**")
    village.bring()
    [comment] = cem.show(post)["comments"]
    assert comment["html"] == '<p dir="auto">I see <strong>it</strong></p>'
    assert (comment["author"]["name"], comment["author"]["known_through"]) == ("Ben", "Ana")
    assert not comment["author"]["is_friend"]
    assert names(cem.show(post)["commenters"]) == ["Ben"]
    assert ana.show(post)["comments"][0]["can_remove"]
    assert ben.show(post)["comments"][0]["can_delete"]


def test_a_comment_stays_among_the_readers_of_its_post(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    village.befriend(ben, cem)
    village.bring()
    post = ana.publish("Only Ben", "chosen", people=[ben])
    village.bring()
    ben.comment(post, "Only Ana")
    ana.comment(post, "Only Ben again")
    village.bring()
    assert [one["text"] for one in ben.show(post)["comments"]] == ["Only Ana", "Only Ben again"]
    for ref in (post["id"], *(one["id"] for one in ben.show(post)["comments"])):
        assert not holds(cem, ref)


def test_a_comment_before_an_edit_says_so(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("I like cats")
    village.bring()
    comment = ben.comment(post, "Me too")
    village.bring()
    assert not ana.show(post)["comments"][0]["before_edit"]
    ana.edit(post, "I like dogs")
    village.bring()
    for person in (ana, ben):
        assert person.show(post)["comments"][0]["before_edit"]
    ben.edit_comment(comment, "Me not")
    village.bring()
    shown = ana.show(post)["comments"][0]
    assert (shown["text"], shown["edited"], shown["before_edit"]) == ("Me not", True, False)


def test_reactions_are_toggled_and_name_people(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Cake")
    village.bring()
    mine, reactions = ben.react(post, "🎂")
    assert mine
    assert [(one["emoji"], names(one["people"]), one["mine"]) for one in reactions] == [
        ("🎂", ["Ben"], True)
    ]
    ana.react(post, "🎂")
    ana.react(post, "❤️")
    village.bring()
    shown = {one["emoji"]: sorted(names(one["people"])) for one in cem.show(post)["reactions"]}
    assert shown == {"🎂": ["Ana", "Ben"], "❤️": ["Ana"]}
    mine, _ = ben.react(post, "🎂")
    assert not mine
    village.bring()
    assert {one["emoji"]: names(one["people"]) for one in cem.show(post)["reactions"]} == {
        "🎂": ["Ana"],
        "❤️": ["Ana"],
    }


@pytest.mark.parametrize("emoji", ["", "a", "👍👍", "<b>", "👍" * 40])
def test_a_reaction_is_one_emoji(village, emoji):
    ana = village.person("Ana")
    post = ana.publish("?", "me")
    with pytest.raises(NotOneEmoji):
        ana.react(post, emoji)


def test_the_owner_takes_an_entry_out_of_the_thread_for_everybody(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Be kind")
    village.bring()
    comment = ben.comment(post, "No")
    village.bring()
    assert len(cem.show(post)["comments"]) == 1
    ana.delete_comment(comment)
    village.bring()
    for person in (ana, ben, cem):
        assert person.show(post)["comments"] == []
        assert not holds(person, comment["id"])


def test_a_commenter_takes_a_comment_back_everywhere(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Say something")
    village.bring()
    comment = ben.comment(post, "Oops")
    village.bring()
    with pytest.raises(NotYours):
        cem.delete_comment(comment)
    ben.delete_comment(comment)
    village.bring()
    for person in (ana, ben, cem):
        assert person.show(post)["comments"] == []
    with pytest.raises(CommentNotFound):
        ben.delete_comment(comment)


def test_deleting_a_post_takes_its_thread_along(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Gone soon")
    village.bring()
    comment = ben.comment(post, "Words")
    village.bring()
    ana.delete(post)
    village.bring()
    for person in (ana, ben, cem):
        assert person.texts() == []
        assert not holds(person, comment["id"])


def test_former_friends_cannot_be_answered(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Still here")
    village.bring()
    ben.write(lambda conn: ben.friends.remove(conn, ana.id))
    assert not ben.show(post)["can_comment"]
    with pytest.raises(OutOfReach):
        ben.comment(post, "Hello?")


def test_blocked_people_are_hidden_from_me(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    village.befriend(ben, cem)
    village.bring()
    post = ana.publish("A party")
    cem.publish("Cem was here")
    village.bring()
    cem.comment(post, "From Cem")
    cem.react(post, "🎉")
    village.bring()
    ben.write(lambda conn: ben.friends.block(conn, cem.id))
    shown = ben.show(post)
    assert (shown["comments"], shown["reactions"], shown["commenters"]) == ([], [], [])
    assert ben.texts() == ["A party"]
    assert len(ana.show(post)["comments"]) == 1


def test_unknown_things_are_not_found(village):
    ana = village.person("Ana")
    nothing = {"id": "A" * 22}
    for attempt in (
        ana.show,
        ana.delete,
        lambda it: ana.comment(it, "?"),
        lambda it: ana.react(it, "👍"),
    ):
        with pytest.raises(NotFound):
            attempt(nothing)


def test_open_screens_hear_what_happens(village):
    ana, ben = village.people_named("Ana", "Ben")
    ben.told_names()
    post = ana.publish("One")
    village.bring()
    assert ben.told[-1].payload["post"]["text"] == "One"
    assert ben.told_names() == ["post.arrived"]
    assert ana.told_names().count("post.arrived") == 1
    comment = ben.comment(post, "Two")
    ben.react(post, "👍")
    village.bring()
    assert [name for name in ana.told_names() if not name.startswith("delivery")] == [
        "comment.arrived",
        "notice.arrived",
        "reaction.changed",
        "notice.arrived",
    ]
    ana.edit(post, "Three")
    ana.delete_comment(comment)
    ana.delete(post)
    ben.told_names()
    village.bring()
    assert ben.told_names()[-1] == "post.deleted"


def test_rebuilding_gives_the_same(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("One", "circle", circle=ana.circle("Us", ben, cem))
    gone = ana.publish("Two")
    village.bring()
    ben.comment(post, "Three")
    cem.react(post, "👍")
    ana.edit(post, "Four")
    ana.delete(gone)
    village.bring()
    for person in village.people:
        before = person.feed()
        person.write(person.log.rebuild)
        assert person.feed() == before
