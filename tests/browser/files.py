"""How somebody in a browser brings files: with the picker, the camera, the clipboard, a finger."""

from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Locator, expect
from tests.support.browser import Screen

# A file copied in another program lies in the clipboard as a picture; this one is pressed into it by hand.
_COPY = """async size => {
  const canvas = Object.assign(document.createElement('canvas'), {width: size[0], height: size[1]});
  const pen = canvas.getContext('2d');
  pen.fillStyle = 'teal';
  pen.fillRect(0, 0, size[0], size[1]);
  const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
  await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
}"""


def pick(screen: Screen, button: str, files: Path | list[Path]) -> Locator:
    """Choose files with this button of the row, or of the folded menu; gives the field the browser asked for."""
    folded = screen.page.get_by_role("button", name="Add photos, a clip or a voice note")
    if folded.count():
        folded.click()
    with screen.page.expect_file_chooser() as chooser:
        screen.button(button).click()
    chooser.value.set_files(files)
    return screen.page.locator("input[type=file]").first


def ready(screen: Screen, count: int) -> None:
    """So many files are here and prepared."""
    expect(screen.page.get_by_text("Ready", exact=True)).to_have_count(count)


def empty(screen: Screen) -> None:
    """Take out what an earlier story left beside the draft."""
    screen.go("write")
    out = screen.page.get_by_role("button", name="Take number")
    while left := out.count():
        out.first.click()
        expect(out).to_have_count(left - 1)
    screen.page.get_by_label("What you want to say").fill("")


def paste_picture(screen: Screen, size: tuple[int, int] = (320, 200)) -> None:
    """Copy a picture as other programs do, and press Ctrl+V where the focus is."""
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.page.evaluate(_COPY, list(size))
    screen.page.keyboard.press("Control+V")


def record(screen: Screen) -> None:
    """Speak for a second into the browser's pretended microphone, which beeps."""
    folded = screen.page.get_by_role("button", name="Add photos, a clip or a voice note")
    if folded.count():
        folded.click()
    screen.button("Record a voice note").click()
    recorder = screen.page.get_by_role("group", name="Recording a voice note")
    expect(recorder.get_by_role("timer")).to_have_text("0:01")
    screen.button("Done").click()
    expect(recorder).to_have_count(0)


def swipe(screen: Screen, start: tuple[float, float], path: Iterable[tuple[float, float]]) -> None:
    """One finger, put down at `start` and drawn along `path`."""
    line = screen.context.new_cdp_session(screen.page)
    x, y = start
    line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for x, y in path:
        screen.page.wait_for_timeout(16)
        line.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]}
        )
    line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    line.detach()


def slow_upload(screen: Screen, bytes_a_second: int) -> None:
    """As on a train; 0 ends it."""
    line = screen.context.new_cdp_session(screen.page)
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_a_second or -1,
        },
    )


def plays(screen: Screen, kind: str) -> bool:
    """Whether the sound or clip of this page has begun to play."""
    return bool(
        screen.page.evaluate(
            "kind => [...document.querySelectorAll(kind)].some(one => one.currentTime > 0)", kind
        )
    )
