import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.errors import MicrosocialError
from microsocial.identity import model
from microsocial.identity.model import (
    NameUnfit,
    PasswordUnfit,
    browser_label,
    fit_name,
    fit_password,
)


@given(st.text(max_size=200))
def test_a_name_that_fits_is_one_short_visible_line(text):
    try:
        name = fit_name(text)
    except NameUnfit:
        return
    assert name == name.strip()
    assert 1 <= len(name) <= 80
    assert not set(name) & set("\n\r\t\u202e\u2066\x00")


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "x" * 81, "\ud800", "\u200b\u200b"])
def test_what_cannot_be_a_name_is_refused_naming_the_field(name):
    with pytest.raises(NameUnfit) as refused:
        fit_name(name)
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["Ana", "Łukasz Żółć", "李小龙", "عائشة", "O'Brien-Ní Chonaill"])
def test_real_names_stay_as_they_are(name):
    assert fit_name(name) == name


def test_a_password_is_the_same_on_every_keyboard():
    assert fit_password("cafe\u0301 au lait") == fit_password("caf\u00e9 au lait")


@pytest.mark.parametrize("password", ["", "short", "x" * 1001, "\ud800" * 10])
def test_an_unfit_password_is_refused(password):
    with pytest.raises(PasswordUnfit):
        fit_password(password)


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537 Edg/140",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("<script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_session_is_named_so_that_its_owner_recognises_it(agent, label):
    assert browser_label(agent) == label


def test_every_error_speaks_to_a_person():
    errors = [
        e for e in vars(model).values() if isinstance(e, type) and issubclass(e, MicrosocialError)
    ]
    assert errors
    for error in errors:
        assert error.sentence().endswith(".")
