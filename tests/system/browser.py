"""A real browser for tests: the system's headless Chromium, driven by Playwright.

- Chromium is the system's own (on Debian: `apt-get install chromium`); nothing is ever downloaded.
- Playwright's event loop runs in a thread of its own, so that a test's thread stays free of a running loop: Prefect
  returns coroutines in place of results where it finds one.
- Nothing but the loopback address can be reached, by no page and no part of the browser itself; what a page asked for
  elsewhere is told by `strangers`.
- Every window has an empty profile, and is gone with the test that opened it.
"""

import asyncio
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from playwright import async_api as playwright

from tests.support.patience import allowed

Result = TypeVar("Result")

WIDTH, HEIGHT = 1280, 1600
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
UNDRAWN = "--disable-webgl"  # Prefect draws a run anew all the time: a core and more for as long as it is looked at
WAIT_SECONDS = 60
PAUSE_SECONDS = 0.3  # the text of a page is laid out anew for each look at it


def missing() -> str:
    """What a machine lacks to run these tests; empty if nothing."""
    return "" if _program() else "found no chromium; apt-get install chromium"


def _program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True)
class Window:
    """One tab in a profile of its own. Names, labels and texts are what a person reads, whole and in their case.

    What waits does so for up to a minute. Errors: AssertionError with the page's text, and a picture of it.
    """

    page: playwright.Page
    loop: asyncio.AbstractEventLoop
    pictures: Path
    requests: list[str] = field(default_factory=list)  # addresses of everything that pages have asked for
    complaints: list[str] = field(default_factory=list)  # errors of the console, and exceptions nobody caught

    def do(self, act: Callable[[playwright.Page], Awaitable[Result]]) -> Result:
        """What else Playwright's page can do, in its own thread: `do(lambda page: page.go_back())`."""
        return _do(self.loop, act, self.page)

    def open(self, address: str) -> None:
        self.do(lambda page: page.goto(address))

    def click(self, name: str, role: str = "button", seconds: float = WAIT_SECONDS) -> None:
        """Clicks the one element of this role and name, once it is there and enabled."""
        timeout = allowed(seconds) * 1000
        self._patiently(name, lambda page: page.get_by_role(role, name=name, exact=True).click(timeout=timeout))

    def fill(self, label: str, value: str) -> None:
        self._patiently(label, lambda page: page.get_by_label(label, exact=True).fill(value))

    def run(self, script: str) -> object:
        """The value of a JavaScript expression, or what a function returns, in the page that is open."""
        return self.do(lambda page: page.evaluate(script))

    def text(self) -> str:
        """What a person sees of the page: hidden and folded parts are not in it."""
        return self.do(lambda page: page.locator("body").inner_text())

    def link(self, name: str) -> str:
        """Where the one link of this text leads."""
        return self._patiently(
            name, lambda page: page.get_by_role("link", name=name, exact=True).evaluate("a => a.href")
        )

    def wait_for(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """The page's text once it holds this one."""
        until = time.monotonic() + allowed(seconds)
        while text not in (found := self.text()):
            if time.monotonic() > until:
                raise self._in_vain(text, f"did not come up within {seconds} s")
            time.sleep(PAUSE_SECONDS)
        return found

    def _patiently(self, name: str, act: Callable[[playwright.Page], Awaitable[Result]]) -> Result:
        try:
            return self.do(act)
        except playwright.TimeoutError as fault:
            raise self._in_vain(name, str(fault)) from None

    def _in_vain(self, name: str, fault: str) -> AssertionError:
        picture = self.screenshot(f"without {name}")
        return AssertionError(f"{name!r}: {fault}; see {picture}\nthe page says:\n{self.text()}")

    def screenshot(self, name: str, is_whole: bool = True) -> Path:
        """Keeps a picture of the page, or of its first screen, once its text stands still (or does not, for 5 s)."""
        path = self.pictures / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png"
        self._settle()
        self.do(lambda page: page.screenshot(path=path, full_page=is_whole))
        return path

    def _settle(self) -> None:
        """Prefect's pages show themselves, vanish, and come back while they load."""
        for _ in range(10):
            before = self.text()
            time.sleep(0.5)
            if self.text() == before:
                break

    def strangers(self) -> list[str]:
        """Addresses on other hosts that pages have asked for, in vain."""
        return [address for address in self.requests if not _is_loopback(address)]


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname
    try:
        return not host or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Browser:
    """Chromium while it runs. pictures: the folder for screenshots."""

    chromium: playwright.Browser
    loop: asyncio.AbstractEventLoop
    pictures: Path

    @contextmanager
    def window(self, **options: object) -> Iterator[Window]:
        """A new window; options as Playwright's `new_context` takes them (color_scheme, java_script_enabled, …)."""
        size = {"width": WIDTH, "height": HEIGHT}
        made = _do(self.loop, self.chromium.new_context, viewport=size, **options)
        with _entered(made, self.loop) as context:
            window = Window(_do(self.loop, context.new_page), self.loop, self.pictures)
            _do(self.loop, _listen, window)
            yield window


async def _listen(window: Window) -> None:
    """Writes down what the window's pages ask for and complain of; those that they open, too.

    In Playwright's own thread, as all else: a listener is told to the browser, whose answer may come before a call from
    elsewhere is through.
    """

    def note(address: str) -> None:
        if not address.startswith(("data:", "blob:")):
            window.requests.append(address)

    def hear(message: playwright.ConsoleMessage) -> None:
        if message.type == "error":
            window.complaints.append(message.text)

    context = window.page.context
    context.set_default_timeout(allowed(WAIT_SECONDS) * 1000)
    context.on("request", lambda request: note(request.url))
    context.on("console", hear)
    context.on("weberror", lambda error: window.complaints.append(str(error.error)))
    window.page.on("websocket", lambda socket: note(socket.url))


@contextmanager
def browser(pictures: Path, is_drawing: bool = False) -> Iterator[Browser]:
    """A Chromium of its own, gone afterwards. pictures: a folder for screenshots, made if need be.

    is_drawing: Prefect's pages show the graph of a run, too.
    """
    pictures.mkdir(parents=True, exist_ok=True)
    flags = FLAGS if is_drawing else (*FLAGS, UNDRAWN)
    with _loop() as loop, _entered(playwright.async_playwright(), loop) as driver:
        launched = _do(loop, driver.chromium.launch, executable_path=_program(), args=flags)
        with _entered(launched, loop) as chromium:
            yield Browser(chromium, loop, pictures)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="browser", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def _entered(manager: AbstractAsyncContextManager[Result], loop: asyncio.AbstractEventLoop) -> Iterator[Result]:
    """`async with` from outside that loop."""
    entered = _do(loop, manager.__aenter__)
    try:
        yield entered
    finally:
        _do(loop, manager.__aexit__, None, None, None)


def _do(
    loop: asyncio.AbstractEventLoop, act: Callable[..., Awaitable[Result]], *arguments: object, **options: object
) -> Result:
    """What the function comes to. It is called by the loop's thread: Playwright's may act before they are awaited."""

    async def done() -> Result:
        return await act(*arguments, **options)

    return asyncio.run_coroutine_threadsafe(done(), loop).result()
