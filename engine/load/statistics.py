"""Statistics of the tables: a coarse one before the build is verified, the server's own once it is live.

Laws
- What looks at a build needs to know how many rows and about how many values there are: a tenth of the usual sample
  tells that. PostgreSQL reads its sample however small the table's share in the work, so this is most of the cost.
- Autovacuum would not come back for the rest: it counts changes since the last ANALYZE, and that was ours. So the
  published tables are sampled in full; users have the coarse statistics meanwhile, and nobody waits but the command.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from config.errors import TargetError
from engine.chunks.work import Work
from engine.reflect.catalog import search_path
from engine.session.blame import blame
from engine.session.execution import Workers
from engine.session.stop import Stop

COARSE = "10"  # the server's own is 100; 500,000 rows: 0.9 CPU seconds instead of 3.0
TABLES = """
    select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (%s) and c.relkind = 'r' order by pg_relation_size(c.oid) desc, 1, 2
"""


def analyze(
    work: Work, target: psycopg.Connection, workers: Workers, schemas: Sequence[str], is_coarse: bool = False
) -> None:
    """Analyze all tables of these schemas, the product's first, several at once. Errors: TargetError, Interrupted."""
    names, count = tables(target, schemas, work.stop), work.settings.workers

    def share(some: Sequence[sql.Identifier]) -> None:
        with work.sessions.lend("target") as session:
            work.stop.check()
            sample(session, some, (schemas[0], work.settings.extension_schema), work.stop, is_coarse)

    workers.map("analyze", share, [found for found in (names[start::count] for start in range(count)) if found])


def tables(target: psycopg.Connection, schemas: Sequence[str], stop: Stop) -> list[sql.Identifier]:
    """The product's first, of each schema the largest first."""
    with blame(TargetError, "listing the tables", stop):
        return [sql.Identifier(*row) for row in target.execute(TABLES, (list(schemas),))]


def sample(
    session: psycopg.Connection,
    names: Sequence[sql.Identifier],
    path: Sequence[str],
    stop: Stop,
    is_coarse: bool = False,
) -> None:
    """Analyze these tables. path: the schemas in which expressions of indexes find what was carried along."""
    with blame(TargetError, "analyzing the tables", stop), session.transaction(), search_path(session, *path):
        if is_coarse:
            session.execute("select set_config('default_statistics_target', %s, true)", (COARSE,))
        session.execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(names)))
