"""What friends bring: hostile, wrong or out of order."""

import pytest

from microsocial.posts import peer, store
from microsocial.protocol.encoding import b64u


def refused(sender, receiver):
    """Why the receiver did not take what the sender said, as the sender's ledger keeps it."""
    [account] = sender.read(lambda conn: sender.delivery.ledger.accounts(conn, receiver.id))
    return [reason for _author, _id, reason in account.refused]


def on(person, post, **changes):
    """How an entry names a post, as `person` holds it."""
    stored = person.read(lambda conn: person.log.by_ref(conn, post["id"]))
    named = {
        "author": stored.author,
        "id": stored.id,
        "revision": stored.revision,
        "hash": b64u(stored.hash),
        "audience": stored.audience,
    }
    return named | changes


def say_comment(person, named, text="Hm"):
    fields = {"on": named, "text": text, "name": person.name}
    return person.write(
        lambda conn: person.log.say(conn, "comment", fields, audience=named["audience"])
    )


def test_an_entry_by_somebody_who_may_not_see_the_post_is_refused(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Only Cem", "chosen", people=[cem])
    village.bring()
    say_comment(ben, on(cem, post))
    village.bring()
    assert refused(ben, ana) == ["not-a-reader"]
    assert ana.show(post)["comments"] == cem.show(post)["comments"] == []


def test_an_entry_under_another_class_is_refused(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Among friends")
    village.bring()
    say_comment(ben, on(ben, post, audience="public"))
    village.bring()
    assert refused(ben, ana) == ["wrong-audience"]
    assert ana.show(post)["comments"] == []


def test_an_entry_for_a_deleted_post_vanishes_quietly(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Here today")
    village.bring()
    ana.delete(post)
    comment = ben.comment(post, "Too late")
    village.bring()
    for person in (ana, ben):
        assert person.feed() == []
        assert person.read(lambda conn: store.find(conn, store.entries, ref=comment["id"])) is None


def test_a_removal_of_an_entry_in_another_thread_takes_nothing_out(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    village.befriend(ben, cem)
    village.bring()
    post = ana.publish("Ana's own")
    village.bring()
    comment = cem.comment(post, "Words")
    village.bring()
    stored = cem.read(lambda conn: cem.log.by_ref(conn, comment["id"]))
    bait = ben.publish("A thread of Ben's")
    bait_id = ben.read(lambda conn: ben.log.by_ref(conn, bait["id"])).id
    fields = {"post": bait_id, "entry": {"author": stored.author, "id": stored.id}}
    ben.write(lambda conn: ben.log.say(conn, "removal", fields, audience="friends"))
    village.bring()
    assert [one["text"] for one in ana.show(post)["comments"]] == ["Words"]
    assert [one["text"] for one in cem.show(post)["comments"]] == ["Words"]


def test_what_i_took_out_does_not_come_back_because_another_names_it_too(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    village.befriend(ben, cem)
    village.bring()
    post = ana.publish("Ana's own")
    bait = ben.publish("A thread of Ben's")
    village.bring()
    comment = cem.comment(post, "Words")
    village.bring()
    stored = cem.read(lambda conn: cem.log.by_ref(conn, comment["id"]))
    named = on(cem, post)
    ana.delete_comment(comment)
    village.bring()
    bait_id = ben.read(lambda conn: ben.log.by_ref(conn, bait["id"])).id
    fields = {"post": bait_id, "entry": {"author": stored.author, "id": stored.id}}
    ben.write(
        lambda conn: ben.log.say(conn, "removal", fields, audience="friends", readers=[ana.id])
    )
    village.bring()
    again = {"on": named, "text": "Words again", "name": "Cem"}
    cem.write(
        lambda conn: cem.log.say(conn, "comment", again, audience="friends", record_id=stored.id)
    )
    village.bring()
    assert ana.show(post)["comments"] == []


def test_one_person_cannot_fill_a_thread(village, monkeypatch):
    monkeypatch.setattr(peer, "MAX_ENTRIES_PER_PERSON", 3)
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Talk")
    village.bring()
    comments = [ben.comment(post, f"Word {n}") for n in range(5)]
    village.bring()
    assert len(ana.show(post)["comments"]) == 3
    assert refused(ben, ana) == ["too-large", "too-large"]
    ben.edit_comment(comments[0], "An edit is no new word")
    village.bring()
    assert ana.show(post)["comments"][0]["text"] == "An edit is no new word"


def test_a_thread_has_an_end(village, monkeypatch):
    monkeypatch.setattr(peer, "MAX_COMMENTS_PER_POST", 2)
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Talk")
    ana.comment(post, "First")
    village.bring()
    ben.comment(post, "Second")
    ben.comment(post, "Third")
    village.bring()
    assert [one["text"] for one in ana.show(post)["comments"]] == ["First", "Second"]


def test_a_claimed_time_never_leads_the_feed(village):
    ana, ben = village.people_named("Ana", "Ben")
    ahead = village.clock.now() + 10**9
    ana.write(lambda conn: ana.log._ground.saw_tick(conn, ahead))
    ana.publish("From the future")
    village.bring()
    village.clock.advance(1_000)
    ben.publish("From now")
    assert ben.texts() == ["From now", "From the future"]


def test_a_claimed_time_never_leads_a_thread(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Talk")
    village.bring()
    ahead = village.clock.now() + 10**9
    ben.write(lambda conn: ben.log._ground.saw_tick(conn, ahead))
    ben.comment(post, "From the future")
    village.bring()
    village.clock.advance(1_000)
    cem.comment(post, "From now")
    village.bring()
    comments = ana.show(post)["comments"]
    assert [one["text"] for one in comments] == ["From the future", "From now"]
    assert all(one["created"] < ahead for one in comments)
    assert not any(one["edited"] for one in comments)


def test_words_of_strangers_are_harmless(village):
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("<script>alert(1)</script> [x](javascript:alert(1))")
    village.bring()
    ben.comment(post, "<img src=x onerror=alert(1)>")
    village.bring()
    shown = ben.show(post)
    for html in (shown["html"], shown["comments"][0]["html"]):
        assert "<script" not in html
        assert "<img" not in html
        assert "href" not in html


@pytest.mark.parametrize("order", [("post", "comment"), ("comment", "post")])
def test_a_comment_may_come_back_before_its_post(village, order):
    """R8, in short: both were lost here and are given back, in either order."""
    ana, ben = village.people_named("Ana", "Ben")
    post = ana.publish("Here")
    village.bring()
    comment = ben.comment(post, "There")
    copies = {
        "post": ben.read(lambda conn: ben.log.by_ref(conn, post["id"])),
        "comment": ben.read(lambda conn: ben.log.by_ref(conn, comment["id"])),
    }
    cem = village.person("Cem")
    village.befriend(cem, ana)
    keys = {person.id: person.me.key_log for person in (ana, ben)}
    for name in order:
        envelope = copies[name].envelope
        cem.write(lambda conn, it=envelope: cem.log.accept(conn, it, ana.id, keys))
    [shown] = cem.feed()
    assert [one["text"] for one in shown["comments"]] == ["There"]


def test_giving_and_taking_back_a_reaction_again_and_again_comes_to_an_end(village, monkeypatch):
    monkeypatch.setattr(peer, "MAX_ENTRIES_PER_PERSON", 3)
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    post = ana.publish("Talk")
    village.bring()
    for _ in range(10):
        ben.react(post, "🎉")
        village.bring()
    assert len(cem.read(lambda conn: cem.log.thread(conn, post["id"]))) == 3
    assert "too-large" in refused(ben, ana)


def say_unknown(person, named, audience):
    fields = {"on": named, "answer": 2}
    return person.write(lambda conn: person.log.say(conn, "vote", fields, audience=audience))


def test_an_entry_of_an_unknown_kind_is_judged_like_any_other(village):
    ana, ben, cem = village.people_named("Ana", "Ben", "Cem")
    for_cem = ana.publish("Only Cem", "chosen", people=[cem])
    for_all = ana.publish("For friends")
    village.bring()
    hidden = say_unknown(ben, on(cem, for_cem), "chosen")
    loud = say_unknown(ben, on(ben, for_all), "public")
    good = say_unknown(ben, on(ben, for_all), "friends")
    village.bring()
    assert refused(ben, ana) == ["not-a-reader", "wrong-audience"]
    held = {one.ref for one in ana.read(lambda conn: ana.log.thread(conn, for_all["id"]))}
    assert held == {good.ref}
    assert cem.read(lambda conn: cem.log.find_ref(conn, good.ref)) is not None  # spec 4.8
    assert {hidden.ref, loud.ref}.isdisjoint(held)


def test_an_entry_of_somebody_unknown_does_not_stop_a_reunion(village):
    ana, ben = village.people_named("Ana", "Ben")
    dan = village.person("Dan")
    post = ana.publish("Here")
    village.bring()
    comment = say_comment(dan, on(ben, post))
    [checked] = ana.log.check([comment.envelope.raw], {dan.id: dan.me.key_log})
    assert checked.refusal is None
    assert ana.write(lambda conn: ana.log.take_back(conn, ben.id, [checked])) == []
