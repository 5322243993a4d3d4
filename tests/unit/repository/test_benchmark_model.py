"""The arithmetic of larger databases, on sizes of which the outcome is known."""

from tests.benchmarks import model

STAGES = {"plan": 2.0, "load, wave 1": 10.0, "judge wave 1": 4.0, "verify": 8.0}


def measured(times: int, fixed: float = 1.0) -> dict:
    """A size of so many gigabytes: each stage takes so much more, and a part of each that does not grow."""
    stages = {name: {"seconds": fixed + taken * times} for name, taken in STAGES.items()}
    turn = {"turn": 1, "wal_bytes": 2 * times * model.GIGABYTE, "details": {"stages": stages}}
    contenders = {name: {"turns": [turn]} for name in ("build", "verified")}
    return {"rows": 1_000_000 * times, "bytes": times * model.GIGABYTE, "contenders": contenders}


def test_what_grows_in_a_line_is_foretold_as_it_is():
    result = {"growth": [measured(10), measured(1), measured(3)]}  # in no order
    ((_, *row),) = model.checked(result)[1:]
    assert row == ["10,000", "101.0 / 101.0", "41.0 / 41.0", "81.0 / 81.0", "244.0 / 244.0", "+0%"]


def test_what_grows_faster_is_foretold_too_low():
    slow = measured(10, fixed=100.0)
    assert model.checked({"growth": [measured(1), measured(3), slow]})[1][-1] == "-62%"


def test_two_sizes_foretell_but_have_nothing_to_be_compared_with():
    result = {"growth": [measured(1), measured(3)], "machine": {"cores": 2}}
    assert len(model.checked(result)) == 1
    assert [row[0] for row in model.outgrown(result)[1:]] == ["100 GB", "1 TB", "10 TB"]


def test_a_cluster_is_bound_by_what_the_target_writes():
    _, row, *_ = model.outgrown({"growth": [measured(1), measured(3)], "machine": {"cores": 2}})
    found = dict(zip(model.outgrown({})[0], row, strict=True))
    # two bytes of log beside each byte of a table: a third of what the disk writes; a thread moves 1 GB in some 20 s
    assert (found["first limit"], found["WAL GB"], found["threads of workers"]) == ("the target's disk", "200", "7")
    assert found["moving h"] == "0.1"
