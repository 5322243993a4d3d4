"""Sequences of a schema that comes back go on past those of the one that goes, so that no number is given twice."""

import psycopg
from psycopg import sql

from engine.books.bookkeeping import SchemaRecord

# Sequences of one name in both schemas that count in one direction, and where the one that goes stands.
STANDING = """
    select b.sequencename::text, g.last_value, b.increment_by > 0
    from pg_sequences g join pg_sequences b on b.sequencename = g.sequencename
    where g.schemaname = %(goes)s and b.schemaname = %(back)s and g.last_value between b.min_value and b.max_value
      and sign(g.increment_by) = sign(b.increment_by)
      and has_sequence_privilege(format('%%I.%%I', b.schemaname, b.sequencename), 'select')
      and has_sequence_privilege(format('%%I.%%I', b.schemaname, b.sequencename), 'update')
    order by 1
"""
MOVE = """
    select setval({name}::regclass, {value}) from {place}
    where last_value {before} {value} or last_value = {value} and not is_called
"""


def move_past(conn: psycopg.Connection, goes: SchemaRecord, back: SchemaRecord) -> None:
    """Writers are locked out. A sequence stays moved where the switch then fails, which leaves out some numbers."""
    for name, value, ascends in conn.execute(STANDING, {"goes": goes.name, "back": back.name}).fetchall():
        place, before = sql.Identifier(back.name, name), sql.SQL("<" if ascends else ">")
        given = {"name": sql.Literal(place.as_string(conn)), "place": place, "value": sql.Literal(value)}
        conn.execute(sql.SQL(MOVE).format(before=before, **given))
