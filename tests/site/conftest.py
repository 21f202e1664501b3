import pytest
from tests.support.village import Village
from tests.support.visitors import Context, visitor


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()


@pytest.fixture
def ana(village):
    return village.person("Ana Lindqvist")


@pytest.fixture
async def page(ana):
    async with visitor(Context(ana)) as client:
        yield client
