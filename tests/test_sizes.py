from microsocial.sizes import size


def test_sizes_are_said_as_people_say_them() -> None:
    sizes = (7, 1023, 20_480, 5 * 1024**2, 3 * 1024**3, 5000 * 1024**3)
    said = ["7 bytes", "1023 bytes", "20 KiB", "5 MiB", "3.0 GiB", "5000.0 GiB"]
    assert [size(count) for count in sizes] == said
