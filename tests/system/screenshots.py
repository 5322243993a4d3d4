"""`make screenshots`: the pictures of docs/images, made anew by the system's Chromium of a small demo's run.

Laws
- A picture shows what a person sees first: one screen of 1,280 by 900, and no personal data, for the demo has none.
- They are WebP, as Chromium writes it, and small: a test holds it.
"""

import base64
import sys
from pathlib import Path

from playwright.async_api import Page

from tests.support.places import PROJECT
from tests.system import browser
from tests.system.machines import Home, machine

FOLDER = PROJECT / "docs" / "images"
SCREEN = {"width": 1280, "height": 900}
QUALITY = 70  # letters stay sharp, and a screen takes some 60 KB


def main() -> int:
    if missing := browser.missing():
        print(missing, file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with machine() as home, browser.browser(home.folder / "pictures", True) as chromium, chromium.window() as window:
        window.do(lambda page: page.set_viewport_size(SCREEN))
        look = home.result("demo", "--rows", "20000")["look"]
        _report(window, home.folder / look["report"])
        _plan(window, home)
        _prefect(window, look["prefect"])
    return 0


def _report(window: browser.Window, path: Path) -> None:
    window.open(path.as_uri())
    _shot(window, "report")
    _scroll(window, "Rejected")
    _shot(window, "rejects")


def _prefect(window: browser.Window, address: str) -> None:
    window.open(address)
    window.do(lambda page: page.get_by_text("Task Runs", exact=True).first.click())
    window.wait_for("Search")
    _shot(window, "prefect")


def _plan(window: browser.Window, home: Home) -> None:
    """The page that an architect signs."""
    home.run("--profile", "demo", "plan", "--html", "plan.html")
    window.open((home.folder / "plan.html").as_uri())
    _scroll(window, "Finance")
    _shot(window, "plan")


def _scroll(window: browser.Window, head: str) -> None:
    window.run(f"[...document.querySelectorAll('h2')].find(h => h.innerText.startsWith('{head}')).scrollIntoView()")


def _shot(window: browser.Window, name: str) -> None:
    window._settle()
    path = FOLDER / f"{name}.webp"
    path.write_bytes(window.do(_picture))
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size:,} bytes")


async def _picture(page: Page) -> bytes:
    """Playwright itself writes PNG and JPEG only."""
    session = await page.context.new_cdp_session(page)
    taken = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


sys.exit(main())
