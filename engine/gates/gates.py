"""The gates before the publish: rows in the target's books, and what a person can do about a closed one.

Laws
- A gate belongs to one build, by the oid of its schema: a build that begins anew has to pass all gates again.
- A failed gate stays failed: no retry, resume or rerun passes it, even if what it found is gone. A gate in error may be
  judged again, and so may a policy, which the profile decides.
- A round of a following changes the build, which then is not what was judged: what had failed has to be judged again.
- Only a waiver opens a closed gate. It has a reason and a name, holds for one build, and is never deleted.
- Three gates cannot be waived: that the build was verified, that the source did not change, and the approval.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from psycopg.rows import class_row, dict_row

from config import origins, printable
from config.errors import ConfigError, VerificationFailed
from engine.books import bookkeeping
from engine.books.versioned import has
from engine.session.execution import Counting
from engine.session.stop import Stop

CRITICAL = "critical"
PASSED, FAILED, ERROR, AWAITING = "passed", "failed", "error", "awaiting"
VERIFICATION = "verification"
DELTA = "verification/delta"
CHANGED_SOURCE = "source/changed"
UNCHANGED = "build/unchanged"
APPROVAL = "approval"
POLICY = "policy"
SEAL = "seal"
REOPENED = "; a round has changed the build since then"
SETTLED = "the whole verification since then does not ask it"
# What nobody can waive: why, and what answers it instead.
NOT_WAIVED = {
    VERIFICATION: (
        "a verification that was not made cannot be waived",
        "`nxtgauge-migrate migrate --run {run}` makes it",
    ),
    CHANGED_SOURCE: (
        "a resumed run reads anew what has changed, so there is nothing to waive",
        "stop the source's writers, or set allow_changed_source = true in the profile, and run "
        "`nxtgauge-migrate migrate --run {run}`",
    ),
    APPROVAL: (
        "an approval is given, not waived",
        "`nxtgauge-migrate approve {run}` while the run waits for it; where nobody decided, `nxtgauge-migrate migrate "
        "--run {run}` asks again, and where it was rejected, a new run does",
    ),
}


# How an approval that is not given is answered, by the state of its gate.
DECISIONS = {
    AWAITING: "nxtgauge-migrate approve {run}",
    ERROR: "`nxtgauge-migrate migrate --run {run}` asks again",
    FAILED: "`nxtgauge-migrate migrate` begins a new run, which asks anew",
}


@dataclass(frozen=True)
class Case:
    """What an auditor is to judge. schema, archive: of the build; snapshot: name of the run's exported snapshot of the
    source, for as long as the auditor is at work; stop: asks it to end early (`check()` raises Interrupted); steps:
    hears how many checks are done, of how many, and their share of the work."""

    run_id: str
    schema: str
    archive: str
    snapshot: str
    stop: Stop
    steps: Counting = field(default=lambda done, total, share: None, compare=False)


# Gives what checks.verdict.Verdict.to_dict() gives: the engine knows the auditor by this call alone.
Auditor = Callable[[Case], dict[str, Any]]


@dataclass(frozen=True)
class DeltaCase:
    """What an auditor is to judge while the source's writers wait; the names as in a Case.

    snapshot: of the final round, exported on the source; what that round wrote to the target is committed. touched:
    legacy table → legacy keys as text, as in migration.rejects, of all rows that rounds have derived again since a
    whole verification; None: the whole table.
    """

    run_id: str
    schema: str
    archive: str
    snapshot: str
    stop: Stop
    steps: Counting = field(default=lambda done, total, share: None, compare=False)
    touched: Mapping[str, Collection[str] | None] = field(default_factory=dict)


class DeltaAuditor(Protocol):
    """Gives a verdict of level `delta`, as an Auditor does; may be asked more than once."""

    def prepare(self, case: DeltaCase) -> None:
        """Do before the pause what can be done before: its snapshot and touched keys say nothing yet."""

    def __call__(self, case: DeltaCase) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Gate:
    """One row of migration.gates. state: passed, failed, error, awaiting; detail: counts and names, no row's value."""

    check_name: str
    kind: str
    state: str
    detail: str = ""
    severity: str = CRITICAL


def record(conn: psycopg.Connection, run_id: str, build_oid: int, gates: Iterable[Gate]) -> None:
    """Record findings, in a transaction of its own; a gate that has failed before stays failed."""
    query = """
        insert into migration.gates as old (run_id, build_oid, check_name, kind, severity, state, detail)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (run_id, build_oid, check_name) do update
        set (kind, severity, state, detail, judged_at)
          = (excluded.kind, excluded.severity, excluded.state, excluded.detail, excluded.judged_at)
        where (old.state <> 'failed' or excluded.state = 'failed' or excluded.kind = 'policy')
          and not (old.state = 'passed' and excluded.state = 'awaiting')  -- somebody was faster than the question
    """
    rows = [(run_id, build_oid, g.check_name, g.kind, g.severity, g.state, g.detail) for g in gates]
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(query, rows)


def reopen(conn: psycopg.Connection, run_id: str, build_oid: int) -> None:
    """A round has changed the build: what failed of it is in error until it is judged again. An approval that was
    refused stays so, and what somebody else has changed in the build: of that no round says anything."""
    conn.execute(
        "update migration.gates set state = %s, detail = concat(detail, %s::text) "
        "where run_id = %s and build_oid = %s and state = %s and kind <> all (%s) and check_name <> %s",
        [ERROR, REOPENED, run_id, build_oid, FAILED, [POLICY, SEAL], APPROVAL],
    )


def settle(conn: psycopg.Connection, run_id: str, build_oid: int, judged: Collection[str]) -> None:
    """A whole verification was made of a build that follows its source: what it did not ask (judged: what it asked)
    was asked of an earlier state, and is nothing that could still be found."""
    conn.execute(
        "update migration.gates set state = %s, detail = %s where run_id = %s and build_oid = %s and state = %s "
        "and kind <> all (%s) and check_name <> all (%s)",
        [
            PASSED,
            SETTLED,
            run_id,
            build_oid,
            ERROR,
            [POLICY, SEAL, APPROVAL, "balance"],
            [VERIFICATION, APPROVAL, *judged],
        ],
    )


CLOSED = """
    select check_name, kind, state, detail, severity from migration.gates g
    where run_id = %s and build_oid = %s and severity = 'critical' and state <> 'passed' and not exists (
        select from migration.waivers w
        where (w.run_id, w.build_oid, w.check_name) = (g.run_id, g.build_oid, g.check_name)
    )
    order by check_name
"""


def closed(conn: psycopg.Connection, run_id: str, build_oid: int) -> list[Gate]:
    """What keeps this build from being published: closed gates without a waiver, and a missing verification."""
    with conn.cursor(row_factory=class_row(Gate)) as cursor:
        found = cursor.execute(CLOSED, [run_id, build_oid]).fetchall()
    verified = "select from migration.gates where run_id = %s and build_oid = %s and check_name = %s"
    if conn.execute(verified, [run_id, build_oid, VERIFICATION]).fetchone() is None:
        found.append(Gate(VERIFICATION, VERIFICATION, ERROR, "no verification of this build was made"))
    return found


def refusal(run_id: str, gates: Iterable[Gate], is_waivable: bool = True, follows: bool = False) -> VerificationFailed:
    """The error that names each closed gate, what it found, and what can be done; `faults` has one entry for each.

    is_waivable: the build is kept, so that its gates can be waived; follows: it follows its source.
    """
    error = VerificationFailed()
    error.faults = [_fault(run_id, gate, is_waivable, follows) for gate in gates]
    error.args = ("the build may not be published:\n" + "\n".join(f"  - {fault}" for fault in error.faults),)
    return error


def shut_for_good(conn: psycopg.Connection, run_id: str, build_oid: int) -> list[Gate]:
    """The closed gates that no verification of this build opens: those that failed. One in error is judged anew."""
    return [gate for gate in closed(conn, run_id, build_oid) if gate.state == FAILED]


def refusal_unverified(run_id: str, schema: str, gates: Iterable[Gate]) -> VerificationFailed:
    """The same of a build that was not verified because of them: what it leaves behind, and how to go on."""
    error = refusal(run_id, gates)
    go_on = f"nxtgauge-migrate migrate --run {run_id}"
    error.args = (
        f"{error}\nso the verification was left out. Nothing is published; the build stays in schema {schema} until "
        f"another run begins. Once each gate is answered, `{go_on}` verifies and publishes it; "
        f"`{go_on} --verify-anyway` verifies it now, to learn what else is wrong",
    )
    return error


def _fault(run_id: str, gate: Gate, is_waivable: bool, follows: bool) -> str:
    said = f"{gate.check_name} ({gate.state}): {gate.detail or 'nothing more was said'}"
    return "\n    ".join([said, *(answers(run_id, gate, follows) if is_waivable else ())])


def answers(run_id: str, gate: Gate, follows: bool = False) -> list[str]:
    """What a person can do about a closed gate of a build that is kept: sentences, and commands to copy. follows: the
    build follows its source."""
    if gate.check_name == APPROVAL:
        return [DECISIONS[gate.state].format(run=run_id)]
    if gate.check_name in NOT_WAIVED:
        return [NOT_WAIVED[gate.check_name][1].format(run=run_id)]
    again = f"`nxtgauge-migrate migrate --run {run_id}` judges it again, once its cause is mended"
    if follows:
        again = f"`nxtgauge-migrate sync --run {run_id}` judges it again, once its cause is mended in the source"
    waiver = f'nxtgauge-migrate waive {run_id} {printable.word(gate.check_name)} --reason "…" --by NAME'
    return [again, waiver] if follows or gate.state == ERROR or gate.kind == POLICY else [waiver]


def told(run_id: str, gate: Gate, follows: bool = False) -> dict[str, Any]:
    """A closed gate as `status` and `waive` show it. follows: its build follows its source."""
    found = {"check_name": gate.check_name, "state": gate.state, "detail": gate.detail}
    return found | {"answers": answers(run_id, gate, follows)}


def require(conn: psycopg.Connection, run_id: str, build_oid: int) -> None:
    """Errors: VerificationFailed, which names every closed gate of this build."""
    if found := closed(conn, run_id, build_oid):
        raise refusal(run_id, found)


def waive(conn: psycopg.Connection, run_id: str, check_name: str, reason: str, name: str) -> dict[str, Any]:
    """Waive one closed gate of the run's build, for this reason, by this person.

    Returns the waiver; its `closed_gates` are those that are still closed.

    Errors: ConfigError if run or check is unknown, the gate is open or cannot be waived, or the build is gone.
    """
    reason, name = one_line(reason, "--reason"), one_line(name, "--by")
    build_oid = build_oid_of(conn, run_id)
    with conn.transaction():
        _refuse_waiver(conn, run_id, build_oid, check_name)
        conn.execute(
            "insert into migration.waivers (run_id, build_oid, check_name, reason, name) values (%s, %s, %s, %s, %s)",
            [run_id, build_oid, check_name, reason, name],
        )
    made = next(w for w in waivers(conn, run_id) if w["check_name"] == check_name and w["is_current"])
    return made | {"closed_gates": [told(run_id, gate) for gate in closed(conn, run_id, build_oid)]}


def one_line(text: str, option: str) -> str:
    """A person's text as one line that the books' encoding can hold. Errors: ConfigError if it is blank."""
    if line := in_one_line(text):
        return line
    raise ConfigError(f"{option} is blank; it says why, or who answers for it")


def in_one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split()).encode("utf-8", "replace").decode()


def build_oid_of(conn: psycopg.Connection, run_id: str) -> int:
    """Oid of the run's build. Errors: ConfigError if there is no such run, or its build is gone or published."""
    if run_id not in (known := [run.run_id for run in bookkeeping.runs(conn)]):
        wanted = origins.near(run_id, known) or bookkeeping.LISTED
        raise ConfigError(f"there is no run {run_id} in this target; {wanted}")
    bookkeeping.ensure(conn)
    build = bookkeeping.find_build(conn, run_id)
    if build is None:
        state = bookkeeping.run(conn, run_id).state
        raise ConfigError(f"run {run_id} is {state} and has no build; it is published or gone")
    return build.schema_oid


def _refuse_waiver(conn: psycopg.Connection, run_id: str, build_oid: int, check_name: str) -> None:
    if check_name in NOT_WAIVED:
        why, answer = NOT_WAIVED[check_name]
        raise ConfigError(f"{check_name}: {why}; {answer.format(run=run_id)}")
    gates = {gate["check_name"]: gate for gate in of_build(conn, run_id, build_oid)}
    shut = ", ".join(gate.check_name for gate in closed(conn, run_id, build_oid)) or "none"
    if check_name not in gates:
        raise ConfigError(f"the build of run {run_id} has no gate {check_name}; closed are: {shut}")
    if gates[check_name]["waived_by"]:
        raise ConfigError(f"gate {check_name} of run {run_id} is waived already, by {gates[check_name]['waived_by']}")
    if check_name not in {gate.check_name for gate in closed(conn, run_id, build_oid)}:
        raise ConfigError(f"gate {check_name} of run {run_id} is open; closed are: {shut}")


GATES = """
    select g.check_name, g.kind, g.severity, g.state, g.detail, g.judged_at, w.name as waived_by
    from migration.gates g left join migration.waivers w using (run_id, build_oid, check_name)
    where g.run_id = %s and g.build_oid = %s order by g.check_name
"""
WAIVERS = """
    select w.check_name, w.reason, w.name, w.waived_at, g.state, g.detail, s.schema_oid is not null as is_current
    from migration.waivers w left join migration.gates g using (run_id, build_oid, check_name)
    left join (migration.schemas s join pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name)
      on s.schema_oid = w.build_oid and s.run_id = w.run_id
    where w.run_id = %s order by w.waived_at, w.check_name
"""


def of_build(conn: psycopg.Connection, run_id: str, build_oid: int) -> list[dict[str, Any]]:
    """Every gate of one build: check_name, kind, severity, state, detail, judged_at, waived_by (or None)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(GATES, [run_id, build_oid]).fetchall()


def waivers(conn: psycopg.Connection, run_id: str) -> list[dict[str, Any]]:
    """Every waiver of a run, of former builds too: check_name, reason, name, waived_at, state and detail of its gate.

    is_current: it is of the schema that the run has now, be it the build or what was published.
    """
    if not are_kept(conn):
        return []
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(WAIVERS, [run_id]).fetchall()


def are_kept(conn: psycopg.Connection) -> bool:
    """Whether the books have gates."""
    return has(conn, "migration.gates")
