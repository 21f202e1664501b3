"""A quiet, finite list of what concerns me."""


def notices(person):
    return person.read(person.notices.all)


def sentences(person):
    return [notice["sentence"] for notice in notices(person)]


def test_what_others_do_under_my_posts_is_noticed_and_what_i_do_is_not(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    village.clock.advance(1_000)
    post = ana.publish("Cake")
    village.bring()
    village.clock.advance(1_000)
    comment = ben.comment(post, "May I?")
    village.bring()
    village.clock.advance(1_000)
    cem.react(post, "🎂")
    ana.comment(post, "You may")
    village.bring()
    assert sentences(ana)[:2] == ["Cem reacted to your post: 🎂", "Ben wrote under your post."]
    assert notices(ana)[0]["about"]["post"] == post["id"]
    assert "Ben wrote under your post." not in sentences(cem)
    ben.delete_comment(comment)
    village.bring()
    assert "Ben wrote under your post." not in sentences(ana)


def test_friendships_are_noticed(village):
    ana, ben = village.people_named("Ana", "Ben")
    assert sentences(ana) == ["You and Ben are friends now."]
    village.clock.advance(1_000)
    ben.write(lambda conn: ben.friends.remove(conn, ana.id))
    ana.write(lambda conn: ana.friends.they_ended(conn, ben.id))
    assert sentences(ana)[0] == "Ben and you are no longer friends."
    assert sentences(ben) == ["You and Ana are friends now."]


def test_names_are_only_names(village):
    ana, ben = village.people_named("Ana", "{name.__class__} {emoji}")
    post = ana.publish("Hm")
    village.bring()
    ben.comment(post, "!")
    village.bring()
    assert sentences(ana)[0] == "{name.__class__} {emoji} wrote under your post."


def test_notices_are_read_until_now(village):
    ana, ben = village.people_named("Ana", "Ben")
    assert [notice["read"] for notice in notices(ana)] == [False]
    ana.write(ana.notices.read)
    assert [notice["read"] for notice in notices(ana)] == [True]
    village.clock.advance(1_000)
    post = ana.publish("Hm")
    village.bring()
    ben.comment(post, "!")
    village.bring()
    assert [notice["read"] for notice in notices(ana)] == [False, True]


def test_blocked_people_leave_no_notice(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Hm")
    village.bring()
    ben.comment(post, "!")
    village.bring()
    ana.write(lambda conn: ana.friends.block(conn, ben.id))
    assert notices(ana) == []


def test_a_new_home_is_asked_about_until_the_answer(village):
    ana, ben = village.people_named("Ana", "Ben")
    urls = ["http://192.168.1.20:8000", "http://192.168.1.21:8000"]
    village.clock.advance(1_000)
    ben.write(lambda conn: ben.log.set_one(conn, "address", {"urls": urls, "home": []}))
    village.bring()
    newest = notices(ana)[0]
    assert newest["sentence"] == (
        "Ben says they are at home at 192.168.1.20:8000, 192.168.1.21:8000 now. Is that so?"
    )
    assert newest["kind"] == "home"
    assert newest["about"]["person"]["id"] == ben.id
    for place in ("192.168.1.20:8000", "192.168.1.21:8000"):
        ana.write(lambda conn, place=place: ana.friends.not_at_home(conn, ben.id, place))
    assert sentences(ana) == ["You and Ben are friends now."]
