"""The plan's page in a real browser: the reference schema with names as bad as can be, before and after."""

import re
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from checks.reporting import model, page
from config import settings as configuration
from engine.describe import beside
from engine.start import survey
from flows.pages import plan
from tests.support.pages import Page
from tests.support.places import PROJECT
from tests.system import browser

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "the browser is there")
NASTY = "<script>alert(1)</script>\"'\n&x\u202e"
LONG = "ü" * 31
AT = "2026-01-02 03:04:05 UTC"
OVERLAPPING = """
    [...document.querySelectorAll('svg.schema')].flatMap(drawing => {
        const edge = drawing.getBoundingClientRect();
        return [...drawing.querySelectorAll('g')].flatMap(box => {
            const own = box.querySelector('.box').getBoundingClientRect();
            const words = [...box.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()]);
            return words.filter(([text, at]) => at.right > own.right || at.bottom > edge.bottom + 1
                || words.some(([other, there]) => other !== text && at.left < there.left && at.right > there.left
                              && Math.abs(at.top - there.top) < 3)).map(([text]) => text.textContent);
        });
    })"""


@pytest.fixture(scope="module")
def found(module_database):
    url = module_database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute((PROJECT / "config" / "legacy" / "reference.sql").read_text())
        names = [sql.Identifier(name) for name in (NASTY, LONG)]
        conn.execute(sql.SQL("create table {1} ({0} int primary key)").format(*names))
        conn.execute(sql.SQL("create table {0} ({0} text, {1} int references {1}, id int primary key)").format(*names))
    return survey.survey(configuration.load("staging", {"NXTGAUGE_SOURCE_URL": url}))


@pytest.fixture(scope="module")
def refused(found):
    """The same with a fault and a question."""
    asked = replace(found.plan, questions=("payments.helper_id: <b>what</b> is it",))
    return replace(found, plan=asked, faults=(f"{NASTY}: is a name that the tool needs",))


def _open(window, found, folder):
    path = folder / "plan.html"
    path.write_text(plan.render(found, AT))
    window.open(path.as_uri())
    return path.as_uri()


def test_it_is_one_harmless_file_that_can_be_read_without_seeing_it(refused):
    source = plan.render(refused, AT)
    read = Page(source)
    assert (
        read.of("meta")[1]["content"] == page.POLICY
        and "url(" not in source
        and "http" not in source.split("<body>")[1]
    )
    assert not [tag for tag, _ in read.tags if tag in ("script", "img", "iframe", "link", "object", "form")]
    assert "<script" not in source and "\u202e" not in source and read.text.count(model.shown(NASTY)) > 4
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) and {link["href"][1:] for link in read.of("a")} <= set(ids)
    for drawing in read.of("svg"):
        assert drawing["role"] == "img" and set(drawing["aria-labelledby"].split()) <= set(ids)
    assert len(read.of("svg")) == 20 and len(read.of("h1")) == 1


def test_it_says_what_is_refused_asked_and_lost_and_what_is_signed(refused):
    text = Page(plan.render(refused, AT)).text
    order = [
        "REFUSED",
        "What it is refused for",
        "What is asked",
        "What is lost",
        "Identity",
        "Audit",
        "Other",
        "Agreed",
    ]
    assert sorted(order, key=text.rindex) == order
    assert "1 fault and 1 question stand open" in text and "<b>what</b> is it" in text
    assert "github_url" in text and "legacy_archive.onboarding_configs" in text and "active_professionals" in text
    for value in beside.identity(refused.plan).values():
        assert str(value) in text
    assert all(word in text for word in ("Name", "Role", "Date", "Signature", AT))


def test_each_column_of_both_schemas_stands_in_it(found):
    text = Page(plan.render(found, AT)).text
    for domain in beside.domains(found.plan):
        for box in (*domain.old, *domain.new):
            assert model.shown(box.name) in text
            assert all(model.shown(field.name) in text for field in box.fields)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_fits_a_desk_and_a_telephone_by_day_and_night(chromium, refused, tmp_path, width, scheme):
    with chromium.window(offline=True, java_script_enabled=False, color_scheme=scheme) as window:
        window.do(lambda page: page.set_viewport_size({"width": width, "height": 1000}))
        address = _open(window, refused, tmp_path)
        assert window.requests == [address] and window.complaints == []
        assert window.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert window.run(OVERLAPPING) == []
        paper = window.run("getComputedStyle(document.body).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", paper))) < 64) == (scheme == "dark")
        window.screenshot(f"plan-{width}-{scheme}")


def test_it_is_opened_by_keys_and_printed_on_paper(chromium, found, tmp_path):
    with chromium.window(offline=True) as window:
        _open(window, found, tmp_path)
        window.run("document.querySelector('#finance-0 > summary').focus()")
        window.do(lambda page: page.keyboard.press("Enter"))
        shown = window.text()
        assert "coupon_uses → coupon_redemptions" in shown and "redeemed_at" in shown
        printed = window.do(lambda page: page.pdf(prefer_css_page_size=True))
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 16
