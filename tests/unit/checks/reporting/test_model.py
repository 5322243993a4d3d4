"""The report's model: what it says of every way a run can end, and that it keeps what its schema promises."""

import json
import re
import shlex
import subprocess
from decimal import Decimal

import pytest

from checks.reporting import markdown as report_markdown
from checks.reporting import model, terminal
from checks.verdict import ERROR, FAIL, INFO, Row
from flows.local.report import exit_code, to_text
from flows.runs import verify
from tests.support.places import PROJECT
from tests.support.reports import (
    AT,
    BROKEN,
    ENDINGS,
    FAULT,
    NASTY,
    ODD,
    OLD,
    SCHEMA,
    USED,
    attempt,
    check,
    commands,
    gate,
    made,
    round_of,
    summary,
    table,
    verdict,
    waiver,
)


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_is_told_for_what_it_is(name):
    run, judged, kind, tone, word, passed = ENDINGS[name]
    report = made(run, judged, kind)
    assert (report["headline"]["tone"], report["headline"]["word"], report["passed"]) == (tone, word, passed)
    assert report["next_steps"]


@pytest.mark.parametrize(("name", "code"), [("verified", 0), ("warned", 0), ("used", 8), ("quick", 8), ("sampled", 8),
                                           ("not all made", 8), ("found wrong", 6)])  # fmt: skip
def test_only_a_whole_verification_ends_with_nothing(name, code):
    run, judged, kind, *_ = ENDINGS[name]
    report = made(run, judged, kind)
    assert (exit_code(report), exit_code(report, is_strict=True)) == (code, 6 if code else 0)
    assert (verify.ended(report, False).name, verify.ended(report, True).is_failed()) == (
        {0: "Completed", 6: "Failed", 8: "NotAllCompared"}[code], code != 0,
    )  # fmt: skip


def test_what_nobody_could_compare_is_told_with_what_to_do():
    report = made(summary(), verdict(check(), OLD, changes=USED), "verify")
    assert "the books account for" in report["headline"]["text"] or not report["tables"]
    steps = " ".join(step["text"] for step in report["next_steps"])
    assert "the product's own" in steps and "Rows are gone" in steps and "legacy database has been written to" in steps


def test_the_sentence_counts_what_is_wrong():
    text = made(summary("failed"), verdict(FAULT, BROKEN, check("books/a")))["headline"]["text"]
    assert "1 check failed and 1 check could not be made" in text and "untouched" in text
    good = made(summary("published", table(rows=1_000, rejected=3)), verdict(check(), check("law/a")))
    assert "1,000 legacy rows in 1 table" in good["headline"]["text"]
    assert "3 of them rejected" in good["headline"]["text"] and "all 2 checks passed" in good["headline"]["text"]


def test_an_error_says_why_and_what_is_tolerated():
    error = "the target ran out of room:\n  - 13 rows are rejected for unknown_status, tolerated are 0"
    report = made(summary("failed", error=error, profile="production"), None)
    assert "the target ran out of room" in report["headline"]["text"]
    steps = " ".join(step["text"] for step in report["next_steps"])
    assert "[tolerance] in config/profiles/production.toml" in steps


def test_the_next_steps_are_commands_that_can_be_copied():
    lines = commands(made(summary("failed", profile="demo"), verdict(FAULT, BROKEN)))
    assert lines[0] == "nxtgauge-migrate --profile demo migrate"  # no retry opens a gate that failed
    assert lines[-1] == "nxtgauge-migrate migrate --run r1"  # a waiver does
    assert "nxtgauge-migrate waive r1 content/users --reason '…' --by NAME" in lines
    assert not any("rollback" in line for line in lines)
    later = commands(made(summary("published"), verdict(FAULT), "verify"))
    assert "nxtgauge-migrate rollback" in later and not any(" waive " in line for line in later)
    other = made(summary("superseded"), verdict(FAULT), "verify")
    assert "nxtgauge-migrate rollback" not in commands(other)
    assert "Run r1 is superseded: another is published" in other["headline"]["text"]
    assert "nxtgauge-migrate --profile production migrate" in commands(
        made(summary("discarded"), verdict(check()), "dry-run")
    )


CLOSED = {  # what the documents' table calls it → the gates, the verdict
    "`tolerance/…`, `source/changed`, or a gate in error": [
        ([gate("tolerance/unknown_status")], verdict(check())),
        ([gate("source/changed")], verdict(check())),
        ([gate("tolerance/unknown_status"), gate("source/changed")], verdict(check(), BROKEN)),
        ([], verdict(BROKEN)),
    ],
    "any other gate that failed": [
        ([], verdict(FAULT)),
        ([gate("tolerance/unknown_status")], verdict(FAULT, BROKEN)),
        ([gate("approval", "approval")], verdict(check())),
    ],
    "no gate: the run broke off": [([], None)],
}


def test_report_and_documents_name_the_same_next_command():
    text = (PROJECT / "docs" / "operating.md").read_text()
    table = dict(re.findall(r"^\| (.+?) \| `(nxtgauge-migrate migrate.*?)` \| .+ \|$", text, re.MULTILINE))
    assert table.keys() == CLOSED.keys()
    for closed, wanted in table.items():
        for gates, judged in CLOSED[closed]:
            report = made(summary("failed", gates=gates), judged)
            (step,) = [step for step in report["next_steps"] if step["text"].startswith("Mend the cause")]
            assert step["commands"] == [wanted.replace("RUN", "r1")], closed
    rehearsed = made(summary("discarded"), verdict(FAULT), "dry-run")
    assert "nxtgauge-migrate migrate --dry-run" in commands(rehearsed)
    copied = made(summary("discarded", is_on_staging=True), verdict(FAULT), "dry-run")
    assert "nxtgauge-migrate rehearse" in commands(copied)
    runbook = (PROJECT / "docs" / "runbook.md").read_text()
    rows = dict(
        re.findall(r"^\| (`[a-z/]+`[^|]*) \| [^|]+ \| (.+) \|$", runbook.partition("### Closed gates")[2], re.MULTILINE)
    )
    for gate_of, wanted in (("tolerance/", "--run RUN"), ("source/changed", "--run RUN"), ("balance/", "a new run")):
        assert wanted in next(do for closed, do in rows.items() if closed.startswith(f"`{gate_of}`")), gate_of


@pytest.mark.parametrize("name", ["it's", 'two "words"', "$(rm -rf /)", "a\nb", "\x1b[31m'\\x", "`x`", "ä|;"])
def test_a_foreign_name_in_a_command_reaches_the_program_as_it_is(name):
    report = made(summary("failed"), verdict(check(f"content/{name}", FAIL)))
    line = next(line for line in commands(report) if " waive " in line)
    assert "\n" not in line and "\x1b" not in line
    words = line.removesuffix(" --reason '…' --by NAME").removeprefix("nxtgauge-migrate ")
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {words}"], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:3] == ["waive", "r1", f"content/{name}"]


def test_a_waived_check_opens_the_gate_and_stays_in_sight():
    report = made(summary(), verdict(FAULT, check("law/a")), waivers=[waiver("law/a", False), waiver("content/users")])
    assert report["passed"] is True and report["headline"]["tone"] == "attention"
    assert "1 did not and are waived" in report["headline"]["text"]
    assert [row["check_name"] for row in report["waivers"]] == ["content/users", "law/a"]
    assert report["checks"][0]["waived"] and not report["checks"][0]["closes"]


def test_a_waiver_of_an_earlier_build_waives_nothing():
    report = made(summary("failed"), verdict(FAULT), waivers=[waiver("content/users", False)])
    assert report["passed"] is False and report["checks"][0]["closes"]


def test_gates_that_are_no_checks_are_shown_among_them():
    gates = [gate("tolerance/unknown_status"), gate("source/changed"), gate("verification", "verification", "error")]
    report = made(summary("failed", gates=gates, profile="production"), verdict(check()))
    assert report["passed"] is False
    assert "2 checks failed and 1 check could not be made" in report["headline"]["text"]
    steps = " ".join(step["text"] for step in report["next_steps"])
    assert "[tolerance] in config/profiles/production.toml" in steps
    waivable = [line.split()[3] for line in commands(report) if " waive " in line]
    assert waivable == ["tolerance/unknown_status"]  # the others nobody can waive


def test_a_gate_that_failed_before_stays_failed_though_its_check_passes_now():
    found = made(summary("failed", gates=[gate("content/users", "content")]), verdict(check()))
    assert found["passed"] is False and len(found["checks"]) == 1
    assert found["checks"][0]["status"] == FAIL and "failed before" in found["checks"][0]["detail"]
    opened = made(summary(gates=[gate("content/users", "content", waived_by="Ada")]), verdict(check()))
    assert opened["passed"] is True and opened["checks"][0]["waived"]


def test_a_stale_check_closes_the_gate_of_a_build():
    gates = [gate("money/wallets", "money", "error")]
    report = made(summary("failed", gates=gates), verdict(check(), OLD))
    assert report["passed"] is False and "1 check could no longer be compared" in report["headline"]["text"]


def test_the_error_is_left_out_where_checks_say_the_same():
    report = made(summary("failed", error="the build may not be published"), verdict(FAULT))
    assert "why the run stopped" not in " ".join(step["text"] for step in report["next_steps"]).lower()


def test_checks_stand_in_the_order_a_person_wants_them():
    report = made(None, verdict(check("balance/a"), ODD, OLD, BROKEN, FAULT, check("suite/x", ERROR, INFO)), "verify")
    assert [c["group"] for c in report["checks"]] == ["failure", "error", "error", "stale", "warning", "passed"]
    assert [c["closes"] for c in report["checks"]] == [True, True, False, False, False, False]


def test_rows_are_named_up_to_a_hundred_and_counted_all():
    many = check("content/users", FAIL, rows=tuple(Row(str(n), "missing") for n in range(150)), rows_total=2_000_000)
    found = made(None, verdict(many), "verify")["checks"][0]
    assert len(found["rows"]) == 100 and found["rows_total"] == 2_000_000


def test_rejects_are_summed_by_reason():
    rejects = [{"legacy_table": t, "reason": r, "rows": n} for t, r, n in (("a", "x", 1), ("b", "y", 5), ("c", "x", 2))]
    found = model.by_reason(made(summary(rejects=rejects), None))
    assert found == [{"reason": "y", "rows": 5, "tables": ["b"]}, {"reason": "x", "rows": 3, "tables": ["a", "c"]}]


def test_kinds_are_summed():
    (found,) = model.by_kind(made(None, verdict(check(compared=3, seconds=0.5), FAULT), "verify"))
    assert (found["checks"], found["passed"], found["failure"], found["compared"]) == (2, 1, 1, 3)


def test_it_is_plain_json_that_reads_back_as_it_was():
    run = summary("published", table() | {"source_rows": Decimal(10)})
    report = made(run, verdict(FAULT), certificate={"hash": "ab", "issued_at": AT, "parts": {"ddl": 1}})
    assert json.loads(model.to_json(report)) == report
    assert report["tables"][0]["source_rows"] == 10


def test_every_field_is_documented():
    told = (PROJECT / "docs" / "report.md").read_text()
    of_parts = [SCHEMA["$defs"][name]["properties"] for name in ("check", "round", "cutover")]
    for fields in (SCHEMA["properties"], *of_parts):
        for field in fields:
            assert f"`{field}`" in told, field


def test_the_schema_knows_every_field():
    report = made(summary(), verdict(FAULT))
    assert set(report) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    for name, one in (("round", round_of(1)), ("cutover", attempt())):
        assert set(one) == set(SCHEMA["$defs"][name]["properties"])
    of_check = SCHEMA["$defs"]["check"]
    assert set(report["checks"][0]) == set(of_check["properties"]) == set(of_check["required"])


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        made(None, None, "nonsense")


def test_shown_is_one_harmless_line():
    assert model.shown(NASTY) == 'a|b<script>alert(1)</script>"\\n`x`\\x1b[31m\\u202e& \\'
    assert model.shown("\udc80\u2028") == "\\udc80\\u2028"
    assert [model.shown(value) for value in (None, 1_000, True, False, 0.5)] == ["", "1,000", "yes", "NO", "0.5"]


def test_durations_are_said_as_a_person_says_them():
    said = [model.seconds(value) for value in (0.04, 9.94, 59.4, 185, 3_725)]
    assert said == ["0.0 s", "9.9 s", "59 s", "3 min 5 s", "1 h 2 min"]


def test_a_verification_says_nothing_of_gates_and_no_report_is_named_where_there_is_none():
    said = {kind: terminal.render(made(summary(), verdict(FAULT, OLD), kind)) for kind in ("migrate", "verify")}
    assert ["keeps the gate closed" in said[kind] for kind in said] == [True, False]
    assert "makes the verification fail unless it is waived" in said["verify"]
    report = made(summary(), verdict())
    assert to_text(report | {"reports": ["r/report.json", "r/report.html"]}).endswith(
        "report:      r/report.html\nbeside it:   report.json"
    )
    assert to_text(report | {"reports": []}) == report_markdown.render(report)


def test_commands_of_the_report_are_words_of_a_shell():
    for run, judged, kind, *_ in ENDINGS.values():
        for line in commands(made(run, judged, kind)):
            assert (
                line.startswith(("nxtgauge-migrate ", "#", "select ", "from "))
                and shlex.split(line, comments=True) is not None
            )
