import pytest
from tests.support.village import Village

from microsocial.friends import store
from microsocial.friends.model import NobodyLikeThat, SeveralLikeThat
from microsocial.friends.people import NAMELESS


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()


def person(side, who):
    return side.read(lambda conn: side.friends.person(conn, who.id))


def test_me_and_friends_have_their_names(village):
    ana, ben = village.people_named("Ana", "Ben")
    assert person(ana, ana) | {"hue": 0} == {
        "id": ana.id,
        "name": "Ana",
        "is_me": True,
        "is_friend": False,
        "hue": 0,
        "avatar": None,
        "known_through": None,
        "looks_like": None,
    }
    assert person(ana, ben)["name"] == "Ben"
    assert person(ana, ben)["is_friend"] is True


def test_a_stranger_in_a_thread_is_known_through_its_owner(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Hello")
    village.bring()
    cem.comment(post, "lovely")
    village.bring()
    stranger = person(ben, cem)
    assert stranger["name"] == "Cem"
    assert stranger["known_through"] == "Ana"
    assert stranger["is_friend"] is False
    page = ben.read(lambda conn: ben.friends.friend(conn, cem.id))
    assert (page["state"], page["sentence"]) == ("stranger", "You and Cem are not friends.")
    with pytest.raises(NobodyLikeThat):
        ana.read(lambda conn: ana.friends.friend(conn, "A" * 43))


def test_a_stranger_with_a_friends_name_is_marked(village):
    ana, ben, _ = village.people_named("Ana", "Ben", "Cem")
    double = village.person("BEN")
    village.befriend(ana, double)
    post = ana.publish("Hello")
    village.bring()
    double.comment(post, "it is me")
    village.befriend(ben, village.people[2])
    village.bring()
    cem = village.people[2]
    assert person(cem, ben)["is_friend"] is True
    assert person(cem, double)["looks_like"] == ben.id
    assert person(cem, ben)["looks_like"] is None


def test_a_stranger_with_my_own_name_is_marked(village):
    ana, ben, _ = village.people_named("Ana", "Ben", "Cem")
    double = village.person("ana")
    village.befriend(ben, double)
    post = ben.publish("Hello")
    village.bring()
    double.comment(post, "it is me")
    village.bring()
    assert person(ana, double)["looks_like"] == ana.id
    assert person(ana, ana)["looks_like"] is None


def test_faces_and_doors_at_home_are_forgotten_when_they_are_of_no_use(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    doors = ana.friends.doors
    for known in (ben, cem):
        ana.write(lambda conn, who=known.id: doors.allow(conn, who, ["192.168.1.7:80"]))
        ana.write(lambda conn, who=known.id: doors.see_face(conn, who, "Somebody", 7))
    passer = village.person("Dora").id
    ana.write(lambda conn: doors.see_face(conn, passer, "Dora", 7))
    ana.write(lambda conn: doors.allow(conn, passer, ["192.168.1.8:80"]))

    def kept(table):
        return ana.read(lambda conn: set(store.everybody(conn, table)))

    ana.write(lambda conn: ana.friends.remove(conn, ben.id))
    ana.write(ana.friends.tidy)
    assert kept(store.faces) == set()
    assert kept(store.allowed_hosts) == {ben.id, cem.id}  # Ben is still to be told farewell
    village.bring()
    ana.write(ana.friends.tidy)
    assert kept(store.allowed_hosts) == {cem.id}
    assert person(ana, ben)["name"] == "Ben"


def test_who_took_the_comment_back_is_somebody(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Hello")
    village.bring()
    comment = cem.comment(post, "lovely")
    village.bring()
    cem.delete_comment(comment)
    village.bring()
    assert person(ben, cem)["name"] == NAMELESS


def test_former_friends_keep_their_names(village):
    ana, ben = village.people_named("Ana", "Ben")
    ana.write(lambda conn: ana.friends.remove(conn, ben.id))
    assert person(ana, ben)["name"] == "Ben"
    assert person(ana, ben)["is_friend"] is False


def test_a_hundred_people_cost_as_many_statements_as_one(village):
    ana = village.person("Ana")
    others = [village.person(f"Friend {number}") for number in range(6)]
    for other in others:
        village.befriend(ana, other)
    village.bring()

    def statements(ids):
        count = 0

        def look(conn):
            nonlocal count
            original = conn.execute

            def counted(*args, **kwargs):
                nonlocal count
                count += 1
                return original(*args, **kwargs)

            conn.execute = counted
            try:
                ana.friends.persons(conn, ids)
                ana.friends.pages.friends(conn, ids)
            finally:
                del conn.execute

        ana.read(look)
        return count

    assert statements([other.id for other in others]) == statements([others[0].id])


def test_people_are_found_by_id_prefix_and_name(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")

    def resolve(text):
        return ana.read(lambda conn: ana.friends.resolve(conn, text))

    assert resolve(ben.id) == resolve(ben.id[:8]) == resolve(" ben ") == ben.id
    assert resolve("Ana") == ana.id
    for nobody in ("Dora", "", cem.id[:2]):
        with pytest.raises(NobodyLikeThat):
            resolve(nobody)
    other = village.person("Ben")
    village.befriend(ana, other)
    village.bring()
    with pytest.raises(SeveralLikeThat):
        resolve("Ben")
    ana.write(lambda conn: ana.friends.remove(conn, other.id))
    assert resolve("Ben") == ben.id  # only one *friend* has it


def test_a_changed_name_is_told_and_shown(village):
    ana, ben = village.people_named("Ana", "Ben")
    ana.told_names()
    ben.write(lambda conn: ben.log.set_one(conn, "profile", {"name": "Benjamin"}))
    village.bring()
    assert person(ana, ben)["name"] == "Benjamin"
    assert "friend.changed" in ana.told_names()
