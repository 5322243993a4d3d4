"""What a set of tables needs of its legacy schema before it can be made, and where the legacy text may not serve."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from config.shapes import Column, Constraint, Index, Table
from engine import definitions, expressions
from engine.catalog import Catalog, Dependency, Sequence, TypeUse

Node = tuple[str, str]  # kind and name: type and sequence by bare name, function by signature


@dataclass(frozen=True)
class Needs:
    """Bare names of types and sequences, signatures of functions; of the legacy schema, none an extension's."""

    types: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()


def needs(catalog: Catalog, tables: Iterable[Table]) -> Needs:
    """What these shapes use in their columns and expressions, and what that uses in turn.

    The shapes may differ from the legacy ones: a column of another type or an expression that no longer names a
    function needs neither. Free sequences are needed always, owned ones where their column is.
    """
    parts = {(table.name, part.name): part for table in tables for part in _parts(table)}
    found = {("type", use.type) for use in catalog.type_uses if _is_used(catalog, use, parts)}
    found |= {_node(need) for need in catalog.dependencies if _is_named(catalog, need, parts)}
    found |= {("sequence", s.name) for s in catalog.sequences if _is_kept(s, parts)}
    closed = _closed(found, _edges(catalog))
    identities = {s.name for s in catalog.sequences if s.is_identity}
    return Needs(
        types=frozenset(name for kind, name in closed if kind == "type"),
        functions=frozenset(name for kind, name in closed if kind == "function"),
        sequences=frozenset(name for kind, name in closed if kind == "sequence") - identities,
    )


def rehome(catalog: Catalog, home: str) -> Catalog:
    """The catalogue with members of extensions named where the target keeps them: extensions.citext → public.citext."""
    moved: dict[str, set[str]] = {}
    for extension in catalog.extensions:
        if extension.schema not in (home, "pg_catalog", catalog.schema):
            moved.setdefault(extension.schema, set()).update(extension.members)
    for schema, members in moved.items():
        catalog = replace(
            catalog,
            tables=_rehomed(catalog.tables, schema, members, home),
            types=_rehomed(catalog.types, schema, members, home),
            functions=_rehomed(catalog.functions, schema, members, home),
        )
    return catalog


TEXTS = {"type", "default", "collation", "definition", "expression", "predicate", "base", "range_options"} | {
    "operator_class",
    "operator",
}


def _rehomed(value: Any, schema: str, members: set[str], home: str, name: str = "") -> Any:
    """The same value, its SQL text rewritten: fields called like TEXTS, in whatever depth."""
    if isinstance(value, str):
        return expressions.rehome(value, schema, members, home) if name in TEXTS else value
    if isinstance(value, tuple):
        return tuple(_rehomed(item, schema, members, home, name) for item in value)
    if is_dataclass(value):
        found = {f.name: _rehomed(getattr(value, f.name), schema, members, home, f.name) for f in fields(value)}
        return replace(value, **found)
    return value


def _parts(table: Table) -> Iterator[Column | Constraint | Index]:
    yield from table.columns
    yield from table.constraints
    yield from table.indexes


def _text(part: Column | Constraint | Index) -> str:
    if isinstance(part, Column):
        return part.default or ""
    return definitions.index(part) if isinstance(part, Index) else definitions.constraint(part)


def _is_ours(catalog: Catalog, use: TypeUse | Dependency) -> bool:
    return use.schema == catalog.schema and use.extension is None


def _is_used(catalog: Catalog, use: TypeUse, parts: dict) -> bool:
    """Whether the column is there, and still has its legacy type."""
    part = parts.get((use.table, use.column))
    if part is None or not _is_ours(catalog, use) or use.kind == "row":
        return False
    legacy = catalog.table(use.table)
    column = legacy and legacy.shape.column(use.column)
    return not column or column.type == part.type


def _is_named(catalog: Catalog, need: Dependency, parts: dict) -> bool:
    part = parts.get((need.table, need.user))
    is_node = need.kind in ("type", "function", "sequence") and _is_ours(catalog, need)
    return part is not None and is_node and need.name in expressions.words(_text(part))


def _is_kept(sequence: Sequence, parts: dict) -> bool:
    return not sequence.extension and (sequence.table is None or (sequence.table, sequence.column) in parts)


def _node(need: Dependency) -> Node:
    return (need.kind, f"{need.name}({need.signature})" if need.kind == "function" else need.name)


def _edges(catalog: Catalog) -> dict[Node, set[Node]]:
    """What each type and function needs: parts of types, rules of domains, words of functions."""
    overloads: dict[str, set[Node]] = {}
    for function in catalog.functions:
        overloads.setdefault(f"function {function.name}", set()).add(("function", function.signature))
    edges: dict[Node, set[Node]] = {("type", t.name): {("type", need) for need in t.needs} for t in catalog.types}
    for need in catalog.dependencies:
        if need.user_kind.startswith("domain") and _is_ours(catalog, need):
            edges.setdefault(("type", need.table), set()).add(_node(need))
    for function in catalog.functions:
        words = [overloads.get(need, {tuple(need.split(" ", 1))}) for need in function.needs]
        edges[("function", function.signature)] = set().union(*words)
    return edges


def _closed(found: set[Node], edges: dict[Node, set[Node]]) -> set[Node]:
    waiting = list(found)
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
