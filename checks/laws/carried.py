"""Columns of professionals that no rule reads, carried to the roots of the profiles.

Laws (contract, 4.4: professionals)
- In each column a root has the first value that is not null among the professionals that created it or were merged into
  it, in order of updated_at and id, both descending. Other roots have none.
- An orphan is no value.
- A value that differs from the root's is noted on its row, and nothing else is noted so.
"""

from checks.compare.comparison import Comparison
from checks.compare.content import Carried, alias, rest
from checks.compare.law_files import Prelude
from checks.reading.facts import Facts, any_held, column_of, text_of
from checks.reading.relations import Relation, said
from config import note_kinds
from config.postgres.quoting import literal, quoted
from config.shapes import Column, Table

TABLE, ROOT = "professionals", "user_role_profiles"
TITLE = "What professionals carry stands on the root that they made or were merged into, the last value of each column."
LOST_TITLE = "What a professional carries that does not stand on its root is noted, as it was."
# The relations of both rules: all professionals with what they carry and the roots that they met in, those that met
# others there, and what stands on each root.
CARRIERS = """
    select p.root_id, p.legacy_id as carrier_id, g.*
    from professional as p join ({given}) as g on g.carrier = p.key
    where p.outcome in ('merged', 'created') and p.rejected is null
"""
MET = """
    select c.*, row_number() over (
        partition by c.root_id order by c.at desc,
        case when c.carrier_id ~ '^-?[0-9]{1,19}$' then numeric_in(textout(c.carrier_id), 0, -1) end desc nulls first,
        c.carrier_id collate "C" desc, c.carrier collate "C" desc
    ) as place
    from carriers as c where c.root_id in (select d.root_id from carriers as d group by d.root_id having count(*) > 1)
"""
STANDS = """
    select c.root_id, {alone} from carriers as c left join (select distinct d.root_id from met as d) as m
    on m.root_id = c.root_id where m.root_id is null
    union all
    select m.root_id, {first} from met as m group by m.root_id
"""
SOURCE = """\
    select x.* from (select s.root_id as key, {listed} from stands as s {nulled}) as x
    where {held}
"""
ONE = "(array_agg(m.{name} order by m.place) filter (where m.{name} is not null))[1] as {name}"
LOSER = """\
    select m.carrier || ' ' || {column} as key, m.{legacy} as legacy_value from met as m
    join stands as s on s.root_id = m.root_id where m.{name} <> s.{name}
"""
NOTED = """
    select n.legacy_key || ' ' || n.target_column as key, n.legacy_value from notes as n
    where n.legacy_table = 'professionals' and n.note = {note}
"""


def comparisons(facts: Facts, prelude: Prelude) -> list[Comparison]:
    """One, if professionals carry any column; else none."""
    there = facts.target.find_table(ROOT)
    columns = _arriving(facts, there) if there else []
    if not there or not columns:
        return []
    carried = Carried(facts, ROOT, [TABLE])
    relation = Relation(facts, facts.source.table(TABLE))
    values = {carried.place(TABLE, c): (carried.value(relation, TABLE, c), text_of(c)) for c in columns}
    prelude.define(_relations(relation, values))
    late = {carried.place(TABLE, c) for c in columns if _is_late(facts, facts.parent(TABLE, c.name))}
    held = {name: there.find_column(name) for name in values}
    found = {carried.place(TABLE, c): carried.shown(TABLE, c) for c in columns}
    shown = ", ".join(f"{value or _lacking(name)} as {quoted(alias(name))}" for name, value in found.items())
    target = (
        f"select {text_of(there.column('id'))} as key, {shown} from {facts.target_rows(ROOT)} "
        f"where {any_held(column_of(c) for c in held.values() if c)}"
    )
    noted = NOTED.format(note=literal(note_kinds.OUTDATED.saying()))
    return [
        _comparison(prelude, f"carried/{ROOT}", TITLE, _standing(facts, list(values), late), target, ROOT),
        _comparison(prelude, f"carried/{ROOT}/lost", LOST_TITLE, _losers(values), noted),
    ]


def _arriving(facts: Facts, there: Table) -> list[Column]:
    """The columns that no rule reads and that the target does not generate itself."""
    is_carried = facts.treatments.get(TABLE) == "reshape" and facts.settings.unmapped_columns == "carry"
    columns = rest(facts, TABLE) if is_carried and facts.rule(TABLE).carries else []
    anew = {c.name for c in there.columns if c.generated}
    return [c for c in columns if not c.generated or c.name not in anew]


def _comparison(prelude: Prelude, name: str, title: str, source: str, target: str, *tables: str) -> Comparison:
    return Comparison(
        name, "content", "profiles", ROOT, title, source, target, of_source=prelude.of_source(source)[1] | {TABLE},
        of_target=frozenset(tables), whole=prelude.whole, group="profiles",
    )  # fmt: skip


def _lacking(name: str) -> str:
    return literal(f"the target has no column {name}")


def _relations(relation: Relation, values: dict[str, tuple[str, str]]) -> dict[str, str]:
    """What both rules read: the professionals by the root that they met in, and the values that stand there."""
    listed = [f"{value} as {_inner(name)}" for name, (value, _) in values.items()]
    listed += [f"{legacy} as {_legacy(name)}" for name, (value, legacy) in values.items() if legacy != value]
    head = f"select {relation.key} as carrier, {relation.updated()} as at"
    given = f"{head}, {', '.join(listed)} from {relation.from_sql}"
    alone = ", ".join(f"c.{_inner(name)}" for name in values)
    first = ", ".join(ONE.format(name=_inner(name)) for name in values)
    return {"carriers": CARRIERS.format(given=given), "met": MET, "stands": STANDS.format(alone=alone, first=first)}


def _is_late(facts: Facts, parent: str | None) -> bool:
    """Whether rows of the table that a column points at come after professionals have met."""
    rule = facts.find_rule(parent) if parent else None
    return rule is not None and rule.wave > facts.rule(TABLE).wave


def _standing(facts: Facts, names: list[str], late: set[str]) -> str:
    joins, values = _nulled(facts, names, late)
    return SOURCE.format(
        listed=", ".join(f"{value} as {quoted(alias(name))}" for name, value in values.items()),
        nulled=joins,
        held=any_held(f"x.{quoted(alias(name))}" for name in names),
    )


def _losers(values: dict[str, tuple[str, str]]) -> str:
    """The legacy values that lost; a value that arrives as it was stands there once, for a query has 1,664 columns."""
    legacy = {name: _inner(name) if was == value else _legacy(name) for name, (value, was) in values.items()}
    parts = [LOSER.format(column=literal(name), name=_inner(name), legacy=text) for name, text in legacy.items()]
    return "    union all\n".join(parts)


def _inner(name: str) -> str:
    """The column within the query, where it must not be taken for one of the query's own."""
    return quoted(f"carried {name}")


def _legacy(name: str) -> str:
    """The same as the legacy row has it."""
    return quoted(f"legacy {name}")


def _nulled(facts: Facts, names: list[str], late: set[str]) -> tuple[str, dict[str, str]]:
    """References that led nowhere: the books name the legacy row that the root itself was made of.

    What a professional names that was known to lead nowhere when they met is null among its own values.
    """
    roots = "left join root as r on r.id = s.root_id"
    joins, values = [], {}
    for number, name in enumerate(names):
        value = f"s.{_inner(name)}"
        found = [
            f"select {literal(f'{table} ')} || v.key as key from {said(pairs, 'key, columns')} as v "
            f"where {literal(f'{ROOT}.{name}')} = any (v.columns::text[])"
            for table, pairs in facts.books.nulled.items()
            if (table != TABLE or name in late) and f"{ROOT}.{name}" in facts.books.nulled_columns[table]
        ]
        if found:
            rows = " union all ".join(found)
            joins.append(f"left join ({rows}) as n{number} on n{number}.key = r.legacy_table || ' ' || r.key")
            value = f"case when n{number}.key is null then {value} end"
        values[name] = value
    return " ".join([roots, *joins] if joins else []), values
