"""One rule that somebody wrote down, and what a schema must have for it to be applied."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.expectations.schema import Schema


@dataclass(frozen=True)
class Rule:
    """What holds for the rows of one table.

    name: a slug, unique within the table. title: what is expected, as a sentence without its first capital.
    reads: table → the columns that the SQL reads of it, blank-separated.
    broken: SELECT of the keys of the rows that break the rule; {batch} stands for the table, and wants an alias beside
    a join. It has no braces and no per cent signs: they mean something to those who pass it on.
    constraint: the declared check that says the same, which is then not generated.
    parents: tables whose id has to be unique, for a row that names none is nobody's fault where ids name nobody.
    """

    table: str
    name: str
    title: str
    severity: str
    reads: Mapping[str, str]
    broken: str
    constraint: str | None = None
    parents: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        return f"suite/{self.table}/{self.name}"

    def lacking(self, schema: Schema) -> str | None:
        """What the schema lacks of what the rule reads, as part of a sentence; None if nothing."""
        for table, columns in self.reads.items():
            if table not in schema.tables:
                return f"there is no table {table}"
            there = schema.tables[table].columns
            if missing := [name for name in columns.split() if name not in there]:
                return f"{table} has no column {', '.join(missing)}"
            if table in self.parents and not there["id"].is_unique:
                return f"the id of {table} is not unique, so that nothing can point at it"
        return None


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
        parents=(parent,),
    )
