"""What every comparison is made from: the mapping, both catalogues, the books, and what follows for one column.

Laws
- All of it is read by the auditor itself; nothing here was planned by whoever moved the rows.
- An id or a reference is compared as the target spells it: a UUID in lower case with hyphens, an integer in digits, a
  new id from the books (which a check of its own holds to be the UUIDv5 of its name).
"""

import re
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from psycopg import sql

from checks.books import Books
from checks.catalog import Catalog
from config.mapping import Mapping, TableRule
from config.settings import Settings
from config.shapes import Column, Table

UUID_TEXT = "^([0-9a-f]{4}(-?[0-9a-f]{4}){7}|[{][0-9a-f]{4}(-?[0-9a-f]{4}){7}[}])$"
TEXTUAL = {"text", "varchar", "bpchar", "citext", "name"}
INTEGERS = {"int2", "int4", "int8"}
TIMES = {"date", "timestamp", "timestamptz"}
# Oids of one database; only the names that they stand for mean anything in another.
OID_ALIASES = {
    "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc",
    "regprocedure", "regrole", "regtype",
}  # fmt: skip
BY_OUTPUT = {"bpchar", "inet", "cidr"}  # a cast to text would strip blanks or add a mask

# Where the rows of a reshaped table go that others refer to.
ROOTS = {
    "professionals": "user_role_profiles",
    "onboarding_submissions": "verification_requests",
    "verifications": "verification_requests",
    "submission_documents": "verification_documents",
    "activity_logs": "audit_logs",
}


def quoted(*names: str) -> str:
    return sql.Identifier(*names).as_string(None)


def literal(value: object) -> str:
    return sql.Literal(value).as_string(None)


def column_of(column: Column) -> str:
    return f"t.{quoted(column.name)}"


def text_of(column: Column) -> str:
    """The column's output text; null stays null."""
    name = column_of(column)
    if column.base in BY_OUTPUT and not column.is_array:
        return f"case when {name} is not null then format('%s', {name}) end"
    return f"{name}::text"


def _plain(legacy_id: str) -> str:
    """A UUID in lower case with hyphens, however it is written; anything else as it is."""
    return str(uuid.UUID(legacy_id)) if re.match(UUID_TEXT, legacy_id, re.IGNORECASE) else legacy_id


@dataclass(frozen=True)
class Facts:
    """source, target, archive: catalogues of the schemas; time_zone: what legacy times without a zone mean.

    addresses: texts of the source that are internet addresses, beside the plain ones (checks.addresses). gaps: what the
    checks could not look at, as they tell it.
    """

    settings: Settings
    mapping: Mapping
    source: Catalog
    target: Catalog
    archive: Catalog
    books: Books
    time_zone: str
    addresses: tuple[str, ...] = ()
    gaps: list[str] = field(default_factory=list)

    def rule(self, table: str) -> TableRule | None:
        return self.mapping.tables.get(table)

    def domain(self, table: str) -> str:
        return self.mapping.domain_of.get(table, "")

    @cached_property
    def fates(self) -> dict[str, str]:
        """Legacy table → copy (renamed and carried ones too), keep (reshaped in place), reshape or archive."""
        return {name: self._fate(name) for name in self.source.tables}

    def _fate(self, table: str) -> str:
        rule = self.rule(table)
        if rule is None:
            is_archived = table in self.mapping.common.tool_tables or self.settings.unmapped_tables == "archive"
            return "archive" if is_archived else "copy"
        if rule.disposition == "reshape":
            return "keep" if rule.keeps_shape else "reshape"
        return "archive" if rule.disposition == "archive" else "copy"

    @cached_property
    def new_ids(self) -> dict[str, dict[str, str]]:
        """Legacy table → id → new id, from the books; an id that is a UUID in its plain form, as references are."""
        return {
            table: {_plain(legacy_id): new_id for legacy_id, new_id in ids.items()}
            for table, ids in self.books.derived.items()
        }

    def final(self, table: str) -> str:
        """The name that a copied or kept table has in the target."""
        rule = self.rule(table)
        return (rule and rule.target) or table

    def home(self, table: str) -> str:
        """The target table in which references to a legacy table find its rows."""
        if self.fates.get(table) == "reshape":
            return "user_role_profiles" if table in self.mapping.profile_tables else ROOTS.get(table, table)
        return self.final(table)

    def used(self, table: str, variants: tuple[str, ...]) -> Column | None:
        """The first of these columns that the legacy table has."""
        shape = self.source.table(table)
        return next((c for name in variants if shape and (c := shape.column(name))), None)

    def key(self, table: Table) -> str:
        """The legacy key as text: one column's text, a JSON array of several, or the ctid."""
        columns = [table.column(name) for name in table.primary_key]
        if len(columns) == 1:
            return text_of(columns[0])
        if columns:
            return f"jsonb_build_array({', '.join(column_of(c) for c in columns)})::text"
        return "t.ctid::text"

    def parent(self, table: str, column: str) -> str | None:
        """The legacy table that this column of a legacy table points at by id: declared, or named by the mapping."""
        shape = self.source.table(table)
        for constraint in shape.constraints:
            if (
                constraint.kind == "f"
                and constraint.columns == (column,)
                and constraint.ref_table in self.source.tables
            ):
                return constraint.ref_table
        rule = self.mapping.common.references.get(column)
        if not rule or (rule.tables and table not in rule.tables) or rule.to == table:
            return None
        if (table not in self.mapping.tables and rule.to != "users") or not self.source.has(rule.to, "id"):
            return None
        return rule.to if self.fates.get(rule.to) != "archive" else None

    def id_base(self, table: str) -> str | None:
        """The base type of the target's ids of a legacy table's rows."""
        shape = self.target.table(self.home(table))
        column = shape.column("id") if shape else None
        return column.base if column else None

    def spelled(self, expression: str, column: Column, base: str | None) -> str:
        """Text of a key column as the target spells it, where that has this base type; new ids aside."""
        if column.base in TEXTUAL and base == "uuid":
            return f"case when {expression} ~* '{UUID_TEXT}' then {expression}::uuid::text else {expression} end"
        if column.base in TEXTUAL and base in INTEGERS:
            return f"case when {expression} ~ '^-?[0-9]{{1,18}}$' then {expression}::bigint::text else {expression} end"
        return expression
