"""Screens of people in Chromium: what browser journeys and `make screenshots` are told with.

with chromium() as browser:
    screen = Screen(browser, ana, size=PHONE)
    screen.log_in()
    screen.go("friends")
    screen.is_fine()              # no sideways scroll, nothing axe minds, light and dark
    assert screen.complaints == []
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)
from tests.support.nodes import Person, wait_for
from tools.browser import NAMES

PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=800)
WIDTHS = (320, 360, 390, 640, 768, 1280)  # 640 is 1280 at 200 %
LARGE_LETTERS = (
    "200%"  # as people set them who read better so; on a phone, where there is least room
)
SETUP_LINK = re.compile(r"https?://\S+#setup=\S+")

# A machine with two cores runs two nodes, a browser and everybody else's tests.
PATIENCE_MS = 20_000
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    # A microphone that beeps, allowed without a question that nobody could answer.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# Told apart from what the console says, because a console line does not always name the broken rule.
_HEAR_VIOLATIONS = """
addEventListener('securitypolicyviolation', event =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# axe's own, when the machine is off; not the app's.
_AXE_READS_STYLES = "Couldn't load preload assets"
# What can differ between light and dark is colour alone.
_IN_DARK = {"runOnly": ["color-contrast", "link-in-text-block"]}
# Whatever moves though less motion was asked for.
_MOVING = """() => [...document.querySelectorAll('*')].filter(one => {
  const {transitionDuration, animationName, animationDuration} = getComputedStyle(one);
  const long = times => times.split(',').some(time => parseFloat(time) > 0.01);
  return long(transitionDuration) || (animationName !== 'none' && long(animationDuration));
}).map(one => one.outerHTML.slice(0, 120))"""
# Whatever can have the focus and does not show it; and whatever is shown and cannot be reached by its key.
_UNSEEN_FOCUS = """() => {
  const before = document.activeElement, unseen = [];
  const shows = one => one && getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) > 0;
  const within = document.querySelector('dialog[open]') ?? document;
  for (const one of within.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')) {
    if (one.disabled || !one.checkVisibility({visibilityProperty: true}) || one.closest('[inert]')) continue;
    document.activeElement?.blur();
    one.focus({preventScroll: true, focusVisible: true});
    if (document.activeElement !== one) continue;
    const style = getComputedStyle(one);
    const isWriting = one.matches('textarea') && parseFloat(style.borderTopWidth) === 0;  // the cursor says it
    if (!isWriting && !shows(one) && !shows(one.nextElementSibling) && !shows(one.closest('label')) && style.boxShadow === 'none')
      unseen.push(one.outerHTML.slice(0, 160));
  }
  before?.focus({preventScroll: true});
  return unseen;
}"""


def find_chromium() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine. While it runs, no event loop can run in this thread."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_ARGUMENTS)
        yield browser
        browser.close()


class Screen:
    """One browser profile in front of one person's node. Hears every complaint of the browser."""

    def __init__(
        self,
        browser: Browser,
        person: Person,
        *,
        size: ViewportSize = DESKTOP,
        profile: Any = None,
        has_scripts: bool = True,
        is_dark: bool = False,
        is_sharp: bool = False,
    ) -> None:
        self.person = person
        self.size = size
        self.base = f"http://localhost:{person.node.port}"  # as `run` prints it
        self.complaints: list[str] = []
        self._forgiven: list[str] = [_AXE_READS_STYLES]
        is_phone = size["width"] < 600
        self.context = browser.new_context(
            viewport=size,
            storage_state=profile,
            java_script_enabled=has_scripts,
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            has_touch=is_phone,
            is_mobile=is_phone,
            device_scale_factor=2 if is_sharp else 1,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(_HEAR_VIOLATIONS)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self._complain(f"error: {error.error}"))
        self.context.on("request", self._follow)
        self.page = self.context.new_page()

    def close(self) -> None:
        self.context.close()

    # -- complaints --

    def forgive(self, *patterns: str) -> None:
        """These complaints are part of the story."""
        self._forgiven += patterns
        self.complaints = [one for one in self.complaints if not self._is_forgiven(one)]

    def _is_forgiven(self, complaint: str) -> bool:
        return any(re.search(pattern, complaint) for pattern in self._forgiven)

    def _complain(self, complaint: str) -> None:
        if not self._is_forgiven(complaint):
            self.complaints.append(complaint)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"console: {message.text} ({message.location.get('url', '')})")

    def _follow(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in {"http", "https"} and asked.netloc != urlsplit(self.base).netloc:
            self._complain(f"asked another host: {request.url}")

    # -- going about --

    def open(self, path: str = "/app/") -> None:
        self.page.goto(self.base + path)

    def set_up(self) -> None:
        """Open the one-time link that `run` printed."""
        log = self.person.node.log_file
        links = wait_for(lambda: SETUP_LINK.findall(log.read_text("utf-8")))
        self.page.goto(links[-1])  # each start prints a new one

    def log_in(self, password: str | None = None) -> None:
        self.open()
        self.page.get_by_label("Password").fill(password or self.person.password)
        self.button("Open").click()
        expect(self.heading("Feed")).to_be_visible()

    def go(self, where: str) -> None:
        """To a screen of the app, by its address: "friends", "me/security"."""
        if not self.page.url.startswith(self.base + "/app/"):
            self.open(f"/app/#/{where}")
        self.page.evaluate("where => location.hash = '#/' + where", where)
        self.settle()

    def settle(self) -> None:
        """Until nothing is being fetched for the screen any more."""
        expect(self.page.locator("h1")).to_have_count(1)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def button(self, name: str | re.Pattern[str], exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name, exact=True)

    def post(self, text: str) -> Locator:
        """The post that says so."""
        return self.page.get_by_role("article").filter(has_text=text)

    def dialog(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title)

    def focused(self) -> str:
        """What has the focus, as somebody who listens would hear it."""
        said: str = self.page.evaluate(
            """() => { const e = document.activeElement;
            const words = e.matches('a, button, h1') ? e.innerText : e.tagName;
            return e.getAttribute('aria-label') || e.labels?.[0]?.innerText || words }"""
        )
        return said.strip()

    # -- looking closely --

    def is_fine(self) -> None:
        """No sideways scroll at any width, with large letters or from right to left; nothing that moves though less motion
        was asked for, nothing that axe minds, light and dark."""
        wide = self.too_wide_at()
        assert wide == [], f"{self.page.url} scrolls sideways at {wide}"
        moving = self.page.evaluate(_MOVING)
        assert moving == [], f"{self.page.url} moves: {moving}"
        minded = self.minded()
        assert minded == [], f"{self.page.url}\n" + "\n".join(minded)

    def shows_focus(self) -> None:
        """Whatever can have the focus shows that it has it."""
        unseen = self.page.evaluate(_UNSEEN_FOCUS)
        assert unseen == [], f"{self.page.url} hides the focus of {unseen}"

    def too_wide_at(self) -> list[str]:
        found = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": self.size["height"]})
            found += self._too_wide(str(width), width)
        self.page.set_viewport_size(PHONE)
        for says, change, back in (
            ("from right to left", "dir = 'rtl'", "dir = 'ltr'"),
            ("with large letters", f"style.fontSize = '{LARGE_LETTERS}'", "style.fontSize = ''"),
        ):
            self.page.evaluate(f"document.documentElement.{change}")
            found += self._too_wide(says, PHONE["width"])
            self.page.evaluate(f"document.documentElement.{back}")
        self.page.set_viewport_size(self.size)
        return found

    def _too_wide(self, says: str, width: int) -> list[str]:
        is_wide = self.page.evaluate("document.documentElement.scrollWidth") > width
        return [says] if is_wide else []

    def minded(self) -> list[str]:
        """What axe minds here, light and dark, one line each."""
        self.page.emulate_media(color_scheme="light")
        found = [f"light: {one}" for one in _axe(self.page, {})]
        self.page.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in _axe(self.page, _IN_DARK)]
        self.page.emulate_media(color_scheme="light")
        return found


def _axe(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    told = page.evaluate(
        "options => axe.run({...options, resultTypes: ['violations']})",
        options,
    )
    return [
        f"{rule['id']}: {node['html'][:200]} — {node['failureSummary']}"
        for rule in told["violations"]
        for node in rule["nodes"]
    ]
