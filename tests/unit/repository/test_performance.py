"""What is told of a benchmark: computed from its figures alone, and the page is that of the figures beside it."""

import copy
import json

import pytest

from tests.benchmarks import document, figures, goals, lanes, report, tables
from tests.benchmarks.__main__ import CONTENDERS, write
from tests.support.oracle import comparing

RESULT = json.loads(document.FIGURES.read_text())
MEASURES = {"wall_seconds", "client_cpu_seconds", "server_cpu_seconds", "wal_bytes", "peak_bytes", "details", "turn"}
TURN = {"turn": 1, "client_cpu_seconds": 1.0, "server_cpu_seconds": 2.0, "wal_bytes": 3e6, "peak_bytes": 4e6}


def _result(**walls: list[float]) -> dict:
    """A result of these contenders' wall seconds, turn by turn."""
    kinds = {"label": "x", "is_sample": False, "is_command": False, "statements": 7}
    contenders = {
        name: kinds
        | {"turns": [TURN | {"turn": n, "wall_seconds": wall, "details": {}} for n, wall in enumerate(taken)]}
        for name, taken in walls.items()
    }
    judged = {"tables": {"users": 1}, "faults": []}
    return {
        "wanted_rows": 2_000_000, "rows": 1000, "tables": 5, "times": 2,
        "started_at": "2026-01-02T03:04:05+00:00", "contenders": contenders, "absent": {},
        "oracle": judged, "by_hand": judged,
    }  # fmt: skip


def test_the_page_is_made_of_the_figures_beside_it():
    for path, text in document.pages(RESULT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not fresh; `make performance` writes it anew"


def test_every_turn_has_every_measure():
    assert set(RESULT["contenders"]) | set(RESULT["absent"]) <= {contender.name for contender in CONTENDERS}
    for kept in RESULT["contenders"].values():
        assert {turn["turn"] for turn in kept["turns"]} == set(range(1, RESULT["times"] + 1))
        assert all(set(turn) == MEASURES for turn in kept["turns"])
        assert kept["statements"] >= 0


def test_what_is_published_there_was_right():
    assert not figures.faults(RESULT)
    assert len(RESULT["oracle"]["tables"]) == len(comparing.FILES)


def test_a_ratio_is_taken_within_each_turn():
    found = figures.ratio(_result(build=[10, 30, 50], dump=[10, 10, 50]), "build", "dump")
    assert found == figures.Spread(median=1, least=1, most=3)
    assert figures.ratio(_result(build=[10]), "build", "dump") is None


@pytest.mark.parametrize(("wall", "said"), [(20, "met"), (20.1, "missed")])
def test_a_goal_is_met_up_to_its_limit(wall, said):
    name, figure, spread, wanted, met = next(goals.rows(_result(build=[wall], dump=[10])))
    assert (name, spread, wanted, met) == ("build ÷ dump and restore, 2 M rows", "", "≤ 2", said)
    assert figure == f"{wall / 10:.2f}"


def test_what_was_not_measured_meets_nothing():
    assert {(row[1], row[4]) for row in goals.rows(_result())} == {("not measured", "")}


def test_growth_is_told_by_its_sizes():
    sizes = [_result(build=[wall], dump=[1]) | {"wanted_rows": rows} for rows, wall in ((500_000, 2), (5_000_000, 18))]
    told = {row[0]: row for row in goals.rows(_result() | {"growth": sizes})}
    assert told["build at 5 M rows ÷ build at 0.5 M"][1::3] == ("9.00", "met")
    assert told["peak memory of the build at 5 M rows"][1::3] == ("4 MB", "met")
    assert len(tables.growth({"growth": sizes})) == 3


def test_lanes_are_told_of_large_tables_without_the_programs_start():
    result = _result(lanes=[9], copy=[9])
    route = {"lane": "stream", "table": "users", "seconds": 2.0}
    result["contenders"]["lanes"]["turns"][0]["details"] = {
        "lanes": {"users": route, "roles": route | {"table": "roles"}},
        "routes": {"users": {"rows": 900}, "roles": {"rows": 5}},
    }
    result["contenders"]["copy"]["turns"][0]["details"] = {"tables": {"users": 2.5, "roles": 1}, "empty_seconds": 0.5}
    assert lanes.ratio(result, "stream") == figures.Spread(1, 1, 1)
    assert lanes.ratio(result, "frame") is None
    assert [row[0] for row in tables.of_lanes(result)] == ["route", "users"]


def test_a_target_that_is_wrong_is_said_loudly():
    result = _result(build=[1], dump=[1])
    assert "is what the oracle" in report.text(result)
    result["by_hand"] = {"tables": {}, "faults": ["nxtgauge.users: 1 rows, by hand 2"]}
    assert "NOT WHAT IT SHOULD BE" in report.text(result)
    assert "nxtgauge.users: 1 rows, by hand 2" in report.text(result)


def test_what_another_benchmark_has_kept_stays(tmp_path):
    path = tmp_path / "reports" / "benchmark.json"
    write(path, {"growth": [1]})
    write(path, {"rows": 2})
    assert json.loads(path.read_text()) == {"growth": [1], "rows": 2}


def test_the_page_takes_a_result_without_growth_lanes_and_absentees():
    bare = {name: value for name, value in copy.deepcopy(RESULT).items() if name != "growth"}
    bare["contenders"] = {name: bare["contenders"][name] for name in ("dump", "build")}
    assert "Not measured this time." in document.pages(bare)[document.FIGURES.with_suffix(".md")]


def test_rows_that_leave_something_open_take_what_fits():
    wanted = [("1", "a"), ("*", "b"), ("2", "*"), ("*", "*")]
    assert comparing.differences(wanted, [("1", "a"), ("9", "b"), ("2", "z"), ("3", "c")]) == ([], [])
    assert comparing.differences(wanted, [("1", "a"), ("9", "c"), ("2", "z"), ("3", "c")]) == (
        [("*", "b")],
        [("9", "c")],
    )
