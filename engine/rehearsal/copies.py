"""The staging copy in the place of a source that is cut over: what it has to be, and how it is opened to writers again.

Laws
- The copy's own role is the old application and makes the fence, so it must not be one that no fence binds.
- What a rehearsal that died has left closed is opened before the next: the schema has its name, its owner may write.
  The name is given back where the staging books name the schema; privileges only once the copy is proven to be one.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from config.errors import ConfigError, StagingError
from config.settings import RETIRED, VARIABLES, Settings
from engine.cutover import binding
from engine.cutover.binding import Binding
from engine.session import connect, fetch, servers
from engine.session.blame import blame
from engine.session.servers import ServerInfo
from engine.session.stop import STOP
from engine.staging import books

IS_UNBOUND = """
    select r.rolname::text, r.rolsuper or pg_has_role('pg_write_all_data', 'usage')
    from pg_roles r where r.rolname = current_user
"""
LACKING = """
    select c.relname::text from pg_class c
    where c.relnamespace = to_regnamespace(quote_ident(%s)) and c.relkind in ('r', 'p')
      and pg_has_role(c.relowner, 'usage') and not has_table_privilege(c.oid, 'insert')
"""
WRITES = sql.SQL("insert, update, delete, truncate")


def in_place_of_the_source(settings: Settings) -> Settings:
    """The copy is the source, and its role makes the fence. Errors: ConfigError if there is no NXTGAUGE_STAGING_URL."""
    return settings.on_staging().model_copy(update={"fence_url": settings.staging_url})


def name_again(settings: Settings) -> None:
    """A copy that a rehearsal which died has renamed has its name. Errors: StagingError."""
    schema = settings.source_schema
    retired = schema + RETIRED
    with connect.staging(settings.staging, STOP) as conn, blame(StagingError, "opening the copy to writers", STOP):
        row = conn.execute(books.OID, [retired]).fetchone()
        copy = books.latest(conn, schema, row[0]) if row and not _is_there(conn, schema) else None
        if copy and not ServerInfo(**copy.source_identity).is_same_database(servers.info(conn)):
            query = sql.SQL("alter schema {} rename to {}")
            conn.execute(query.format(sql.Identifier(retired), sql.Identifier(schema)))


def require_bound(settings: Settings) -> None:
    """Asked before a copy is made, to rehearse its cut-over. Errors: ConfigError, where no fence would bind the copy's
    role; StagingError."""
    with connect.staging(settings.staging, STOP) as conn, blame(StagingError, "asking for the copy's role", STOP):
        _require_bound(conn)


def open_again(settings: Settings) -> None:
    """The role of a copy that is proven to be one may write to it again. Errors: ConfigError, where no fence would bind
    it; StagingError."""
    schema = settings.source_schema
    with connect.staging(settings.staging, STOP) as conn, blame(StagingError, "opening the copy to writers", STOP):
        _require_bound(conn)
        lacking = [name for (name,) in conn.execute(LACKING, [schema])]
        if lacking:
            tables = sql.SQL(", ").join(sql.Identifier(schema, name) for name in lacking)
            conn.execute(sql.SQL("grant {} on table {} to current_user").format(WRITES, tables))


def written_at(settings: Settings) -> datetime | None:
    """When the writer of a rehearsal first wrote to this copy; None if none has. Errors: StagingError."""
    with connect.staging(settings.staging, STOP) as conn, blame(StagingError, "reading the copy's books", STOP):
        copy = books.latest(conn, settings.source_schema)
    return copy.written_at if copy else None


def undo(settings: Settings, made: Binding) -> None:
    """Take the rehearsed fence back, whether it was committed or not. Errors: SourceError."""
    with connect.fence(settings.fence) as conn:
        if made.how == "revoke" or not _is_there(conn, made.schema):
            binding.unbind(conn, made)


def _require_bound(conn: psycopg.Connection) -> None:
    role, is_unbound = fetch.one(conn, IS_UNBOUND)
    if is_unbound:
        raise ConfigError(
            f"role {role} of {VARIABLES['staging_url']} may write whatever is revoked, as a superuser or a member of "
            "pg_write_all_data, so no fence can be rehearsed with it; name a role that owns the copy and nothing else "
            "(config/roles/staging.sql), and stage a copy with it"
        )


def _is_there(conn: psycopg.Connection, schema: str) -> bool:
    return fetch.value(bool, conn, "select to_regnamespace(quote_ident(%s)) is not null", [schema])
