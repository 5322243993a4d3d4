"""Auditors that say what a test wants to hear, for tests of what is done with a verdict."""

import json
import logging
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from checks.verdict import ERROR, FAIL, PASS, Check, Verdict
from config.settings import Settings
from engine.gates.gates import Case


def trusting(case: Case) -> dict[str, Any]:
    """All is well: one critical check, passed."""
    return saying()(case)


@dataclass
class Saying:
    """An auditor whose checks end as given. cases: those that it was asked of."""

    level: str
    sample: float | None
    statuses: dict[str, str]
    cases: list[Case] = field(default_factory=list)

    def __call__(self, case: Case) -> dict[str, Any]:
        self.cases.append(case)
        return verdict(case, self.level, self.sample, self.statuses)


def saying(level: str = "full", sample: float | None = None, **statuses: str) -> Saying:
    """An auditor whose critical checks end as given; a name's first __ stands for its slash."""
    wanted = statuses or {"suite__users": PASS}
    return Saying(level, sample, {name.replace("__", "/", 1): status for name, status in wanted.items()})


def verdict(case: Case, level: str, sample: float | None, statuses: dict[str, str]) -> dict[str, Any]:
    details = {PASS: "12 rows agree", FAIL: "1 of 12 rows differs in name", ERROR: "not executed: TargetError"}
    checks = [
        Check(name, name.split("/")[0], "identity", "users", "a rule", status, detail=details.get(status, ""))
        for name, status in statuses.items()
    ]
    return Verdict(case.run_id, case.schema, level, sample, tuple(checks)).to_dict()


def pass_gates(conn: psycopg.Connection, run_id: str, target_schema: str) -> None:
    """Seal a run's build and write down that it was verified, as a run does before it publishes."""
    from engine.books import bookkeeping
    from engine.gates import gates, seal

    oid = bookkeeping.build(conn, run_id).schema_oid
    seal.put(conn, run_id, oid, seal.look(conn, [f"{target_schema}__build", "legacy_archive__build"]))
    gates.record(conn, run_id, oid, [gates.Gate(gates.VERIFICATION, gates.VERIFICATION, gates.PASSED, "1 check")])


def seal_again(url: str) -> None:
    """Seal what is published as it stands now: what a test has planted there then stood there from the first."""
    with psycopg.connect(url, autocommit=True) as conn:
        ((run_id, marks),) = conn.execute(LIVE).fetchall()
        for key, mark in marks.items():
            schema, _, table = key.partition(".")
            name = sql.Identifier(schema.removesuffix("__build"), table)
            ((is_there,),) = conn.execute("select to_regclass(%s) is not null", [name.as_string(None)]).fetchall()
            if " " in mark and is_there:
                ((rows,),) = conn.execute(sql.SQL(ROWS).format(name)).fetchall()
                marks[key] = f"{mark.split(' ')[0]} {rows}"
        conn.execute(SEAL_AGAIN, [json.dumps(marks), run_id])


LIVE = """
    select s.run_id, s.marks from migration.seals s join pg_namespace n on n.oid = s.build_oid
    join migration.schemas p on p.schema_oid = n.oid and p.role = 'live'
"""
ROWS = "select concat(count(*), ' ', coalesce(sum(xmin::text::bigint), 0)) from {}"
SEAL_AGAIN = """
    update migration.seals
    set marks = %s, horizon = jsonb_set(horizon - 'feeds', '{snapshot}', to_jsonb(pg_current_snapshot()::text))
    where run_id = %s
"""


@dataclass
class Reconciling:
    """The auditor's own judgement of rows, values, books and catalogue; the suites, which take seconds, left out.

    level: "full" with the suites. found: the latest verdict.
    """

    settings: Settings
    level: str = "content"
    found: Verdict | None = None

    def __call__(self, case: Case) -> dict[str, Any]:
        from checks.verify import verify

        self.found = verify.judge(
            self.settings,
            run_id=case.run_id,
            schema=case.schema,
            archive=case.archive,
            snapshot=case.snapshot,
            level=self.level,
            reaching=case.stop.reaching,
        )
        return replace(self.found, level="full").to_dict()


def reconciling(settings: Settings, level: str = "content") -> Reconciling:
    return Reconciling(settings, level)


class SuitesHere:
    """What stands in for checks.expectations.runner.Child: suites that run in this process, whose imports are made once
    for all cases."""

    def ask(self, request: dict[str, Any]) -> None:
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


class NoSuites:
    """What stands in for it where a test is about something else: suites that were run, and found nothing."""

    def ask(self, request: dict[str, Any]) -> None:
        """Nothing is looked at."""

    def result(self) -> tuple[list[Check], list[str]]:
        from checks.expectations import runner

        return [runner.RAN], []

    def stop(self) -> None:
        """Nothing is under way."""
