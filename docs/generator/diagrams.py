"""Tables and what they point at, as mermaid draws them: left to right, since a table may have a dozen children."""

from collections.abc import Iterable, Iterator

from config.shapes import Constraint, Table
from docs.generator import markdown


def of_tables(tables: Iterable[Table], undeclared: Iterable[tuple[str, str, str]] = ()) -> list[str]:
    """A diagram. undeclared: (child, parent, column) of references that no constraint declares, drawn dotted."""
    shapes = list(tables)
    lines = [line for shape in shapes for line in _declared(shape)]
    lines += [f"    {parent} |o..o{{ {child} : {column}" for child, parent, column in undeclared]
    alone = [shape.name for shape in shapes if not any(f" {shape.name} " in f"{line} " for line in lines)]
    return markdown.fenced("mermaid", ["erDiagram", "    direction LR", *lines, *(f"    {name}" for name in alone)])


def _declared(shape: Table) -> Iterator[str]:
    for key in shape.constraints:
        if key.kind == "f" and key.ref_table:
            parent = "||" if all(shape.column(name).not_null for name in key.columns) else "|o"
            child = "o|" if _is_unique(shape, key) else "o{"
            yield f"    {key.ref_table} {parent}--{child} {shape.name} : {_label(key)}"


def _is_unique(shape: Table, key: Constraint) -> bool:
    return any(other.kind in "pu" and set(other.columns) <= set(key.columns) for other in shape.constraints)


def _label(key: Constraint) -> str:
    return key.columns[0] if len(key.columns) == 1 else f'"{", ".join(key.columns)}"'
