"""docs/target.md: the new and the changed tables, by the plan for the reference legacy database.

The plan is the program's own; columns, constraints and what fills them are read from it, in PostgreSQL's words.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.compare import law_files
from config import mapping, settings
from config import target as declared
from config.shapes import Constraint, Table
from docs.generator import diagrams, markdown
from engine import operations
from engine.describe import additions
from engine.describe.additions import NewTable
from engine.planning.plan import Plan, TablePlan
from transforms.registry import TRANSFORMS

HEAD = """\
Every table of the target that is new, and every one that is changed, by domain. A legacy database has more columns than
the rules know: they are carried (see [contract.md](contract.md), section 1), so tables of a real target have more
columns than stand here. Types of references follow the key that they point at: a `bigint` id of users makes every
`user_id` a `bigint`. Here the reference legacy database (`config/legacy/reference.sql`) is the source; for another
`nxtgauge-migrate plan --full` says the same.

In the diagrams a solid line is a foreign key; a dotted one is a reference that the legacy schema does not declare and
the mapping does.
"""
SAME = ("same", "archived")  # ways that change nothing


def page(url: str) -> str:
    """url: of a database that docs.generator.legacy has filled."""
    plan = operations.plan(settings.load("demo", {"NXTGAUGE_SOURCE_URL": url}))
    assert not plan.faults, plan.faults
    sections = (line for domain in mapping.DOMAINS for line in _Domain(plan, domain).lines())
    return markdown.page(
        "The target's tables", "config/target, config/mapping and the plan", HEAD.splitlines(), [""], sections
    )


class _Domain:
    """One domain's part of the page."""

    def __init__(self, plan: Plan, domain: str):
        self._plan, self._domain = plan, domain
        self._new = {table.name: table for table in additions.tables(plan)}
        self._shapes = {shape.name: shape for shape in map(self._final, plan.build)}
        self._gained = [column for column in additions.columns(plan) if self._domain_of(column.table) == domain]

    def lines(self) -> Iterator[str]:
        tables = [table for table in self._plan.tables if table.domain == self._domain]
        yield from (f"## {self._domain}", "")
        yield from self._dispositions(tables)
        yield from ("The legacy tables:", "")
        yield from diagrams.of_tables([table.legacy.shape for table in tables], list(_undeclared(tables)))
        yield from ("The target's:", "")
        yield from diagrams.of_tables(shape for shape in self._shapes.values() if self._is_here(shape.name))
        for name in sorted(self._new):
            if self._is_here(name):
                yield from self._new_table(self._new[name])
        yield from self._changed_tables(tables)

    def _domain_of(self, name: str) -> str:
        """Of a table of the target, by its final name."""
        owner = next((t for t in self._plan.tables if self._plan.final_name(t.build_name or "") == name), None)
        return declared.domains().get(name) or (owner.domain if owner else "")

    def _is_here(self, name: str) -> bool:
        return self._domain_of(name) == self._domain

    def _final(self, shape: Table) -> Table:
        """The shape under the names that it is published with."""
        name = self._plan.final_name(shape.name)
        new = {old: new for table, old, new in self._plan.column_renames if table == shape.name}

        def named(one: Constraint) -> Constraint:
            columns = tuple(new.get(column, column) for column in one.columns)
            return replace(
                one, table=name, columns=columns, ref_table=one.ref_table and self._plan.final_name(one.ref_table)
            )

        columns = tuple(replace(column, name=new.get(column.name, column.name)) for column in shape.columns)
        return replace(shape, name=name, columns=columns, constraints=tuple(map(named, shape.constraints)))

    def _dispositions(self, tables: list[TablePlan]) -> Iterator[str]:
        rows = [
            (markdown.code(table.name), table.disposition, markdown.codes(table.targets) or "`legacy_archive`")
            for table in tables
        ]
        yield from markdown.table(("legacy table", "disposition", "becomes"), rows)

    def _new_table(self, table: NewTable) -> Iterator[str]:
        shape = self._shapes[table.name]
        yield from (f"### {table.name}", "", f"New. {table.what}", "")
        yield from (f"{self._filled(table)}.", "")
        own = {column.name for column in declared.load()[table.name].columns} | _split_into(table.name)
        pairs = [(c, _short(by.filled_by)) for c, by in zip(shape.columns, table.columns, strict=True) if c.name in own]
        rows = [
            (markdown.code(c.name), c.type, "yes" if c.not_null else "", markdown.code(c.default or ""), filled_by)
            for c, filled_by in pairs
        ]
        yield from markdown.table(("column", "type", "not null", "default", "comes from"), rows)
        if carried := [c.name for c in shape.columns if c.name not in own]:
            yield from (f"Carried along from the reference database: {markdown.codes(carried)}.", "")
        yield from _constraints(shape)
        yield from _laws(table.name)

    def _filled(self, table: NewTable) -> str:
        """From which legacy tables, by which function of each."""
        if not table.filled_by:
            return "Nothing fills it yet"
        by: dict[str, list[str]] = {}
        for name in table.filled_by:
            made = [r.transform for r in self._plan.routes if r.legacy_table == name and table.name in r.targets]
            function = next((_function(transform) for transform in made if transform), "")
            by.setdefault(function, []).append(name)
        told = (f"{_tables(names)}{f' by {function}' if function else ''}" for function, names in by.items())
        return f"Filled from {'; from '.join(told)}"

    def _changed_tables(self, tables: list[TablePlan]) -> Iterator[str]:
        """The tables that stand for a legacy one and are not as they were; those with other times alone in one list."""
        timed = []
        for table in tables:
            name = self._plan.final_name(table.build_name or "")
            if name in self._new or name not in self._shapes or table.disposition == "archive":
                continue
            changes = list(self._changes(table, name))
            times = [f"`{name}.{time}`" for time in additions.TIMES]
            if name == table.name and all(becomes in times for _, _, becomes, _ in changes):
                timed += [(becomes, how, note) for _, how, becomes, note in changes]
            else:
                yield from self._changed(table, name, changes)
        if timed:
            yield from ("### Copied, with every time filled", "")
            yield from markdown.table(("column", "how", "from"), timed)

    def _changes(self, table: TablePlan, name: str) -> Iterator[tuple[str, str, str, str]]:
        """(legacy column, how, what it becomes, note); what goes to another table alone is told there."""
        for way in table.ways:
            if way.kind not in SAME and (not way.targets or any(to.startswith(f"{name}.") for to in way.targets)):
                yield f"`{way.column}`", way.kind, markdown.codes(way.targets) or "nowhere", way.note
        for column in self._gained:
            if column.table == name:
                yield "", f"new, {column.type}", f"`{name}.{column.name}`", column.filled_by

    def _changed(self, table: TablePlan, name: str, changes: list[tuple[str, str, str, str]]) -> Iterator[str]:
        transform = table.routes[0].transform
        by = f", by {_function(transform)}" if transform else ""
        yield from (f"### {name}", "", f"Changed: {table.disposition} of `{table.name}`{by}.", "")
        if changes:
            yield from markdown.table(("legacy column", "how", "becomes", "note"), changes)
        yield from _constraints(self._shapes[name])
        yield from _laws(name)


def _short(filled_by: str) -> str:
    """The same column of many profile tables is told once."""
    entries, profiles = filled_by.split(", "), set(mapping.load().profile_tables)
    theirs = [one for one in entries if one.partition(".")[0] in profiles]
    if len(theirs) < 3:
        return filled_by
    columns = dict.fromkeys(one.partition(".")[2] for one in theirs)
    told = [f"{column} of the profile tables" for column in columns]
    return ", ".join([*told, *(one for one in entries if one not in theirs)])


def _tables(names: list[str]) -> str:
    """Tables by name; all profile tables by what they are."""
    profiles = mapping.load().profile_tables
    if set(profiles) <= set(names):
        return ", ".join(["the profile tables", *(f"`{name}`" for name in names if name not in profiles)])
    return markdown.codes(names)


def _function(transform: str) -> str:
    module = TRANSFORMS[transform].__module__
    return f"[{transform}](../{module.replace('.', '/')}.py)"


def _split_into(table: str) -> set[str]:
    """The columns that a rule of the mapping moves to a table beside it."""
    splits = [rule.split for rule in mapping.load().tables.values() if rule.split and rule.split.into == table]
    return {name for split in splits for name in split.columns}


def _undeclared(tables: list[TablePlan]) -> Iterator[tuple[str, str, str]]:
    for table in tables:
        keys = {column for c in table.legacy.shape.constraints if c.kind == "f" for column in c.columns}
        for name, reference in mapping.load().common.references.items():
            is_meant = table.name in reference.tables or (not reference.tables and table.domain)
            if is_meant and table.legacy.shape.find_column(name) and name not in keys:
                yield table.name, reference.to, name


def _constraints(shape: Table) -> Iterator[str]:
    """All but not-nulls, which stand with the columns."""
    for one in shape.constraints:
        if one.kind != "n":
            yield f"- `{one.name}`: {_said(one)}"
    for index in shape.indexes:
        yield f"- `{index.name}`: {'unique ' if index.is_unique else ''}index ({', '.join(index.columns)})"
    yield ""


def _said(one: Constraint) -> str:
    listed = ", ".join(one.columns)
    if one.kind == "c":
        return f"check `{one.expression}`"
    if one.kind == "f":
        action = f", on delete {one.on_delete.lower()}" if one.on_delete else ""
        return f"foreign key ({listed}) → {one.ref_table} ({', '.join(one.ref_columns)}){action}"
    words = {"p": "primary key", "u": "unique", "x": "exclusion"}
    return f"{words[one.kind]} ({listed})"


def _laws(table: str) -> Iterator[str]:
    found = [
        f"[{law.name}](../checks/laws/{law.domain}/{law.name}.sql)" for law in law_files.load() if law.table == table
    ]
    if found:
        yield from (f"Laws: {', '.join(found)}.", "")
