"""What violates a constraint of the target, as conditions over a build table under the alias t.

Laws
- A condition is true of violators and never null, so that `where` and `bool_or` both can take it.
- Of rows that share a unique key the one updated last stays, then the one with the higher legacy id, then the first by
  its origin: the choice does not depend on the order of the load.
"""

from psycopg import sql

from config import mapping
from config.shapes import Table
from engine.chunks.work import Work
from engine.planning.plan import HIDDEN, ConstraintRule, Follow
from engine.reflect.select_list import as_text, parsed


def violates(work: Work, rule: ConstraintRule) -> sql.Composable:
    """A condition over alias t that is true of violators, and never null."""
    columns = [sql.SQL("t.{}").format(sql.Identifier(name)) for name in rule.columns]
    if rule.kind == "n":
        return sql.SQL("{} is null").format(columns[0])
    if rule.kind == "c":
        return sql.SQL("{} is false").format(_read(rule, rule.expression or "null"))
    orphan = _orphan(work, rule, columns)
    all_set = sql.SQL(" and ").join(sql.SQL("{} is not null").format(column) for column in columns)
    if rule.is_match_full and len(columns) > 1:
        any_set = sql.SQL(" or ").join(sql.SQL("{} is not null").format(column) for column in columns)
        return sql.SQL("(({}) and not ({}) or ({}) and {})").format(any_set, all_set, all_set, orphan)
    return sql.SQL("({} and {})").format(all_set, orphan)


def is_lost(work: Work, step: Follow) -> sql.Composable:
    """Whether a reference to a reshaped table names a row that was rejected."""
    return sql.SQL(
        "exists (select from migration.moved as m where m.run_id = {} and m.legacy_table = {} "
        "and m.from_id = {} and m.to_id is null)"
    ).format(
        sql.Literal(work.run_id),
        sql.Literal(step.legacy_table),
        sql.SQL(as_text(work.plan.shape(step.table).column(step.column))),
    )


def followed(work: Work, step: Follow, value: str) -> str:
    """SQL: the id to which such a reference leads. value: SQL of its text."""
    query = (
        "coalesce((select m.to_id from migration.moved as m where m.run_id = {} and m.legacy_table = {} "
        "and m.from_id = {value} and m.to_id is not null limit 1), {value})"
    )
    found = sql.SQL(query).format(sql.Literal(work.run_id), sql.Literal(step.legacy_table), value=sql.SQL(value))
    return found.as_string(None)


def _orphan(work: Work, rule: ConstraintRule, columns: list[sql.Composed]) -> sql.Composable:
    """Whether no parent has the values; of a period, whether the parents' together do not cover it."""
    pairs = [
        sql.SQL("p.{} = {}").format(sql.Identifier(key), column)
        for key, column in zip(rule.ref_columns, columns, strict=True)
    ]
    if not rule.has_period:
        return work.is_orphan(rule.parent, sql.SQL(" and ").join(pairs))
    names = sql.SQL(", ").join(map(sql.Identifier, rule.ref_columns))
    each = (sql.SQL("select {} from {}").format(names, parents) for parents in work.parents(rule.parent))
    parents = sql.SQL("({})").format(sql.SQL(" union all ").join(each))
    return sql.SQL("coalesce(not {} <@ (select range_agg(p.{}) from {} as p where {}), true)").format(
        columns[-1], sql.Identifier(rule.ref_columns[-1]), parents, sql.SQL(" and ").join(pairs[:-1])
    )


def _read(rule: ConstraintRule, text: str) -> sql.Composable:
    """An expression or a predicate over a row of alias t, whatever names it has for the columns."""
    if not rule.under:
        return sql.SQL("({})").format(sql.SQL(text))
    known = {name: text_name for text_name, name in rule.under}
    columns = sql.SQL(", ").join(
        sql.SQL("t.{} as {}").format(sql.Identifier(name), sql.Identifier(known.get(name, name)))
        for name in rule.columns
    )
    return sql.SQL("(select ({}) from (select {}) as named)").format(sql.SQL(text), columns)


def key_list(rule: ConstraintRule) -> list[sql.Composable]:
    """The parts of what may not stand twice, over alias t."""
    plain = {sql.Identifier(name).as_string(): sql.Identifier(name) for name in rule.columns}
    return [plain.get(key) or _read(rule, key) for key in rule.keys] or list(plain.values())


def keys(rule: ConstraintRule) -> sql.Composable:
    """What may not stand twice: columns or expressions, over a table of alias t."""
    return sql.SQL(", ").join(key_list(rule))


def counts(rule: ConstraintRule) -> sql.Composable:
    """Whether a row takes part in the uniqueness: within the predicate, and no key null unless nulls are equal."""
    parts: list[sql.Composable] = []
    parts += [] if rule.nulls_not_distinct else [sql.SQL("({}) is not null").format(key) for key in key_list(rule)]
    parts += [_read(rule, rule.predicate)] if rule.predicate else []
    return sql.SQL(" and ").join(parts) if parts else sql.SQL("true")


def doubled(work: Work, rule: ConstraintRule) -> sql.Composable:
    """Rows that may share their key with another: where nulls and expressions allow it, found by hashing the groups,
    so that only those few are ranked; else all that count."""
    if rule.keys or rule.nulls_not_distinct:
        return counts(rule)
    row = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in rule.columns)
    return sql.SQL(
        "{counts} and ({row}) in (select {keys} from {table} as t group by {keys} having count(*) > 1)"
    ).format(counts=counts(rule), row=row, keys=keys(rule), table=sql.Identifier(work.schema, rule.table))


def is_duplicate(work: Work, rule: ConstraintRule) -> sql.Composable:
    """All rows of a key but the one that stays: the one updated last, among equals the one with the higher id."""
    return sql.SQL(
        "t.ctid in (select r.ctid from (select t.ctid, row_number() over (partition by {keys} order by {order}) "
        "as place from {table} as t where {doubled}) as r where r.place > 1)"
    ).format(
        keys=keys(rule),
        order=order(work, work.plan.shape(rule.table), rule),
        table=sql.Identifier(work.schema, rule.table),
        doubled=doubled(work, rule),
    )


def is_excluded(work: Work, rule: ConstraintRule) -> sql.Composable:
    """Rows that an exclusion constraint refuses beside an earlier row that clashes with none before it.

    Removing them may free others, so it is asked again until none is left.
    """
    keys = [sql.SQL("({}) as {}").format(key, sql.Identifier(f"k{n}")) for n, key in enumerate(key_list(rule))]
    clashes = [sql.SQL(f"a.k{n} {operator} b.k{n}") for n, operator in enumerate(rule.operators)]
    return sql.SQL(
        "t.ctid in (with ranked as (select t.ctid as row, {keys}, row_number() over (order by {order}) as place "
        "from {table} as t where {where}), pairs as (select a.row as later, b.row as earlier from ranked as a "
        "join ranked as b on b.place < a.place and {clashes}) "
        "select p.later from pairs as p where not exists (select from pairs as q where q.later = p.earlier))"
    ).format(
        keys=sql.SQL(", ").join(keys),
        order=order(work, work.plan.shape(rule.table), rule),
        table=sql.Identifier(work.schema, rule.table),
        where=_read(rule, rule.predicate or "true"),
        clashes=sql.SQL(" and ").join(clashes),
    )


def order(work: Work, shape: Table, rule: ConstraintRule) -> sql.Composable:
    """ORDER BY updated_at, then the legacy id, both descending. The legacy id of a derived one is in
    migration.id_map."""
    parts: list[sql.Composable] = []
    parts += [sql.SQL("t.updated_at desc nulls last")] if shape.find_column("updated_at") else []
    if rule.table == mapping.load().profile_root:
        known = (
            "(select {} from migration.id_map as i where i.run_id = {} and i.legacy_table = {} "
            "and i.target_id = pg_catalog.concat(t.id) limit 1)"
        )
        number = f"case when i.legacy_id ~ '^-?[0-9]+$' then {parsed('i.legacy_id', 'numeric')} end"
        table = legacy_table_of(work, "t")
        for value in (number, "i.legacy_id"):
            parts.append(
                sql.SQL("coalesce({}, {}) desc nulls last").format(
                    sql.SQL(known).format(sql.SQL(value), sql.Literal(work.run_id), table),
                    sql.SQL("null::numeric" if value == number else "pg_catalog.concat(t.id)"),
                )
            )
    elif shape.find_column("id"):
        parts.append(sql.SQL("t.id desc"))
    last = sql.SQL("t.{}").format(sql.Identifier(HIDDEN)) if rule.table in work.plan.hidden else sql.SQL("t.ctid")
    return sql.SQL(", ").join([*parts, last])


def legacy_table_of(work: Work, alias: str) -> sql.Composable:
    """The legacy table of a build row, from its origin."""
    cases = [
        sql.SQL("when {} then {}").format(sql.Literal(str(oid)), sql.Literal(table.name))
        for table in work.plan.tables
        for oid in (table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves))
    ]
    return sql.SQL("(case split_part({}.{}, '(', 1) {} end)").format(
        sql.Identifier(alias), sql.Identifier(HIDDEN), sql.SQL(" ").join(cases)
    )


def sentence(rule: ConstraintRule) -> str:
    columns = ", ".join(rule.columns)
    return {
        "n": f"{columns} is null, and the target wants a value",
        "c": f"{columns} breaks the check {rule.name}",
        "f": f"{columns} names no row of {rule.ref_table}",
    }.get(rule.kind, f"another row has the same {columns}")
