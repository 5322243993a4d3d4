"""The faults that prevent a copy, all at once and before anything is changed; and what an error says beside its own."""

import psycopg

from config.errors import ConfigError, MigrateError, PlanRefused, VerificationFailed
from config.postgres.quoting import grant, quoted
from config.settings import Settings
from engine.planning import legacy_faults
from engine.reflect import lacking
from engine.reflect.catalog import Catalog, LegacyTable
from engine.session import connect, rights, servers
from engine.session.servers import ServerInfo
from engine.session.stop import STOP
from engine.staging import programs

SHORTEST_KEY = 16
MAY_FILL = """
    select array_to_string(array(
        select upper(p.privilege) from unnest('{usage, create}'::text[]) as p (privilege)
        where not has_schema_privilege(n.oid, p.privilege)
    ), ', '), current_user::text
    from pg_namespace n where n.nspname = %(schema)s
"""


def masking_key(settings: Settings) -> bytes | None:
    """The secret key of the masks; None if none is set. Errors: ConfigError if it is too short."""
    if settings.masking_key is None:
        return None
    key = settings.masking_key.get_secret_value()
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"NXTGAUGE_MASKING_KEY has {len(key)} characters; wanted at least {SHORTEST_KEY}")
    return key.encode()


def same_place(settings: Settings, staging: ServerInfo, source: ServerInfo) -> None:
    """Errors: ConfigError if the staging database is the source or the target; TargetError, of asking the target."""
    if staging.is_same_database(source):
        raise ConfigError("NXTGAUGE_STAGING_URL is the source database; wanted a database of its own")
    if settings.target_url is None:
        return
    with connect.target(settings.target) as conn:
        if staging.is_same_database(servers.info(conn)):
            raise ConfigError("NXTGAUGE_STAGING_URL is the target database; wanted a database of its own")


def of_programs(settings: Settings) -> list[str]:
    """Where pg_dump and pg_restore cannot go though our sessions can, one sentence each."""
    sides = {"the source": settings.source, "the staging database": settings.staging}
    found = {side: programs.refusal(connection, STOP) for side, connection in sides.items()}
    return [f"{side} ({sides[side].redacted}): {said}" for side, said in found.items() if said]


def of_servers(source: ServerInfo, staging: ServerInfo) -> list[str]:
    found = servers.source_faults(source)
    newest = programs.major()
    if _major(source) > newest:
        found.append(f"the source is PostgreSQL {source.version}; our pg_dump reads servers up to {newest}")
    if _major(staging) < _major(source):
        found.append(
            f"the staging database is PostgreSQL {staging.version}, older than the source's {source.version}; "
            "wanted the same or a later one"
        )
    if staging.encoding != "UTF8":
        found.append(f"the staging database's encoding is {staging.encoding}; wanted one created with encoding UTF8")
    if staging.is_standby:
        found.append("the staging database is a standby, which takes no writes; wanted its primary")
    return found


def _major(server: ServerInfo) -> int:
    return server.version_number // 10000


def of_source(found: Catalog) -> list[str]:
    """The faults about objects of the source's schema that cannot be copied."""
    if not found.schema_oid and not found.is_barred:
        return [f"there is no schema {found.schema!r} in the source; set NXTGAUGE_SOURCE_SCHEMA"]
    tables = [table for table in found.tables if not table.extension]
    faults = [*map(str, legacy_faults.of_privileges(found))]
    faults += [fault for table in tables for fault in _of_table(table, found.schema, found.reader)]
    return faults


def _of_table(table: LegacyTable, schema: str, reader: str) -> list[str]:
    if table.is_partition or table.kind not in "rp":
        what = "a partition of a table in another schema" if table.is_partition else "a foreign table"
        return [f"{table.name}: is {what}, whose rows are not this schema's; drop it or move its rows first"]
    found = []
    if table.inherits or table.has_heirs:
        found.append(f"{table.name}: takes part in table inheritance; make it a plain or partitioned table first")
    if barred := table.barred_partitions:
        remedy = grant("SELECT", f"TABLE {', '.join(barred)}", reader)
        found.append(f"{table.name}: no privilege to read its partitions by themselves, as `stage` does; {remedy}")
    if abroad := sorted({leaf.schema for leaf in table.leaves} - {schema}):
        found.append(f"{table.name}: has partitions in {', '.join(abroad)}; move them into schema {schema} first")
    return found


def of_staging(conn: psycopg.Connection, source: Catalog) -> list[str]:
    """What the role and the server lack for a copy of this schema."""
    schema = source.schema
    found = rights.on_database(conn, "the staging database's role", "create")
    row = conn.execute(MAY_FILL, {"schema": schema}).fetchone()
    if row and row[0]:
        remedy = grant(row[0], f"SCHEMA {quoted(schema)}", row[1])
        found.append(f"the staging database's role may not make anything in its schema {schema}; {remedy}")
    tables = [table for table in source.tables if not table.extension]
    return found + lacking.xml(conn, "staging database", source, tables)


def add(error: BaseException, sentence: str) -> None:
    """Say this too; of errors of ours within their text, for that is all that is shown."""
    if isinstance(error, PlanRefused | VerificationFailed):
        error.faults = [*error.faults, sentence]
    if isinstance(error, MigrateError):
        error.args = (f"{error}\n{sentence}", *error.args[1:])
    else:
        error.add_note(sentence)
