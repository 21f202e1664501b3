import pytest
from tests.protocol.cast import ANA, photo
from tests.protocol.examples import SIZE, WRONG_MEDIA
from tests.protocol.examples import TRUE_RECORDS as TRUE

from microsocial.protocol.payloads import read_record
from microsocial.protocol.refusals import Malformed


def read(kind, payload):
    return read_record(ANA.says(kind, payload))


@pytest.mark.parametrize(("section", "wrong", "change"), WRONG_MEDIA)
def test_media_of_another_shape_are_refused(section, wrong, change):
    with pytest.raises(Malformed):
        read("post", TRUE["post"] | {"media": [photo(**change)]})


def test_exactly_the_public_is_unsealed():
    plain = photo(sizes=[SIZE | {"key": None}])
    public = TRUE["post"] | {"audience": "public"}
    assert read("post", public | {"media": [plain]}).media[0].sizes[0].key is None
    with pytest.raises(Malformed):
        read("post", public)
    with pytest.raises(Malformed):
        read("post", TRUE["post"] | {"media": [plain]})
