from microsocial.media.sniff import sniff


def brand(major: bytes, *others: bytes) -> bytes:
    body = major + b"\0\0\0\0" + b"".join(others)
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + b"\0" * 64


def test_a_file_is_what_its_bytes_say():
    assert sniff(b"\xff\xd8\xff\xe0").type == "image/jpeg"
    assert sniff(b"\x89PNG\r\n\x1a\n").type == "image/png"
    assert sniff(b"GIF89a...").type == "image/gif"
    assert sniff(b"RIFF\0\0\0\0WEBPVP8 ").type == "image/webp"
    assert sniff(brand(b"heic", b"mif1")).type == "image/heic"
    assert sniff(brand(b"mif1", b"avif")).type == "image/avif"
    assert sniff(brand(b"isom", b"avc1")).type == "video/mp4"
    assert sniff(brand(b"qt  ")).type == "video/quicktime"
    assert sniff(brand(b"M4A ")).kind == "voice"
    assert sniff(b"\x1aE\xdf\xa3....webm....V_VP9").kind == "clip"
    assert sniff(b"\x1aE\xdf\xa3....webm....A_OPUS").kind == "voice"


def test_what_we_do_not_take_is_nothing():
    for head in (
        b"",
        b"<html>",
        b"%PDF-1.7",
        b"#EXTM3U\n",
        b"PK\3\4",
        b"<svg xmlns=",
        b"\0" * 4096,
    ):
        assert sniff(head) is None
