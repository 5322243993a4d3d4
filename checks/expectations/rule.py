"""One written rule, and what a schema must have for it to be applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.expectations.schema import Schema, SchemaColumn

# What a column can be reckoned with as; a legacy database may have either as text, and then nobody knows what it says.
KINDS = {
    "number": ("a number", frozenset({"int2", "int4", "int8", "numeric", "float4", "float8", "money"})),
    "time": ("a date or a timestamp", frozenset({"date", "timestamp", "timestamptz"})),
}


@dataclass(frozen=True)
class Rule:
    """What holds for the rows of one table.

    name: a slug, unique within the table. title: what is expected, as a sentence without its first capital.
    reads: table → the columns that the SQL reads of it, blank-separated; `price:number` is one that has to be of this
    kind (KINDS), because the SQL reckons with it.
    broken: SELECT of the keys of the rows that break the rule; {batch} stands for the table, and wants an alias beside
    a join. It has no braces and no per cent signs: they mean something to those who pass it on.
    constraint: the declared check that says the same, which is then not generated.
    links: `table.column` → the table whose ids it holds. Where these are not unique nothing can point at them, and a
    declared key may hold another of its columns: then nobody can say by the ids which row is meant.
    """

    table: str
    name: str
    title: str
    severity: str
    reads: Mapping[str, str]
    broken: str
    constraint: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def check(self) -> str:
        return f"suite/{self.table}/{self.name}"

    def types(self, schema: Schema) -> str:
        """The columns that it reads, with their types."""
        read = ((table, name) for table, columns in self.reads.items() for name in kinds(columns))
        return ", ".join(f"{table}.{name} ({schema.tables[table].columns[name].type})" for table, name in read)

    def lacking(self, schema: Schema) -> str | None:
        """What the schema lacks of what the rule reads, as part of a sentence; None if nothing."""
        for table, columns in self.reads.items():
            if table not in schema.tables:
                return f"there is no table {table}"
            there = schema.tables[table].columns
            read = kinds(columns)
            if missing := [name for name in read if name not in there]:
                return f"{table} has no column {', '.join(missing)}"
            if other := [odd for name, kind in read.items() if (odd := _other(f"{table}.{name}", there[name], kind))]:
                return ", ".join(other)
        return next(filter(None, (_unlinked(schema, *link) for link in self.links.items())), None)


def kinds(columns: str) -> dict[str, str]:
    """SchemaColumn → the kind that it has to be of, empty where any will do."""
    return dict(column.partition(":")[::2] for column in columns.split())


def _unlinked(schema: Schema, column: str, parent: str) -> str:
    """Why a column does not hold ids of the parent; nothing if it does."""
    if not schema.tables[parent].columns["id"].is_unique:
        return f"the id of {parent} is not unique, so that nothing can point at it"
    key = next((key for key in schema.keys.get(column, ()) if key.startswith(f"{parent}.")), "")
    if key not in ("", f"{parent}.id"):
        return f"{column} holds {key}, not the id"
    table, _, name = column.partition(".")
    own, held = schema.tables[table].columns[name], schema.tables[parent].columns["id"]
    return "" if _family(own) == _family(held) else f"{column} is {own.type}, and the id of {parent} {held.type}"


def _family(column: SchemaColumn) -> str:
    """Types of one family compare."""
    numbers, texts = KINDS["number"][1], {"text", "varchar", "bpchar", "citext", "name"}
    return next((kind for kind, bases in (("number", numbers), ("text", texts)) if column.base in bases), column.base)


def orphans(table: str, column: str, parent: str, name: str, title: str, severity: str, key: str = "id") -> Rule:
    """Every row that names a parent has it. The key of both tables is called id unless told."""
    return Rule(
        table,
        name,
        title,
        severity,
        reads={table: f"{key} {column}", parent: "id"},
        broken=f"select t.{key} from {{batch}} t left join {parent} p on p.id = t.{column} "
        f"where t.{column} is not null and p.id is null",
        links={f"{table}.{column}": parent},
    )


def _other(name: str, column: SchemaColumn, kind: str) -> str:
    """What is wrong with a column that is not of a kind; nothing if it is, or any will do."""
    wanted, bases = KINDS.get(kind, ("", {column.base}))
    return "" if column.base in bases else f"{name} is {column.type}, {wanted} is wanted"


def exact(value: str) -> str:
    """A number of any type as a numeric of the same digits: a cast rounds a real to six digits, a double to fifteen."""
    return (
        f"case jsonb_typeof(to_jsonb({value})) when 'number' then to_jsonb({value})::numeric else {value}::numeric end"
    )
