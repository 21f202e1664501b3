"""What is wrong with the machine stands on the screen, in a sentence, for as long as it is wrong."""

from playwright.sync_api import expect
from tests.support.browser import PHONE
from tests.support.faults import Disk
from tests.support.nodes import people, wait_for

from microsocial.client.errors import Refused

LONG = " and so on" * 480


def test_a_full_disk_is_said_on_every_screen_and_so_is_its_end(tmp_path, look_at):
    with (
        Disk(tmp_path / "ana", mebibytes=48) as disk,
        people("ana", folder=tmp_path) as (ana,),
    ):
        screen = look_at(ana, size=PHONE)
        screen.log_in()
        screen.forgive("507")
        disk.fill()
        for number in range(400):
            try:
                said = {"text": f"{number}{LONG}", "audience": {"class": "me"}}
                ana.api.post("/posts", said)
            except Refused:
                break
        banner = screen.page.get_by_text("The disk is full.")
        expect(banner.first).to_be_visible()
        screen.is_fine()
        screen.go("friends")
        expect(banner.first).to_be_visible()
        screen.open()  # again, from nothing
        expect(banner.first).to_be_visible(timeout=10_000)
        disk.free()
        wait_for(lambda: ana.api.get("/status")["trouble"] is None)
        expect(banner).to_have_count(0)
