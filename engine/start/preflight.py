"""The preflight: what a run is refused for before its first row. `plan` and `migrate` share it.

Laws
- All faults of source, target, mapping, certificate and DDL are told at once.
- The target is only looked at: nothing is written, and what the rehearsal makes is rolled back.
- A question that cannot be asked because of another fault is left out, not guessed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg

from config import consistency, mapping, origins
from config.errors import ConfigError, PlanRefused, SourceError, TargetError
from config.postgres.quoting import grant, quoted
from config.settings import Settings
from engine.books import bookkeeping
from engine.chunks import pauses
from engine.gates import certificate as certificates
from engine.gates import foreseen
from engine.gates.certificate import Certificate
from engine.planning import planner, probe
from engine.planning.fault import Fault
from engine.planning.plan import Plan
from engine.publish import publish
from engine.reflect import catalog, lacking, older
from engine.session import locks, servers
from engine.session.blame import blame
from engine.session.servers import ServerInfo
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.start import rehearsal


def planned(
    settings: Settings,
    held: Snapshot,
    instant: str,
    server: int = older.NEWEST,
    looks: Callable[[], probe.Probe] | None = None,
) -> Plan:
    """The plan, with the faults of the source's server and of what it holds. server: the target's version; looks: gives
    another way to look at the source's rows than a first plan has; called once the catalogue is read, and may wait.

    Errors: ConfigError of a mapping that names tables which are nowhere, SourceError.
    """
    waited = locks.named(settings.source, settings.source_schema, STOP)
    with waited, blame(SourceError, "reading the source's catalogue", STOP):
        found = catalog.reflect(held.holder, settings.source_schema)
        if unknown := consistency.unknown_tables(mapping.load(), [table.name for table in found.tables]):
            raise ConfigError("; and ".join(unknown))
        look = looks() if looks else probe.Source(held.holder, settings.source_schema)
        made = planner.make(found, settings, instant, look, server)
        own = [*servers.source_faults(held.server), *servers.lock_faults(held.holder, "source", len(found.tables))]
    return replace(made, faults=(*map(Fault, own), *made.faults))


def faults(
    conn: psycopg.Connection,
    settings: Settings,
    plan: Plan,
    held: Snapshot,
    certificate: Certificate | None,
    *,
    dry_run: bool = False,
    is_new: bool = True,
    is_hopeful: bool = False,
) -> list[str]:
    """Why a run by this plan may not begin, one sentence each.

    certificate: the one that the run is held to; a dry_run is held to none. is_new: it does not continue an earlier
    attempt, whose build would stay. is_hopeful: gates that the rehearsal found closed are no reason.
    Errors: ConfigError (source and target are one schema), TargetError.
    """
    with blame(TargetError, "looking at the target", STOP):
        server = servers.info(conn)
        _require_two_schemas(settings, held.server, server)
        found = [
            *servers.target_faults(server),
            *plan.faults,
            *publish.preflight(
                conn,
                settings.target_schema,
                allow_dependants=settings.allow_dependants,
                source=held.server,
                source_schema=settings.source_schema,
                drops_build=is_new,
            ),
            *_extension_faults(conn, settings, plan),
            *lacking.xml(conn, "target", plan.source, [t.legacy for t in plan.tables if t.disposition != "skip"]),
            *pauses.faults(settings, conn),
            *([] if dry_run else _drift(conn, settings, held.server, plan, certificate, is_hopeful)),
        ]
        roomless = servers.lock_faults(conn, "target", len(plan.build) + len(plan.archive))
        if can_rehearse(conn, server) and not roomless:
            found += map(_of_older(held.server, server), _new_to(plan.faults, rehearsal.faults(conn, settings, plan)))
        found += roomless
    return list(dict.fromkeys(map(str, found)))


def _new_to(told: Sequence[Fault], rehearsed: list[Fault]) -> list[Fault]:
    """What the rehearsal adds to what the plan blames itself."""
    return [fault for fault in rehearsed if not any(map(fault.is_told_by, told))]


def _of_older(source: ServerInfo, target: ServerInfo) -> Callable[[Fault], Fault]:
    """What to say of a fault where the target's server is older than the source's, and may lack what the other has."""
    there, here = (server.version_number // 10_000 for server in (source, target))
    if here >= there:
        return lambda fault: fault
    why = f"the target is PostgreSQL {here}, the source {there}: what the older one lacks has to leave the source first"
    return lambda fault: replace(fault, sentence=f"{fault.sentence}; {why}")


def can_rehearse(conn: psycopg.Connection, server: ServerInfo) -> bool:
    """Whether the DDL can be tried there at all; where not, there is a fault that says why."""
    return not server.is_standby and publish.may_create(conn)


def refuse(found: list[str]) -> None:
    """Errors: PlanRefused if anything was found."""
    if found:
        raise PlanRefused(found)


def held_to(conn: psycopg.Connection, settings: Settings, given: Certificate | None) -> Certificate | None:
    """The certificate that a run is held to: the one given, else the latest in the books if the profile wants one."""
    if given or not settings.require_certificate or bookkeeping.faults(conn):
        return given
    with blame(TargetError, "reading the certificates", STOP):
        return certificates.latest(conn, settings.source_schema)


def _require_two_schemas(settings: Settings, source: ServerInfo, target: ServerInfo) -> None:
    if target.is_same_database(source) and settings.source_schema == settings.target_schema:
        raise ConfigError(
            f"source and target are one schema, {settings.target_schema}; set NXTGAUGE_TARGET_SCHEMA to another name"
        )


def _drift(
    conn: psycopg.Connection,
    settings: Settings,
    source: ServerInfo,
    plan: Plan,
    certificate: Certificate | None,
    is_hopeful: bool,
) -> list[str]:
    """What has drifted from the certificate, else the gates that its rehearsal found closed; not asked where nothing
    could be planned."""
    if bookkeeping.faults(conn) or not plan.tables:
        return []
    drifted = certificates.faults(settings, certificate, certificates.stated(plan, settings))
    if drifted or certificate is None or is_hopeful:
        return drifted
    return foreseen.faults(conn, settings, source, certificate)


EXTENSIONS = """
    select a.name::text, n.nspname::text
    from pg_available_extensions a
    left join pg_extension e on e.extname = a.name left join pg_namespace n on n.oid = e.extnamespace
    where a.name = any(%s)
"""


def _extension_faults(conn: psycopg.Connection, settings: Settings, plan: Plan) -> list[str]:
    """Extensions that the server lacks, and those that stand where nothing of ours would find them."""
    home = settings.extension_schema
    there: dict[str, str | None] = dict(conn.execute(EXTENSIONS, [list(plan.extensions)]).fetchall())
    lacking = [
        f"extension {name} is used by the source, and the target server lacks it; install it there"
        for name in plan.extensions
        if name not in there
    ]
    elsewhere = [
        f"extension {name} stands in schema {schema} of the target, and extension_schema is {home}; set "
        f'extension_schema = "{schema}" in {origins.profile_shown(settings.profile)}, or alter extension {name} set '
        f"schema {home}"
        for name, schema in there.items()
        if schema not in (None, home, "pg_catalog")
    ]
    return [*lacking, *elsewhere, *(_home_faults(conn, home) if plan.extensions or plan.source.is_barred else ())]


def _home_faults(conn: psycopg.Connection, home: str) -> list[str]:
    """Whether extensions can stand in the schema that the profile names, and be used there."""
    query = "select has_schema_privilege(oid, 'usage'), current_user::text from pg_namespace where nspname = %s"
    row = conn.execute(query, [home]).fetchone()
    if row is None:
        return [f"the target has no schema {home}, where extensions are to stand; create it, or set extension_schema"]
    may_use, role = row
    remedy = grant("USAGE", f"SCHEMA {quoted(home)}", role)
    return [] if may_use else [f"no privilege to use schema {home} of the target, where extensions stand; {remedy}"]
