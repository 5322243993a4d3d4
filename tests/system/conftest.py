"""The whole program as a person runs it: on a machine of its own, in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import browser
from tests.system.machines import Home, machine


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    with machine() as found:
        yield found


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[browser.Browser]:
    """A browser; its pictures go into the folder that NXTGAUGE_SCREENSHOTS names, else into pytest's temporary one."""
    if missing := browser.missing():
        pytest.skip(missing)
    folder = os.environ.get("NXTGAUGE_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots")
    with browser.browser(Path(folder).absolute()) as found:
        yield found


@pytest.fixture
def window(chromium) -> Iterator[browser.Window]:
    with chromium.window() as found:
        yield found
