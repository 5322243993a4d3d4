"""The report's files: well formed, the same in all of them, and unmoved by names that are markup elsewhere."""

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checks.reporting import charts as report_charts
from checks.reporting import html as report_html
from checks.reporting import junit as report_junit
from checks.reporting import markdown as report_markdown
from checks.reporting import model
from checks.reporting import page as page_frame
from checks.reporting import sections as report_sections
from checks.reporting import terminal as report_terminal
from checks.verdict import FAIL, WARNING, Row
from flows.local import report as files
from tests.support.pages import Page
from tests.support.reports import (
    BROKEN,
    ENDINGS,
    FAULT,
    NASTY,
    ODD,
    OLD,
    attempt,
    check,
    made,
    round_of,
    summary,
    table,
    verdict,
    waiver,
)

SHOWN = model.shown(NASTY)


def nasty(**parts) -> dict:
    """A report with the nasty name in every place that can hold a foreign name."""
    rows = (Row(NASTY, "differs", (NASTY,)),)
    wrong = check(f"content/{NASTY}", FAIL, detail=f"2 rows of {NASTY}", rows=rows, rows_total=2)
    run = summary(
        "failed",
        table(NASTY, 2_000_000, 3),
        table("users", 3, balanced=False),
        run_id=NASTY,
        schema=NASTY,
        profile=NASTY,
        error=f"it broke at {NASTY}\nand further",
        rejects=[{"legacy_table": NASTY, "reason": NASTY, "rows": 3}],
        notes=[{"legacy_table": NASTY, "note": NASTY, "rows": 1}],
        missing_tables=[NASTY],
        changed_tables=[NASTY],
        timings={NASTY: 1.5},
        rounds=[round_of(1, whole={NASTY: NASTY})],
        cutovers=[attempt(outcome=NASTY, detail=NASTY, steps=[{"step": NASTY, "seconds": 1.5}])],
        late_writes=[{"legacy_table": NASTY, "rows": 1}],
    )
    judged = verdict(wrong, check(f"suite/{NASTY}", FAIL, WARNING), OLD, check(f"law/{NASTY}"), not_looked_at=(NASTY,))
    row = waiver("x") | {"check_name": NASTY, "reason": NASTY, "name": NASTY}
    certificate = {"role": "issued", "hash": "ab", "parts": {NASTY: NASTY}, "changes": [NASTY]}
    return made(run, judged, waivers=[row], certificate=certificate, **parts)


REPORTS = {name: made(*ending[:3]) for name, ending in ENDINGS.items()} | {"nasty": nasty()}


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_well_formed_and_fetches_nothing(name):
    source = report_html.render(REPORTS[name])
    page = Page(source)
    assert not [tag for tag, _ in page.tags if tag in ("script", "img", "iframe", "link", "object", "embed", "base")]
    for _, attributes in page.tags:
        assert not {"src", "srcset", "data", "action"} & set(attributes)
        assert not any(key.startswith("on") for key in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert "url(" not in source.replace('fill="url(#', "") and "@import" not in source and "http:" not in source
    assert page.of("meta")[1]["content"] == page_frame.POLICY


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_can_be_read_without_seeing_it(name):
    page = Page(report_html.render(REPORTS[name]))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(page.of("h1")) == 1 and page.of("html") == [{"lang": "en"}]
    for tables in (page.of("table"), page.of("caption"), page.of("thead")):
        assert len(tables) == len(page.of("table"))
    assert all("scope" in attributes for attributes in page.of("th"))
    for drawing in page.of("svg"):
        assert drawing["role"] == "img" and set(drawing["aria-labelledby"].split()) <= set(ids)
    assert {attributes["href"][1:] for attributes in page.of("a")} <= set(ids)


def test_a_nasty_name_is_text_everywhere():
    source = report_html.render(REPORTS["nasty"])
    assert "<script" not in source and "\x1b" not in source and "\u202e" not in source
    assert Page(source).text.count(SHOWN) > 10


@pytest.mark.parametrize("name", REPORTS)
def test_the_verdict_comes_first_and_what_to_do_second(name):
    report = REPORTS[name]
    sections = [section.id for section in report_sections.sections(report)]
    wanted = ["next", "stopped", "failure", "error", "stale", "warning", "pause", "rounds", "checked", "balance"]
    wanted += ["rejects", "notes"]
    wanted += ["waivers", "not-looked-at", "timings", "certificate", "missing", "changed", "passed"]
    assert sections == [section for section in wanted if section in sections] and sections[0] == "next"
    for text in (Page(report_html.render(report)).text, report_terminal.render(report)):
        assert text.index(report["headline"]["word"]) < text.index("What to do next")
    assert report_markdown.render(report).startswith(f"# {report['headline']['word']}\n")


def test_every_part_is_there():
    text = Page(report_html.render(REPORTS["nasty"])).text
    assert "This run issued it." in text and "changes since the rehearsal" in text
    for title in ("What failed", "Warnings", "Waivers", "Rehearsal certificate", "Not in the legacy database"):
        assert title in text
    assert "and 1 more row, not named here" in text and "does not add up" in text


def test_many_findings_have_a_list_before_them():
    checks = [
        check(f"content/t{n}", FAIL, detail=f"{n} rows", rows=(Row("1", "differs", ("bio", "a")),)) for n in range(9)
    ]
    source = report_html.render(made(None, verdict(*checks), "verify"))
    assert "at a glance" in source and source.index(">a, bio</td>") < source.index("<article")
    assert "at a glance" not in report_html.render(made(None, verdict(*checks[:5]), "verify"))


def test_what_says_nothing_takes_no_room():
    rows = tuple(Row(str(n), "breaks the rule") for n in range(1, 3))
    findings = [check(f"suite/t{n}", FAIL, detail="2 rows", rows=rows, rows_total=2) for n in range(5)]
    report = made(summary(), verdict(*findings), "verify")
    for text in (render(report) for name, render in files.RENDERERS.items() if name != "report.json"):
        assert "breaks the rule" not in text
    page = report_html.render(report)
    assert '<th scope="col" class="short">key</th></tr>' in page and ">columns</th>" not in page
    assert ">stale</th>" not in page and ">failed</th>" in page
    many = [check(f"content/t{n}", FAIL, detail=f"{n} rows are missing") for n in range(6)]
    page = report_html.render(made(None, verdict(*many, FAULT), "verify"))
    assert page.count("<article") == 1 and page.count("5 rows are missing") == 1
    assert page.count("The rule of all of them: what arrives is equal.") == 1 and ">FAIL</td>" not in page
    mixed = report_html.render(made(None, verdict(*many, BROKEN, ODD, *([ODD] * 5)), "verify"))
    assert "The rule of all of them" in mixed and ">result</th>" not in mixed


def test_reasons_that_mean_the_same_are_explained_once():
    rejects = [{"legacy_table": "a", "reason": f"a_{n}_fkey", "rows": n} for n in (1, 2)]
    page = report_html.render(made(summary(rejects=rejects), verdict(check())))
    assert page.count("It violates the constraint") == 1 and "a_2_fkey, a_1_fkey" in page


def test_tables_with_rejected_rows_are_drawn_first_and_whole_ones_are_folded():
    rows = [table("whole", 9_000), table("few", 8_000, 1), table("odd", 10, 4), table("wrong", 1, balanced=False)]
    page = report_html.render(made(summary("published", *rows), verdict(check())))
    drawn, folded = page.split("<summary>1 table whose rows were all loaded</summary>")
    assert drawn.index(">wrong</text>") < drawn.index(">odd</text>") < drawn.index(">few</text>")
    assert ">whole</text>" not in drawn and ">whole</text>" in folded
    good = report_html.render(made(summary("published", table("whole")), verdict(check())))
    assert "<details><summary>1 table whose rows were all loaded" in good


def test_empty_parts_are_left_out():
    assert [section.id for section in report_sections.sections(made(None, None))] == ["next"]
    nothing = made(summary("published", table(rows=0)), verdict(check()))
    assert "accounted for" in report_html.render(nothing)


def test_a_balance_without_figures_breaks_nothing():
    unknown = dict.fromkeys(model.COUNTS) | {"legacy_table": "users", "balanced": None}
    report = model.make(summary("failed", unknown), None, kind="migrate", generated_at="2026-01-02T03:04:05+00:00")
    for render in files.RENDERERS.values():
        assert "users" in render(report) or render is report_junit.render


@pytest.mark.parametrize("counts", [(1, 0, 0, 0), (2_000_000, 0, 1, 0), (0, 0, 0, 3), (1, 1, 1, 1), (0, 0, 0, 0)])
def test_every_share_that_is_not_nothing_is_seen_and_the_bar_is_full(counts):
    widths = report_charts._widths(counts)
    room = report_charts.WIDTH - report_charts.LEFT - report_charts.RIGHT
    assert [width >= report_charts.LEAST for width in widths] == [bool(count) for count in counts]
    assert sum(widths) == pytest.approx(room if any(counts) else 0)


def test_the_drawing_says_its_figures():
    rows = [table("big", 2_000_000, 7), table("small", 3), table("none", 0)]
    source = report_html.render(made(summary("published", *rows), verdict(check())))
    assert "2,000,000 · 7 rejected" in source and ">3<" in source and "and 1 table without rows" in source
    assert source.count("One bar for each of 1 table") == 2 and "<summary>1 table whose rows were all loaded" in source
    assert source.index(">big</text>") < source.index(">small</text>")


def test_five_thousand_tables_are_a_report_that_can_be_read():
    whole = [
        {"legacy_table": f"t{n:04}", "source_rows": n, "loaded": n, "merged": 0, "rejected": 0, "archived": 0,
         "balanced": True}
        for n in range(1, 5_000)
    ]  # fmt: skip
    odd = whole[0] | {"legacy_table": "zebras", "source_rows": 1, "loaded": 0, "rejected": 1}
    report = made(summary(tables=[*whole, odd]), verdict())
    drawn = Page(report_html.render(report)).text
    assert "and 4,919 smaller tables" in drawn and drawn.index("zebras") < drawn.index(
        "4,999 tables whose rows were all loaded"
    )
    text = report_terminal.render(report)
    assert len(text.splitlines()) < 20 and "t4999" not in text
    lost = [row | {"loaded": 0, "balanced": False} for row in whole]
    text = report_terminal.render(made(summary(tables=lost), verdict()))
    assert "and 4,984 more, which the report names" in text and len(text.splitlines()) < 40


def junit(report: dict) -> ET.Element:
    return ET.fromstring(report_junit.render(report))


@pytest.mark.parametrize("name", REPORTS)
def test_junit_is_red_exactly_where_the_gate_is_closed(name):
    report = REPORTS[name]
    root = junit(report)
    cases = root.findall("testsuite/testcase")
    red = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert bool(red) == (report["passed"] is not True)
    for element in (root, *root.findall("testsuite")):
        below = element.findall(".//testcase")
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(attribute)) == sum(case.find(tag) is not None for case in below)
        assert int(element.get("tests")) == len(below)
    assert len(cases) == max(len(report["checks"]), 1)


def test_junit_tells_the_kinds_of_trouble_apart():
    waived = check("content/jobs", FAIL)
    judged = verdict(FAULT, BROKEN, OLD, ODD, waived, check("law/a"))
    report = made(None, judged, "verify", waivers=[waiver("content/jobs")])
    cases = {case.get("name"): case for case in junit(report).findall("testsuite/testcase")}
    inner = {name: [(e.tag, e.get("message").split(":")[0]) for e in case] for name, case in cases.items()}
    assert inner == {
        "content/users": [("failure", "what arrives is equal")],
        "law/orders": [("error", "what arrives is equal")],
        "money/wallets": [("skipped", "not all compared")],
        "suite/profiles": [("skipped", "warning, does not close the gate")],
        "content/jobs": [("skipped", "waived")],
        "law/a": [],
    }
    assert "differs 1 bio" in cases["content/users"][0].text and "and 1 more row" in cases["content/users"][0].text


def test_junit_holds_no_character_that_xml_forbids():
    source = report_junit.render(REPORTS["nasty"])
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", source)
    assert any(SHOWN in case.get("name") for case in junit(REPORTS["nasty"]).iter("testcase"))


def test_markdown_holds_no_markup_of_foreign_names():
    source = report_markdown.render(REPORTS["nasty"], {"details": "http://127.0.0.1/x"})
    fenced = re.sub(r"^ *(`{3,})\n.*?\n *\1$", "", source, flags=re.DOTALL | re.MULTILINE)
    plain = re.sub(r"(?<!\\)(`+)(?!`).+?(?<!`)\1(?!`)", "", fenced)  # without code spans
    assert "<script" not in plain and "\x1b" not in source
    assert set(re.findall(r"<(/?\w+)", plain)) <= {"details", "/details", "summary", "/summary"}
    assert "[details](http://127.0.0.1/x)" in source


def test_markdown_tables_have_as_many_cells_as_their_heads():
    head = None
    for line in report_markdown.render(REPORTS["nasty"]).splitlines():
        if not line.startswith("|"):
            head = None
            continue
        cells = len(re.split(r"(?<!\\)\|", line))
        head = head or cells
        assert cells == head, line


def test_markdown_stays_of_a_size_that_can_be_shown():
    rows = tuple(Row(str(n), "differs") for n in range(100))
    checks = [check(f"content/t{n}", FAIL, rows=rows, rows_total=100) for n in range(60)]
    source = report_markdown.render(made(None, verdict(*checks), "verify"))
    assert source.count("| differs |") == report_markdown.BUDGET_ROWS
    assert "100 rows, none of them named here" in source


MARKUP = ["# a", "- a", "+ a", "1. a", "2) a", "===", "    a", "_a_", "*a*", "[a](b)", "<b>", "&lt;", "`a`", r"\*a*"]


@pytest.mark.parametrize("text", MARKUP)
def test_running_text_is_no_markup(text):
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark").enable("table").render(report_markdown._text(text))
    assert Page(rendered).text.strip() == text.strip() and [tag for tag, _ in Page(rendered).tags] == ["p"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_terminal_gets_no_control_characters(name):
    text = report_terminal.render(REPORTS[name])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_all_files_are_written(tmp_path):
    report = REPORTS["failed"]
    paths = files.write(report, tmp_path)
    names = {"report.json", "report.html", "report.md", "junit.xml"}
    assert {path.name for path in (tmp_path / "r1").iterdir()} == names == {Path(path).name for path in paths}
    assert json.loads((tmp_path / "r1" / "report.json").read_text()) == report


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_they_are_their_owners_alone_whatever_the_umask_and_whatever_stood_there(tmp_path, umask):
    open_one, elsewhere = tmp_path / "reports" / "r1", tmp_path / "elsewhere"
    open_one.mkdir(parents=True)
    open_one.chmod(0o777)
    (open_one / "report.json").write_text("old")
    (open_one / "report.json").chmod(0o666)
    elsewhere.write_text("not ours")
    (open_one / "report.html").symlink_to(elsewhere)
    before = os.umask(umask)
    try:
        for kind in ("good", "verified"):
            files.write(REPORTS[kind] | {"run_id": "r1"}, tmp_path / "reports")
            files.write(REPORTS[kind] | {"run_id": "new"}, tmp_path / "reports" / "deep")
    finally:
        os.umask(before)
    assert elsewhere.read_text() == "not ours"
    made = [path for path in (tmp_path / "reports").rglob("*") if path != open_one.parent]
    assert len(made) == 21 and {(path.is_dir(), path.stat().st_mode & 0o777) for path in made} == {
        (True, 0o700),
        (False, 0o600),
    }


def test_a_verification_has_a_folder_of_its_own(tmp_path):
    files.write(REPORTS["verified"], tmp_path)
    assert (tmp_path / "r1" / "verify-20260102T030405Z" / "report.html").exists()
    files.write(model.make(None, None, kind="verify", generated_at="2026-01-02T05:04:06+02:00"), tmp_path)
    assert (tmp_path / "no-run" / "verify-20260102T030406Z" / "report.json").exists()


@pytest.mark.parametrize("run_id", ["../../up", "..", "/etc", "a/b", NASTY, "\udc80"])
def test_a_strange_run_stays_below_the_folder(tmp_path, run_id):
    report = made(summary(run_id=run_id), verdict(check()))
    for path in files.write(report, tmp_path / "reports"):
        assert (tmp_path / "reports") in type(tmp_path)(path).resolve().parents
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_the_text_names_what_failed_and_what_to_do():
    text = report_terminal.render(REPORTS["failed"])
    assert text.startswith("NOT PUBLISHED: 1 check failed;")
    assert "FAIL content/users: what arrives is equal\n  2 rows differ\n  - differs 1 bio\n" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "nxtgauge-migrate waive r1 content/users" in text
