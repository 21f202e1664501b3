import pytest
from tests.archive.website.packing import Packer
from tests.support.village import Village


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()


@pytest.fixture
def friends(village):
    return village.people_named("Ana Lindqvist", "Ben", "Çağlar")


@pytest.fixture
def ana(friends, tmp_path):
    return Packer(friends[0], tmp_path)


@pytest.fixture
def ben(friends):
    return friends[1]


@pytest.fixture
def cem(friends):
    return friends[2]


@pytest.fixture
def life(village, ana, ben, cem):
    """A bit of everything that people say to each other; gives the posts by name."""
    person = ana.person
    family = person.circle("Family", ben)
    posts = {
        "sea": ana.post("sea.jpg", text="A walk by the sea\n\nwith *everybody*"),
        "public": ana.post("town.jpg", text="The town", audience="public"),
        "words": person.publish("Just words", "friends"),
        "me": person.publish("Only for me", "me"),
        "family": person.publish("For the family", "circle", circle=family),
        "gone": person.publish("Said and taken back", "friends"),
    }
    village.bring()
    person.delete(posts["gone"])
    ben.comment(posts["sea"], "Lovely!")
    ben.react(posts["sea"], "❤")
    theirs = ben.publish("Ben's own", "friends")
    village.bring()
    person.comment(posts["sea"], "Thank you")
    person.comment(theirs, "I like this")
    send(person, ben, "Hello Ben")
    send(ben, person, "Hello Ana")
    village.bring()
    return posts


def send(one, other, text):
    return one.write(lambda conn: one.messages.send(conn, other.id, text))
