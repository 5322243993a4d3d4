"""Expectations that follow from the declared tables, from the mapping and from the schema itself.

Laws
- Expectations of a declared table follow from its declaration: columns, types, not-null, value sets, ranges. A check of
  another form needs a rule that names it.
- Those of a copied table follow from its own not-null columns, and from what the mapping adds and removes.
- What is expected of many columns in one way is asked of all of them at once, and of each where that finds something.
- Uniqueness is not checked: the constraints prove it, and sorting whole tables would prove no more.
- A missing column is one finding, of the check `columns`; nothing else is expected of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import great_expectations.expectations as gxe
from great_expectations.expectations.metadata_types import FailureSeverity

from checks.expectations.own import ExpectNoRowToBreakTheRule
from checks.expectations.rule import Rule
from checks.expectations.schema import Schema, SchemaTable
from checks.expectations.suites import rules
from checks.verdict import CRITICAL, INFO
from config import mapping, target
from config.postgres.quoting import quoted
from config.rules import TableRule
from config.shapes import Constraint

# The forms of declared checks that an expectation can say; any other needs a rule.
LITERAL = r"'(?:[^']|'')*'"
VALUES = re.compile(rf"(?P<column>\w+) in \((?P<values>{LITERAL}(?:, {LITERAL})*)\)")
BETWEEN = re.compile(r"(?P<column>\w+) between (?P<low>-?\d+) and (?P<high>-?\d+)")
ABOVE = re.compile(r"(?P<column>\w+) (?P<sign>>=?) (?P<low>-?\d+)")

Bases = Mapping[str, Mapping[str, str]]

LINK = "^[Hh][Tt][Tt][Pp][Ss]?://"
MOSTLY = 0.5  # of the values that are not null
LINKED = "select 1 from {{batch}} having {}"

# The batch of the types and of what must be gone: one row per column of the schema that the session is in.
COLUMNS = """
    select pg_catalog.concat(c.relname, '.', a.attname) as "column",
        pg_catalog.concat(c.relname, '.', a.attname, ' ', pg_catalog.format_type(a.atttypid, a.atttypmod)) as "typed"
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select oid from pg_namespace where nspname = pg_catalog.current_schema())
        and c.relkind in ('r', 'p')
""".strip()


@dataclass(frozen=True)
class ExpectationPart:
    """One expectation of a check. keys: SELECT of the keys of the rows that break it; found: what was, in words."""

    expectation: gxe.Expectation
    column: str = ""
    keys: str | None = None
    found: str = ""


@dataclass(frozen=True)
class Planned:
    """One check: passed if each of its parts is. reads: tables that it looks at beside the rows that it is about.

    types: the columns that it reads, with their types, for whoever has to know why it could not be made. whole: an
    expectation that says at once what the parts say; they are asked one by one where it does not hold.
    """

    name: str
    title: str
    severity: str
    parts: tuple[ExpectationPart, ...]
    reads: frozenset[str] = frozenset()
    types: str = ""
    whole: gxe.Expectation | None = None

    @property
    def first(self) -> tuple[ExpectationPart, ...]:
        """What is asked first."""
        return (ExpectationPart(self.whole),) if self.whole else self.parts


def of_rows(name: str, schema: Schema) -> Iterator[Planned]:
    """What is expected of the rows of one table, the written rules aside."""
    table = schema.tables[name]
    yield from _columns(name, table)
    yield from _required(name, table)
    yield from _values(name, table)
    if name in _profile_tables():
        yield from _links(name, table)


def of_columns(name: str, schema: Schema, bases: Bases) -> Iterator[Planned]:
    """What is expected of the table's columns in the batch of all columns.

    bases: table → column → base type, where that follows from the legacy database alone.
    """
    yield from _types(name, schema, bases.get(name, {}))
    yield from _gone(name, schema.tables[name])


def counted(name: str) -> Planned:
    """The number of rows, a parameter of the validation."""
    expectation = gxe.ExpectTableRowCountToEqual(
        value={"$PARAMETER": parameter(name)}, severity=FailureSeverity.CRITICAL
    )
    return Planned(
        f"suite/{name}/rows", "there are as many rows as were loaded", CRITICAL, (ExpectationPart(expectation),)
    )


def parameter(name: str) -> str:
    """Of the number of rows; the name of a parameter has letters, digits and underscores only."""
    return "rows_" + re.sub(r"\W", "_", name, flags=re.ASCII)


def applied(rule: Rule, schema: Schema) -> Planned:
    """The check that a written rule makes of a schema that lacks nothing of what it reads."""
    expectation = _no_row(rule.broken, rule.severity, rule.title)
    others = frozenset(name for name in rule.reads if re.search(rf"\b{name}\b", rule.broken))
    part = ExpectationPart(expectation, keys=rule.broken)
    return Planned(rule.check, rule.title, rule.severity, (part,), others, rule.types(schema))


def _no_row(broken: str, severity: str, title: str) -> gxe.Expectation:
    """That the SELECT finds nothing."""
    return ExpectNoRowToBreakTheRule(
        unexpected_rows_query=broken, severity=FailureSeverity(severity), description=f"{title} ({severity})"
    )


def is_declared(name: str) -> bool:
    """Whether the target's own files say all of the table; one that is copied where there is one is not."""
    return (name in target.load() and name not in mapping.load().tables) or name in _profile_tables()


def said(constraint: Constraint) -> gxe.Expectation | None:
    """The expectation that says a declared check; None if none can."""
    text = constraint.expression or ""
    if match := VALUES.fullmatch(text):
        values = [value[1:-1].replace("''", "'") for value in re.findall(LITERAL, match["values"])]
        return gxe.ExpectColumnValuesToBeInSet(
            column=match["column"], value_set=values, severity=FailureSeverity.CRITICAL
        )
    if match := BETWEEN.fullmatch(text):
        low, high = int(match["low"]), int(match["high"])
        return gxe.ExpectColumnValuesToBeBetween(
            column=match["column"], min_value=low, max_value=high, severity=FailureSeverity.CRITICAL
        )
    if match := ABOVE.fullmatch(text):
        return gxe.ExpectColumnValuesToBeBetween(
            column=match["column"],
            min_value=int(match["low"]),
            strict_min=match["sign"] == ">",
            severity=FailureSeverity.CRITICAL,
        )
    return None


def _columns(name: str, table: SchemaTable) -> Iterator[Planned]:
    expected = _expected_columns(name)
    lacking = [column for column in expected if column not in table.columns]
    expectation = gxe.ExpectTableColumnsToMatchSet(
        column_set=expected, exact_match=False, severity=FailureSeverity.CRITICAL
    )
    part = ExpectationPart(expectation, found=f"{', '.join(lacking)} not there")
    yield Planned(f"suite/{name}/columns", f"the columns {', '.join(expected)} are there", CRITICAL, (part,))


def _expected_columns(name: str) -> list[str]:
    """Of a declared table all that are declared, of a copied one what the migration adds."""
    if is_declared(name):
        return [column.name for column in target.load()[name].columns]
    return [*(column for rule in _rules_of(name) for column in rule.adds), "created_at", "updated_at"]


def _required(name: str, table: SchemaTable) -> Iterator[Planned]:
    if is_declared(name):
        wanted = [c.name for c in target.load()[name].columns if c.not_null and c.name in table.columns]
    else:
        wanted = [column for column, shape in table.columns.items() if shape.is_required]
    if wanted:
        title, parts = "no required column is null", tuple(_not_null(table, column) for column in wanted)
        lacking = " or ".join(f"{quoted(column)} is null" for column in wanted)
        whole = _no_row(f"select 1 from {{batch}} where {lacking}", CRITICAL, title)
        yield Planned(f"suite/{name}/required", title, CRITICAL, parts, whole=whole)


def _not_null(table: SchemaTable, column: str) -> ExpectationPart:
    keys = _keys(table, f"{quoted(column)} is null")
    if _is_asked_for_as_written(column):
        return ExpectationPart(
            gxe.ExpectColumnValuesToNotBeNull(column=column, severity=FailureSeverity.CRITICAL), column, keys
        )
    return ExpectationPart(
        ExpectNoRowToBreakTheRule(unexpected_rows_query=keys, severity=FailureSeverity.CRITICAL), column, keys
    )


def _is_asked_for_as_written(column: str) -> bool:
    """Great Expectations writes a name that could stand without quotes in capitals without them: "Id" becomes id."""
    return column == column.lower()


def _values(name: str, table: SchemaTable) -> Iterator[Planned]:
    """One check per declared check of one column."""
    constraints = target.load()[name].constraints if is_declared(name) else ()
    for constraint in constraints:
        column = constraint.columns[0]
        if constraint.kind != "c" or column not in table.columns or not (expectation := said(constraint)):
            continue
        part = ExpectationPart(expectation, column, _keys(table, f"not ({constraint.expression})"))
        kind = "values" if isinstance(expectation, gxe.ExpectColumnValuesToBeInSet) else "range"
        yield Planned(f"suite/{name}/{kind}/{column}", _sentence(constraint), CRITICAL, (part,))


def _sentence(constraint: Constraint) -> str:
    return "every row has " + (constraint.expression or "").replace("'", "")


def _links(name: str, table: SchemaTable) -> Iterator[Planned]:
    """A column of links that no rule forbids is a question to whoever owns it, and stays."""
    forbidden = _gone_columns(name, table)
    texts = [column for column, shape in table.columns.items() if shape.is_text and column not in forbidden]
    columns = [column for column in texts if _is_asked_for_as_written(column)]
    parts = tuple(
        ExpectationPart(
            gxe.ExpectColumnValuesToNotMatchRegex(
                column=column, regex=LINK, mostly=MOSTLY, severity=FailureSeverity.INFO
            ),
            column,
            found=f"most values of {column} are links; may they stay?",
        )
        for column in columns
    )
    if parts:
        title = "no column holds links for the most part"
        whole = _no_row(LINKED.format(" or ".join(map(_is_linked, columns))), INFO, title)
        yield Planned(f"suite/{name}/links", title, INFO, parts, whole=whole)


def _is_linked(column: str) -> str:
    """Whether most values of a column are links, in a query over all rows. Few begin as one, which is soon seen."""
    is_link = f"left({quoted(column)}, 1) in ('h', 'H') and {quoted(column)} ~ '{LINK}'"
    return f"count(*) filter (where {is_link}) > count({quoted(column)}) * {1 - MOSTLY}"


def _types(name: str, schema: Schema, bases: Mapping[str, str]) -> Iterator[Planned]:
    if not is_declared(name):
        return
    there = schema.tables[name].columns
    wanted = {column: type_ for column, type_ in _declared_types(name, schema).items() if column in there}
    wanted |= {c: there[c].type if there[c].base == base else base for c, base in bases.items() if c in there}
    wrong = [f"{c} is {there[c].type}, {type_} expected" for c, type_ in wanted.items() if there[c].type != type_]
    expectation = gxe.ExpectColumnDistinctValuesToContainSet(
        column="typed",
        value_set=[f"{name}.{column} {type_}" for column, type_ in wanted.items()],
        severity=FailureSeverity.CRITICAL,
    )
    part = ExpectationPart(expectation, found="; ".join(wrong))
    yield Planned(f"suite/{name}/types", "the columns have the declared types", CRITICAL, (part,))


def _declared_types(name: str, schema: Schema) -> dict[str, str]:
    """A reference has the type of the key that it points at, a domain undone."""
    shape = target.load()[name]
    types = {column.name: column.type for column in shape.columns}
    for constraint in shape.constraints:
        parent = schema.tables.get(constraint.ref_table or "")
        if constraint.kind == "f" and parent:
            pairs = zip(constraint.columns, constraint.ref_columns, strict=True)
            types |= {column: parent.columns[key].bare for column, key in pairs if key in parent.columns}
    return types


def _gone(name: str, table: SchemaTable) -> Iterator[Planned]:
    gone = _gone_columns(name, table)
    if gone:
        still = [column for column in gone if column in table.columns]
        expectation = gxe.ExpectColumnValuesToNotBeInSet(
            column="column", value_set=[f"{name}.{column}" for column in gone], severity=FailureSeverity.CRITICAL
        )
        part = ExpectationPart(expectation, found=f"{', '.join(still)} still there")
        yield Planned(f"suite/{name}/gone", f"the columns {', '.join(gone)} did not come along", CRITICAL, (part,))


def _gone_columns(name: str, table: SchemaTable) -> list[str]:
    """Legacy columns that the mapping renames, removes or moves elsewhere; the forbidden links among them."""
    rules = _rules_of(name)
    found = [column for rule in rules for column in _taken(rule, table)]
    for rule in mapping.load().tables.values():
        if rule.completed_from and rule.completed_from.table == name:
            found += rule.completed_from.columns
    anew = {column for rule in rules for column in (*rule.adds, *rule.becomes.values())}
    return [column for column in dict.fromkeys(found) if column not in anew]


def _taken(rule: TableRule, table: SchemaTable) -> Iterable[str]:
    yield from rule.removed
    yield from rule.becomes
    yield from rule.split.columns if rule.split else ()
    for new, variants in rule.renamed.items():
        if new not in table.columns or new in rule.coalesced:  # a legacy table may have both names, and keeps both
            yield from (name for name in variants if name != new)
    if rule.transform == "profiles":  # what all roles have in common stands in the root
        yield from ("user_id", *(name for variants in rule.columns.values() for name in variants))


def _rules_of(name: str) -> list[TableRule]:
    """The mapping's rules of the legacy tables whose rows keep their shape in this table, or that extend a profile."""
    found = []
    for legacy, rule in mapping.load().tables.items():
        is_same = rule.disposition in ("copy", "rename") or rule.keeps_shape
        if (is_same and (rule.target or legacy) == name) or (rule.transform == "profiles" and rule.carry_into == name):
            found.append(rule)
    return found


@cache
def _profile_tables() -> frozenset[str]:
    return frozenset({mapping.load().profile_root, *mapping.load().profile_tables})


def _keys(table: SchemaTable, condition: str) -> str:
    """SELECT of the keys of the rows that a condition names; without a primary key, of their places."""
    key = ", ".join(map(quoted, table.key)) or "concat(ctid)"
    return f"select {key} from {{batch}} where {condition}"


def unsaid() -> list[str]:
    """Declared checks that neither an expectation nor a rule says; there should be none."""
    written = {rule.constraint for found in rules().values() for rule in found}
    checks = [c for table in target.load().values() for c in table.constraints if c.kind == "c"]
    return [c.name for c in checks if c.name not in written and said(c) is None]
