import pytest
from tests.support import FakeClock, SeededEntropy

from microsocial.database import in_memory


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def entropy():
    return SeededEntropy(1)


@pytest.fixture
def db():
    database = in_memory()
    yield database
    database.close()
