"""Exports that were changed on their way: what nobody can vouch for stays out, named or counted, and the node is as it was."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.archive.website.packing import Packer

from microsocial.archive.website import layout, stamp
from microsocial.archive.website.model import ExportDamaged, ExportOfSomebodyElse, NotAnExport
from microsocial.archive.website.reading import Reading
from microsocial.archive.website.stamp import Stamping
from microsocial.protocol.encoding import b64u
from microsocial.records import store
from microsocial.records.returning import PURGED

FIRST, ABOUT = layout.envelopes_file(1), layout.about_file(1)


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], restamped_by=None) -> Path:
    """The same zip with other content, and perhaps a stamp that fits it."""
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    if restamped_by is not None:
        files[layout.STAMP] = stamped(files, restamped_by)
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in files.items():
            new.writestr(name, content)
    return made


def stamped(files: dict[str, bytes], me) -> bytes:
    stamping = Stamping(me, "Ana", 0, messages=True, records=9)
    for name, content in files.items():
        if name.startswith(layout.RECORDS) and name != layout.STAMP:
            stamping.add(name, content)
    return stamping.stamped()


def forget_all(packer: Packer) -> None:
    for row in packer.rows(store.records):
        if row.kind != "profile":
            packer.person.write(
                lambda conn, row=row: packer.person.log.forget(conn, row.author, row.id, PURGED)
            )


@pytest.fixture
def zipped(ana, life):
    return ana.take_along()


def refused(ana, path) -> str:
    before = ana.person.db.snapshot()
    with pytest.raises(NotAnExport) as refusal:
        ana.bring_back(path)
    assert ana.person.db.snapshot() == before
    return refusal.value.detail


def test_the_key_log_of_its_owner_is_read(ana, zipped):
    with Reading(zipped) as export:
        assert export.owner == ana.person.me.key_log


def test_any_other_zip_is_no_export(ana, tmp_path):
    path = tmp_path / "holiday.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("photo.jpg", b"x")
    assert refused(ana, path) == "records/stamp.envelope is missing."


def test_an_export_without_its_owners_stamp_is_not_believed(ana, ben, zipped):
    by_ben = rewritten(zipped, lambda _: None, restamped_by=ben.me)
    with pytest.raises(ExportOfSomebodyElse):
        ana.bring_back(by_ben)

    def unsigned(files):
        content = bytearray(files[layout.STAMP])
        content[-1] ^= 1
        files[layout.STAMP] = bytes(content)

    assert refused(ana, rewritten(zipped, unsigned)).startswith("The stamp was not made with")

    def of_another_kind(files):
        files[layout.STAMP] = ana.person.me.sign("profile", {}).raw

    assert refused(ana, rewritten(zipped, of_another_kind)).startswith("The stamp")

    def nonsense(files):
        files[layout.STAMP] = b"\xff" * 300

    assert refused(ana, rewritten(zipped, nonsense)) == "The stamp cannot be read."


def test_a_reader_that_somebody_added_is_not_believed(ana, cem, life, zipped):
    """The one thing that would leak: a private post that comes back with one more reader."""

    def with_cem(files):
        lines = [json.loads(line) for line in files[ABOUT].splitlines()]
        for line in lines:
            line["offered"] = line["granted"] = line["readers"] = [cem.id]
        files[ABOUT] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    changed = rewritten(zipped, with_cem)
    forget_all(ana)
    sentence = ana.bring_back(changed)
    assert sentence.endswith("Left out: records/0001.facts is not as it was written.")
    assert "For the family" not in ana.person.texts()


def test_a_damaged_file_of_records_is_left_out_and_named(ana, zipped):
    def damaged(files):
        files[FIRST] = files[FIRST][:-1] + b"\0"

    forget_all(ana)
    sentence = ana.bring_back(rewritten(zipped, damaged))
    assert sentence.endswith("Left out: records/0001.envelopes is not as it was written.")
    assert ana.person.read(ana.person.friends.circles.all)  # the rest came back


def test_damaged_facts_are_left_out_and_named(ana, zipped):
    def damaged(files):
        files[layout.FACTS] = b"[" * 100_000

    sentence = ana.bring_back(rewritten(zipped, damaged))
    assert "Left out: records/facts.json is not as it was written." in sentence


def test_records_that_somebody_else_made_up_stay_out(ana, ben, zipped):
    """Even under a good stamp: each record is believed for its own signature alone."""

    def made_up(files):
        tick = 1_700_000_000_000
        base = {"key": 0, "revision": tick, "created": tick, "audience": "friends"}
        in_anas_name = {"author": ana.person.id, "id": b64u(bytes(16)), "text": "I never said that"}
        bens_own = {"author": ben.id, "id": b64u(bytes(15) + b"1"), "text": "Not for export"}
        raws = [
            ben.me.sign("post", {**base, **in_anas_name}).raw,
            ben.me.sign("post", {**base, **bens_own}).raw,
        ]
        files[FIRST] = b"".join(raws)
        files[ABOUT] = b'{"received":1}\n' * len(raws)

    changed = rewritten(zipped, made_up, restamped_by=ana.person.me)
    sentence = ana.bring_back(changed)
    assert "Two things could not be believed and stayed out." in sentence
    assert "I never said that" not in ana.person.texts()
    assert "Not for export" not in ana.person.texts()


def test_a_record_that_does_not_end_where_it_should_is_named(ana, zipped):
    def cut(files):
        files[FIRST] = files[FIRST][:-10]

    sentence = ana.bring_back(rewritten(zipped, cut, restamped_by=ana.person.me))
    assert "Left out: records/0001.envelopes: a record does not end where it should." in sentence


def test_a_picture_that_is_another_is_counted_and_stays_out(ana, zipped):
    def swapped(files):
        names = [name for name in files if name.startswith(layout.MEDIA)]
        files[names[0]], files[names[1]] = b"something else", files[names[1]]

    before = ana.studio.files()
    ana.lose_files()
    sentence = ana.bring_back(rewritten(zipped, swapped))
    assert "Three picture files came back." in sentence
    assert sentence.endswith("One picture in it could not be read.")
    assert len(ana.studio.files()) == 3
    assert set(ana.studio.files()) < set(before)


def test_without_the_check_of_a_name_the_other_picture_would_stand(ana, zipped, monkeypatch):
    """Control: it is the name that tells."""

    def settled(_self, writing, blob, plain_hash):
        writing.settle()

    monkeypatch.setattr("microsocial.archive.website.returning.Files._settled", settled)
    names = [name for name in zipfile.ZipFile(zipped).namelist() if name.startswith(layout.MEDIA)]
    public = [name for name in names if "town" in name]

    def swapped(files):
        files[public[0]] = bytes(len(files[public[0]]))

    before = ana.studio.files()
    ana.lose_files()
    ana.bring_back(rewritten(zipped, swapped))
    assert not set(ana.studio.files()) <= set(before)


def test_key_logs_that_prove_nothing_bring_nothing(ana, ben, zipped):
    def of_nobody(files):
        keys = json.loads(files[layout.KEYS])
        keys[ben.id] = keys[ana.person.id]
        keys["x"] = ["y"]
        files[layout.KEYS] = json.dumps(keys).encode()

    path = rewritten(zipped, of_nobody, restamped_by=ana.person.me)
    with Reading(path) as export:
        assert set(export.key_logs) == {ana.person.id}


def test_a_stamp_is_bound_to_who_signed_it(ana, ben):
    stamping = Stamping(ana.person.me, "Ana", 0, messages=False)
    envelope, said = stamp.read(stamping.stamped())
    stamp.check(envelope, said, ana.person.me.key_log)
    with pytest.raises(ExportDamaged):
        stamp.check(envelope, said, ben.me.key_log)
