"""What the rehearsal says of a run before it begins: the gates that it would find closed.

Laws
- Only what the rehearsal knows counts: rows that it rejected for a reason, and checks that failed on its build. Of a
  gate that broke off, and of whether the source will stand still, it knows nothing.
- The latest rehearsal that was verified speaks; a certificate from elsewhere speaks for itself.
- A waiver is of one build, so none of a rehearsal's opens a gate of the run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from config import printable
from config.settings import Settings
from engine.gates import certificate as certificates
from engine.gates import gates
from engine.gates.certificate import RULES, Certificate
from engine.gates.gates import Gate

# The latest dry-run of a source schema whose build was verified to the end. It may have ended in closed gates.
VERIFIED = """
    select r.run_id, r.settings, g.build_oid
    from migration.runs r join migration.gates g using (run_id)
    where r.dry_run and r.source_schema = %s and g.check_name = 'verification' and g.state = 'passed'
    order by g.judged_at desc limit 1
"""
FAILED = """
    select check_name, kind, state, detail, severity from migration.gates
    where run_id = %s and build_oid = %s and severity = 'critical' and state = 'failed' and kind <> 'policy'
    order by check_name
"""


def faults(conn: psycopg.Connection, settings: Settings, held_to: Certificate) -> list[str]:
    """Why the run would end at a closed gate, one sentence each, and what to do. held_to: nothing differs from it."""
    run_id, rejects, failed = _known(conn, settings, held_to)
    found = [*_over(settings, run_id, rejects), *(_failed(run_id, gate) for gate in failed)]
    return [*found, _remedy(settings)] if found else []


def _known(
    conn: psycopg.Connection, settings: Settings, held_to: Certificate
) -> tuple[str, Mapping[str, Mapping[str, int]], list[Gate]]:
    """The rehearsal that speaks: its run, its rejected rows by table and reason, and the checks that failed."""
    own = held_to.parts.get("rejects") or {}
    latest = _latest(conn, held_to)
    if latest is None or not _is_alike(settings, latest["settings"]):
        return held_to.run_id, own, []
    run_id = latest["run_id"]
    with conn.cursor(row_factory=class_row(Gate)) as cursor:
        failed = cursor.execute(FAILED, [run_id, latest["build_oid"]]).fetchall()
    return run_id, own if run_id == held_to.run_id else certificates.of_rows(conn, run_id)["rejects"], failed


def _latest(conn: psycopg.Connection, held_to: Certificate) -> dict[str, Any] | None:
    """None where these books know nothing of the certificate: it is of another target."""
    if not gates.are_kept(conn):
        return None
    with conn.cursor(row_factory=dict_row) as cursor:
        known = cursor.execute("select from migration.certificates where hash = %s", [held_to.hash]).fetchone()
        return None if known is None else cursor.execute(VERIFIED, [held_to.source_schema]).fetchone()


def _is_alike(settings: Settings, then: Mapping[str, Any] | None) -> bool:
    """Whether the rehearsal went by the settings that decide what becomes of rows; its tolerances may be others."""
    return then is not None and all(then.get(name) == getattr(settings, name) for name in RULES)


def _over(settings: Settings, run_id: str, rejects: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Reasons for which more rows were rejected than the profile tolerates."""
    rows: Counter[str] = Counter()
    for reasons in rejects.values():
        rows.update(reasons)
    for reason, count in sorted(rows.items()):
        allowed = settings.tolerated(reason)
        if allowed is not None and count > allowed:
            tables = ", ".join(table for table in sorted(rejects) if reason in rejects[table])
            yield (
                f"tolerance/{reason}: rehearsal {run_id} rejected {count} row{'s' * (count != 1)} of {tables} for it, "
                f"and profile {settings.profile} tolerates {allowed}; mend them in the source and rehearse again, or "
                f"set {settings.tolerating(reason, count)}"
            )


def _failed(run_id: str, gate: Gate) -> str:
    return f"{gate.check_name}: it failed in rehearsal {run_id} ({gate.detail}); mend its cause and rehearse again"


def _remedy(settings: Settings) -> str:
    profile = f"--profile {printable.word(settings.profile)} "
    return (
        f"these gates would be closed once all is built; nothing has been built yet. "
        f"`{certificates.rehearsal(settings)}` rehearses again, "
        f"`nxtgauge-migrate {profile}migrate --verify-anyway` builds and verifies all the same, and keeps the build, "
        f"whose gates can be waived"
    )
