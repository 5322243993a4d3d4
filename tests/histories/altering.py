"""Changes of a legacy schema's catalogue, whether what is made of it changes by them or not.

Law: a change that would have to wait, or that a constraint refuses, is left out.
"""

import contextlib
import random
from collections import Counter

import psycopg
from psycopg import sql

from tests.histories.history import REFUSED

# By name; `table`, `column`: any; `text`: one of texts; `null`: one that may be null; `type`: any enum; `more`: a new
# name, or a new label.
KINDS = {
    "column more": "alter table {table} add column {more} text",
    "column more, with values": "alter table {table} add column {more} int not null default 7",
    "column less": "alter table {table} drop column {null}",
    "column named otherwise": "alter table {table} rename column {null} to {more}",
    "column of another type": "alter table {table} alter column {text} type varchar(200)",
    "column with a default": "alter table {table} alter column {text} set default 'none'",
    "column that may not be null": "alter table {table} alter column {null} set not null",
    "column that may be null": "alter table {table} alter column {column} drop not null",
    "check more": "alter table {table} add constraint {more} check ({column} is not null) not valid",
    "index more": "create index {more} on {table} ({column})",
    "unique index more": "create unique index {more} on {table} ({column})",
    "comment": "comment on column {table}.{column} is 'said anew'",
    "column made again": "alter table {table} drop column {null}, add column {null} text",
    "sequence more": "create sequence {home}.{more} start 7",
    "label more": "alter type {type} add value {more}",
    "statistics": "alter table {table} alter column {column} set statistics 7",
    "analyzed": "analyze {table}",
    "table more": "create table {home}.{more} as select * from {table} limit 3",
    "table less": "drop table {table} cascade",
    "table named otherwise": "alter table {table} rename to {more}",
}
COLUMNS = """
    select c.relname::text, a.attname::text, a.attnotnull, a.atttypid in ('text'::regtype, 'varchar'::regtype)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1, a.attnum
"""

ENUMS = "select typname::text from pg_type where typnamespace = %s::regnamespace and typtype = 'e' order by 1"


def alter(conn: psycopg.Connection, schema: str, rng: random.Random) -> Counter[str]:
    """One change; `altered: ` and its kind, if it was made. conn: of the tables' owner, in autocommit."""
    kind = rng.choice([*KINDS])
    columns = conn.execute(COLUMNS, [schema]).fetchall()
    wanted = [c for c in columns if ("{null}" not in KINDS[kind] or not c[2]) and ("{text}" not in KINDS[kind] or c[3])]
    if not wanted:
        return Counter()
    table, column, *_ = rng.choice(wanted)
    types = conn.execute(ENUMS, [schema]).fetchall()
    if not types and "{type}" in KINDS[kind]:
        return Counter()
    more = f"more_{rng.randrange(10**6)}"
    named: dict[str, sql.Composable] = {name: sql.Identifier(column) for name in ("column", "null", "text")}
    named |= {"table": sql.Identifier(schema, table), "more": sql.Identifier(more)}
    if "{type}" in KINDS[kind]:
        named |= {"type": sql.Identifier(schema, rng.choice(types)[0]), "more": sql.Literal(more)}
    with contextlib.suppress(*REFUSED):
        conn.execute("set lock_timeout = '100ms'")
        conn.execute(sql.SQL(KINDS[kind]).format(home=sql.Identifier(schema), **named))
        return Counter({f"altered: {kind}": 1})
    return Counter()
