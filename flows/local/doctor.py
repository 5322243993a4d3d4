"""What `doctor` looks at before anybody migrates: files, servers, privileges, room, clocks, Prefect.

Laws
- Each finding is one line: what was found, and what to do where it is not as it should be.
- Nothing is written anywhere, and one fault hides no other: what cannot be looked at for want of a connection is left
  out, for the connection's own line says why.
- What SQL cannot tell is said to be unknown.
"""

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from config import mapping, masks, origins
from config.errors import ConfigError, MigrateError, PlanRefused
from config.postgres.connection import Connection
from config.postgres.quoting import grant, quoted
from config.settings import VARIABLES, Settings
from engine.cutover import fence
from engine.describe.wording import in_bytes
from engine.gates import certificate
from engine.session import connect, fetch, rights, servers
from engine.session.stop import STOP
from flows.local import prefect_server, report

OK, LOOK, WRONG = "ok", "look", "wrong"
CLOCK_SECONDS = 2.0  # beyond it, times of one machine in the books cannot be compared with another's
HOW = """
    select case when inet_client_addr() is null then 'over a socket' when ssl then 'encrypted' else 'not encrypted' end
    from pg_stat_ssl where pid = pg_backend_pid()
"""
UNREADABLE = """
    select c.relname::text from pg_class c where c.relnamespace = to_regnamespace(quote_ident(%s))
        and c.relkind in ('r', 'p') and not has_table_privilege(c.oid, 'select') order by 1
"""
HIDDEN = "select not has_schema_privilege(oid, 'usage') from pg_namespace where nspname = %s"
BYTES = """
    select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class
    where relnamespace = to_regnamespace(quote_ident(%s)) and relkind in ('r', 'm')
"""
NOW = "select extract(epoch from clock_timestamp())::float8"


@dataclass(frozen=True)
class Finding:
    """state: ok, look (it works, and somebody should know) or wrong. exit_code: of the first that is wrong."""

    name: str
    state: str
    found: str
    remedy: str = ""
    exit_code: int = 0


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which they are best mended."""
    found = [*_files(settings)]
    for name, open_session in SIDES.items():
        found += _side(settings, name, open_session)
    return [*found, *_fence(settings), *_reports(), *_prefect()]


def exit_code(found: list[Finding]) -> int:
    return next((finding.exit_code for finding in found if finding.state == WRONG), 0)


def to_json(found: list[Finding]) -> dict[str, Any]:
    return {"ready": exit_code(found) == 0, "findings": [asdict(finding) for finding in found]}


def text(found: list[Finding]) -> str:
    """One line a finding, its remedy below it."""
    width = max(len(finding.name) for finding in found)
    lines = []
    for finding in found:
        lines.append(f"{finding.state:5}  {finding.name:{width}}  {finding.found}")
        lines += [f"{'':5}  {'':{width}}  → {finding.remedy}"] if finding.remedy else []
    return "\n".join(lines)


def _wrong(name: str, error: MigrateError | str, remedy: str = "", code: int = PlanRefused.exit_code) -> Finding:
    """A fault; our own errors say after their last semicolon what to do."""
    if isinstance(error, str):
        return Finding(name, WRONG, error, remedy, code)
    found, _, remedy = str(error).rpartition("; ")
    return Finding(name, WRONG, found or remedy, remedy if found else "", error.exit_code)


def _files(settings: Settings) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("program", OK, f"{certificate.code_version()}, Python {python}")
    yield Finding("profile", OK, f"{settings.profile} ({origins.profile_shown(settings.profile)})")
    try:
        rules = mapping.load()
        masks.load()
    except ConfigError as error:
        yield _wrong("mapping", error)
        return
    folder, file = origins.mapping_file("common").parent, origins.shown(origins.MASKS)
    where = "the program's own" if folder == origins.MAPPING else str(folder)
    yield Finding("mapping", OK, f"{where}, {rules.digest[:12]}; masks: {file}")


def _side(settings: Settings, name: str, open_session: Callable[..., Any]) -> Iterator[Finding]:
    url = getattr(settings, f"{name}_url")
    if url is None and name == "staging":
        yield Finding(name, OK, f"{VARIABLES['staging_url']} is not set; only `stage` and `rehearse` need it")
        return
    try:
        connection: Connection = getattr(settings, name)
        with open_session(connection, STOP) as conn:
            yield from _session(settings, name, connection, conn)
    except MigrateError as error:
        yield _wrong(name, error)


def _session(settings: Settings, name: str, connection: Connection, conn: psycopg.Connection) -> Iterator[Finding]:
    server = servers.info(conn)
    how = fetch.value(str, conn, HOW)
    yield Finding(name, OK, f"PostgreSQL {server.version}, {connection}, as {server.user}, {how}")
    faults = servers.source_faults(server) if name == "source" else servers.target_faults(server)
    yield from (_wrong(f"{name} server", *_parted(fault)) for fault in faults)
    lacking = _unreadable(settings, conn, server.user) if name == "source" else _unmakeable(conn, name)
    yield from lacking
    if not lacking:
        yield Finding(f"{name} privileges", OK, _PRIVILEGES[name])
    yield _room(settings, name, conn)
    yield _clock(name, conn)


def _fence(settings: Settings) -> Iterator[Finding]:
    """Only who names it wants one; whoever stops the writers himself needs none."""
    if settings.fence_url is None:
        return
    found = fence.faults(settings)
    yield from (_wrong("fence", *_parted(fault)) for fault in found)
    if not found:
        yield Finding("fence", OK, "its role may lock the source's writers out, and revoke what they may do")


def _parted(fault: str) -> tuple[str, str]:
    found, _, remedy = fault.rpartition("; ")
    return (found, remedy) if found else (fault, "")


_PRIVILEGES = {
    "source": "the role may read every table there",
    "target": "the role may create schemas and temporary tables",
    "staging": "the role may create schemas and temporary tables",
}


_WANTED = {"target": "one and a half times what the source takes", "staging": "as much as the source takes"}


def _unreadable(settings: Settings, conn: psycopg.Connection, role: str) -> list[Finding]:
    schema, name = settings.source_schema, "source privileges"
    hidden = conn.execute(HIDDEN, [schema]).fetchone()
    if hidden is None:
        remedy = f"set {VARIABLES['source_schema']} to the schema with the legacy tables"
        return [_wrong(name, f"there is no schema {schema}", remedy)]
    if hidden[0]:
        return [_wrong(name, f"the role may not use schema {schema}", grant("USAGE", f"SCHEMA {quoted(schema)}", role))]
    tables = [table for (table,) in conn.execute(UNREADABLE, [schema])]
    if not tables:
        return []
    named = f"{', '.join(tables[:3])}{' …' if len(tables) > 3 else ''}"
    remedy = grant("SELECT", f"ALL TABLES IN SCHEMA {quoted(schema)}", role)
    return [_wrong(name, f"the role may not read {len(tables)} tables ({named})", remedy)]


def _unmakeable(conn: psycopg.Connection, name: str) -> list[Finding]:
    found = rights.on_database(conn, f"the {name}'s role", "create", "temporary")
    return [_wrong(f"{name} privileges", *_parted(fault)) for fault in found]


def _room(settings: Settings, name: str, conn: psycopg.Connection) -> Finding:
    if name == "source":
        size = fetch.value(int, conn, BYTES, [settings.source_schema])
        return Finding("source room", OK, f"its tables and indexes take {in_bytes(size)}; a run writes nothing there")
    size = fetch.value(int, conn, "select pg_database_size(current_database())")
    unknown = f"SQL cannot tell what is free: look with df for {_WANTED[name]}"
    return Finding(f"{name} room", OK, f"the database takes {in_bytes(size)}", unknown)


def _clock(name: str, conn: psycopg.Connection) -> Finding:
    before = time.time()
    there = fetch.value(float, conn, NOW)
    here = (before + time.time()) / 2
    apart = there - here
    if abs(apart) < CLOCK_SECONDS:
        return Finding(f"{name} clock", OK, f"{abs(apart):.1f} s from this machine's")
    found = f"{abs(apart):,.1f} s {'before' if apart > 0 else 'behind'} this machine's"
    return Finding(f"{name} clock", LOOK, found, "have both machines' clocks set by NTP, or times will not compare")


def _reports() -> Iterator[Finding]:
    folder = report.folder().absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = in_bytes(shutil.disk_usage(there).free)
    if _is_writable(there):
        yield Finding("reports", OK, f"{folder}, {free} free")
    else:
        code = ConfigError.exit_code
        yield _wrong("reports", f"{folder} cannot be written", f"name another folder with {report.VARIABLE}", code)


def _is_writable(folder: Path) -> bool:
    import tempfile

    with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder):
        return True
    return False


def _prefect() -> Iterator[Finding]:
    url = prefect_server.answering_url()
    if url is None:
        start = "`nxtgauge-migrate server start` starts one"
        yield Finding("Prefect", OK, f"no server answers; commands run without, and {start}")
    elif why := prefect_server.refused(url):
        yield Finding("Prefect", LOOK, *_parted(why))
    else:
        yield Finding("Prefect", OK, f"a server answers at {url}")


SIDES: dict[str, Callable[..., Any]] = {
    "source": connect.source,
    "target": connect.target,
    "staging": connect.staging,
}
