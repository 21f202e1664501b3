from microsocial.identity.passwords import fits, is_outdated, slow_hash


def test_only_the_same_password_fits():
    hashed = slow_hash("correct horse")
    assert fits("correct horse", hashed)
    assert not fits("correct horse ", hashed)
    assert not fits("", hashed)


def test_it_is_argon2id_salted_each_time():
    one, other = slow_hash("correct horse"), slow_hash("correct horse")
    assert one.startswith("$argon2id$")
    assert one != other
    assert not is_outdated(one)


def test_a_broken_hash_fits_nothing():
    assert not fits("correct horse", "not a hash")
