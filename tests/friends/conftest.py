import pytest
from tests.friends.street import Street


@pytest.fixture
def street():
    street = Street()
    yield street
    street.close()


@pytest.fixture
def ana(street):
    return street.person("Ana")


@pytest.fixture
def ben(street):
    return street.person("Ben")


@pytest.fixture
def cem(street):
    return street.person("Cem")
