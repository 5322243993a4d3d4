"""Auditors that say what a test wants to hear, for tests of what is done with a verdict."""

import json
import logging
from dataclasses import replace

import psycopg
from psycopg import sql

from checks.verdict import ERROR, FAIL, PASS, Check, Verdict


def trusting(case) -> dict:
    """All is well: one critical check, passed."""
    return saying()(case)


def saying(level: str = "full", sample: float | None = None, **statuses: str):
    """An auditor whose critical checks end as given; a name's first __ stands for its slash. It remembers its cases."""
    wanted = statuses or {"suite__users": PASS}

    def judge(case) -> dict:
        judge.cases.append(case)
        return verdict(case, level, sample, {name.replace("__", "/", 1): status for name, status in wanted.items()})

    judge.cases = []
    return judge


def verdict(case, level: str, sample: float | None, statuses: dict[str, str]) -> dict:
    details = {PASS: "12 rows agree", FAIL: "1 of 12 rows differs in name", ERROR: "not executed: TargetError"}
    checks = [
        Check(name, name.split("/")[0], "identity", "users", "a rule", status, detail=details.get(status, ""))
        for name, status in statuses.items()
    ]
    return Verdict(case.run_id, case.schema, level, sample, tuple(checks)).to_dict()


def pass_gates(conn, run_id: str, target_schema: str) -> None:
    """Seal a run's build and write down that it was verified, as a run does before it publishes."""
    from engine.books import bookkeeping
    from engine.gates import gates, seal

    oid = bookkeeping.build(conn, run_id).schema_oid
    seal.put(conn, run_id, oid, seal.marks(conn, [f"{target_schema}__build", "legacy_archive__build"]))
    gates.record(conn, run_id, oid, [gates.Gate(gates.VERIFICATION, gates.VERIFICATION, gates.PASSED, "1 check")])


def seal_again(url: str) -> None:
    """Seal what is published as it stands now: what a test has planted there then stood there from the first."""
    with psycopg.connect(url, autocommit=True) as conn:
        [(run_id, marks)] = conn.execute(LIVE).fetchall()
        for key, mark in marks.items():
            schema, _, table = key.partition(".")
            name = sql.Identifier(schema.removesuffix("__build"), table)
            if " " in mark and conn.execute("select to_regclass(%s)", [name.as_string(None)]).fetchone()[0]:
                (rows,) = conn.execute(sql.SQL(ROWS).format(name)).fetchone()
                marks[key] = f"{mark.split(' ')[0]} {rows}"
        conn.execute(SEAL_AGAIN, [json.dumps(marks), run_id])


LIVE = """
    select s.run_id, s.marks from migration.seals s join pg_namespace n on n.oid = s.build_oid
    join migration.schemas p on p.schema_oid = n.oid and p.role = 'live'
"""
ROWS = "select concat(count(*), ' ', coalesce(sum(xmin::text::bigint), 0)) from {}"
SEAL_AGAIN = """
    update migration.seals
    set marks = %s, horizon = jsonb_set(horizon, '{snapshot}', to_jsonb(pg_current_snapshot()::text))
    where run_id = %s
"""


def reconciling(settings, level: str = "content", child=None):
    """The auditor's own judgement of rows, values, books and catalogue; the suites, which take seconds, left out.

    level: "full" with the suites. judge.found: the latest verdict.
    """

    def judge(case) -> dict:
        from checks.verify import verify

        place = {"run_id": case.run_id, "schema": case.schema, "archive": case.archive, "snapshot": case.snapshot}
        judge.found = verify.judge(settings, **place, level=level, reaching=case.stop.reaching)
        return replace(judge.found, level="full").to_dict()

    judge.found = None
    return judge


class SuitesHere:
    """What stands in for checks.expectations.runner.Child: suites that run in this process, whose imports are made once
    for all cases."""

    def ask(self, request: dict) -> None:
        self._request = request

    def result(self) -> tuple[list[Check], list[str]]:
        from checks.expectations import runner

        level = logging.root.manager.disable
        try:
            return runner.told(json.loads(json.dumps(runner.answered(self._request))))
        finally:
            logging.disable(level)

    def stop(self) -> None:
        """Nothing is under way."""
