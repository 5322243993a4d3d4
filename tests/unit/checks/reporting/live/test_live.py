"""Rounds and pauses in a report: what is told, what is drawn, and what to do next."""

import re

import pytest

from checks.reporting import html as report_html
from checks.reporting import markdown as report_markdown
from checks.reporting import sections as report_sections
from checks.reporting import terminal as report_terminal
from checks.reporting.blocks import TableBlock
from checks.reporting.live import drawings, parts, words
from tests.support.pages import Page
from tests.support.reports import FOLLOWED, LATE, attempt, check, commands, made, rehearsed, round_of, summary, verdict


def cut_over(**more) -> dict:
    return made(summary(**({"cutovers": [attempt()]} | FOLLOWED | more)), verdict(check()), "cutover")


def bars(svg: str) -> list[tuple[float, float, float]]:
    """Each bar's left edge, width and height."""
    return [
        tuple(map(float, found))
        for found in re.findall(r'<rect x="([\d.]+)" y="[^"]+" width="([\d.]+)" height="([^"]+)"', svg)
    ]


class TestRounds:
    def test_each_is_a_line_and_two_bars(self):
        report = made(summary("built", **FOLLOWED), None, "sync")
        page = Page(report_html.render(report))
        assert "One bar for each of 3 rounds in each panel: seconds and rows behind." in page.text
        (drawn,) = drawings.rounds(rounds_table(report))
        assert len(bars(drawn.svg)) == 6
        assert [height for *_, height in bars(drawn.svg)][:3] == sorted(height for *_, height in bars(drawn.svg)[:3])
        assert "round 1<" in drawn.svg and "round 3<" in drawn.svg and "4.5 at last" in drawn.svg
        assert report_markdown.render(report).count("| 340 | 340 | 2 | 100 | 230 | 2 | 7 | 2.2 |") == 3

    def test_where_nobody_knows_how_far_behind_there_is_no_such_panel_and_no_sentence(self):
        report = made(summary("built", rounds=[round_of(1, None, pause=None)]), None, "sync")
        (drawn,) = drawings.rounds(rounds_table(report))
        assert len(bars(drawn.svg)) == 1 and "behind" not in drawn.svg
        assert "written since" not in report["headline"]["text"] and "waiting" not in report["headline"]["text"]

    def test_a_night_of_rounds_is_drawn_up_to_a_limit_and_counted(self):
        night = [round_of(number) for number in range(900, 1400)]
        report = made(summary("built", rounds=night), None, "sync")
        (drawn,) = drawings.rounds(rounds_table(report))
        assert len(bars(drawn.svg)) == 2 * drawings.MOST_ROUNDS and "round 1399<" in drawn.svg
        assert "Rounds before 900 stand in migration.rounds alone." in Page(report_html.render(report)).text

    def test_a_table_that_was_read_whole_is_named_with_its_reason(self):
        report = made(summary("built", rounds=[round_of(1, whole={"users": "new files"})]), None, "sync")
        assert "| 1 | users | new files |" in report_markdown.render(report)

    def test_the_headline_says_how_far_behind_and_what_a_cut_over_would_take(self):
        report = made(summary("built", **FOLLOWED), None, "sync")
        said = "round 3 was applied at 2026-01-02 03:04:05 UTC (340 rows written since the one before)"
        assert said in report["headline"]["text"] and "at least 2.25 s" in report["headline"]["text"]
        assert "nothing was verified" not in report["headline"]["text"]

    def test_what_can_be_done_with_a_build_that_follows(self):
        report = made(summary("built", **FOLLOWED), None, "sync")
        wanted = ["cutover --run r1", "sync --run r1 --until-stopped", "sync --run r1 --abort"]
        assert commands(report)[:3] == [f"nxtgauge-migrate {each}" for each in wanted]
        assert not any("rollback" in line for line in commands(report))


class TestPause:
    def test_it_is_drawn_on_one_line_of_time(self):
        table = TableBlock(
            "seconds by step", parts.STEPS_HEAD, (("lock", "0.50"), ("round", "1.50"), ("fence", "2.00"))
        )
        (drawn,) = drawings.pause(table)
        found = bars(drawn.svg)
        assert [left for left, *_ in found] == pytest.approx([250, 250 + 470 / 8, 250 + 470 / 2], abs=0.1)
        assert sum(width for _, width, _ in found) == pytest.approx(470, abs=0.1)
        assert "2.00 to 4.00 s" in drawn.svg

    def test_the_terminal_has_every_step_on_one_screen(self):
        text = report_terminal.render(cut_over())
        assert re.search(r"  lock +0\.03 s\n  round +1\.20 s\n  publish +0\.70 s\n  all +1\.93 s; published", text)
        assert "writers waited for 1.93 s" in text and len(text.splitlines()) < 40

    def test_attempts_before_are_told_with_their_ends(self):
        gave_up = attempt(outcome="given up", detail="the budget of 10 s was used up", seconds=10.0)
        text = report_markdown.render(cut_over(cutovers=[gave_up, attempt(1)]))
        assert "| 1 | 2026-01-02 03:04:05 | 10.00 | 2 | given up | the budget of 10 s was used up |" in text

    def test_a_build_that_was_never_cut_over_has_no_such_part(self):
        report = made(summary("built", **FOLLOWED), None, "sync")
        assert "pause" not in [section.id for section in report_sections.sections(report)]


class TestNextSteps:
    def test_the_way_back_keeps_what_was_written(self):
        assert commands(cut_over())[-1] == "nxtgauge-migrate rollback --export FOLDER"
        assert "nxtgauge-migrate rollback" in commands(made(summary(), verdict(check())))

    def test_late_writes_are_what_is_told_first(self):
        report = cut_over(**LATE)
        assert "are not in the target: 3 in users" in report["headline"]["text"]
        assert report["headline"]["word"] == "CUT OVER, BUT NOT RIGHT"
        assert report["next_steps"][0]["text"].startswith("See that nobody writes")
        assert not any("begin anew" in step["text"] for step in report["next_steps"])
        assert "Not everything arrived" in report_markdown.render(report)

    def test_after_a_failure_the_old_application_goes_on_and_so_does_the_build(self):
        report = made(summary("built", error="budget", cutovers=[attempt(outcome="given up")]), None, "cutover")
        assert "the old application goes on" in report["headline"]["text"]
        assert "nxtgauge-migrate cutover --run r1" in commands(report)
        assert not any("rollback" in line for line in commands(report))

    def test_one_that_waits_for_approval_says_how_to_give_it(self):
        report = made(summary("awaiting", **FOLLOWED), verdict(check()), "cutover")
        assert report["headline"]["word"] == "WAITS FOR APPROVAL"
        assert commands(report)[0] == "nxtgauge-migrate approve r1"
        assert not any("Start the new application" in step["text"] for step in report["next_steps"])


def rounds_table(report: dict) -> TableBlock:
    (section,) = [each for each in report_sections.sections(report) if each.id == "rounds"]
    (chart,) = [block for block in section.blocks if hasattr(block, "table")]
    return chart.table


@pytest.mark.parametrize(("value", "said"), [(0.034, "0.03 s"), (9.99, "9.99 s"), (12.34, "12.3 s")])
def test_a_pause_is_said_as_exactly_as_it_matters(value, said):
    assert words.seconds(value) == said


class TestRehearsed:
    def test_the_rehearsal_says_what_was_measured_and_what_was_not_rehearsed(self):
        cut = attempt(outcome="rehearsed")
        found = summary("discarded", cutovers=[cut], is_on_staging=True, **FOLLOWED)
        report = made(found, verdict(check()), "dry-run", certificate=rehearsed())
        assert report["headline"]["word"] == "REHEARSAL PASSED" and "waited for 1.93 s" in report["headline"]["text"]
        text = Page(report_html.render(report)).text
        for said in ("The rehearsed cut-over", "1.50 s", "1.93 s, of 10 s that were allowed", "the switch", "2.12 s",
                     "163 delete, 525 insert, 595 update (48.5 transactions a second)", "42501: 16"):  # fmt: skip
            assert said in text
        assert (
            "| writes that were lost | of 1,228 rows looked for by keys none is lost; keys tell nothing of 4 |"
            in report_markdown.render(report)
        )
        assert "of 1,228 rows looked for by keys none is lost; keys tell nothing of 4" in report_terminal.render(report)
        assert "nxtgauge-migrate --profile production sync --until-stopped" in commands(report)
        assert "nxtgauge-migrate stage" in commands(report)
        assert "pause_seconds" not in report_markdown.render(report), "the certificate's table has no nested part"

    def test_the_cut_over_names_the_rehearsal_that_it_was_held_to(self):
        found = summary(cutovers=[attempt()], **FOLLOWED)
        report = made(found, verdict(check()), "cutover", certificate=rehearsed() | {"role": "in force"})
        assert "Rehearsed in run r7 at 2026-01-02 03:04:05 UTC" in Page(report_html.render(report)).text

    def test_without_one_nothing_is_said(self):
        assert "rehearsed" not in report_markdown.render(cut_over())


class TestTheNextMorning:
    def test_a_verification_tells_late_writes_and_is_not_failed_by_them(self):
        report = made(summary("published", cutovers=[attempt()], **LATE), verdict(check()), "verify")
        assert report["headline"]["word"].startswith("VERIFIED") and report["headline"]["tone"] == "attention"
        assert "At the cut-over writes reached the source after the fence" in report["headline"]["text"]
        assert "See that nobody writes to the legacy database" in report["next_steps"][0]["text"]
