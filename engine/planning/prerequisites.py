"""What the build schema needs beside its tables: types, functions, sequences, collations, text search, extensions.

Laws
- Enums, domains, composites, collations and text search configurations that a kept column uses are made first, in the
  schema that uses them.
- A function that a kept expression calls is replaced or dropped if the mapping says so, taken from its extension, or
  carried if it needs nothing else; any other is a fault. A function that is SECURITY DEFINER, or in an untrusted
  language, is carried only if the mapping names it.
- A sequence is carried if its owning column is, if it has no owner, or if a kept expression draws from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from config import origins
from config.postgres.quoting import grant, quoted
from config.shapes import Constraint, Element, Index, Table
from engine.planning.draft import Draft
from engine.planning.fault import Fault
from engine.reflect import closure, expressions
from engine.reflect.closure import Needs
from engine.reflect.objects import Dependency, Function, TypeUse
from engine.reflect.sequences import Sequence

Kind = TypeVar("Kind", Constraint, Index)


def replaced(draft: Draft, build: list[Table]) -> list[Table]:
    """The shapes with replaced function calls."""
    rules = draft.mapping.common.functions
    used = {d.name for d in draft.catalog.dependencies if d.kind == "function"} & rules.keys()
    calls = {name: rules[name] for name in used}
    return [_without_calls(draft, shape, calls) for shape in build] if calls else build


def _without_calls(draft: Draft, shape: Table, calls: dict[str, str]) -> Table:
    swap = {name: new for name, new in calls.items() if new}

    def is_lost(name: str) -> bool:
        return bool(draft.drops(*draft.sources_of.get((shape.name, name), (shape.name, name))))

    def mended(text: str | None) -> str | None:
        return text and expressions.replace_calls(text, swap)

    def element(found: Element) -> Element:
        return replace(found, expression=expressions.replace_calls(found.expression, swap))

    def part(found: Kind) -> Kind:
        elements = tuple(map(element, found.elements))
        return replace(found, elements=elements, predicate=mended(found.predicate))

    columns = (replace(c, default=None if is_lost(c.name) else mended(c.default)) for c in shape.columns)
    constraints = (replace(c, expression=mended(c.expression)) for c in shape.constraints if not is_lost(c.name))
    return replace(
        shape,
        columns=tuple(columns),
        constraints=tuple(map(part, constraints)),
        indexes=tuple(part(index) for index in shape.indexes if not is_lost(index.name)),
    )


@dataclass(frozen=True)
class Prerequisites:
    """What is made before the tables, by name; archive_…: what the archive's tables need.

    origins: (build table, part) → (legacy table, part), where they differ.
    """

    types: tuple[str, ...]
    functions: tuple[str, ...]
    sequences: tuple[str, ...]
    collations: tuple[str, ...]
    text_search: tuple[str, ...]
    archive_types: tuple[str, ...]
    archive_functions: tuple[str, ...]
    archive_collations: tuple[str, ...]
    extensions: tuple[str, ...]
    origins: tuple[tuple[tuple[str, str], tuple[str, str]], ...]


def find(draft: Draft, build: list[Table], archive: list[Table]) -> Prerequisites:
    """What these tables need; adds a fault for all that cannot be carried."""
    _disown(draft)
    wanted = closure.needs(draft.catalog, build, draft.sources_of)
    archived = closure.needs(draft.catalog, archive)
    _refuse(draft, wanted)
    _tell_of_sequences(draft, wanted)
    return Prerequisites(
        types=tuple(sorted(wanted.types)),
        functions=tuple(sorted(f.signature for f in _functions(draft, wanted) if f.is_portable)),
        sequences=tuple(sorted(wanted.sequences)),
        collations=tuple(sorted(wanted.collations)),
        text_search=tuple(sorted(wanted.text_search)),
        archive_types=tuple(sorted(archived.types)),
        archive_functions=tuple(sorted(archived.functions)),
        archive_collations=tuple(sorted(archived.collations)),
        extensions=tuple(sorted(wanted.extensions | archived.extensions)),
        origins=tuple(sorted((place, origin) for place, origin in draft.sources_of.items() if place != origin)),
    )


def _disown(draft: Draft) -> None:
    """What the project declares is no part of the legacy table that happens to have the same name."""
    for name, shape in draft.declared.items():
        for part in [part.name for part in shape.columns] + [part.name for part in shape.objects]:
            draft.sources_of.setdefault((name, part), ("", part))


def _refuse(draft: Draft, wanted: Needs) -> None:
    """A fault for everything that is needed and cannot be carried."""
    for use in wanted.uses:
        found = _type_fault(draft, use) if isinstance(use, TypeUse) else _object_fault(draft, use)
        if found and not use.extension:
            user = use.column if isinstance(use, TypeUse) else use.user
            draft.faults.append(Fault(found, use.table, user))
    for function in _functions(draft, wanted):
        draft.faults += map(Fault, _function_faults(draft, wanted, function))


def _functions(draft: Draft, wanted: Needs) -> list[Function]:
    return [function for function in draft.catalog.functions if function.signature in wanted.functions]


def _type_fault(draft: Draft, use: TypeUse) -> str | None:
    where = f"{use.table}.{use.column}"
    if use.schema != draft.catalog.schema:
        return f"{where}: has a type of schema {use.schema}; move the type into the source schema, or change the column"
    if use.kind == "row":
        return f"{where}: has the row type of table {use.type}, which cannot be carried; change its type"
    return None


def _object_fault(draft: Draft, use: Dependency) -> str | None:
    """What an expression needs beside functions of the schema, which are judged one by one."""
    where = f"{use.table}: {use.user_kind} {use.user}"
    if use.kind == "unknown sequence":
        remedy = "write nextval('its name'::regclass) in the source, or drop the default there"
        return f"{where} names a sequence by {use.name}, and nobody can tell which that is; {remedy}"
    if use.schema != draft.catalog.schema:
        remedy = "move it into the source schema, or drop what uses it"
        return f"{where} uses the {use.kind} {use.schema}.{use.name}, which is outside the source schema; {remedy}"
    if use.is_cast:
        key = f'{use.name} = "" under [functions] in {origins.common()}'
        remedy = f"call it by its name instead, or set {key} to drop what uses it"
        return f"{where} uses a cast that calls {use.name}(), and casts are not carried; {remedy}"
    if use.kind not in closure.CARRIED:
        return f"{where} uses the {use.kind} {use.name}, which cannot be carried; drop what uses it in the source"
    return None


def _function_faults(draft: Draft, wanted: Needs, found: Function) -> Iterator[str]:
    uses = [use for use in wanted.uses if isinstance(use, Dependency) and use.kind == "function"]
    use = next((use for use in uses if f"{use.name}({use.signature})" == found.signature), None)
    where = f"{use.table}: {use.user_kind} {use.user} calls" if use else "a function that is carried calls"
    where, way_out = f"{where} {found.signature}", f"replace or drop it under [functions] in {origins.common()}"
    if not found.is_portable:
        needs = f" (it needs {', '.join(found.needs)})" if found.needs else ""
        yield f"{where}, which does not stand alone{needs}; {way_out}"
    elif found.is_risky and found.name not in draft.mapping.common.carried_functions:
        why = "is SECURITY DEFINER" if found.is_definer else f"is written in {found.language}, an untrusted language"
        yield f"{where}, which {why}; read it and name it in carried_functions in {origins.common()}, or {way_out}"


def _unread(draft: Draft, sequence: Sequence) -> str:
    if sequence.has_select:
        return f"sequence {sequence.name} is unlogged, and cannot be read on a standby; migrate from its primary"
    remedy = grant("SELECT", f"SEQUENCE {quoted(draft.catalog.schema, sequence.name)}", draft.catalog.reader)
    return f"no privilege to read the position of sequence {sequence.name}; {remedy}"


def _tell_of_sequences(draft: Draft, wanted: Needs) -> None:
    for sequence in draft.catalog.sequences:
        is_identity_of_copy = sequence.is_identity and draft.treatments.get(sequence.table or "") in ("copy", "keep")
        is_carried = sequence.name in wanted.sequences or is_identity_of_copy
        if is_carried and not sequence.is_readable:
            draft.faults.append(Fault(_unread(draft, sequence), None, sequence.name))
        if not is_carried and not sequence.extension:
            owner = f"{sequence.table}.{sequence.column}"
            draft.remarks.append(
                f"sequence {sequence.name} is not carried: {owner}, its column, does not arrive as it was"
            )
