"""Fills a schema with a synthetic legacy Nxtgauge database: the reference tables, realistic rows, realistic dirt.

The rows are made in the server by the files under config/legacy/seed, one per domain; this module only runs them. Equal
seeds and numbers of rows give equal rows. All is one transaction: the schema is filled, or unchanged.
"""

from pathlib import Path

import psycopg
from psycopg import Connection, sql

import config
from config.errors import ConfigError
from config.postgres import session

LEGACY = Path(config.__file__).parent / "legacy"
CONSTRAINTS = "-- part: constraints\n"  # the line that divides reference.sql
DOMAINS = (
    "identity",
    "profiles",
    "portfolio",
    "marketplace",
    "verification",
    "finance",
    "communication",
    "knowledge_base",
    "audit",
)

# Bulk loading: nothing but the whole transaction counts, and indexes are sorted in memory. No parallel scans, so that
# rows come in the same order each time: where a table has no key, the place of a row is its name.
SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "synchronous_commit": "off",
    "maintenance_work_mem": "256MB",
    "work_mem": "128MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "synchronize_seqscans": "off",
}


def seed(connection_url: str, rows: int = 100_000, seed: int = 20_240_501, schema: str = "public") -> dict[str, int]:
    """Create the reference tables in `schema` with about `rows` rows in all; returns the rows of each table."""
    with psycopg.connect(connection_url, autocommit=True) as connection:
        with connection.transaction():
            _prepare(connection, schema, {**SETTINGS, "seed.rows": str(rows), "seed.seed": str(seed)})
            _fill(connection)
        return _analyzed(connection, schema)


def _prepare(connection: Connection, schema: str, settings: dict[str, str]) -> None:
    """Enter an empty schema, made if need be; the settings end with the transaction."""
    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    found = tables(connection, schema)
    if found:
        raise ConfigError(
            f"schema {schema} holds {len(found)} tables, {found[0]} among them; "
            "the seed wants an empty one: name another schema or database"
        )
    ((quoted,),) = connection.execute("select quote_ident(%s)", [schema])
    settings = {**settings, "search_path": quoted}
    connection.execute(session.query(session.PINNED))
    for name, value in settings.items():
        connection.execute("select set_config(%s, %s, true)", [name, value])


def _fill(connection: Connection) -> None:
    """Tables, rows, and only then what constrains them: so keys are built once, and no row is checked singly."""
    tables, constraints = (LEGACY / "reference.sql").read_text(encoding="utf-8").split(CONSTRAINTS)
    connection.execute(tables)
    for part in ("helpers", *DOMAINS, "finish"):
        connection.execute((LEGACY / "seed" / f"{part}.sql").read_text(encoding="utf-8"))
    connection.execute(constraints)


def tables(connection: Connection, schema: str) -> list[str]:
    """The names of the tables there."""
    query = "select tablename from pg_tables where schemaname = %s order by tablename"
    return [name for (name,) in connection.execute(query, [schema])]


def _analyzed(connection: Connection, schema: str) -> dict[str, int]:
    """Count each table, and leave statistics such as a database in use has."""
    counts = {}
    for name in tables(connection, schema):
        table = sql.Identifier(schema, name)
        connection.execute(sql.SQL("analyze {}").format(table))
        ((counts[name],),) = connection.execute(sql.SQL("select count(*) from {}").format(table))
    return counts
