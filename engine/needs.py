"""What the build schema needs beside its tables: types, functions, sequences, extensions.

Laws
- Enums, domains and composites that a kept column uses are made first, in the schema that uses them.
- A function that a kept expression calls is replaced or dropped where the mapping says so, taken from its extension, or
  carried along if it stands alone; any other is a fault.
- A sequence goes along unless its owner does not.
"""

from dataclasses import replace

from config.shapes import Constraint, Index, Table
from engine import closure, expressions
from engine.catalog import Dependency
from engine.scene import Scene


def replaced(scene: Scene, build: list[Table]) -> tuple[list[Table], tuple[tuple[str, str], ...]]:
    """The shapes with replaced function calls, and which were replaced."""
    rules = scene.mapping.common.functions
    used = {d.name for d in scene.catalog.dependencies if d.kind == "function"} & rules.keys()
    calls = {name: rules[name] for name in used}
    if not calls:
        return build, ()
    return [_without_calls(scene, shape, calls) for shape in build], tuple(sorted(calls.items()))


def _without_calls(scene: Scene, shape: Table, calls: dict[str, str]) -> Table:
    swap = {name: new for name, new in calls.items() if new}
    drop = {name for name, new in calls.items() if not new}

    def mended(text: str | None) -> str | None:
        if text is None or expressions.calls(text) & drop:
            return None
        return expressions.replace_calls(text, swap)

    columns = tuple(replace(c, default=mended(c.default)) for c in shape.columns)

    def parts(found: Constraint | Index) -> Constraint | Index | None:
        elements = tuple(replace(e, expression=mended(e.expression)) for e in found.elements)
        texts = {"predicate": mended(found.predicate)}
        if isinstance(found, Constraint):
            texts["expression"] = mended(found.expression)
        is_lost = any(getattr(found, name) is not None and text is None for name, text in texts.items())
        is_lost = is_lost or any(element.expression is None for element in elements)
        return None if is_lost else replace(found, elements=elements, **texts)

    constraints, indexes = (
        tuple(new for found in kept if (new := parts(found))) for kept in (shape.constraints, shape.indexes)
    )
    return replace(shape, columns=columns, constraints=constraints, indexes=indexes)


def find(scene: Scene, build: list[Table], archive: list[Table]) -> dict:
    """types, archive_types, functions, sequences, extensions: what to make before the tables."""
    types = sorted({*_types(scene, build), *closure.needs(scene.catalog, build).types})
    archived = closure.needs(scene.catalog, archive)
    functions, extensions = _functions(scene, build, types)
    return {
        "types": tuple(types),
        "archive_types": tuple(sorted(archived.types)),
        "archive_functions": tuple(sorted(archived.functions)),
        "functions": tuple(functions),
        "sequences": tuple(_sequences(scene, build)),
        "extensions": tuple(sorted(extensions | _extension_types(scene, [*build, *archive]))),
    }


def _kept_columns(scene: Scene, shapes: list[Table]) -> set[tuple[str, str]]:
    """(legacy table, legacy column) behind the columns of these shapes."""
    found = set()
    for shape in shapes:
        for column in shape.columns:
            found.add(scene.sources_of.get((shape.name, column.name), (shape.name, column.name)))
    return found


def _types(scene: Scene, shapes: list[Table]) -> list[str]:
    """Names of the schema's own types that these columns use, whatever those are made of included."""
    kept = _kept_columns(scene, shapes)
    known = {kind.name: kind for kind in scene.catalog.types}
    wanted, found = [], []
    for use in scene.catalog.type_uses:
        if (use.table, use.column) in kept and use.schema == scene.catalog.schema and not use.extension:
            wanted.append(use.type)
        elif (use.table, use.column) in kept and not use.extension and use.schema != scene.catalog.schema:
            remedy = "move the type into the source schema, or change the column"
            scene.fault(use.table, use.column, f"has a type of schema {use.schema}", remedy)
    while wanted:
        name = wanted.pop()
        if name in known and name not in found:
            found.append(name)
            wanted += known[name].needs
        elif name not in known and any(t.name == name for t in scene.catalog.tables):
            scene.faults.append(f"a column has the row type of table {name}, which cannot be carried; change its type")
    return sorted(found)


def _extension_types(scene: Scene, shapes: list[Table]) -> set[str]:
    kept = _kept_columns(scene, shapes)
    return {u.extension for u in scene.catalog.type_uses if u.extension and (u.table, u.column) in kept}


def _functions(scene: Scene, build: list[Table], types: list[str]) -> tuple[list[str], set[str]]:
    known = {f.signature: f for f in scene.catalog.functions}
    functions, extensions = [], set()
    for use in scene.catalog.dependencies:
        if not _is_kept(scene, build, types, use) or use.name in scene.mapping.common.functions:
            continue
        if use.extension:
            extensions.add(use.extension)
        elif use.kind == "function":
            found = known.get(f"{use.name}({use.signature})")
            if found and found.is_portable:
                functions.append(found.signature)
            else:
                where = f"{use.table}: {use.user_kind} {use.user}"
                scene.faults.append(
                    f"{where} calls {use.name}(), which does not stand alone; replace or drop it under [functions] in "
                    "config/mapping/common.toml"
                )
    return sorted(set(functions)), extensions


def _is_kept(scene: Scene, build: list[Table], types: list[str], use: Dependency) -> bool:
    """Whether the object that calls is part of the build schema."""
    if use.user_kind.startswith("domain"):
        return use.table in types
    for shape in build:
        if use.user_kind == "default":
            sources = {
                scene.sources_of.get((shape.name, c.name), (shape.name, c.name)) for c in shape.columns if c.default
            }
            if (use.table, use.user) in sources:
                return True
        named = {c.name for c in shape.constraints} | {i.name for i in shape.indexes}
        if use.user_kind in ("constraint", "index") and shape.name == use.table and use.user in named:
            return True
    return False


def _sequences(scene: Scene, build: list[Table]) -> list[str]:
    """Free sequences, and those whose owning column keeps its shape."""
    shapes = {shape.name: shape for shape in build}
    found = []
    for sequence in scene.catalog.sequences:
        if sequence.extension:
            continue
        copied = scene.fates.get(sequence.table) in ("copy", "keep")
        column = shapes[sequence.table].column(sequence.column) if copied and sequence.table in shapes else None
        if sequence.table is None or (column and (column.default or column.identity)):
            found.append(sequence.name)
            if not sequence.is_readable:
                scene.faults.append(
                    f"no privilege to read the position of sequence {sequence.name}; grant SELECT on it"
                )
        else:
            scene.remarks.append(f"sequence {sequence.name} is not carried: {sequence.table}.{sequence.column} changes")
    return found
