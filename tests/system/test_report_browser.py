"""The reports where people look: in Prefect's UI and as a file, opened in a real browser, with pictures kept aside."""

import re
from uuid import UUID

import pytest
from prefect import flow
from prefect.artifacts import Artifact
from prefect.settings import PREFECT_API_URL, temporary_settings

from checks.reporting import model
from checks.verdict import ERROR, FAIL, WARNING, Check, Row, Verdict
from flows.local import report as files
from flows.runs import artifacts
from tests.support.reports import NASTY, check, summary, table, waiver
from tests.system import browser

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "the browser is there")
SHOWN = model.shown(NASTY)
AT = "2026-01-02T03:04:05+00:00"


def _checks() -> tuple[Check, ...]:
    many = tuple(Row(f'["{n}", "{NASTY}"]', "differs", ("Full Name", NASTY)) for n in range(100))
    return (
        check(
            "content/users", FAIL, compared=2_000_000, detail="2 rows differ", rows=(Row("41", "differs", ("bio",)),)
        ),
        check(f"content/{NASTY}", FAIL, compared=900, detail="140 rows differ", rows=many, rows_total=140),
        check("law/orders", ERROR, detail="the statement was cancelled after 300 s (57014)"),
        check("suite/user_role_profiles", FAIL, WARNING, detail="7 rows break the rule", rows_total=7),
        *(check(f"balance/t{n}", compared=n) for n in range(60)),
    )


def _report(state: str = "failed", *checks: Check, kind: str = "migrate", **parts) -> dict:
    """Two million rows, three rows and a table that is named as badly as can be."""
    tables = [table("users", 2_000_000, 12_500), table("jobs", 3), table(NASTY, 900, 1), table("coupons", 0)]
    rejects = [{"legacy_table": "users", "reason": "users_email_key", "rows": 12_500}]
    rejects += [{"legacy_table": NASTY, "reason": NASTY, "rows": 1}]
    notes = [{"legacy_table": NASTY, "note": "orphan set null", "rows": 2}]
    run = summary(state, *tables, rejects=rejects, notes=notes, missing_tables=["services"], profile="production")
    judged = Verdict("r1", "nxtgauge__build", "full", None, checks or _checks(), seconds=48.9).to_dict()
    return model.make(run, judged, kind=kind, generated_at=AT, **parts)


@pytest.fixture
def offline(chromium):
    with chromium.window(offline=True) as found:
        yield found


@pytest.fixture(scope="module")
def api(home):
    url = home.result("server", "start", "--bare")["configured"]
    with temporary_settings({PREFECT_API_URL: url}):
        yield url


@pytest.fixture(scope="module")
def page(api) -> str:
    return _published(_report(waivers=[waiver("content/jobs", False)]))


def _published(report: dict) -> str:
    """The address of the report's page, published from a flow."""
    pages = []

    @flow(name="report", persist_result=False)
    def body():
        pages.append(artifacts.publish(report))

    body()
    return pages[0]


def test_prefect_shows_the_report(window, page):
    window.open(page)
    text = window.wait_for("What to do next")
    window.wait_for("Where the time went")
    window.screenshot("prefect-report")
    wanted = ["NOT PUBLISHED", "2 checks failed and 1 check could not be made", "What to do next", "What failed"]
    wanted += ["What could not be checked", "Warnings", "What became of every row", "Rejected, by reason", "Waivers"]
    assert sorted(wanted, key=text.index) == wanted
    assert "nxtgauge-migrate waive r1 content/users --reason '…' --by NAME" in text
    assert "2,000,000" in text and "users_email_key" in text and "known" in text


def test_prefect_shows_foreign_names_as_they_are(window, page):
    window.open(page)
    text = window.wait_for("Where the time went")
    assert SHOWN in text
    assert not window.run("[...document.scripts].filter(s => s.textContent.includes('alert(1)')).length")


def test_the_page_leads_to_its_tables_and_back(window, page):
    ui = page.split("/artifacts/")[0]
    window.open(page)
    window.wait_for("What to do next")
    assert window.link("every check").startswith(f"{ui}/artifacts/")
    window.open(page.replace(ui, f"{ui}/v2"))  # whoever came by Prefect's newer UI stays in it
    window.wait_for("What to do next")
    assert window.link("every check").startswith(f"{ui}/v2/artifacts/")
    assert all(map(window.link, ("what became of every row", "every check", "rows of checks that did not pass")))
    window.open(window.link("rejected rows by table and reason"))
    assert "users_email_key" in window.wait_for("12,500")
    window.screenshot("prefect-rejects")
    window.open(window.link("report"))
    window.wait_for(page.rsplit("/", 1)[1][:8])


def test_prefect_keeps_one_page_a_run_and_one_a_verification(api):
    good = [check()]
    pages = [_published(_report("published", *good)) for _ in range(2)]
    assert Artifact.get("migrate-r1").id == UUID(pages[1].rsplit("/", 1)[1]) and pages[0] != pages[1]
    pages.append(_published(_report("published", *good, kind="verify")))
    later = _report("published", *good, kind="verify") | {"generated_at": "2026-01-02T03:04:06+00:00"}
    pages.append(_published(later))
    found = [Artifact.get(f"verify-r1-20260102t03040{second}z") for second in "56"]
    assert [str(artifact.id) for artifact in found] == [page.rsplit("/", 1)[1] for page in pages[2:]]
    assert all(artifact.flow_run_id for artifact in found)


def test_the_file_can_be_read_without_a_network(offline, tmp_path):
    files.write(_report(waivers=[waiver("content/jobs", False)]), tmp_path)
    address = (tmp_path / "r1" / "report.html").as_uri()
    offline.open(address)
    text = offline.text()
    assert offline.requests == [address]
    assert offline.complaints == []
    assert text.index("NOT PUBLISHED") < text.index("What to do next") < text.index("What failed")
    assert SHOWN in text and "2,000,000" in text and "users_email_key" in text
    assert offline.run("document.querySelectorAll('svg[role=img]').length") == 3
    offline.screenshot("report-failed")


def test_nothing_of_the_page_is_wider_than_the_window(offline, tmp_path):
    files.write(_report(), tmp_path)
    offline.open((tmp_path / "r1" / "report.html").as_uri())
    assert offline.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_figures_stand_within_the_drawing(offline, tmp_path):
    files.write(_report(), tmp_path)
    offline.open((tmp_path / "r1" / "report.html").as_uri())
    outside = """
        [...document.querySelectorAll('svg')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const own = text.getBoundingClientRect();
                return own.left < box.left - 1 || own.right > box.right + 1 || own.bottom > box.bottom + 1;
            }).map(text => text.textContent);
        })"""
    assert offline.run(outside) == []


def test_a_report_is_printed_on_a_few_pages(offline, tmp_path):
    """What is folded stays so on paper, and says it; many findings and many rejects are no book."""
    many = [check(f"law/t{n}", FAIL, detail="140 rows", rows=tuple(Row(str(k), "differs") for k in range(100)))
            for n in range(12)]  # fmt: skip
    report = _report("failed", *_checks(), *many)
    tables = [table(f"t{n}", 900, n % 2) for n in range(60)]
    rejects = [{"legacy_table": f"t{n}", "reason": f"t{n}_fkey", "rows": 1} for n in range(1, 60, 2)]
    files.write(report | {"tables": tables, "rejects": rejects}, tmp_path)
    offline.open((tmp_path / "r1" / "report.html").as_uri())
    offline.do(lambda page: page.emulate_media(media="print"))
    lines = "[...document.querySelectorAll('details tr')].map(row => row.checkVisibility())"
    assert len(offline.run(lines)) > 1_000 and not any(offline.run(lines))
    assert offline.run("[...document.querySelectorAll('summary')].every(line => line.checkVisibility())")
    printed = offline.do(lambda page: page.pdf(format="A4"))
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 7
    offline.screenshot("report-paper")


def test_the_file_works_without_scripts_in_the_dark(chromium, tmp_path):
    files.write(_report("published", *(check(f"content/t{n}") for n in range(9))), tmp_path)
    with chromium.window(offline=True, java_script_enabled=False, color_scheme="dark") as dark:
        dark.open((tmp_path / "r1" / "report.html").as_uri())
        assert "What became of every row" in dark.text()
        paper = dark.run("getComputedStyle(document.body).backgroundColor")
        dark.screenshot("report-good-dark", is_whole=False)
    assert max(map(int, re.findall(r"\d+", paper))) < 64
