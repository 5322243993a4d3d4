"""What professionals carry to the roots: the columns of that table that no rule reads.

Laws
- A root that a professional created has that row's values; one that others were merged into has, where it has none of
  its own, those of the row among them that was updated last (ties: the higher id).
- Any other root has none.
"""

from checks.comparison import Comparison
from checks.content import Carried, alias, rest
from checks.facts import Facts, column_of, literal, quoted, text_of
from checks.laws import Prelude
from checks.relations import Relation, arrays

TABLE, ROOT = "professionals", "user_role_profiles"
TITLE = "What professionals carry stands on the root that they created or were merged into, where it had none."
SOURCE = """\
with given as ({given}),
    merged as (
        select distinct on (p.root_id) p.root_id, g.*
        from professional as p join given as g on g.carrier = p.key
        where p.outcome = 'merged' and p.rejected is null
        order by p.root_id, g.at desc,
            case when p.legacy_id ~ '^-?[0-9]{{1,19}}$' then p.legacy_id::numeric end desc nulls last,
            p.legacy_id collate "C" desc
    )
    select x.* from (
        select coalesce(o.root_id, m.root_id) as key, {listed}
        from (
            select p.root_id, g.* from professional as p join given as g on g.carrier = p.key
            where p.outcome = 'created' and p.rejected is null
        ) as o
        full join merged as m on m.root_id = o.root_id
        {nulled}
    ) as x
    where num_nonnulls({names}) > 0
"""


def comparisons(facts: Facts, prelude: Prelude) -> list[Comparison]:
    """One where professionals carry anything, none elsewhere."""
    rule, there = facts.rule(TABLE), facts.target.table(ROOT)
    is_carried = facts.fates.get(TABLE) == "reshape" and facts.settings.unmapped_columns == "carry"
    columns = rest(facts, TABLE) if is_carried and there and rule.carries else []
    if not columns:
        return []
    carried = Carried(facts, ROOT, [TABLE])
    relation = Relation(facts, facts.source.table(TABLE))
    places = {carried.place(TABLE, c): carried.value(relation, TABLE, c) for c in columns}
    source, of_source = prelude.of_source(_source(facts, relation, places))
    held = {name: there.column(name) for name in places}
    shown = ", ".join(f"{text_of(c) if c else _lacking(name)} as {quoted(alias(name))}" for name, c in held.items())
    target = (
        f"select t.id::text as key, {shown} from {quoted(facts.target.schema, ROOT)} as t "
        f"where num_nonnulls({', '.join(column_of(c) for c in held.values() if c) or 'null'}) > 0"
    )
    return [
        Comparison(
            f"carried/{ROOT}", "content", "profiles", ROOT, TITLE, source, target,
            of_source=of_source | {TABLE}, of_target=frozenset({ROOT}),
        )
    ]  # fmt: skip


def _lacking(name: str) -> str:
    return literal(f"the target has no column {name}")


def _source(facts: Facts, relation: Relation, places: dict[str, str]) -> str:
    listed = ", ".join(f"({value})::text as {_inner(name)}" for name, value in places.items())
    given = f"select {relation.key} as carrier, {relation.updated()} as at, {listed} from {relation.from_sql}"
    joins, values = _nulled(facts, places)
    return SOURCE.format(
        given=given,
        listed=", ".join(f"{value} as {quoted(alias(name))}" for name, value in values.items()),
        nulled=joins,
        names=", ".join(f"x.{quoted(alias(name))}" for name in places),
    )


def _inner(name: str) -> str:
    """The column within the query, where it must not be taken for one of the query's own."""
    return quoted(f"carried {name}")


def _nulled(facts: Facts, places: dict[str, str]) -> tuple[str, dict[str, str]]:
    """References that led nowhere: the books name the legacy row that the root itself was made of."""
    roots = "left join root as r on r.id = coalesce(o.root_id, m.root_id)"
    joins, values = [], {}
    for number, name in enumerate(places):
        value = f"coalesce(o.{_inner(name)}, m.{_inner(name)})"
        found = {
            f"{table} {key}": "null"
            for table, keys in facts.books.nulled.items()
            for key, columns in keys.items()
            if f"{ROOT}.{name}" in columns
        }
        if found:
            joins.append(
                f"left join {arrays(found, 'key, note')} as n{number} on n{number}.key = r.legacy_table || ' ' || r.key"
            )
            value = f"case when n{number}.key is null then {value} end"
        values[name] = value
    return " ".join([roots, *joins] if joins else []), values
