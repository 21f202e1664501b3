import pytest
from tests.messages.talk import Talk


@pytest.fixture
def talk():
    talk = Talk()
    yield talk
    talk.close()


@pytest.fixture
def ana(talk):
    return talk.ana


@pytest.fixture
def ben(talk):
    return talk.ben
