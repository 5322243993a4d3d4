"""What else a delta touches: rows that it does not derive, and that would come out otherwise now.

Laws
- A row that the build keeps has to be derived anew if a row that it names is no longer there, if the id to which a
  reference of it leads has changed, or if it shares a unique key with a row of the delta.
- A group that the delta does not derive has to be, if that is so of one of its rows, or if a row appears that one of
  its rejected rows, or of its lost references, names; or if a legacy row that it reads is rejected now and was not, or
  was.
- What is found is added, and the delta derived once more, until nothing is found. More is derived than needed rather
  than less: a value that only looks the same counts.
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from psycopg import sql

from config.errors import SourceError
from config.postgres.quoting import literal, quoted
from engine.chunks.work import in_build
from engine.following import ties
from engine.following.delta import Delta
from engine.following.seeds import final_column, final_place
from engine.following.units import Filled, Group, Rows, filled_by
from engine.planning.plan import ConstraintRule, Follow
from engine.planning.tables.reshaped import legacy_key
from engine.quarantine import violations
from engine.reflect.select_list import as_text
from engine.session import fetch
from engine.session.blame import blame

NAMED_AT_MOST = 10_000  # values that are looked for in the books; past them the group is derived
MOVED = """
    (select from_id, legacy_id, to_id from migration.moved where run_id = %(one)s and legacy_table = %(table)s
     except select from_id, legacy_id, to_id from migration.moved where run_id = %(other)s and legacy_table = %(table)s)
"""
REJUDGED = """
    select distinct {tie} from (
        (select legacy_key from migration.rejects where run_id = %(one)s and legacy_table = %(table)s
         except select legacy_key from migration.rejects where run_id = %(other)s and legacy_table = %(table)s)
        union all
        (select legacy_key from migration.rejects where run_id = %(other)s and legacy_table = %(table)s
         except select legacy_key from migration.rejects where run_id = %(one)s and legacy_table = %(table)s)
    ) as r where {is_new}
"""
# Spelled as no id is told from another: an id in capitals, in braces or without hyphens is the same one.
MENTIONED = """
    with appeared as (
        select distinct translate(lower(trim(value)), '{}-', '') as value from unnest(%(values)s::text[]) as v (value)
    )
    select exists (
        select from migration.rejects as r, jsonb_each_text(
            case jsonb_typeof(r.legacy_row) when 'object' then r.legacy_row else '{}' end) as e
        join appeared as a on a.value = translate(lower(trim(e.value)), '{}-', '')
        where r.run_id = %(run)s and r.legacy_table = any (%(tables)s)
        union all
        select from migration.notes as n
        join appeared as a on a.value = translate(lower(trim(n.legacy_value)), '{}-', '')
        where n.run_id = %(run)s and n.legacy_table = any (%(tables)s) and n.note like 'orphan: %%'
        union all
        select from migration.notes as n
        where n.run_id = %(run)s and n.legacy_table = any (%(tables)s) and n.note like 'not_made: %%'
    )
"""


@dataclass
class Wider:
    """What has to be derived besides. keys: of single rows, by legacy table, as the books write them. ties: of rows of
    groups that need not be derived whole. whole: groups that have to be."""

    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    groups: set[Group] = field(default_factory=set)
    ties: dict[Group, set[str]] = field(default_factory=lambda: defaultdict(set))
    whole: set[Group] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any(self.keys.values()) or bool(self.groups)

    def add(self, unit: Rows | Group | None, keys: list[str]) -> None:
        if isinstance(unit, Group) and keys:
            self.groups.add(unit)
            self.ties[unit] |= set(keys)
        elif isinstance(unit, Rows) and keys:
            self.keys[unit.legacy_table] |= set(keys)


def of(delta: Delta) -> Wider:
    """Of a delta that was derived and judged. Errors: SourceError, TargetError."""
    found, plan = Wider(), delta.main.plan
    _of_parents(delta, found)
    for rule in plan.rules:
        if rule.kind in "pui" and not rule.is_trusted and rule.table in delta.tables:
            _rivals(delta, rule, found)
    for unit in delta.rows:
        _rejudged(delta, unit, found)
    accounted = {route.legacy_table for route in delta.routes if route.is_accounted}
    for name in dict.fromkeys(step.legacy_table for step in plan.follows if step.legacy_table in accounted):
        if ids := _ids_that_moved(delta, name):
            for step in plan.follows:
                if step.legacy_table == name:
                    _moved(delta, step, ids, found)
    return found


def same(delta: Delta, wider: set[Rows | Group]) -> frozenset[Rows | Group]:
    """The units of a delta that come out the same in a wider one: none of the tables that theirs refer to, directly or
    not, is filled by another one, and none reads the same legacy rows, of which a rejection forgets all notes. A table
    that has lost rows is not among them where a table that is derived anew refers to it: a run has such a row until it
    goes. wider: units that the wider delta derives anew, or more rows of."""
    plan = delta.main.plan
    query = "select distinct legacy_table from migration.rejects where run_id = %s"
    rejected = {name for (name,) in delta.target.execute(query, [delta.work.run_id])}
    parents = {name: set(found) for name, found in plan.parents.items()}
    for step in plan.follows:
        filled = delta.units.accounting(step.legacy_table)
        parents.setdefault(step.table, set()).update(_build_tables(filled) if filled else ())
    again = set(wider)
    while True:
        changed = {name for unit in again for name in _build_tables(unit)}
        named = {parent for name in changed for parent in plan.parents.get(name, ())}
        read = {route.legacy_table for unit in again for route in unit.routes}
        more = {
            unit
            for unit in delta.all - again
            if with_parents(_build_tables(unit), parents) & changed
            or {r.legacy_table for r in unit.routes} & read
            or (isinstance(unit, Rows) and unit.legacy_table in rejected and _build_tables(unit) & named)
        }
        if not more:
            return frozenset(delta.all - again)
        again |= more


def _build_tables(unit: Rows | Group) -> set[str]:
    return {name for is_archive, name in filled_by(unit) if not is_archive}


def with_parents(names: set[str], parents: Mapping[str, set[str]]) -> set[str]:
    """These tables and all that they refer to, directly or not."""
    known = set(names)
    while more := {parent for name in known for parent in parents.get(name, ())} - known:
        known |= more
    return known


def _of_parents(delta: Delta, found: Wider) -> None:
    """What names a row that appears or goes."""
    references = [rule for rule in delta.main.plan.rules if rule.kind == "f" and rule.parent in delta.tables]
    for parent, columns in dict.fromkeys((rule.parent, rule.ref_columns) for rule in references):
        own = [rule for rule in references if (rule.parent, rule.ref_columns) == (parent, columns)]
        if any(delta.kept(rule.table) for rule in own):
            with _gone(delta, parent, columns) as gone:
                if gone:
                    for rule in own:
                        _vanished(delta, rule, gone, found)
        for rule in own:
            _appeared(delta, rule, found)


@contextlib.contextmanager
def _gone(delta: Delta, parent: str, columns: tuple[str, ...]) -> Iterator[sql.Identifier | None]:
    """A table for the block with what these columns of a table held in rows that were there, and will not be; None if
    there are no such rows."""
    work, name = delta.work, sql.Identifier("pg_temp", "gone_parents")
    same = sql.SQL(" and ").join(sql.SQL("p.{0} = o.{0}").format(sql.Identifier(column)) for column in columns)
    query = sql.SQL("select {} from {} as o where {} and {}").format(
        sql.SQL(", ").join(sql.Identifier("o", column) for column in columns),
        _main(delta, parent, columns),
        _replaced(delta, parent),
        work.is_orphan(parent, same),
    )
    with delta.target.transaction():
        with in_build(work, delta.target):
            # Counted: where one is enough, the planner hopes to find it soon, and asks row by row.
            has_any = fetch.value(bool, delta.target, sql.SQL("select count(*) > 0 from ({}) as g").format(query))
            if has_any:
                delta.target.execute(sql.SQL("create temporary table gone_parents as {}").format(query))
                delta.target.execute(sql.SQL("analyze {}").format(name))
        yield name if has_any else None
        delta.target.execute(sql.SQL("drop table if exists {}").format(name))


def _vanished(delta: Delta, rule: ConstraintRule, gone: sql.Identifier, found: Wider) -> None:
    """Kept rows that name a row which was there, and will not be."""
    kept = delta.kept(rule.table)
    if kept is None:
        return
    named = sql.SQL(" and ").join(
        sql.SQL("t.{} = o.{}").format(sql.Identifier(own), sql.Identifier(other))
        for own, other in zip(rule.columns, rule.ref_columns, strict=True)
    )
    with in_build(delta.work, delta.target):
        keys = _keys(delta, rule.table, kept, sql.SQL("exists (select from {} as o where {})").format(gone, named))
    if keys:
        found.add(delta.units.filling(rule.table), keys)


def _appeared(delta: Delta, rule: ConstraintRule, found: Wider) -> None:
    """Groups that wait for a row which will be there, and was not."""
    group = delta.units.filling(rule.table)
    if not isinstance(group, Group) or group in delta.groups or group in found.groups or len(rule.columns) != 1:
        if isinstance(group, Group) and group not in delta.groups and len(rule.columns) != 1:
            found.groups.add(group)
        return
    work, column = delta.work, rule.ref_columns[0]
    query = sql.SQL(
        "select {} from {} as t where not exists (select from {} as o where o.{name} = t.{name}) limit {}"
    ).format(
        sql.SQL(as_text(work.plan.shape(rule.parent).column(column))),
        sql.Identifier(work.schema, rule.parent),
        _main(delta, rule.parent, rule.ref_columns),
        sql.Literal(NAMED_AT_MOST + 1),
        name=sql.Identifier(column),
    )
    with in_build(work, delta.target):
        values = [value for (value,) in delta.target.execute(query)]
    if not values:
        return
    tables = sorted({route.legacy_table for route in group.routes})
    given = {"values": values, "run": delta.main.run_id, "tables": tables}
    if len(values) > NAMED_AT_MOST or fetch.value(bool, delta.target, MENTIONED, given):
        found.groups.add(group)


def _rivals(delta: Delta, rule: ConstraintRule, found: Wider) -> None:
    """Kept rows with the unique key of a row of the delta."""
    kept = delta.kept(rule.table)
    if kept is None:
        return
    keys = violations.key_list(rule)
    equal = "is not distinct from" if rule.nulls_not_distinct else "="
    same = sql.SQL(" and ").join(sql.SQL(f"d.k{n} {equal} ({{}})").format(key) for n, key in enumerate(keys))
    listed = sql.SQL(", ").join(sql.SQL(f"({{}}) as k{n}").format(key) for n, key in enumerate(keys))
    condition = sql.SQL(
        "{counts} and exists (select from (select {listed} from {delta} as t where {counts}) as d where {same})"
    ).format(
        counts=violations.counts(rule),
        listed=listed,
        delta=sql.Identifier(delta.work.schema, rule.table),
        same=same,
    )
    with in_build(delta.work, delta.target):
        found.add(delta.units.filling(rule.table), _keys(delta, rule.table, kept, condition))


def _rejudged(delta: Delta, unit: Rows, found: Wider) -> None:
    """Groups that read rows which are rejected now and were not, or were: with its rejection a row loses the notes that
    the group has made, and gets them again."""
    for group in delta.units.groups:
        if all(route.legacy_table != unit.legacy_table for route in group.routes):
            continue
        spec, partly = delta.specs.get(group), delta.kin.get(group)
        if group in delta.groups and not partly:
            continue
        table = next((t for t in spec.tables if t.name == unit.legacy_table), None) if spec else None
        tie = ties.tie_of_key(table, "r.legacy_key") if table else "r.legacy_key"
        has_key = partly.has_key(literal(unit.legacy_table), "r.legacy_key") if partly else sql.SQL("false")
        query = sql.SQL(REJUDGED).format(tie=sql.SQL(tie), is_new=sql.SQL("not {}").format(has_key))
        given = {"one": delta.main.run_id, "other": delta.work.run_id, "table": unit.legacy_table}
        found.add(group, [tie for (tie,) in delta.target.execute(query, given)])


def _ids_that_moved(delta: Delta, legacy_table: str) -> set[str]:
    """Ids of its rows, and those that they had, to which references lead elsewhere now."""
    ids: set[str] = set()
    runs = (delta.main.run_id, delta.work.run_id)
    for one, other in (runs, runs[::-1]):
        given = {"one": one, "other": other, "table": legacy_table}
        ids |= {id_ for row in delta.target.execute(MOVED, given) for id_ in row[:2]}
    return ids


def _moved(delta: Delta, step: Follow, ids: set[str], found: Wider) -> None:
    """Rows with a reference that leads elsewhere now. ids: to which it led, or leads."""
    unit = delta.units.filling(step.table)
    if unit is None or (unit in delta.groups and unit not in delta.kin):
        return
    if isinstance(unit, Group):
        found.groups.add(unit)
        found.whole.add(unit)
        return
    table = delta.work.plan.table(unit.legacy_table).legacy
    column = table.shape.find_column(step.column)
    if column is None:
        raise LookupError(f"{table.name} has no column {step.column}, which was to follow {step.legacy_table}")
    spelled = f"translate(lower({as_text(column)}), '{{}}-', '')"
    wanted = sql.Literal(sorted(id_.lower().translate(str.maketrans("", "", "{}-")) for id_ in ids)).as_string(None)
    query = (
        f"select {legacy_key(table)} from {quoted(delta.work.plan.source_schema, table.name)} as t "
        f"where {spelled} = any ({wanted}::text[])"
    )
    with (
        delta.work.sessions.lend("source") as source,
        blame(SourceError, f"looking for what names rows of {step.legacy_table}", delta.work.stop),
    ):
        keys = {key for (key,) in source.execute(query).fetchall()}
    if seeds := delta.seeds.get(unit.legacy_table):  # what is derived already is not found again, for ever
        keys -= {key for (key,) in delta.target.execute(seeds.texts())}
    found.add(unit, sorted(keys))


def _keys(delta: Delta, build_table: str, kept: sql.Identifier, condition: sql.Composable) -> list[str]:
    """Legacy keys of the kept rows of which the condition over alias t holds; of a group's table their ties, or one
    empty text, if there are any."""
    unit = delta.units.filling(build_table)
    if isinstance(unit, Group) and unit in delta.specs and (owner := delta.specs[unit].owners[build_table]):
        name, whose = owner
        column = delta.work.plan.shape(build_table).column(name)
        tie = sql.SQL(ties.tie_of(column, whose, sql.Identifier("t", name).as_string(None)))
        asked = sql.SQL("select distinct {} from {} as t where {}").format(tie, kept, condition)
        return [tie for (tie,) in delta.target.execute(asked)]
    if not isinstance(unit, Rows):
        query = sql.SQL("select exists (select from {} as t where {})").format(kept, condition)
        return [""] if fetch.value(bool, delta.target, query) else []
    table = next(t for t in unit.tables if t.name == build_table and not t.is_archive)
    legacy = delta.work.plan.table(unit.legacy_table).legacy
    named = sql.SQL(", ").join(
        sql.SQL("t.{} as {}").format(sql.Identifier(own), sql.Identifier(old))
        for own, old in zip(table.key, legacy.shape.primary_key, strict=True)
    )
    query = sql.SQL("select distinct {} from (select {} from {} as t where {}) as t").format(
        sql.SQL(legacy_key(legacy)), named, kept, condition
    )
    known = {key for (key,) in delta.target.execute(query)}
    return sorted(known)


def _main(delta: Delta, build_table: str, columns: tuple[str, ...]) -> sql.Composed:
    """A table of the build as it is, under legacy names; these columns, and those that say of which row each is."""
    table = _filled(delta, build_table)
    owner = [own[0] for each in delta.kin.values() if (own := each.spec.owners.get(build_table))]
    names = dict.fromkeys((*columns, *table.key, *owner))
    listed = sql.SQL(", ").join(
        sql.SQL("m.{} as {}").format(sql.Identifier(final_column(delta.work, table, name)), sql.Identifier(name))
        for name in names
    )
    return sql.SQL("(select {} from {} as m)").format(listed, sql.Identifier(*final_place(delta.work, table)))


def _filled(delta: Delta, build_table: str) -> Filled:
    for unit in delta.rows:
        for table in unit.tables:
            if table.name == build_table and not table.is_archive:
                return table
    return Filled(build_table, False, (), False)


def _replaced(delta: Delta, build_table: str) -> sql.Composable:
    """Whether a row of the build, under alias o, is derived anew or gone."""
    for unit in delta.rows:
        for table in unit.tables:
            if table.name == build_table and not table.is_archive:
                seeds = delta.seeds[unit.legacy_table]
                same = sql.SQL(" and ").join(
                    sql.SQL("k.{} = o.{}").format(sql.Identifier(old), sql.Identifier(own))
                    for old, own in zip(seeds.legacy.shape.primary_key, table.key, strict=True)
                )
                names = sql.SQL(", ").join(map(sql.Identifier, seeds.legacy.shape.primary_key))
                return sql.SQL(
                    "exists (select from (select {names} from {} union all select {names} from {}) as k where {same})"
                ).format(seeds.keys, seeds.gone, names=names, same=same)
    for each in delta.kin.values():
        if build_table in each.spec.owners:
            return each.owns(Filled(build_table, False, (), False), "o", is_final=False)
    return sql.SQL("true")
