"""What the rehearsal says of a run before it begins: the gates that it would find closed.

Laws
- Only what the rehearsal knows counts: rows that it rejected for a reason, and checks that failed on its build. Of a
  gate that broke off, and of whether the source will stand still, it knows nothing.
- The latest rehearsal that was verified speaks; a certificate from elsewhere speaks for itself.
- It speaks only of what it has rehearsed: its mapping, program, target schema and settings are those of the
  certificate's run, and its source is the database of that run, or the one that is read now.
- A waiver is of one build, so none of a rehearsal's opens a gate of the run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from config import printable
from config.settings import Settings
from engine.gates import certificate as certificates
from engine.gates import gates
from engine.gates.certificate import RULES, Certificate
from engine.gates.gates import Gate
from engine.session.servers import ServerInfo

# Dry-runs alike to the certificate's run whose build was verified to the end. They may have ended in closed gates. Of
# one whose copy a writer has written to (engine.rehearsal), the certificate alone knows the rows.
VERIFIED = """
    select r.run_id, r.settings, r.source_identity, held.source_identity as rehearsed, g.build_oid
    from migration.certificates c join migration.runs held on held.run_id = c.run_id
    join migration.runs r on r.source_schema = held.source_schema and r.target_schema = held.target_schema
        and r.mapping_hash = held.mapping_hash and r.code_version = held.code_version
    join migration.gates g on g.run_id = r.run_id
    where c.run_id = %s and c.hash = %s and r.dry_run and g.check_name = 'verification' and g.state = 'passed'
        and (r.run_id = c.run_id or not exists (
            select from migration.steps s where s.run_id = r.run_id and s.step = 'written to'))
    order by g.judged_at desc
"""
FAILED = """
    select check_name, kind, state, detail, severity from migration.gates
    where run_id = %s and build_oid = %s and severity = 'critical' and state = 'failed' and kind <> 'policy'
    order by check_name
"""


def faults(conn: psycopg.Connection, settings: Settings, source: ServerInfo, held_to: Certificate) -> list[str]:
    """Why the run would end at a closed gate, one sentence each, and what to do. held_to: nothing differs from it."""
    run_id, rejects, failed = _known(conn, settings, source, held_to)
    found = [*_over(settings, run_id, rejects), *(_failed(run_id, gate) for gate in failed)]
    return [*found, _remedy(settings)] if found else []


def _known(
    conn: psycopg.Connection, settings: Settings, source: ServerInfo, held_to: Certificate
) -> tuple[str, Mapping[str, Mapping[str, int]], list[Gate]]:
    """The rehearsal that speaks: its run, its rejected rows by table and reason, and the checks that failed."""
    own = held_to.parts.get("rejects") or {}
    latest = _latest(conn, settings, source, held_to)
    if latest is None:
        return held_to.run_id, own, []
    run_id = latest["run_id"]
    with conn.cursor(row_factory=class_row(Gate)) as cursor:
        failed = cursor.execute(FAILED, [run_id, latest["build_oid"]]).fetchall()
    return run_id, own if run_id == held_to.run_id else certificates.of_rows(conn, run_id)["rejects"], failed


def _latest(
    conn: psycopg.Connection, settings: Settings, source: ServerInfo, held_to: Certificate
) -> dict[str, Any] | None:
    """None where these books know nothing of the certificate: it is of another target."""
    if not gates.are_kept(conn):
        return None
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(VERIFIED, [held_to.run_id, held_to.hash])
        return next((one for one in found if _is_alike(settings, one["settings"]) and _is_of(source, one)), None)


def _is_of(source: ServerInfo, found: Mapping[str, Any]) -> bool:
    """Whether the rehearsal read the database of the certificate's run, or the one that is read now."""
    read, rehearsed = (_noted(source, found[name]) for name in ("source_identity", "rehearsed"))
    return read.is_same_database(source) or read.is_same_database(rehearsed)


def _noted(source: ServerInfo, identity: Mapping[str, Any]) -> ServerInfo:
    """A server as far as the books tell it from others; those of an earlier version may know less of one."""
    known: Any = {name: identity.get(name) for name in ("system_identifier", "postmaster_started_at", "database_oid")}
    return replace(source, **known)


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
