import pytest
from tests.support import SeededEntropy

from microsocial.identity.model import SetupLinkUsed
from microsocial.identity.setup import SetupLink


def token_of(link):
    return link.link("http://localhost:8080").partition("#setup=")[2]


def test_the_token_stands_in_the_fragment_where_no_log_sees_it():
    link = SetupLink(SeededEntropy(1)).link("http://localhost:8080")
    assert link.startswith("http://localhost:8080/app/#setup=")


def test_the_right_token_passes_until_it_is_used():
    setup = SetupLink(SeededEntropy(1))
    token = token_of(setup)
    setup.check(token)
    setup.check(token)
    setup.use()
    with pytest.raises(SetupLinkUsed):
        setup.check(token)


@pytest.mark.parametrize("wrong", ["", "None", "x" * 43, "\ud800"])
def test_another_token_is_refused(wrong):
    with pytest.raises(SetupLinkUsed):
        SetupLink(SeededEntropy(1)).check(wrong)


def test_it_does_not_print_its_token():
    setup = SetupLink(SeededEntropy(1))
    assert token_of(setup) not in repr(setup)
