"""The holder of a lock that a session waited for in vain: PostgreSQL's own error names neither table nor holder."""

import contextlib
from collections.abc import Iterator

import psycopg

from config.errors import MigrateError, SourceError
from config.postgres.connection import Connection
from engine.session import connect
from engine.session.stop import Stop

LOCK_NOT_HAD = "55P03"
# Nothing else keeps a reader from reading.
HELD = """
    select format('table %%s is locked by session %%s of %%s (%%s)', c.relname, a.pid, a.usename,
                  concat_ws(', ', nullif(a.application_name, ''), a.state))
    from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
    join pg_stat_activity a on a.pid = l.pid
    where l.granted and l.mode = 'AccessExclusiveLock' and n.nspname = %s and c.relkind in ('r', 'p', 'm')
        and l.database = (select oid from pg_database where datname = current_database())
    order by c.relname
"""


@contextlib.contextmanager
def named(source: Connection, schema: str, stop: Stop) -> Iterator[None]:
    """Adds to an error that a lock caused which tables are locked now, and by whom."""
    try:
        yield
    except SourceError as error:
        if getattr(error, "sqlstate", "") == LOCK_NOT_HAD and (found := _held(source, schema, stop)):
            error.args = (f"{error}; {'; '.join(found)}",)
        raise


def _held(source: Connection, schema: str, stop: Stop) -> list[str]:
    """What is locked there; nothing if that cannot be asked."""
    with contextlib.suppress(psycopg.Error, MigrateError), connect.source(source, stop) as conn:
        return [text for (text,) in conn.execute(HELD, [schema])]
    return []
