import pytest
from tests.support.studio import Studio
from tests.support.village import Village


@pytest.fixture
def studios(tmp_path):
    """Ana and Ben, friends, with a media room each; letters are carried by `village.bring()`."""
    village = Village()
    people = village.people_named("Ana", "Ben")
    both = [Studio(person, tmp_path) for person in people]
    both[0].friends = {both[1].person.id: both[1]}
    both[1].friends = {both[0].person.id: both[0]}
    both[0].village = both[1].village = village
    yield both
    village.close()
