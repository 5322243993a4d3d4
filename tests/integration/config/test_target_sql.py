"""The target's SQL files run in psql's order, and PostgreSQL's catalogue agrees with what the parser reads."""

import psycopg
import pytest
from psycopg import sql

from config import target

COPIED = ("users", "roles", "coupons", "pricing_packages", "payments", "reviews", "kb_categories", "kb_articles")

COLUMNS = """
select attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), typname
from pg_attribute join pg_type on pg_type.oid = atttypid
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attrelid = %s::regclass and attnum > 0 order by attnum
"""
CONSTRAINTS = """
select conname, contype::text, array(
    select attname::text from unnest(conkey) with ordinality as key(number, place)
    join pg_attribute on attrelid = conrelid and attnum = number order by place
), pg_get_constraintdef(oid, true)
from pg_constraint where conrelid = %s::regclass
"""
INDEXES = """
select relname, pg_get_indexdef(indexrelid, 0, true) from pg_index join pg_class on oid = indexrelid
where indrelid = %s::regclass and not exists (select from pg_constraint where conindid = indexrelid and contype <> 'f')
"""


@pytest.fixture
def conn(database):
    with psycopg.connect(database(), autocommit=True) as conn:
        for name in COPIED:
            conn.execute(sql.SQL("create table {} (id uuid primary key)").format(sql.Identifier(name)))
        for kind in ("tables", "constraints"):
            for path in sorted(target.FOLDER.glob(f"*/{kind}.sql")):
                conn.execute(path.read_text())
        yield conn


def test_the_catalogue_holds_what_the_parser_reads(conn):
    has_not_nulls = conn.info.server_version >= 180000  # as constraints
    for table in target.load().values():
        columns = [(c.name, c.type, c.not_null, c.default, c.base) for c in table.columns]
        assert conn.execute(COLUMNS, [table.name]).fetchall() == columns
        rows = conn.execute(CONSTRAINTS, [table.name])
        found = {name: (kind, tuple(names), text) for name, kind, names, text in rows}
        wanted = {c.name: c for c in table.constraints if has_not_nulls or c.kind != "n"}
        assert set(found) == set(wanted)
        for name, (kind, names, text) in found.items():
            assert (kind, set(names)) == (wanted[name].kind, set(wanted[name].columns))
            assert kind == "c" or text.replace('"', "") == wanted[name].definition
        indexes = {index.name: index.definition for index in table.indexes}
        assert dict(conn.execute(INDEXES, [table.name]).fetchall()) == indexes
