"""What would keep a cut-over from fencing its source, all of it at once, before anybody has to wait.

Law: nothing is locked or changed. What only the moment itself can tell is who writes then.
"""

from collections.abc import Collection, Iterator

import psycopg

from config.errors import MigrateError, SourceError
from config.postgres.quoting import grant, quoted
from config.settings import VARIABLES, Settings
from engine.changes import access
from engine.cutover import binding, holdouts, locking
from engine.cutover.binding import How
from engine.session import connect, fetch, servers
from engine.session.blame import blame
from engine.session.stop import STOP

MAY_USE = "select has_schema_privilege(oid, 'usage'), current_user::text from pg_namespace where nspname = %s"
UNSET = (
    "{variable} is not set, so nobody can lock the writers of the source out; name the source in it, as a role that "
    "may write there, or stop the writers yourself"
)


def faults(settings: Settings, how: How = "revoke", *, by_target: bool = False) -> list[str]:
    """Why the fence could not be had, one sentence each, with what to do. how: what it is to be in the end. by_target:
    source and target are one database, and a session of the target makes it."""
    if settings.fence_url is None and not by_target:
        return [UNSET.format(variable=VARIABLES["fence_url"])]
    try:
        connection = settings.target if by_target else settings.fence
        opened = connect.fence(connection, STOP), connect.source(settings.source, STOP)
        with opened[0] as conn, opened[1] as source, blame(SourceError, "looking at what the fence needs", STOP):
            found = _server_faults(conn, source, connection.variable)
            return [*found, *_own_faults(conn, settings.source_schema, how)]
    except MigrateError as error:
        return [str(error)]


def _server_faults(conn: psycopg.Connection, source: psycopg.Connection, variable: str) -> Iterator[str]:
    here, there = servers.info(conn), servers.info(source)
    if not here.is_same_database(there):
        yield (
            f"{variable} leads to another database ({here.database}) than {VARIABLES['source_url']} "
            f"({there.database}); wanted the same one, on the same server"
        )
    for server, name in ((here, variable), (there, VARIABLES["source_url"])):
        if server.is_standby:
            yield (
                f"{name} leads to a standby, which may not have got yet what its primary has acknowledged, and "
                f"locks nobody out; name the primary"
            )


def _own_faults(conn: psycopg.Connection, schema: str, how: How) -> Iterator[str]:
    row = conn.execute(MAY_USE, [schema]).fetchone()
    if row is None:
        yield f"there is no schema {schema}; set {VARIABLES['source_schema']} to the schema with the legacy tables"
        return
    may_use, role = row
    if not may_use:
        yield f"role {role} may not use schema {schema}; {grant('USAGE', f'SCHEMA {quoted(schema)}', role)}"
    tables = locking.tables(conn, schema)
    if not tables:
        yield f"schema {schema} has no tables to lock; set {VARIABLES['source_schema']}"
    yield from _lock_faults(conn, schema, [table.name for table in tables if not table.is_reached], role)
    if not fetch.value(bool, conn, "select pg_is_in_recovery()"):
        yield from binding.faults(conn, schema, tables, how)
    for one in holdouts.of(conn, locking.oids(tables)):
        if one.gid is not None:
            yield f"{one}, holds what it has locked until it is ended; COMMIT PREPARED or ROLLBACK PREPARED ends it"


def _lock_faults(conn: psycopg.Connection, schema: str, names: Collection[str], role: str) -> Iterator[str]:
    lacking = [name for name, found in access.of(conn, schema, names).items() if not found.may_lock]
    if lacking:
        privilege = "MAINTAIN" if conn.info.server_version >= access.SEVENTEEN else "UPDATE"
        tables = ", ".join(quoted(schema, name) for name in lacking)
        yield (
            f"role {role} may not lock {len(lacking)} tables ({', '.join(lacking[:3])}{' …' if lacking[3:] else ''}); "
            f"{grant(privilege, f'TABLE {tables}', role)}"
        )
