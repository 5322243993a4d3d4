"""What a set of tables needs of its legacy schema: types, functions, sequences and more, and what these need in
turn."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from config.shapes import Column, Constraint, Index, Table
from engine.reflect import definitions, expressions
from engine.reflect.catalog import Catalog
from engine.reflect.objects import Dependency, TypeUse
from engine.reflect.sequences import Sequence

Part = Column | Constraint | Index
Node = tuple[str, str]  # kind and name: functions by signature, all else by bare name
Place = tuple[str, str]  # table, and a column, constraint or index of it
Parts = dict[tuple[str, Place], Part]  # by kind and place
CARRIED = ("type", "function", "sequence", "collation", "text search configuration", "text search dictionary")


@dataclass(frozen=True)
class Needs:
    """Bare names, of functions signatures; of the legacy schema, none an extension's. uses: what asks for them.

    text_search: dictionaries and configurations; extensions: those whose members are used.
    """

    types: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    collations: frozenset[str] = frozenset()
    text_search: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    uses: tuple[TypeUse | Dependency, ...] = ()


def needs(catalog: Catalog, tables: Iterable[Table], origins: Mapping[Place, Place] | None = None) -> Needs:
    """What these shapes use in their columns and expressions, and what is used by that in turn.

    The shapes may differ from the legacy ones: a column of another type or an expression that no longer names a
    function needs neither. Free sequences are needed always, owned ones where their column is.
    origins: where in the legacy schema a part stands that is not there under its own names.
    """
    parts = dict(_parts(tables, origins or {}))
    uses: list[TypeUse | Dependency] = [use for use in catalog.type_uses if _is_used(catalog, use, parts)]
    uses += [need for need in catalog.dependencies if _is_named(need, parts)]
    found = {_node(use) for use in uses if _is_ours(catalog, use)}
    found |= {("sequence", s.name) for s in catalog.sequences if _is_kept(s, parts)}
    closed = _closed(found, _edges(catalog))
    inner = [need for need in catalog.dependencies if need.user_kind in OF_TYPES and ("type", need.table) in closed]
    uses += inner
    names = {kind: frozenset(name for of, name in closed if of == kind) for kind in CARRIED}
    return Needs(
        types=names["type"],
        functions=names["function"],
        sequences=names["sequence"] - {s.name for s in catalog.sequences if s.is_identity},
        collations=names["collation"],
        text_search=names["text search configuration"] | names["text search dictionary"],
        extensions=frozenset(use.extension for use in uses if use.extension),
        uses=tuple(uses),
    )


OF_TYPES = ("domain default", "domain check", "type")


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
    if is_dataclass(value) and not isinstance(value, type):
        found = {f.name: _rehomed(getattr(value, f.name), schema, members, home, f.name) for f in fields(value)}
        return replace(value, **found)
    return value


def _parts(tables: Iterable[Table], origins: Mapping[Place, Place]) -> Iterator[tuple[tuple[str, Place], Part]]:
    """Every part by its kind and where the legacy schema has it."""
    for table in tables:
        for kind, parts in (("column", table.columns), ("constraint", table.constraints), ("index", table.indexes)):
            for part in parts:
                place = (table.name, part.name)
                yield (kind, origins.get(place, place)), part


def _text(part: Part) -> str:
    if isinstance(part, Column):
        return part.default or ""
    return definitions.index(part) if isinstance(part, Index) else definitions.constraint(part)


def _is_ours(catalog: Catalog, use: TypeUse | Dependency) -> bool:
    return use.schema == catalog.schema and use.extension is None


def _is_used(catalog: Catalog, use: TypeUse, parts: Parts) -> bool:
    """Whether the column is there, and still has its legacy type."""
    part = parts.get(("column", (use.table, use.column)))
    legacy = catalog.find_table(use.table)
    column = legacy.shape.find_column(use.column) if legacy else None
    return isinstance(part, Column) and (not column or column.type == part.type)


def _is_named(need: Dependency, parts: Parts) -> bool:
    """Whether the part is there and still has what needs it; a call may have been replaced."""
    kind = "column" if need.user_kind in ("default", "collation") else need.user_kind
    part = parts.get((kind, (need.table, need.user)))
    if part is None:
        return False
    if need.user_kind == "collation":
        return isinstance(part, Column) and part.collation is not None
    text = _text(part)
    return bool(text) and (need.kind != "function" or need.is_cast or need.name in expressions.words(text))


def _is_kept(sequence: Sequence, parts: Parts) -> bool:
    """Whether it is free, or the column that owns it is there; an identity makes its own."""
    column = parts.get(("column", sequence.owner))
    return not sequence.extension and (sequence.table is None or column is not None)


def _node(use: TypeUse | Dependency) -> Node:
    if isinstance(use, TypeUse):
        return ("type", use.type)
    return (use.kind, f"{use.name}({use.signature})" if use.kind == "function" else use.name)


def _edges(catalog: Catalog) -> dict[Node, set[Node]]:
    """What each type and function needs: parts of types, rules of domains, words of functions."""
    overloads: dict[str, set[Node]] = {}
    for function in catalog.functions:
        overloads.setdefault(f"function {function.name}", set()).add(("function", function.signature))
    edges: dict[Node, set[Node]] = {("type", t.name): {("type", need) for need in t.needs} for t in catalog.types}
    for need in catalog.dependencies:
        if need.user_kind in OF_TYPES and _is_ours(catalog, need):
            edges.setdefault(("type", need.table), set()).add(_node(need))
    for function in catalog.functions:
        words = [overloads.get(need, {_named_node(need)}) for need in function.needs]
        edges[("function", function.signature)] = set().union(*words)
    for found in catalog.text_search:
        edges[(f"text search {found.kind}", found.name)] = {("text search dictionary", name) for name in found.needs}
    return edges


def _named_node(need: str) -> Node:
    """`relation x` as a node."""
    kind, _, name = need.partition(" ")
    return kind, name


def _closed(found: set[Node], edges: dict[Node, set[Node]]) -> set[Node]:
    waiting = list(found)
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
