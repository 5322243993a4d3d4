"""The plan's questions to the operator: columns that look like undeclared references, or like links.

Laws
- A question says what was found, what happens without an answer, and which key in which file gives each answer.
- A column that the mapping calls settled is not asked about again.
"""

from collections.abc import Iterator

from config import origins
from config.postgres.types import INTEGERS, TEXTUAL, TIMES
from config.rules import toml_key
from config.shapes import Column
from engine.planning.draft import Draft
from engine.planning.probe import Probe
from engine.planning.tables.reshaped import TIMED, used_columns
from engine.reflect.catalog import LegacyTable

ACTORS = {"reviewed_by", "verified_by", "decided_by", "actor_id"}  # users or employees: never declared


def find(draft: Draft, probe: Probe) -> list[str]:
    """A question for each column whose name or values suggest a reference or a link that nothing declares."""
    known = {question.partition(" ")[0] for question in draft.keys.questions}
    asked = [question for table in draft.catalog.tables for question in _references(draft, table, known)]
    asked += [question for table in draft.catalog.tables for question in _times(draft, table)]
    profiles = [table for table in draft.catalog.tables if table.name in draft.mapping.profile_tables]
    return asked + [question for table in profiles for question in _links(draft, table, probe)]


def _times(draft: Draft, table: LegacyTable) -> Iterator[str]:
    """Columns of which no value can be the time that the target wants: they would cost every row that has one."""
    if draft.treatments.get(table.name) != "reshape":
        return
    rule = draft.rule(table.name)
    used = used_columns(draft, table, rule.columns, rule.carry_into)
    settled = _settled(draft, table.name)
    for name in (*TIMED, "created_at", "updated_at"):
        column = table.shape.find_column(used.get(name, ""))
        if column and column.name not in settled and (column.is_array or column.base not in TIMES | TEXTUAL):
            place = f"settled under {draft.place(table.name)}"
            yield (
                f"{table.name}.{column.name} is {column.type}, and the target wants a time: every row with a value "
                f"there is rejected (invalid_value); to keep those rows, make it timestamptz in the source "
                f'(to_timestamp() of seconds); to lose them, add "{column.name}" to {place}'
            )


def _links(draft: Draft, table: LegacyTable, probe: Probe) -> Iterator[str]:
    """Columns of a profile in which most values look like URLs; those of four tables are forbidden by name."""
    if draft.treatments[table.name] != "reshape":
        return
    read = {v for variants in draft.rule(table.name).columns.values() for v in variants} | _settled(draft, table.name)
    texts = [c for c in table.shape.columns if c.base in {*TEXTUAL, "json", "jsonb"} and c.name not in read]
    counts = probe.links(table.name, [c for c in texts if c.name not in draft.rule(table.name).removed])
    for column, (values, links) in counts.items():
        if links * 2 > values:
            yield (
                f"{table.name}.{column} looks like a link ({links} of {values} values looked at are URLs): carried as "
                f'it is; to remove it from the profile, add {toml_key(column)} = "external_link" to removed under '
                f'{draft.place(table.name)}; to keep it, add "{column}" to settled there'
            )


def _references(draft: Draft, table: LegacyTable, asked: set[str]) -> Iterator[str]:
    """asked: columns, with their tables, of which another question speaks."""
    if draft.treatments.get(table.name) not in ("copy", "keep", "reshape"):
        return
    pointing = {column for c in table.shape.constraints if c.kind == "f" for column in c.columns}
    known = pointing | ACTORS | _settled(draft, table.name) | _read(draft, table.name)
    for column in table.shape.columns:
        parent = _parent(draft, column) if f"{table.name}.{column.name}" not in asked else None
        if parent and column.name not in known and (table.name, column.name) not in draft.keys.references:
            yield _reference(draft, table.name, column.name, parent)


def _parent(draft: Draft, column: Column) -> str | None:
    """The table that the column's name speaks of."""
    named = column.name.removesuffix("_id")
    if named == column.name or column.is_array or column.base not in {"uuid", *INTEGERS, *TEXTUAL}:
        return None
    plurals = (f"{named}s", f"{named}es", named, f"{named[:-1]}ies")
    return next((name for name in plurals if draft.treatments.get(name) in ("copy", "keep", "reshape")), None)


def _reference(draft: Draft, table: str, column: str, parent: str) -> str:
    if column not in draft.mapping.common.references:
        rule = f'{toml_key(column)} = {{ to = "{parent}", in = ["{table}"] }}'
        yes = f"add {rule} to [references] in {origins.common()}"
    elif draft.find_rule(table):
        yes = f"give it the type of {parent}.id in the source, or declare it there"
    else:
        yes = f'map the table: {draft.place(table)}, with disposition = "copy"'
    return (
        f"{table}.{column} looks like a reference to {parent}, which nothing declares: carried as it is; to make it "
        f'one, {yes}; to leave it, add settled = ["{column}"] to {draft.place(table)}'
    )


def _settled(draft: Draft, table: str) -> set[str]:
    rule = draft.find_rule(table)
    return set(rule.settled) if rule else set()


def _read(draft: Draft, table: str) -> set[str]:
    """Columns that a rule of the table reads or decides."""
    rule = draft.find_rule(table)
    return {*rule.becomes, *(v for variants in rule.columns.values() for v in variants)} if rule else set()
