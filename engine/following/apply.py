"""Makes a delta the build's: in one transaction the build's rows change, and the books with them.

Laws
- Rows are inserted or updated first, then those are deleted that are no longer to be there. Only a table without a key
  is emptied and filled again.
- Constraints make room (making_room): foreign keys are checked once, when all has changed, and none of them acts. One
  that does not hold then fails the round, and nothing has changed.
- No more rows may go than were meant to, by whatever action of a foreign key.
- The books of what was derived anew are replaced whole by those of the delta.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import errors, sql

from config.errors import TargetError, VerificationFailed
from config.shapes import Table
from engine.chunks.work import Work, in_build
from engine.following import books, figures, making_room
from engine.following.delta import Delta
from engine.following.seeds import final_column, final_place
from engine.following.units import Filled, Group, Rows
from engine.load import ddl
from engine.planning.plan import Plan
from engine.session import fetch
from engine.session.blame import blame

# What this session has deleted and the server has not yet taken into its statistics: that of this transaction, whoever
# did it, and perhaps that of transactions before it. Nothing where the server does not count.
WENT = """
    select t.oid::bigint, pg_stat_get_xact_tuples_deleted(t.oid::oid) from unnest(%s::bigint[]) as t (oid)
    where current_setting('track_counts') = 'on'
"""
IS_DIFFERENT = sql.SQL("operator(pg_catalog.*<>)")  # in any bit: 1.0 is not 1.00
PAIR = sql.Identifier("pg_temp", "__pairs")
# Rows of the same text are paired, the first with the first: those without another, or with one that is not the same.
PAIRS = """
    create temporary table {} on commit drop as
    with was as (
        select m.ctid as place, {final} as image, {final}::pg_catalog.text as written,
               row_number() over (partition by {final}::pg_catalog.text) as number
        from {main} as m
    ), is_now as (
        select d.ctid as place, {own} as image, {own}::pg_catalog.text as written,
               row_number() over (partition by {own}::pg_catalog.text) as number
        from {delta} as d
    )
    select w.place as goes, n.place as comes
    from was as w full join is_now as n on w.written = n.written and w.number = n.number
    where w.place is null or n.place is null or w.image {different} n.image
"""
OIDS = "select place, place::regclass::oid::bigint from unnest(%s::text[]) as t (place)"


Where = tuple[bool, str]  # whether in the archive, and the name in the build


@dataclass
class Changed:
    """How many rows of the build a round has changed. by_table: (whether in the archive, build name) → the same. books:
    tables of the books about single rows that were written to."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    by_table: dict[Where, tuple[int, int, int]] = field(default_factory=dict)
    books: set[str] = field(default_factory=set)

    def add(self, table: Filled, figures: tuple[int, int, int]) -> None:
        self.inserted += figures[0]
        self.updated += figures[1]
        self.deleted += figures[2]
        self.by_table[table.is_archive, table.name] = figures

    def growth(self, table: Filled) -> int:
        inserted, _, deleted = self.by_table.get((table.is_archive, table.name), (0, 0, 0))
        return inserted - deleted


def apply(delta: Delta, source_rows: Mapping[str, int], files: Mapping[str, str]) -> Changed:
    """Change build and books, in the caller's transaction. source_rows, files: of every legacy table, now.

    Errors: TargetError, VerificationFailed; then nothing has changed.
    """
    work, target, changed = delta.work, delta.target, Changed()
    oids = _oids(delta)
    went_before = _went(target, oids)
    loaded = figures.of_groups(delta)
    tables = list(_tables(delta))
    with blame(TargetError, "changing the build", work.stop), in_build(work, target):
        places = {table: _main_place(delta, table).as_string() for table, _ in tables}
        room = making_room.Room(target, {p: oids[table.is_archive, table.name] for table, p in places.items()})
        room.make()
        room.drop_uniques([p for table, p in places.items() if room.has_uniques(p) and _swaps(delta, table)])
        by_place = {places[table]: (table, unit) for table, unit in tables}
        room.drop_references(
            lambda place: _loses(delta, *by_place[place]),
            lambda place, columns: _changes(delta, by_place[place][0], columns),
        )
        put = {table: _put(delta, table) for table, _ in tables}
        for table, unit in _children_first(delta.main.plan, tables):
            inserted, updated, went = put[table]
            changed.add(table, (inserted, updated, went + _delete(delta, table, unit)))
        room.close()
        _prove(delta, changed, went_before, _went(target, oids))
    changed.books = books.replace(delta) | {"tables"}
    loaded += figures.of_kin(delta, source_rows)
    figures.record(delta, changed, loaded, source_rows, files)
    return changed


def _tables(delta: Delta) -> Iterator[tuple[Filled, Rows | Group]]:
    """What the delta has tables for."""
    for unit in delta.rows:
        for table in unit.tables:
            yield table, unit
    for group in delta.groups:
        for is_archive, name in sorted(group.tables):
            yield Filled(name, is_archive, (), False), group


def _shape(delta: Delta, table: Filled) -> Table:
    if table.is_archive:
        return next(shape for shape in delta.main.plan.archive if shape.name == table.name)
    return delta.main.plan.shape(table.name)


def _delta_place(delta: Delta, table: Filled) -> sql.Identifier:
    work = delta.work
    return sql.Identifier(work.archive_schema if table.is_archive else work.schema, table.name)


def _main_place(delta: Delta, table: Filled) -> sql.Identifier:
    return sql.Identifier(*final_place(delta.work, table))


def _swaps(delta: Delta, table: Filled) -> bool:
    """Whether the table's rows cannot be put one after the other, because unique values change places. It is tried."""
    if not _shape(delta, table).primary_key:
        return False
    try:
        with delta.target.transaction(force_rollback=True):
            _put(delta, table)
    except (errors.UniqueViolation, errors.ExclusionViolation):
        return True
    return False


def _loses(delta: Delta, table: Filled, unit: Rows | Group) -> bool:
    """Whether rows of the table go; of one without a key all do, and come again.

    They are counted: where one is enough, the planner hopes to find it soon, and asks row by row.
    """
    if not _shape(delta, table).primary_key:
        return True
    query = sql.SQL("select count(*) > 0 from ({}) as g").format(_going(delta, table, unit))
    return fetch.value(bool, delta.target, query)


def _changes(delta: Delta, table: Filled, finals: list[str]) -> bool:
    """Whether some row that stays gets other values in these columns, which are named as in the finished build."""
    shape = _shape(delta, table)
    if not shape.primary_key:
        return True
    columns = [column.name for column in shape.columns if final_column(delta.work, table, column.name) in finals]
    query = sql.SQL("select count(*) > 0 from {} as m join {} as d on {} where {}").format(
        _main_place(delta, table), _delta_place(delta, table), _same(delta, table), _compared(delta, table, columns)
    )
    return fetch.value(bool, delta.target, query)


def _put(delta: Delta, table: Filled) -> tuple[int, int, int]:
    """Insert the delta's rows that are not there, and update those that differ; how many of each. Of a table without a
    key rows go first; how many.

    Those that are there are not proposed for insertion: a check that holds for new rows alone would be asked of them.
    """
    shape = _shape(delta, table)
    if not shape.primary_key:
        return _put_keyless(delta, table)
    own = [column.name for column in shape.columns if not column.generated]
    final = {name: sql.Identifier(final_column(delta.work, table, name)) for name in own}
    given = {"main": _main_place(delta, table), "delta": _delta_place(delta, table), "same": _same(delta, table)}
    sets = sql.SQL(", ").join(sql.SQL("{} = d.{}").format(final[name], sql.Identifier(name)) for name in own)
    update = sql.SQL("update {main} as m set {sets} from {delta} as d where {same} and {differ}")
    updated = delta.target.execute(update.format(sets=sets, differ=_compared(delta, table, own), **given)).rowcount
    insert = sql.SQL(
        "insert into {main} ({into}) overriding system value select {columns} from {delta} as d "
        "where not exists (select from {main} as m where {same})"
    )
    columns = sql.SQL(", ").join(sql.SQL("d.{}").format(sql.Identifier(name)) for name in own)
    into = sql.SQL(", ").join(final[name] for name in own)
    return delta.target.execute(insert.format(into=into, columns=columns, **given)).rowcount, updated, 0


def _same(delta: Delta, table: Filled) -> sql.Composed:
    """SQL: whether a row of the delta (d) and one of the build (m) have the same primary key."""
    return sql.SQL(" and ").join(
        sql.SQL("d.{} = m.{}").format(sql.Identifier(name), sql.Identifier(final_column(delta.work, table, name)))
        for name in _shape(delta, table).primary_key
    )


def _compared(delta: Delta, table: Filled, columns: list[str]) -> sql.Composed:
    """SQL: whether these columns of d and m differ in any bit; 1.0 is not 1.00."""
    finals = [final_column(delta.work, table, name) for name in columns]
    return sql.SQL("{} {} {}").format(_row("d", columns), IS_DIFFERENT, _row("m", finals))


def _put_keyless(delta: Delta, table: Filled) -> tuple[int, int, int]:
    """Of a table without a key, remove rows that the delta has less often, and add those that it has more often."""
    own = [column.name for column in _shape(delta, table).columns if not column.generated]
    finals = [final_column(delta.work, table, name) for name in own]
    main, place = _main_place(delta, table), _delta_place(delta, table)
    delta.target.execute(
        sql.SQL(PAIRS).format(
            PAIR, main=main, delta=place, final=_row("m", finals), own=_row("d", own), different=IS_DIFFERENT
        )
    )
    delete = sql.SQL("delete from {} as m using {} as p where m.ctid = p.goes")
    deleted = delta.target.execute(delete.format(main, PAIR)).rowcount
    insert = sql.SQL(
        "insert into {} ({}) overriding system value select {} from {} as d join {} as p on d.ctid = p.comes"
    )
    into = sql.SQL(", ").join(map(sql.Identifier, finals))
    columns = sql.SQL(", ").join(sql.Identifier("d", name) for name in own)
    inserted = delta.target.execute(insert.format(main, into, columns, place, PAIR)).rowcount
    delta.target.execute(sql.SQL("drop table {}").format(PAIR))
    return inserted, 0, deleted


def _row(alias: str, columns: list[str]) -> sql.Composed:
    return sql.SQL("row({})::record").format(sql.SQL(", ").join(sql.Identifier(alias, name) for name in columns))


def _delete(delta: Delta, table: Filled, unit: Rows | Group) -> int:
    """Delete what the round derives anew, or found gone, and the delta does not have."""
    if not _shape(delta, table).primary_key:
        return 0
    query = sql.SQL("delete from {} as t using ({}) as g where t.ctid = g.place")
    return delta.target.execute(query.format(_main_place(delta, table), _going(delta, table, unit))).rowcount


def _going(delta: Delta, table: Filled, unit: Rows | Group) -> sql.Composed:
    """A query for the places of the rows that go."""
    query = "select m.ctid as place from {} as m where {} and not exists (select from {} as d where {})"
    places = _main_place(delta, table), _is_meant(delta, table, unit), _delta_place(delta, table), _same(delta, table)
    return sql.SQL(query).format(*places)


def _is_meant(delta: Delta, table: Filled, unit: Rows | Group) -> sql.Composable:
    """Whether a row of the build, under alias m, is one of those that the round derives anew, or found gone."""
    if isinstance(unit, Group):
        kin = delta.kin.get(unit)
        return kin.owns(table, "m", is_final=True) if kin else sql.SQL("true")
    seeds = delta.seeds[unit.legacy_table]
    legacy = sql.SQL(", ").join(map(sql.Identifier, seeds.legacy.shape.primary_key))
    own = sql.SQL(", ").join(sql.Identifier("m", final_column(delta.work, table, name)) for name in table.key)
    return sql.SQL("({own}) in (select {legacy} from {keys} union all select {legacy} from {gone})").format(
        own=own, legacy=legacy, keys=seeds.keys, gone=seeds.gone
    )


def _children_first(plan: Plan, tables: list[tuple[Filled, Rows | Group]]) -> list[tuple[Filled, Rows | Group]]:
    """In an order in which no table comes before one that points at it, but for circles."""
    pointing: dict[str, set[str]] = {}
    for rule in plan.rules:
        if rule.kind == "f" and rule.parent != rule.table:
            pointing.setdefault(rule.parent, set()).add(rule.table)
    left = dict.fromkeys(table for table, _ in tables)
    units = dict(tables)
    found = []
    while left:
        names = {table.name for table in left if not table.is_archive}
        free = [t for t in left if t.is_archive or not pointing.get(t.name, set()) & (names - {t.name})]
        for table in free or [next(iter(left))]:
            del left[table]
            found.append((table, units[table]))
    return found


def _prove(delta: Delta, changed: Changed, before: Mapping[Where, int], after: Mapping[Where, int]) -> None:
    """Errors: VerificationFailed where another number of rows went than was meant: an action of a foreign key."""
    for where, went in after.items():
        gone, table = went - before[where], Filled(where[1], where[0], (), False)
        meant = changed.by_table.get(where, (0, 0, 0))[2]
        if _shape(delta, table).primary_key and gone != meant:
            raise VerificationFailed(
                f"the round did not come out: {gone} rows of {table.name} went, and {meant} had to; nothing was "
                f"changed, and the build is to be made anew: `nxtgauge-migrate sync --abort`"
            )


def _oids(delta: Delta) -> dict[Where, int]:
    """Of every table of build and archive."""
    shapes = {False: delta.main.plan.build, True: delta.main.plan.archive}
    wheres = [(is_archive, shape.name) for is_archive, found in shapes.items() for shape in found]
    tables = {where: Filled(where[1], where[0], (), False) for where in wheres}
    places = {_main_place(delta, table).as_string(): where for where, table in tables.items()}
    return {places[place]: oid for place, oid in delta.target.execute(OIDS, [list(places)]).fetchall()}


def _went(target: psycopg.Connection, oids: Mapping[Where, int]) -> dict[Where, int]:
    """Rows deleted by this session, of every table; no table where the server does not count."""
    wheres = {oid: where for where, oid in oids.items()}
    return {wheres[oid]: went for oid, went in target.execute(WENT, [list(wheres)]).fetchall()}


def place_sequences(work: Work, target: psycopg.Connection) -> None:
    """Sequences of the build go on after their legacy positions, and after what the build holds."""
    plan = work.plan
    shapes, origins = [], {}
    for shape in plan.build:
        final = Filled(shape.name, False, (), False)
        name = plan.final_name(shape.name)
        columns = tuple(replace(c, name=final_column(work, final, c.name)) for c in shape.columns)
        shapes.append(replace(shape, name=name, columns=columns))
        for old, new in zip(shape.columns, columns, strict=True):
            place = (shape.name, old.name)
            origins[name, new.name] = dict(plan.origins).get(place, place)
    statements = ddl.positions(plan.source, shapes, plan.sequences, origins)
    ddl.replay(target, work.path, statements, work.stop)
