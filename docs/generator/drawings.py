"""The diagrams of docs/target.md as drawings for the site: mermaid's text, as docs/generator/diagrams.py writes it.

A box names the columns that refer to others; what a column refers to is said beside its name.
"""

import re
from collections import defaultdict

from engine.describe.beside import Box, Field
from flows.pages import schemas

RELATION = re.compile(r'    (?P<parent>\w+) \S+(?:--|\.\.)\S+ (?P<child>\w+) : "?(?P<columns>[^"\n]+)"?')
ALONE = re.compile(r"    (?P<name>\w+)")


def drawn(diagram: str, name: str, title: str) -> str:
    """SVG. diagram: from `erDiagram` on; name: for ids, unique in the page."""
    fields: dict[str, list[Field]] = defaultdict(list)
    for line in diagram.splitlines():
        if found := RELATION.fullmatch(line):
            fields[found["child"]].append(Field(found["columns"], "", refers=(found["parent"],)))
            fields.setdefault(found["parent"], [])
        elif found := ALONE.fullmatch(line):
            fields.setdefault(found["name"], [])
    return schemas.drawn(name, title, [Box(table, tuple(own)) for table, own in fields.items()], {}, {})
