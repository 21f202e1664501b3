"""What was taken along comes back bit for bit, and nobody notices."""

from tests.archive.website.conftest import send


def test_a_purge_is_undone_bit_for_bit(ana, ben, life, village):
    before, rows = ana.envelopes(), ana.studio.rows()
    files = ana.studio.files()
    zipped = ana.take_along()
    ana.purge("post", "comment", "reaction", "message")
    ana.lose_files()
    assert len(ana.envelopes()) < len(before)
    print(ana.bring_back(zipped))
    assert ana.envelopes() == before
    assert ana.studio.files() == files
