"""A real browser for tests: headless Chromium, driven over the WebDriver protocol by the standard library alone.

Chromium and chromedriver come from the system (on Debian: `apt-get install chromium chromium-driver`). Every browser
has an empty profile of its own, and is gone with the test that opened it.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"  # git ignores it
WIDTH, HEIGHT = 1280, 1600
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
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
    "--hide-scrollbars",
    f"--window-size={WIDTH},{HEIGHT}",
)
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>")
START_SECONDS = 30


def missing() -> str:
    """What a machine lacks to run these tests; empty if nothing."""
    lacks = [] if _chromium() else ["chromium"]
    lacks += [] if shutil.which("chromedriver") else ["chromedriver"]
    return f"found no {' and no '.join(lacks)}; apt-get install chromium chromium-driver" if lacks else ""


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True)
class Browser:
    """One window. base: address of its WebDriver session."""

    base: str

    def open(self, address: str) -> None:
        self._call("/url", {"url": address})

    def run(self, script: str, *arguments: object) -> object:
        """What the JavaScript `return`s, of the page that is open."""
        return self._call("/execute/sync", {"script": script, "args": list(arguments)})

    def text(self) -> str:
        """What a person sees of the page: hidden and folded parts are not in it."""
        return self.run("return document.body ? document.body.innerText : ''")

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """The page's text once it holds this one. Errors: AssertionError with what it held instead."""
        until = time.monotonic() + seconds
        while text not in (found := self.text()):
            assert time.monotonic() < until, f"{text!r} did not come up within {seconds} s; the page says:\n{found}"
            time.sleep(0.2)
        return found

    def print_media(self) -> None:
        """Shows the page from now on as it would be printed."""
        self._call("/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"media": "print"}})

    def screenshot(self, name: str, is_whole: bool = True) -> Path:
        """Keeps a picture of the page, or of its first screen."""
        height = self.run("return document.documentElement.scrollHeight") if is_whole else 0
        self._call("/window/rect", {"width": WIDTH, "height": min(max(height + 100, HEIGHT), 12_000)})
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        path.write_bytes(base64.b64decode(self._call("/screenshot")))
        self._call("/window/rect", {"width": WIDTH, "height": HEIGHT})
        return path

    def requests(self) -> list[str]:
        """Addresses of everything that pages have asked for since the last call."""
        entries = self._call("/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [address for address in sent if not address.startswith(("data:", "chrome:"))]  # its own empty tab

    def complaints(self) -> list[str]:
        """What the browser's console says of severity error."""
        return [e["message"] for e in self._call("/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]

    def _call(self, path: str, body: dict | None = None) -> object:
        return _call(self.base + path, body)


def _call(address: str, body: dict | None = None, method: str | None = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as answer:
        return json.load(answer)["value"]


@contextmanager
def browser(*flags: str, is_dark: bool = False) -> Iterator[Browser]:
    """A new window with these flags beside the usual ones."""
    with (
        tempfile.TemporaryDirectory(prefix="nxtgauge-browser-", ignore_cleanup_errors=True) as folder,
        _driver() as base,
    ):
        more = (*flags, f"--user-data-dir={folder}", *(["--force-dark-mode"] if is_dark else []))
        options = {"binary": _chromium(), "args": [*FLAGS, *more]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}
        session = _call(base + "/session", {"capabilities": {"alwaysMatch": wanted}})
        try:
            yield Browser(f"{base}/session/{session['sessionId']}")
        finally:
            _call(f"{base}/session/{session['sessionId']}", method="DELETE")


@contextmanager
def _driver() -> Iterator[str]:
    """A chromedriver of its own; its address. It and whatever it started are gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [shutil.which("chromedriver"), f"--port={port}"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quiet)
    try:
        _await(f"http://127.0.0.1:{port}/status", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def _await(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if _call(address)["ready"]:
                return
        except OSError:
            assert process.poll() is None, f"chromedriver ended with code {process.returncode}"
        assert time.monotonic() < until, f"chromedriver was not ready within {START_SECONDS} s"
        time.sleep(0.1)
