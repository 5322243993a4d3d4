"""Columns, constraints, indexes and sequences of the target, held to the declared DDL and to the legacy catalogue.

Laws
- A declared table has every declared column, constraint and index, its constraints validated.
- A table that keeps its shape keeps types, collations, not-nulls, defaults, constraints and indexes. Let off is only
  what cannot live on: what reads a column that leaves the table; a check or an expression over a column whose type
  becomes another; a foreign key to what is no table of the target; what calls a function that the mapping drops.
- A constraint, an index and a default are what they say, not what they are called (checks.likeness).
- A sequence has gone past the largest value of its column and past the legacy sequence's own position, by its steps.
- A table that nothing accounts for is a finding.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import psycopg

from checks import likeness, pointed
from checks.catalog import asked
from checks.content import gone
from checks.facts import INTEGERS, Facts, quoted
from checks.verdict import CRITICAL, ERROR, FAIL, MAX_ROWS, PASS, Check, Row
from config import target as declared
from config.shapes import Column, Constraint, Index, Table

MISSING, DIFFERS, UNEXPECTED = "missing", "differs", "unexpected"


def drafts(facts: Facts) -> list[Check]:
    """The planned checks: one for each table of the target, one for its sequences, one for the tables themselves."""
    names = sorted({*_declared(facts), *_copied(facts).values()})
    title = "Columns, constraints and indexes are those of the declaration and of the legacy table."
    found = [_draft(facts, f"catalog/{name}", name, title) for name in names]
    found.append(_draft(facts, "catalog/sequences", None, "Sequences go on after what they have given, and the rows."))
    found.append(_draft(facts, "catalog/tables", None, "The target has the tables that it should have, and no other."))
    return found


def _draft(facts: Facts, name: str, table: str | None, title: str) -> Check:
    domain = next((facts.domain(legacy) for legacy, final in _copied(facts).items() if final == table), "")
    return Check(name, "catalog", domain, table, title, ERROR, CRITICAL)


def look(facts: Facts, draft: Check, source: psycopg.Connection, target: psycopg.Connection) -> tuple[int, list[Row]]:
    """(how many objects were looked at, those that are not as they should be)."""
    if draft.name == "catalog/sequences":
        return _sequences(facts, source, target)
    if draft.name == "catalog/tables":
        return _tables(facts)
    found = list(_of_table(facts, draft.table))
    return len(found), [row for row in found if row.what]


def _declared(facts: Facts) -> dict[str, Table]:
    shapes = dict(declared.load())
    if "user_settings" in facts.source.tables:
        shapes.pop("user_settings")  # has the legacy table's shape
    return shapes


def _copied(facts: Facts) -> dict[str, str]:
    """Legacy table → final name, of the tables that keep their shape."""
    return {name: facts.final(name) for name, fate in facts.fates.items() if fate in ("copy", "keep")}


def _tables(facts: Facts) -> tuple[int, list[Row]]:
    wanted, there = {*_declared(facts), *_copied(facts).values()}, set(facts.target.tables)
    rows = [Row(name, MISSING) for name in sorted(wanted - there)]
    rows += [Row(name, UNEXPECTED) for name in sorted(there - wanted)]
    return len(wanted | there), rows


def _of_table(facts: Facts, table: str) -> Iterator[Row]:
    """One row for every object that the table should have; `what` is empty where it is as it should be."""
    there = facts.target.table(table)
    if there is None:
        yield Row(table, MISSING)
        return
    if shape := _declared(facts).get(table):
        yield from _declared_columns(facts, shape, there)
        yield from _declared_objects(facts, shape, there)
    for legacy, final in _copied(facts).items():
        if final == table:
            yield from _kept_columns(facts, legacy, there)
            yield from _kept_objects(facts, legacy, there)
            yield from _references(facts, legacy, there)


def _declared_columns(facts: Facts, shape: Table, there: Table) -> Iterator[Row]:
    references = {c.columns[0] for c in shape.constraints if c.kind == "f"} | {"reviewed_by", "decided_by"}
    for column in shape.columns:
        found = there.column(column.name)
        if found is None:
            yield Row(f"column {column.name}", MISSING)
            continue
        is_same = column.name in references or _bare(found.type) == _bare(
            column.type
        )  # a reference has the type of its key
        is_same = is_same and found.not_null >= column.not_null
        is_same = is_same and likeness.expression(column.default, {}) == likeness.expression(found.default, {})
        yield Row(f"column {column.name}", "" if is_same else DIFFERS)


def _bare(type_name: str) -> str:
    """The type without a schema: an extension's may be elsewhere on the other server."""
    return re.sub(r'^(?:"(?:[^"]|"")+"|[^". (]+)\.', "", type_name)


def _declared_objects(facts: Facts, shape: Table, there: Table) -> Iterator[Row]:
    known = {c.name: c for c in there.constraints}
    for constraint in shape.constraints:
        if constraint.kind == "f":
            constraint = pointed.constraint(facts, constraint)
        if constraint is None or constraint.kind == "n":
            continue
        found = known.get(constraint.name)
        yield Row(f"constraint {constraint.name}", _judged(constraint, found, constraint.ref_table, {}))
    indexes = {index.name: index for index in there.indexes}
    for index in shape.indexes:
        yield Row(f"index {index.name}", _judged_index(index, indexes.get(index.name), {}))


def _judged(wanted: Constraint, found: Constraint | None, parent: str | None, renames: dict[str, str]) -> str:
    if found is None:
        return MISSING
    is_same = found.kind == wanted.kind and found.ref_table == parent
    is_same = is_same and found.is_validated >= wanted.is_validated
    said = likeness.rule if wanted.kind in "cx" else likeness.key
    return "" if is_same and said(wanted, renames) == said(found, {}) else DIFFERS


def _judged_index(wanted: Index, found: Index | None, renames: dict[str, str], is_retyped: bool = False) -> str:
    """Of an index whose columns have other types the text may differ; whether it is unique must not."""
    if found is None:
        return MISSING
    (is_unique, how), (is_still, how_found) = likeness.index(wanted, renames), likeness.index(found, {})
    return "" if is_unique == is_still and (is_retyped or how == how_found) else DIFFERS


def _kept_columns(facts: Facts, legacy: str, there: Table) -> Iterator[Row]:
    shape, leaving, renames = facts.source.table(legacy), gone(facts, legacy), _renames(facts, legacy)
    for column in shape.columns:
        if column.name in leaving:
            yield Row(f"column {column.name}", UNEXPECTED if _is_there(facts, legacy, column, there) else "")
            continue
        found = there.column(renames.get(column.name, column.name))
        if found is None:
            yield Row(f"column {column.name}", MISSING)
            continue
        is_same = _is_retyped(column, found) or (
            _bare(found.type) == _bare(column.type) and found.collation == column.collation
        )
        is_same = is_same and found.not_null >= column.not_null and _has_default(facts, column, found)
        yield Row(f"column {column.name}", "" if is_same else DIFFERS)


def _is_there(facts: Facts, legacy: str, column: Column, there: Table) -> bool:
    """Whether a column that leaves the table is still there."""
    return there.column(column.name) is not None and column.name not in _renames(facts, legacy).values()


def _is_retyped(column: Column, found: Column) -> bool:
    """Whether the type is another because the column is a key, a reference or an oid."""
    return column.base != found.base


def _has_default(facts: Facts, column: Column, found: Column) -> bool:
    """Whether a default is the legacy one. Times of making and of change have one in any case."""
    if _is_retyped(column, found) or (not column.default and found.name in ("created_at", "updated_at")):
        return True
    named = [new for name, new in facts.mapping.common.functions.items() if f"{name}(" in (column.default or "")]
    if named:
        return not all(named) or found.default is not None
    return likeness.expression(column.default, {}) == likeness.expression(found.default, {})


def _renames(facts: Facts, legacy: str) -> dict[str, str]:
    rule, shape = facts.rule(legacy), facts.source.table(legacy)
    found = {}
    for wanted, variants in (rule.renamed if rule else {}).items():
        used = facts.used(legacy, variants)
        if used and not shape.column(wanted):
            found[used.name] = wanted
    return found | (rule.becomes if rule else {})


def _kept_objects(facts: Facts, legacy: str, there: Table) -> Iterator[Row]:
    shape = facts.source.table(legacy)
    known, indexes = {c.name: c for c in there.constraints}, {index.name: index for index in there.indexes}
    renames = _renames(facts, legacy)
    for constraint in shape.constraints:
        if not _is_let_off(facts, legacy, there, constraint.columns, constraint.definition, constraint.kind in "cx"):
            if constraint.kind == "f" and not _has_parent(facts, constraint):
                continue
            parent = facts.home(constraint.ref_table) if constraint.kind == "f" else None
            yield Row(f"constraint {constraint.name}", _judged(constraint, known.get(constraint.name), parent, renames))
    for index in shape.indexes:
        has_more = " WHERE " in index.definition or "_ops" in index.definition or "((" in index.definition
        if not _is_let_off(facts, legacy, there, index.columns, index.definition, has_more):
            is_retyped = _has_retyped(facts, legacy, there, index.columns)
            yield Row(f"index {index.name}", _judged_index(index, indexes.get(index.name), renames, is_retyped))


def _references(facts: Facts, legacy: str, there: Table) -> Iterator[Row]:
    """Foreign keys that the legacy table lacks and the mapping declares."""
    rule, renames = facts.rule(legacy), _renames(facts, legacy)
    wanted = dict(rule.adds) if rule else {}
    wanted |= dict.fromkeys(rule.becomes.values() if rule else (), "user_role_profiles")
    for column in facts.source.table(legacy).columns:
        parent = facts.mapped(legacy, column.name)
        if parent and column.name not in gone(facts, legacy) and facts.fates.get(parent) != "archive":
            wanted[renames.get(column.name, column.name)] = facts.home(parent)
    held = {c.columns[0] for c in there.constraints if c.kind == "f" and len(c.columns) == 1}
    for column, parent in wanted.items():
        if _can_refer(facts, there.column(column), parent):
            yield Row(f"reference {column}", "" if column in held else MISSING)


def _can_refer(facts: Facts, column: Column | None, parent: str) -> bool:
    """Whether a foreign key can be had: the parent's id is unique, and of a type that the column's values can name."""
    shape = facts.target.table(parent)
    key = shape.column("id") if shape else None
    if not column or not key or column.generated:
        return False
    is_unique = any(c.kind in "pu" and c.columns == ("id",) for c in shape.constraints)
    return is_unique and (column.base == key.base or {column.base, key.base} <= INTEGERS)


def _is_let_off(facts: Facts, legacy: str, there: Table, columns: tuple[str, ...], text: str, has_expression) -> bool:
    rule = facts.rule(legacy)
    leaving = gone(facts, legacy) - set(rule.becomes if rule else ())
    dropped = [name for name, new in facts.mapping.common.functions.items() if not new]
    if leaving & set(columns) or any(f"{name}(" in text for name in dropped):
        return True
    return has_expression and _has_retyped(facts, legacy, there, columns)


def _has_retyped(facts: Facts, legacy: str, there: Table, columns: tuple[str, ...]) -> bool:
    shape, renames = facts.source.table(legacy), _renames(facts, legacy)
    pairs = [(shape.column(name), there.column(renames.get(name, name))) for name in columns]
    return any(found is None or _is_retyped(column, found) for column, found in pairs)


def _has_parent(facts: Facts, constraint: Constraint) -> bool:
    fate = facts.fates.get(constraint.ref_table or "")
    if fate == "reshape":
        return len(constraint.columns) == 1 and constraint.ref_columns == ("id",)
    return fate in ("copy", "keep")


def _sequences(facts: Facts, source: psycopg.Connection, target: psycopg.Connection) -> tuple[int, list[Row]]:
    given = asked(source, "sequences", facts.source.schema)
    legacy = {name: position for name, _, _, _, position, *_ in given}
    ways = {name: (step, *limits) for name, _, _, step, _, *limits in given}
    there = asked(target, "sequences", facts.target.schema)
    free = {name for name, table, *_ in given if table is None}
    rows = [Row(name, MISSING) for name in sorted(free - {name for name, *_ in there})]
    for name, table, column, step, position, *limits in there:
        if ways.get(name, (step, *limits)) != (step, *limits):
            rows.append(Row(name, DIFFERS))
        reached = [
            value for value in (legacy.get(name), _edge(facts, target, table, column, step)) if value is not None
        ]
        if any((value > position) if step > 0 else (value < position) for value in reached):
            rows.append(Row(name, "behind", (f"{table}.{column}",) if table else ()))
    return len(there) + len(free), rows


def _edge(facts: Facts, target: psycopg.Connection, table: str | None, column: str | None, step: int) -> int | None:
    """The largest value of the column that owns the sequence; the smallest where it counts down."""
    if table is None:
        return None
    function, name = ("max" if step > 0 else "min"), quoted(facts.target.schema, table)
    return target.execute(f"select {function}({quoted(column)}) from {name}").fetchone()[0]


def result(draft: Check, compared: int, rows: list[Row]) -> Check:
    status = FAIL if rows else PASS
    detail = f"{len(rows)} of {compared} objects are not as they should be" if rows else f"{compared} objects agree"
    return replace(
        draft, status=status, compared=compared, rows=tuple(rows[:MAX_ROWS]), rows_total=len(rows), detail=detail
    )
