"""Faults of the source: missing privileges, kinds of tables that cannot be migrated, and names that the target uses.

Laws
- Privileges come first, all at once, and from the catalogue alone: a source that may not be read is not sampled. Each
  names the statement that grants it.
- Each fault says what was found and every way out.
"""

from collections.abc import Sequence

from config.postgres.quoting import grant, membership, quoted
from engine.planning.draft import Draft
from engine.planning.fault import Fault
from engine.planning.plan import HIDDEN
from engine.planning.tables import clashes
from engine.reflect.catalog import Catalog, LegacyTable
from engine.reflect.objects import Unreadable

LISTED = 20  # by name; a role that may read none of thousands is granted all of them
KINDS = {"table": "{}, whole", "sequence": "the positions of sequences {}"}


def of_privileges(catalog: Catalog) -> list[Fault]:
    """The faults about what the role may not read, and what this server does not have."""
    tables = [table for table in catalog.tables if not table.extension]
    barred, faults = catalog.unreadable, []
    if catalog.is_barred:
        remedy = grant("USAGE", f"SCHEMA {quoted(catalog.schema)}", catalog.reader)
        faults.append(Fault(f"no privilege to look into schema {catalog.schema}; {remedy}"))
    closed = {kind: [one.name for one in barred if one.kind == kind and not one.has_select] for kind in KINDS}
    closed["table"] += [table.name for table in tables if not table.has_select]
    faults += [Fault(_no_select(catalog, kind, names)) for kind, names in closed.items() if names]
    found: list[LegacyTable | Unreadable] = [*tables, *barred]
    filtered = [one for one in found if one.is_filtered]
    faults += [Fault(f"{one.name}: {hidden_rows(one, catalog.reader)}", one.name) for one in filtered]
    return faults + [Fault(f"{table.name}: {_elsewhere(table)}", table.name) for table in tables if table.unreplicated]


def _no_select(catalog: Catalog, kind: str, names: Sequence[str]) -> str:
    """The sentence that tables or sequences may not be read, with the statement that lets the role do it."""
    listed, on = ", ".join(names), f"{kind.upper()} {', '.join(quoted(catalog.schema, name) for name in names)}"
    if len(names) > LISTED:
        listed = f"{', '.join(names[:LISTED])} and {len(names) - LISTED} more"
        on = f"ALL {kind.upper()}S IN SCHEMA {quoted(catalog.schema)}"
    return f"no privilege to read {KINDS[kind].format(listed)}; {grant('SELECT', on, catalog.reader)}"


def _elsewhere(table: LegacyTable) -> str:
    names = ", ".join(table.unreplicated[:LISTED])
    return (
        f"the source is a standby, which has no rows of what is unlogged ({names}); read from its primary, or make it "
        f"logged there: ALTER TABLE {table.unreplicated[0]} SET LOGGED"
    )


def hidden_rows(table: LegacyTable | Unreadable, reader: str) -> str:
    """The sentence that row-level policies hide rows of the table, and from whom they do not."""
    wanted = f"ALTER ROLE {quoted(reader)} BYPASSRLS"
    if table.is_security_forced:
        return f"has row-level security that is forced, so that it hides rows from the owner too; {wanted}"
    return f"has row-level security that hides rows; {wanted}, or {membership(table.owner, reader)}, its owner"


def look(draft: Draft) -> None:
    """All other faults, of the source as a whole and table by table."""
    catalog = draft.catalog
    if not catalog.schema_oid:
        if not catalog.is_barred:
            sentence = f"there is no schema {catalog.schema!r} in the source; set NXTGAUGE_SOURCE_SCHEMA"
            draft.faults.append(Fault(sentence))
        return
    for table in catalog.tables:
        _look_at(draft, table)
    views = {left.name: left.kind for left in catalog.not_migrated if left.kind in ("view", "materialized view")}
    for name in [name for name in draft.mapping.tables if name in views]:
        draft.fault(name, None, f"is a {views[name]}, and its mapping wants a table", "rename or drop it")
    _missing(draft, [name for name in draft.mapping.tables if name not in {*draft.treatments, *views}])


def _missing(draft: Draft, names: list[str]) -> None:
    needed = [name for name in names if draft.mapping.tables[name].must_exist]
    others = [name for name in names if name not in needed]
    for name in needed:
        found = f"there is no such table in schema {draft.catalog.schema!r}, and it must exist"
        draft.fault(name, None, found, "set NXTGAUGE_SOURCE_SCHEMA to the schema that has it")
    if others and draft.settings.missing_tables == "fail":
        remedy = 'set missing_tables = "warn" in the profile to go on without them'
        draft.faults.append(Fault(f"the source has no tables {', '.join(others)}; {remedy}"))


def _look_at(draft: Draft, table: LegacyTable) -> None:
    name, treatment = table.name, draft.treatments[table.name]
    if table.is_partition or table.kind not in "rp":
        what = "a partition of a table in another schema" if table.is_partition else "a foreign table"
        draft.fault(name, None, f"is {what}, whose rows are not this schema's", "drop it or move its rows first")
    if (table.inherits or table.has_heirs) and not table.extension:
        draft.fault(name, None, "takes part in table inheritance", "make it a plain or partitioned table first")
    rule = draft.find_rule(name)
    if treatment == "copy" and not rule and draft.settings.unmapped_tables == "fail":
        draft.fault(name, None, "is in no mapping", 'map it in config/mapping or set unmapped_tables = "carry"')
    clashes.table(draft, name)
    for column in rule.required if rule and treatment == "copy" else ():
        if not table.shape.find_column(column):
            draft.fault(name, column, "is missing, and it must exist", "name the table's key so in the source")
    if table.shape.find_column(HIDDEN):
        draft.fault(name, HIDDEN, "is a name that the tool needs", "rename the column in the source first")
