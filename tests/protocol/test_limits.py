from tests.protocol.cast import ANA, photo
from tests.protocol.examples import TRUE_RECORDS

from microsocial.protocol import limits
from microsocial.protocol.crypto import AEAD_TAG_BYTES, HPKE_ENC_BYTES
from microsocial.protocol.encoding import dump

WIDE = "\U0001f600"  # four bytes in UTF-8


def test_every_limit_is_a_whole_number():
    assert all(type(value) is int for name, value in vars(limits).items() if name.isupper())


def test_the_fullest_post_is_a_record():
    sizes = photo()["sizes"] * limits.MAX_MEDIA_SIZES
    words = WIDE * limits.MAX_CAPTION_CHARACTERS
    media = [photo(caption=words, alt=words, sizes=sizes)] * limits.MAX_MEDIA
    post = TRUE_RECORDS["post"] | {
        "text": WIDE * limits.MAX_TEXT_CHARACTERS,
        "media": media,
        "links": [],
    }
    assert len(ANA.says("post", dump(post)).raw) < limits.MAX_RECORD_BYTES


def test_the_fullest_clear_is_a_record():
    names = TRUE_RECORDS["clear"]["messages"][:1] * limits.MAX_CLEARED_MESSAGES
    clear = TRUE_RECORDS["clear"] | {"messages": names}
    assert len(ANA.says("clear", dump(clear)).raw) < limits.MAX_RECORD_BYTES


def test_a_full_page_fits_into_an_update_and_an_update_into_a_seal():
    page_in_base64 = limits.MAX_PAGE_BYTES * 4 // 3 + 3 * limits.MAX_PAGE_RECORDS
    assert page_in_base64 < limits.MAX_UPDATE_BYTES
    padding = limits.MAX_PADDED_STEP_BYTES
    overhead = 11 + HPKE_ENC_BYTES + AEAD_TAG_BYTES
    assert limits.MAX_UPDATE_BYTES + padding + overhead <= limits.MAX_SEALED_BYTES
    assert limits.MAX_RECORD_BYTES < limits.MAX_PAGE_BYTES


def test_a_nonce_is_remembered_as_long_as_a_request_can_be_young():
    assert limits.NONCE_MEMORY_S >= 2 * limits.MAX_CLOCK_DIFFERENCE_S


def test_an_old_prekey_outlives_the_friend_who_was_away_for_a_week():
    assert limits.PREKEY_GRACE_S >= 2 * limits.PREKEY_LIFETIME_S
