from tests.support.world import World


def test_a_post_reaches_a_friend_in_one_update() -> None:
    world = World("ana", "ben")
    ana, ben = world.people
    world.befriend_all()
    post = ana.post("hello")
    world.run()
    assert ben.text(post) == "hello"
    assert [letter.purpose for letter in world.sent] == ["update"]
    world.settle()
    world.check()


def test_a_thread_reaches_all_of_its_readers() -> None:
    world = World("ana", "ben", "cem")
    ana, ben, cem = world.people
    world.befriend(ana, ben)
    world.befriend(ana, cem)
    world.settle()
    post = ana.post("hello")
    world.run()
    comment = ben.comment(post, "hi")
    world.settle()
    assert cem.text(comment) == "hi"
    ben.edit(comment, "hi there")
    world.settle()
    assert cem.text(comment) == ana.text(comment) == "hi there"
    ana.take_out(post, comment)
    world.settle()
    assert not cem.holds(comment) and not ben.holds(comment)
    world.check()
