"""What the other tests in a browser rely on: it reaches no stranger, and leaves the test's thread as it was."""

import asyncio

import pytest

from tests.system import browser

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "the browser is there")
PAGE = """
<title>none</title>
<img src="http://example.com/picture.png">
<label>Name<input></label>
<button onclick="document.title = document.querySelector('input').value">Say</button>
<script>throw Error('nobody caught it')</script>
"""
SOCKET = "new Promise(done => { new WebSocket('ws://192.0.2.7/socket').onerror = () => done('refused') })"
ELSEWHERE = {"http://example.com/picture.png", "ws://192.0.2.7/socket"}


@pytest.fixture
def page(window, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    window.open(path.as_uri())
    return window


def test_no_stranger_is_reached_and_each_is_told(page):
    assert page.run(SOCKET) == "refused"
    assert set(page.strangers()) == ELSEWHERE
    refused = [complaint for complaint in page.complaints if "ERR_NAME_NOT_RESOLVED" in complaint]
    assert len(refused) == 2  # an address without a name, too
    assert "nobody caught it" in page.complaints


def test_forms_are_filled_and_buttons_clicked(page):
    page.fill("Name", "Ada")
    page.click("Say")
    assert page.run("document.title") == "Ada"


def test_what_does_not_come_leaves_a_picture(page):
    with pytest.raises(AssertionError, match=r"without-nowhere.png"):
        page.wait_for("nowhere", seconds=0)
    with pytest.raises(AssertionError, match=r"without-send-it.png"):
        page.click("Send it", seconds=0.1)
    assert {path.name for path in page.pictures.glob("without-*")} >= {"without-nowhere.png", "without-send-it.png"}


def test_the_thread_of_a_test_has_no_running_loop(page):
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
