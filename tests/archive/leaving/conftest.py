import pytest
from tests.support.village import Village

from microsocial.archive.leaving.departure import Departure
from microsocial.archive.leaving.purge import Purge
from microsocial.media.files import BlobFiles
from microsocial.media.service import Media


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()


@pytest.fixture
def friends(village):
    """Ana, Ben and Cem; all are friends of Ana."""
    return village.people_named("Ana", "Ben", "Cem")


@pytest.fixture
def purge(tmp_path):
    """The purge of a villager."""

    def of(person):
        media = Media(person.me, person.clock, bytes, BlobFiles(tmp_path / person.name))
        return Purge(person.log, media, person.messages)

    return of


@pytest.fixture
def departure():
    return lambda person: Departure(person.log, person.delivery, person.friends, person.clock)
