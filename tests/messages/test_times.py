"""A friend's clock may say anything; the owner's screens must be able to show it."""

from microsocial.protocol.limits import MAX_INTEGER

LATEST_DATE_MS = 8_640_000_000_000_000  # of a browser; beyond it writing a date throws


def test_what_comes_from_the_end_of_time_is_shown_as_of_now(talk, ana, ben):
    ana.write(lambda conn: ana.log._ground.saw_tick(conn, MAX_INTEGER - 10))
    ana.send(ben, "From far away")
    ana.villager.publish("From far away")
    talk.bring()
    [message] = ben.page(ana)["items"]
    [post] = ben.villager.feed()
    assert message["created"] == message["received"] < LATEST_DATE_MS
    assert post["created"] == post["received"] < LATEST_DATE_MS
    assert not post["edited"]
