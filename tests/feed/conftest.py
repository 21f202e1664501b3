import pytest
from tests.support.village import Village


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()
