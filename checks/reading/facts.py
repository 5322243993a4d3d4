"""The facts of a verification: the mapping, both catalogues, the books, and what follows from them for one column.

Laws
- The auditor reads all of it itself; nothing comes from the engine's plan.
- A value's text is what its type prints, and a text is read by its type's input: no cast is applied to a row's value,
  for the database may have made one of its own. `text`, `text_of`, `parsed`, `row_of` are the only ways.
- An id or a reference is compared as the target spells it: a UUID in lower case with hyphens, an integer in digits, a
  new id from the books (which a check of its own holds to be the UUIDv5 of its name).
- Values that PostgreSQL compares as equal keys have one text: char(n) without padding, citext in lower case, numbers
  without trailing zeros.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from checks.reading.books import Books
from checks.reading.catalog import Catalog
from config.postgres.quoting import quoted
from config.postgres.types import NUMBERS, TEXTUAL, UUID_TEXT
from config.rules import Mapping as Rules
from config.rules import TableRule
from config.settings import Settings
from config.shapes import Column, Constraint, Table

ASKABLE = 160_000  # the first version that has pg_input_is_valid
# How the builtin types read a text: a cast would be what the database has made of it.
READERS = {
    "bool": "boolin({})", "int8": "int8in({})", "numeric": "numeric_in({}, 0, -1)", "uuid": "uuid_in({})",
    "timestamp": "timestamp_in({}, 0, -1)", "timestamptz": "timestamptz_in({}, 0, -1)", "jsonb": "jsonb_in({})",
    "json": "json_in({})", "inet": "inet_in({})",
}  # fmt: skip


def any_held(values: Iterable[str]) -> str:
    """Whether any of these values is none of null, however many there are: a function takes 100."""
    counts = [f"num_nonnulls({', '.join(some)})" for some in batched(values, 100)]
    return f"{' + '.join(counts) or '0'} > 0"


def batched(values: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    rest = iter(values)
    while some := tuple(islice(rest, size)):
        yield some


def column_of(column: Column) -> str:
    return f"t.{quoted(column.name)}"


def text(expression: str) -> str:
    """The value's output text; null stays null, and a composite of nulls is not null."""
    return f"case when {expression} is distinct from null then concat({expression}) end"


def text_of(column: Column) -> str:
    """The column's output text; null stays null. Each of its letters counts, whatever the column compares by."""
    is_text = column.kind == "b" and column.base in ("text", "varchar") and not column.is_array
    found = f"{column_of(column)}::text" if is_text else text(column_of(column))
    return f'{found} collate "C"' if column.is_collated else found


def parsed(expression: str, base: str) -> str:
    """A text as the builtin type of this name (one of READERS) reads it."""
    return READERS[base].format(f"textout({expression})")


def once(value: str, told: str) -> str:
    """What is told of a value `w.v` that takes its time: made once for each row, however often it is spoken of."""
    return f"(select {told} from (select {value} as v offset 0) as w)"


def texts(shown: str) -> str:
    """The output text of an array as an array of texts, of whatever dimensions."""
    return f"(select r.v from json_to_record(json_build_object('v', {shown})) as r (v text[]))"


def md5(expression: str) -> str:
    """The hash of a text that is equal on both sides: of its characters, whatever encoding a server stores them in."""
    return f"md5(convert_to({expression}, 'UTF8'))"


def json_of(column: Column) -> str:
    """The column for to_jsonb and its kin; its text where they would call a cast of the database's own."""
    return text_of(column) if column.is_cast_to_json else column_of(column)


def row_of(shape: Table) -> str:
    """The whole row, alias t, as JSON text."""
    if not any(c.is_cast_to_json for c in shape.columns):
        return "concat(row_to_json(t.*))"
    listed = ", ".join(f"{json_of(c)} as {quoted(c.name)}" for c in shape.columns)
    return f"(select concat(row_to_json(w.*)) from (select {listed}) as w)"


def _rows(schema: str, table: str, *conditions: str) -> str:
    # a condition that leaves the alias a table, with its ctid
    kept = " and ".join(f"({condition})" for condition in conditions if condition)
    return f"{quoted(schema, table)} as t" + (f" join (values (true)) as kept (yes) on {kept}" if kept else "")


@dataclass(frozen=True)
class Narrowed:
    """Where only some rows count, the SQL that is true of them: of tables behind the alias t, by the table's name.

    books: of rejects, notes, id_map and removed_links, by legacy table, SQL over the book's own columns.
    """

    source: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    archive: Mapping[str, str] = field(default_factory=dict)
    books: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def _plain(legacy_id: str) -> str:
    """A UUID in lower case with hyphens, however it is written; anything else as it is."""
    return str(uuid.UUID(legacy_id)) if is_uuid(legacy_id) else legacy_id


def is_uuid(text: str) -> bool:
    return re.match(UUID_TEXT, text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Facts:
    """source, target, archive: catalogues of the schemas; time_zone: what legacy times without a zone mean.

    addresses: texts of the source that are internet addresses, beside the plain ones (checks.reading.addresses). gaps:
    what the checks could not look at, as they tell it. kept_source, kept_target: where only rows count that stand as
    they stood (checks.reading.drift), the SQL that is true of them. narrowed: where only some rows count at all.
    """

    settings: Settings
    mapping: Rules
    source: Catalog
    target: Catalog
    archive: Catalog
    books: Books
    time_zone: str
    addresses: tuple[str, ...] = ()
    gaps: list[str] = field(default_factory=list)
    kept_source: str = ""
    kept_target: str = ""
    narrowed: Narrowed = field(default_factory=Narrowed)
    _new_ids: dict[str, dict[str, str]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def source_rows(self, table: str) -> str:
        """A legacy table behind the alias t, in a FROM clause: the rows that count."""
        return _rows(self.source.schema, table, self.kept_source, self.narrowed.source.get(table, ""))

    def target_rows(self, table: str) -> str:
        """A table of the target behind the alias t, in a FROM clause: the rows that count."""
        return _rows(self.target.schema, table, self.kept_target, self.narrowed.target.get(table, ""))

    def archive_rows(self, table: str) -> str:
        """A table of the archive behind the alias t, in a FROM clause: the rows that count."""
        return _rows(self.archive.schema, table, self.narrowed.archive.get(table, ""))

    def book(self, name: str, of: str = "") -> str:
        """One of the books, in a FROM clause without an alias: its lines that count, of all runs. of: a legacy table
        whose lines are enough."""
        lines = self.narrowed.books.get(name)
        if lines is None:
            return f"migration.{name}"
        condition = " or ".join([lines.get(of, "false")] if of else lines.values()) or "false"
        return f"(select * from migration.{name} where {condition}) as {name}"

    def bound_book(self, name: str, of: str) -> str:
        """The same for a statement with parameters, in which a per cent sign is doubled."""
        return self.book(name, of).replace("%", "%%")

    def find_rule(self, table: str) -> TableRule | None:
        return self.mapping.tables.get(table)

    def rule(self, table: str) -> TableRule:
        """The mapping's rule of a table that it has. Errors: LookupError."""
        if (found := self.mapping.tables.get(table)) is None:
            raise LookupError(f"the mapping says nothing of table {table}")
        return found

    def domain(self, table: str) -> str:
        return self.mapping.domain_of.get(table, "")

    @cached_property
    def treatments(self) -> dict[str, str]:
        """Legacy table → copy (renamed and carried ones too), keep (reshaped in place), reshape or archive."""
        return {name: self._treatment(name) for name in self.source.tables}

    def _treatment(self, table: str) -> str:
        rule = self.find_rule(table)
        if rule is None:
            is_archived = table in self.mapping.common.tool_tables or self.settings.unmapped_tables == "archive"
            return "archive" if is_archived else "copy"
        if rule.disposition == "reshape":
            return "keep" if rule.keeps_shape else "reshape"
        return "archive" if rule.disposition == "archive" else "copy"

    def new_ids(self, table: str) -> dict[str, str]:
        """Legacy id → new id, from the books; an id that is a UUID in its plain form, as references are.

        A UUID that is replaced because another row of the table has it still leads to that one. Errors: LookupError,
        where they are too many to be held here (checks.reading.relations.led_by)
        """
        derived = self.books.derived.get(table, {})
        if not isinstance(derived, dict):
            raise LookupError(f"the new ids of {table} are not held here")  # noqa: TRY004  # no fault of a type
        if table not in self._new_ids:
            is_alone = self.is_alone_at_home(table)
            self._new_ids[table] = {
                _plain(legacy_id): new_id
                for legacy_id, new_id in derived.items()
                if not (is_alone and is_uuid(legacy_id))
            }
        return self._new_ids[table]

    def is_alone_at_home(self, table: str) -> bool:
        """Whether a reshaped table's target has no rows of other legacy tables."""
        if self.treatments.get(table) != "reshape":
            return False
        others = {into for name, rule in self.mapping.tables.items() if name != table for into in rule.targets}
        return others.isdisjoint({self.home(table), *self.rule(table).targets})

    def final(self, table: str) -> str:
        """The name that a copied or kept table has in the target."""
        rule = self.find_rule(table)
        return (rule and rule.target) or table

    def renames(self, table: str) -> dict[str, str]:
        """Legacy column → its new name in a table that keeps its shape; a table with both names keeps both."""
        rule = self.find_rule(table)
        used = {wanted: self.used(table, variants) for wanted, variants in (rule.renamed if rule else {}).items()}
        found = {
            column.name: wanted for wanted, column in used.items() if column and not self.source.has(table, wanted)
        }
        return found | (rule.becomes if rule else {})

    def home(self, table: str) -> str:
        """The target table in which references to a legacy table find its rows."""
        if self.treatments.get(table) == "reshape":
            return self.mapping.root_of(table) or table
        return self.final(table)

    def used(self, table: str, variants: tuple[str, ...]) -> Column | None:
        """The first of these columns that the legacy table has."""
        shape = self.source.find_table(table)
        return next((c for name in variants if shape and (c := shape.find_column(name))), None)

    def key(self, table: Table) -> str:
        """The legacy key as text: one column's text, a JSON array of several, or the ctid."""
        columns = [table.column(name) for name in table.primary_key]
        if len(columns) == 1:
            return text_of(columns[0])
        if columns:
            return f"concat(jsonb_build_array({', '.join(map(json_of, columns))}))"
        return "concat(t.ctid)"

    def parent(self, table: str, column: str) -> str | None:
        """The legacy table whose ids stand in this column of a legacy table: as a foreign key or the mapping says."""
        return self._ids_in(table, column, frozenset())

    def _ids_in(self, table: str, column: str, seen: frozenset[tuple[str, str]]) -> str | None:
        if (table, column) in seen:
            return None
        links = self._links(table, column)
        for constraint in links:
            parent, name = constraint.parent, constraint.ref_columns[constraint.columns.index(column)]
            is_moved = name == "id" and self.treatments[parent] == "reshape"
            onward = None if is_moved else self._ids_in(parent, name, seen | {(table, column)})
            if found := onward or (parent if name == "id" else None):
                return found
        is_other = any(len(constraint.columns) == 1 for constraint in links)
        stated = None if is_other else self.mapped(table, column)
        return stated and (self._ids_in(stated, "id", seen | {(table, column)}) or stated)

    def _links(self, table: str, column: str) -> list[Constraint]:
        """Foreign keys over this column, those over it alone first, to tables that are not archived."""
        keys = [c for c in self.source.table(table).constraints if c.kind == "f" and column in c.columns]
        found = [c for c in keys if c.ref_table and self.treatments.get(c.ref_table, "archive") != "archive"]
        return sorted(found, key=lambda c: len(c.columns))

    def mapped(self, table: str, column: str) -> str | None:
        """The legacy table that the mapping lets a column point at which no foreign key speaks of."""
        rule = self.mapping.common.references.get(column)
        if not rule or (rule.tables and table not in rule.tables) or rule.to == table:
            return None
        is_spoken_of = table in self.mapping.tables or table in rule.tables or rule.to == "users"
        if not is_spoken_of or not self.source.has(rule.to, "id"):
            return None
        parent = self.source.table(rule.to)
        is_alike = _are_alike(self.source.table(table).column(column), parent.column("id"))
        if self.treatments.get(rule.to) == "archive" or not is_alike:
            return None
        is_moved = self.treatments[rule.to] == "reshape" and self.home(rule.to) != rule.to
        return rule.to if is_moved or is_unique(parent, "id") else None

    def id_base(self, table: str) -> str | None:
        """The base type of the target's ids of a legacy table's rows."""
        shape = self.target.find_table(self.home(table))
        column = shape.find_column("id") if shape else None
        return column.base if column else None

    def word(self, column: Column, parent: str | None = None) -> str:
        """Text of a key column, the same for all values that name one row. parent: the legacy table whose ids it holds.

        A UUID stays as it is written.
        """
        shape = self.source.find_table(parent) if parent else None
        key = (shape and shape.find_column("id")) or column
        return _word(text_of(column), column.base, key.base)

    def holds(self, table: str, pairs: Iterable[tuple[str, str]]) -> str:
        """Whether a row of a target's table has these values. pairs: its column, SQL of the value's text.

        A UUID is asked for as one, too: an index finds it, where a text is looked for in every row.
        """
        shape, same = self.target.table(table), list[str]()
        for name, value in pairs:
            column = shape.column(name)
            if column.base == "uuid" and not column.is_array:
                id_ = f"case when {self.reads_uuid(value)} then {parsed(value, 'uuid')} end"
                same.append(f"{column_of(column)} = {id_}")
            same.append(f"{self.word(column)} = {_word(value, column.base, column.base)}")
        return f"exists (select from {quoted(self.target.schema, table)} as t where {' and '.join(same)})"

    def spelled(self, column: Column, parent: str | None = None, base: str | None = "uuid") -> str:
        """The same as the target spells it, whose ids have this base type; new ids aside."""
        shown = self.word(column, parent)
        if column.base in TEXTUAL and base == "uuid":
            return f"case when {self.reads_uuid(shown)} then concat({parsed(shown, 'uuid')}) else {shown} end"
        return shown

    def reads_uuid(self, shown: str) -> str:
        """Whether uuid's input takes a text; a pattern says the same, in eight times the time."""
        is_askable = min(self.source.version, self.target.version) >= ASKABLE
        return f"pg_input_is_valid({shown}, 'uuid')" if is_askable else f"{shown} ~* '{UUID_TEXT}'"

    def holds_uuid(self, column: Column) -> str:
        """Whether an id is a UUID, in whatever form; null where there is none. Of most its type says so."""
        if column.base in TEXTUAL:
            return self.reads_uuid(self.word(column))
        is_one = column.base == "uuid" and not column.is_array
        return f"case when {column_of(column)} is distinct from null then {is_one} end"


def is_unique(shape: Table, column: str) -> bool:
    """Whether a reference can point at the column: a unique holds it alone, over all rows and at once."""
    held = [c.columns for c in shape.constraints if c.kind in "pu" and not c.is_deferrable]
    held += [i.columns for i in shape.indexes if i.is_unique and " WHERE " not in i.definition]
    return (column,) in held


def _are_alike(column: Column, key: Column) -> bool:
    """Whether values of one can name values of the other; a bigint never names a uuid."""
    bases = {column.base, key.base}
    is_alike = len(bases) == 1 or bases <= NUMBERS or bool(bases & TEXTUAL)
    return is_alike and not column.is_array and not column.generated


def _word(shown: str, base: str, key: str) -> str:
    """The text of a value of one base type, the same for all that a key of another takes for one."""
    if base == "numeric":
        shown = rf"regexp_replace({shown}, '^(-?[0-9]+)([.][0-9]*[1-9])?[.]?0*$', '\1\2')"
    if "bpchar" in (base, key):
        shown = f"rtrim({shown}, ' ')"
    if key == "citext":
        shown = f"lower({shown})"
    return _as_number(shown, key) if base in TEXTUAL and key in NUMBERS else shown


def _as_number(word: str, base: str) -> str:
    """A text that spells a number of this type as the number is written; any other as it is."""
    if base == "numeric":
        number = f"concat(trim_scale({parsed(word, 'numeric')}))"
        return f"case when {word} ~ '^-?[0-9]+([.][0-9]+)?$' then {number} else {word} end"
    return f"case when {word} ~ '^-?[0-9]{{1,19}}$' then concat({parsed(word, 'numeric')}) else {word} end"
