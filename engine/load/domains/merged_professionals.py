"""Carried columns of professionals merged into one profile: which value the profile gets, and notes of the others.

Laws (contract, 4.4: professionals)
- In each column the profile gets the first value that is not null, of the rows in order of updated_at and id, both
  descending. The row that created the profile is one of them; rejected rows take no part.
- An orphan is set to null, and noted on its row, before a value is chosen; a reference to a table that gets rows later
  is judged with the profile that gets it. References that lead to one row are equal.
- A value that differs from the chosen one is noted on its row.
- All rows are put aside by the chunks that read them, so that no result depends on how they were divided.
- Notes are written of BATCH_ROWS rows at a time, so that memory does not grow with them.
"""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from config import mapping, note_kinds
from config.errors import SourceError
from config.note_kinds import Note
from config.postgres.quoting import quoted
from config.shapes import Column
from engine.chunks.chunk_books import orphan_note
from engine.chunks.work import Work, in_build
from engine.load import ddl, statistics
from engine.planning import ids
from engine.planning.plan import MERGED, Route, merged_shape
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import legacy_rows, records, violations
from engine.reflect.select_list import as_text, plain
from engine.session.blame import blame

ROOT = "user_role_profiles"
# Chunks put each row down as the first of its profile; of those that are not the only one the order is found here.
PLACES = """
    update {merged} as t set __place = o.place from (
        select o.ctid as row, row_number() over (partition by o.__root_id order by o.__updated_at desc,
            case when o.__legacy_id ~ '^-?[0-9]{{1,19}}$' then numeric_in(textout(o.__legacy_id), 0, -1) end
                desc nulls first,
            {id} collate "C" desc, o.__legacy_key collate "C" desc) as place
        from {merged} as o
        where o.__root_id in (select s.__root_id from {merged} as s group by s.__root_id having count(*) > 1)
    ) as o where o.row = t.ctid
"""
# Nothing tells the planner how many rows share a profile, and none has an index: a nested loop would read all profiles
# for each of them.
HASHED = "set local enable_nestloop = {}"
FIRST = "update {roots} as r set {values} from {merged} as m where r.id = m.__root_id and m.__place = 1"
NEXT = """
    update {roots} as r set {column} = m.value from (
        select distinct on (t.__root_id) t.__root_id, t.{column} as value from {merged} as t
        where t.__root_id in (select s.__root_id from {merged} as s where s.__place = 2)
            and t.{column} is distinct from null
        order by t.__root_id, t.__place
    ) as m where r.id = m.__root_id and r.{column} is not distinct from null
"""
MAKE_ORPHANS = """
    create temporary table if not exists __orphans (key text) on commit drop;
    truncate pg_temp.__orphans
"""
ORPHANS = """
    with nulled as (update {merged} as t set {column} = null where {violates} returning t.__legacy_key as key)
    insert into pg_temp.__orphans select key from nulled
"""
LOSERS = """
    select t.__legacy_key from {merged} as t join {roots} as r on r.id = t.__root_id
    where t.__root_id in (select s.__root_id from {merged} as s where s.__place = 2)
        and t.{column} is distinct from null and {own} is distinct from {kept}
"""
NOTE = """
    insert into migration.notes (run_id, legacy_table, legacy_key, target_table, target_column, note, legacy_value)
    select %s, %s, found.key, %s, %s, %s, found.value from unnest(%s::text[], %s::text[]) as found (key, value)
"""


def make(work: Work, target: psycopg.Connection) -> None:
    """Create the table into which chunks put what their rows carry."""
    shape = merged_shape(work.plan)
    if shape:
        ddl.replay(target, work.path, ddl.tables(work.plan.source, [shape]))


def fill(work: Work, target: psycopg.Connection) -> None:
    """Give every profile the chosen values, and note the others."""
    route = next((r for r in work.plan.routes if r.transform == "professionals"), None)
    if route is None or merged_shape(work.plan) is None:
        return
    pairs = dict(route.freight)[route.targets[0]]
    names = {"merged": sql.Identifier(work.schema, MERGED), "roots": sql.Identifier(work.schema, route.targets[0])}
    _null_orphans(work, target, route, names)
    statistics.sample(target, [names["merged"]], work.path, work.stop, is_coarse=True)
    id_ = sql.SQL(ids.hyphened("o.__legacy_id"))
    target.execute(sql.SQL(PLACES).format(id=id_, **names))
    values = sql.SQL(", ").join(sql.SQL("{0} = m.{0}").format(sql.Identifier(name)) for name, _ in pairs)
    with target.transaction():
        target.execute(HASHED.format("off"))
        target.execute(sql.SQL(FIRST).format(values=values, **names))
        for name, _ in pairs:
            target.execute(sql.SQL(NEXT).format(column=sql.Identifier(name), **names))
        for pair in pairs:
            losers = _losers(work, work.plan.shape(route.targets[0]).column(pair[0]), names)
            _note(work, target, route, pair, note_kinds.OUTDATED.saying(), losers)
        target.execute(HASHED.format("default"))


def drop(work: Work, target: psycopg.Connection) -> None:
    """Drop the table of carried values when the load is over."""
    target.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(work.schema, MERGED)))


def _null_orphans(work: Work, target: psycopg.Connection, route: Route, names: dict[str, sql.Identifier]) -> None:
    """Set the orphans to null, and note them."""
    pairs = dict(dict(route.freight)[route.targets[0]])
    for column, condition, parent in _nowhere(work, route):
        if column in pairs:
            query = sql.SQL(ORPHANS).format(column=sql.Identifier(column), violates=condition, **names)
            with in_build(work, target):
                target.execute(MAKE_ORPHANS)
                target.execute(query)
                orphans = sql.SQL("select key from pg_temp.__orphans")
                _note(work, target, route, (column, pairs[column]), orphan_note(work, parent), orphans)


def _nowhere(work: Work, route: Route) -> Iterator[tuple[str, sql.Composable, str]]:
    """(column of profiles, what is true of references by it that lead nowhere, the table they should lead to).

    Of tables that have all their rows by now, and of rows that were rejected by now.
    """
    root = route.targets[0]
    late = {target for other in work.plan.routes if other.wave > route.wave for target in other.targets}
    steps = [step for step in work.plan.follows if step.table == root]
    for step in steps:
        yield step.column, violations.is_lost(work, step), mapping.load().root_of(step.legacy_table) or ROOT
    for rule in work.plan.rules:
        is_single = rule.kind == "f" and rule.table == root and len(rule.columns) == 1
        if is_single and rule.ref_table not in late and rule.columns[0] not in {step.column for step in steps}:
            yield rule.columns[0], violations.violates(work, rule), rule.parent


def _losers(work: Work, column: Column, names: dict[str, sql.Identifier]) -> sql.Composed:
    """SQL: legacy keys of the rows whose value does not stand; of references that lead to one row none differs."""
    own = as_text(column)
    kept = own.replace(plain(column), f"r{plain(column)[1:]}")
    for step in work.plan.follows:
        if (step.table, step.column) == (ROOT, column.name):
            own, kept = (violations.followed(work, step, value) for value in (own, kept))
    return sql.SQL(LOSERS).format(column=sql.Identifier(column.name), own=sql.SQL(own), kept=sql.SQL(kept), **names)


def _note(
    work: Work,
    target: psycopg.Connection,
    route: Route,
    pair: tuple[str, str],
    note: Note,
    keys: sql.SQL | sql.Composed,
) -> None:
    """The note on legacy rows, with the value that each has. pair: a column of the profile, the legacy one; keys: SQL,
    of the rows."""
    with target.transaction(), target.cursor(name="noted") as cursor:
        cursor.execute(keys)
        while some := cursor.fetchmany(records.BATCH_ROWS):
            _note_some(work, target, route, pair, note, [key for (key,) in some])


def _note_some(
    work: Work, target: psycopg.Connection, route: Route, pair: tuple[str, str], note: Note, keys: list[str]
) -> None:
    table = work.plan.table(route.legacy_table).legacy
    shown = f"{legacy_key(table)}, {as_text(table.shape.column(pair[1]))}"
    of_rows = f"{quoted(work.plan.source_schema, table.name)} as t where {legacy_rows.key_condition(table, keys)}"
    with work.sessions.lend("source") as source, blame(SourceError, f"reading {table.name}", work.stop):
        rows = source.execute(f"select {shown} from {of_rows}").fetchall()
    found = [key for key, _ in rows], [value for _, value in rows]
    target.execute(NOTE, (work.run_id, table.name, route.targets[0], pair[0], note, *found))
