"""The target's own tables, read from the SQL files that declare them.

Laws
- `target/<domain>/tables.sql` declares bare tables: a one-line comment, `create table name (`, one column per line,
  `);`. It has no constraints, not even not-null: the build loads bare tables and adds constraints afterwards.
- `target/<domain>/constraints.sql` holds one statement per constraint or index, in the forms of `FORMS` below.
- Anything else is refused with file and line, for the engine could not apply it.
- Tables that are copied from the legacy database (users, payments, …) may be referenced and are not declared here.
- A primary key makes its columns not null, as PostgreSQL does.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from pathlib import Path

from config.errors import ConfigError
from config.shapes import Column, Constraint, Element, Index, Table

FOLDER = Path(__file__).parent / "target"

NAME = r"[a-z_][a-z0-9_]*"
LIST = rf"{NAME}(?:, {NAME})*"
NAME_BYTES = 63  # PostgreSQL truncates longer ones silently

# as declared → (format_type, pg_type.typname)
TYPES = {
    "bigint": ("bigint", "int8"),
    "boolean": ("boolean", "bool"),
    "date": ("date", "date"),
    "inet": ("inet", "inet"),
    "integer": ("integer", "int4"),
    "jsonb": ("jsonb", "jsonb"),
    "text": ("text", "text"),
    "timestamptz": ("timestamp with time zone", "timestamptz"),
    "uuid": ("uuid", "uuid"),
    "char": ("character", "bpchar"),
    "numeric": ("numeric", "numeric"),
}
MODIFIED = ("char", "numeric")

DEFAULT = r"-?\d+|true|false|now\(\)|gen_random_uuid\(\)|'[^']*'(?:::[a-z]+)?"

COMMENT = re.compile(r"-- (?P<text>\S.*)")
CREATE = re.compile(rf"create table (?P<name>{NAME}) \(")
COLUMN = re.compile(
    rf"    (?P<name>{NAME}) (?P<type>[a-z]+)(?P<modifier>\(\d+(?:,\d+)?\))?"
    rf"(?: default (?P<default>{DEFAULT}))?(?P<comma>,?)"
)
FORMS = {
    "n": re.compile(rf"alter table (?P<table>{NAME}) alter column (?P<columns>{NAME}) set not null"),
    "p": re.compile(
        rf"alter table (?P<table>{NAME}) add constraint (?P<name>{NAME}) primary key \((?P<columns>{LIST})\)"
    ),
    "u": re.compile(rf"alter table (?P<table>{NAME}) add constraint (?P<name>{NAME}) unique \((?P<columns>{LIST})\)"),
    "c": re.compile(rf"alter table (?P<table>{NAME}) add constraint (?P<name>{NAME}) check \((?P<expression>.+)\)"),
    "f": re.compile(
        rf"alter table (?P<table>{NAME}) add constraint (?P<name>{NAME}) foreign key \((?P<columns>{LIST})\) "
        rf"references (?P<ref_table>{NAME}) \((?P<ref_columns>{LIST})\)"
        r"(?: on delete (?P<on_delete>cascade|set null|restrict))?"
    ),
    "index": re.compile(
        rf"create (?P<unique>unique )?index (?P<name>{NAME}) on (?P<table>{NAME}) \((?P<columns>{LIST})\)"
    ),
}


@dataclass(frozen=True)
class Line:
    """A line or statement with its file and line number, with which every error about it begins."""

    path: Path
    number: int
    text: str

    def wrong(self, found: str, wanted: str) -> ConfigError:
        place = "/".join(self.path.parts[-2:])
        return ConfigError(f"{place}:{self.number}: {found}; {wanted}")


@dataclass
class TableDraft:
    """A table while its files are being read."""

    line: Line
    domain: str
    name: str
    comment: str
    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)

    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def table(self) -> Table:
        """The frozen value. Not-null comes first and once per column, then the rest as declared."""
        keys = [name for c in self.constraints if c.kind == "p" for name in c.columns]
        declared = [c.columns[0] for c in self.constraints if c.kind == "n"]
        strict = [name for name in self.names() if name in keys or name in declared]
        columns = tuple(replace(column, not_null=column.name in strict) for column in self.columns)
        rest = [c for c in self.constraints if c.kind != "n"]
        constraints = tuple(not_null(self.name, name) for name in strict) + tuple(rest)
        return Table(self.name, columns, constraints, tuple(self.indexes), self.comment)


@cache
def load(folder: Path = FOLDER) -> dict[str, Table]:
    """Every declared table by name, in the order of domains and files."""
    return {draft.name: draft.table() for draft in drafts(folder)}


def domains(folder: Path = FOLDER) -> dict[str, str]:
    """The domain that declares each table."""
    return {draft.name: draft.domain for draft in drafts(folder)}


@cache
def drafts(folder: Path) -> tuple[TableDraft, ...]:
    found: dict[str, TableDraft] = {}
    for path in sorted(folder.glob("*/tables.sql")):
        for draft in read_tables(path):
            refuse_twice(draft.line, draft.name, found)
            found[draft.name] = draft
    taken: set[str] = set()
    constraints = [line for path in sorted(folder.glob("*/constraints.sql")) for line in statements(path)]
    for line in constraints:
        constrain(line, found, taken)
    for line in constraints:
        check_reference(line, found)
    return tuple(found.values())


def read_tables(path: Path) -> Iterator[TableDraft]:
    """The tables of one file, without constraints."""
    draft, comment, body = None, None, list[Line]()
    for line in lines(path):
        if draft is None:
            draft, comment = outside(line, comment)
        elif line.text == ");":
            add_columns(draft, body)
            yield draft
            draft, body = None, []
        else:
            body.append(line)
    if draft is not None:
        raise draft.line.wrong(f"create table {draft.name} has no end", "close it with );")


def outside(line: Line, comment: str | None) -> tuple[TableDraft | None, str | None]:
    """One line between tables: nothing, a comment, or the head of a table."""
    if not line.text:
        return None, None
    if match := COMMENT.fullmatch(line.text):
        return None, match["text"]
    match = CREATE.fullmatch(line.text)
    if not match:
        raise line.wrong(repr(line.text), "wanted `create table name (` with its comment in the line before")
    if comment is None:
        raise line.wrong(f"table {match['name']} has no comment", "say in one line before it what its rows are")
    return TableDraft(line, line.path.parent.name, match["name"], comment), None


def add_columns(draft: TableDraft, body: list[Line]) -> None:
    if not body:
        raise draft.line.wrong(f"table {draft.name} has no columns", "declare one a line")
    for line in body:
        match = COLUMN.fullmatch(line.text)
        if not match:
            raise line.wrong(repr(line.text), "wanted `    name type [default expression],`; constraints stand apart")
        if bool(match["comma"]) == (line is body[-1]):
            raise line.wrong(repr(line.text), "wanted a comma after every column but the last")
        refuse_twice(line, match["name"], draft.names())
        draft.columns.append(column(line, match))


def column(line: Line, match: re.Match[str]) -> Column:
    modifier = match["modifier"] or ""
    if match["type"] not in TYPES or bool(modifier) != (match["type"] in MODIFIED):
        raise line.wrong(f"type {match['type']}{modifier}", f"wanted one of {', '.join(TYPES)}")
    name, base = TYPES[match["type"]]
    return Column(match["name"], name + modifier, default=match["default"], base=base)


def constrain(line: Line, found: dict[str, TableDraft], taken: set[str]) -> None:
    """Add one statement of a constraints file to the table it names."""
    kind, match = form(line)
    draft = found.get(match["table"])
    if draft is None:
        raise line.wrong(f"table {match['table']} is not declared", "declare it in a tables.sql")
    columns = columns_of(line, draft, kind, match)
    name = match.groupdict().get("name") or f"{draft.name}_{columns[0]}_not_null"
    if len(name) > NAME_BYTES:
        raise line.wrong(f"{name} is longer than {NAME_BYTES} bytes", "shorten it")
    refuse_twice(line, name, taken)
    taken.add(name)
    if kind == "index":
        draft.indexes.append(index(name, draft.name, columns, bool(match["unique"])))
    else:
        refuse_second_key(line, draft, kind)
        draft.constraints.append(constraint(kind, name, columns, match))


def form(line: Line) -> tuple[str, re.Match[str]]:
    for kind, pattern in FORMS.items():
        if match := pattern.fullmatch(line.text):
            return kind, match
    raise line.wrong(repr(line.text), "wanted set not null, primary key, unique, check, foreign key or create index")


def columns_of(line: Line, draft: TableDraft, kind: str, match: re.Match[str]) -> tuple[str, ...]:
    """The columns that a statement reads; a check's are the words outside its literals that name a column."""
    if kind == "c":
        words = re.findall(NAME, outside_literals(line, match["expression"]))
        columns = tuple(name for name in draft.names() if name in words)
    else:
        columns = tuple(match["columns"].split(", "))
    unknown = [name for name in columns if name not in draft.names()]
    if unknown or not columns:
        raise line.wrong(f"table {draft.name} has no column {', '.join(unknown) or 'of this check'}", "declare it")
    return columns


def outside_literals(line: Line, expression: str) -> str:
    """A check's expression without its literals; one that closes more than it opens holds a second statement."""
    bare = re.sub(r"'[^']*'", "''", expression)
    depths = list(accumulate((sign == "(") - (sign == ")") for sign in bare))
    if ";" in bare or min(depths) < 0 or depths[-1] != 0:
        raise line.wrong(f"check ({expression}) is not one expression", "wanted balanced parentheses and no semicolon")
    return bare


def constraint(kind: str, name: str, columns: tuple[str, ...], match: re.Match[str]) -> Constraint:
    table = match["table"]
    if kind == "n":
        return not_null(table, columns[0])
    if kind == "c":
        expression = match["expression"].strip()
        return Constraint(name, table, kind, columns, f"CHECK ({expression})", expression=expression)
    listed = ", ".join(columns)
    if kind != "f":
        words = {"p": "PRIMARY KEY", "u": "UNIQUE"}[kind]
        return Constraint(name, table, kind, columns, f"{words} ({listed})")
    action = f" ON DELETE {match['on_delete'].upper()}" if match["on_delete"] else ""
    definition = f"FOREIGN KEY ({listed}) REFERENCES {match['ref_table']}({match['ref_columns']}){action}"
    ref_columns = tuple(match["ref_columns"].split(", "))
    on_delete = match["on_delete"].upper() if match["on_delete"] else None
    return Constraint(
        name, table, kind, columns, definition, match["ref_table"], None, ref_columns, on_delete=on_delete
    )


def not_null(table: str, column: str) -> Constraint:
    return Constraint(f"{table}_{column}_not_null", table, "n", (column,), f"NOT NULL {column}")


def index(name: str, table: str, columns: tuple[str, ...], is_unique: bool) -> Index:
    unique = "UNIQUE " if is_unique else ""
    definition = f"CREATE {unique}INDEX {name} ON {table} USING btree ({', '.join(columns)})"
    elements = tuple(Element(column, column) for column in columns)
    return Index(name, table, columns, definition, is_unique, elements=elements)


def refuse_second_key(line: Line, draft: TableDraft, kind: str) -> None:
    if kind == "p" and any(c.kind == "p" for c in draft.constraints):
        raise line.wrong(f"table {draft.name} has a primary key already", "wanted one")


def refuse_twice(line: Line, name: str, taken: Container[str]) -> None:
    if name in taken:
        raise line.wrong(f"{name} stands twice", "wanted every name once")


def check_reference(line: Line, found: dict[str, TableDraft]) -> None:
    """A foreign key to a declared table needs that table's primary or unique key."""
    match = FORMS["f"].fullmatch(line.text)
    if not match or match["ref_table"] not in found:
        return
    columns = tuple(match["ref_columns"].split(", "))
    keys = [c.columns for c in found[match["ref_table"]].constraints if c.kind in "pu"]
    if columns not in keys:
        reference = f"{match['name']} references {match['ref_table']} ({match['ref_columns']})"
        raise line.wrong(reference, "wanted a primary or unique key of that table")


def lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        yield Line(path, number, text.rstrip())


def statements(path: Path) -> Iterator[Line]:
    """One value per statement, its lines joined by single spaces; comment lines stand between statements only."""
    parts: list[Line] = []
    for line in lines(path):
        text = line.text.strip()
        if not parts and (not text or COMMENT.fullmatch(text)):
            continue
        parts.append(line)
        if text.endswith(";"):
            yield Line(path, parts[0].number, joined(part.text.strip() for part in parts))
            parts = []
    if parts:
        raise parts[0].wrong("a statement without an end", "close it with ;")


def joined(parts: Iterable[str]) -> str:
    """One line of a wrapped statement; the spaces that wrapping left inside parentheses go, those of literals stay."""
    return re.sub(r"('[^']*')|(?<=\() | (?=\))", lambda match: match[1] or "", " ".join(parts).removesuffix(";"))
