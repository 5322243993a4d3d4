"""The site of docs/: it is built without a network, no link leads nowhere, and it asks no other host for anything."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.places import PROJECT
from tests.system import browser

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}
FROM_ELSEWHERE = re.compile(r"(?:https?:)?//")
NO_NETWORK = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "all")}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | NO_NETWORK | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


class _Fetched(HTMLParser):
    """What a browser loads of a page by itself."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if given.get("rel") not in ("canonical", "prev", "next"):  # these are told, not loaded
            self.found.append(given.get(FETCHED.get(tag, "")) or "")


def test_no_page_and_no_style_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    found = {(page.name, one) for page in pages for one in _Fetched(page.read_text("utf-8")).found}
    styles = list(site.rglob("*.css"))
    found |= {(style.name, one) for style in styles for one in re.findall(r"url\(([^)]+)\)", style.read_text("utf-8"))}
    assert [one for one in found if FROM_ELSEWHERE.match(one[1].strip("'\""))] == []


def test_every_document_has_a_page(site):
    assert {path.stem for path in PROJECT.glob("docs/*.md")} <= {path.stem for path in site.glob("*.html")}


@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "the browser is there")
def test_the_site_opens_from_the_disk_and_its_search_finds(site, window):
    window.open((site / "index.html").as_uri())
    window.wait_for("This is the list of all documents")
    window.do(lambda page: page.get_by_role("textbox", name="Search").press_sequentially("waiver"))
    window.wait_for("matching documents")
    window.open((site / "target.html").as_uri())  # it has the diagrams
    assert window.run("document.querySelectorAll('svg.schema .reference').length") > 50
    assert window.strangers() == [] and window.complaints == []
