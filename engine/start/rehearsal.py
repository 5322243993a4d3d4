"""All DDL of a plan, tried on empty tables in a transaction that is rolled back.

Laws
- It leaves nothing and blocks nobody: it touches only schemas and extensions that it makes itself, and waits for other
  sessions' locks some seconds at most.
- Each statement is tried, whatever failed before it. One that fails only for want of what failed before is no fault.
- Errors that follow from a clash of names are ignored: the plan has a fault for the clash.
- A server in trouble (no room, no memory, no connection) is no fault of the plan: that error is raised.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

import psycopg
from psycopg import sql

from config.postgres.quoting import quoted
from config.settings import Settings
from engine.load import ddl
from engine.load.build import after_archive, after_load, before_load, renames
from engine.planning import prerequisite_ddl
from engine.planning.fault import Fault
from engine.planning.plan import Plan
from engine.reflect.catalog import Catalog, reflect, search_path
from engine.reflect.objects import Dependency, Function, TypeUse
from engine.reflect.statements import Statement, script, together

LOCK_SECONDS = 5
TROUBLES = ("08", "40", "53", "55P", "57", "58", "XX")  # classes of SQLSTATE that tell of the server's state
NO_PRIVILEGE = "42501"
# Not to be found: a table, an object, a function, a schema; or to be found by others alone.
UNDEFINED = ("42P01", "42704", "42883", "3F000", NO_PRIVILEGE)
USABLE = "select from pg_namespace where nspname = %s and has_schema_privilege(oid, 'usage')"
AT_HAND = """
    select e.extname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace where n.nspname = any(%s)
        and has_schema_privilege(n.oid, 'usage')
"""
OUTSIDE = "which is outside the new schema"
NO_UNIQUE = "42830"  # a foreign key to columns without a unique


def faults(connection: psycopg.Connection, settings: Settings, planned: Plan) -> list[Fault]:
    """Why the target would refuse what the run makes. The role may make schemas."""
    home = settings.extension_schema
    product, archive = _statements(planned)
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])
        lost: dict[str, Collection[str]] = {} if connection.execute(USABLE, [home]).rowcount else {home: [home]}
        found = _attempt(connection, prerequisite_ddl.extensions(planned.extensions, home), lost)
        had = {name for (name,) in connection.execute(AT_HAND, [[home, "pg_catalog"]])}
        missing = {*planned.extensions} - had
        lost |= {e.name: e.members for e in planned.source.extensions if e.name in missing}
        lost["functions"] = [name for f in _not_carried(planned) for name in (f.name, f.signature)]
        return [
            *found,
            *rehearse(connection, planned.build_schema, product, home, lost, planned.clashing),
            *rehearse(connection, planned.archive_schema, archive, home, lost, planned.clashing),
        ]


def _not_carried(planned: Plan) -> list[Function]:
    """Functions of the legacy schema that an expression would miss: the plan has a fault about each that is missed."""
    carried = {*planned.functions, *planned.archive_functions}
    return [f for f in planned.source.functions if f.signature not in carried or not f.is_portable]


def _statements(planned: Plan) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """Everything that a run does to the product's schema, and to the archive's."""
    product, archive = before_load(planned)
    positions = ddl.positions(planned.source, planned.build, planned.sequences, dict(planned.origins))
    product = (*product, *after_load(planned), *positions, *renames(planned))
    return product, (*archive, *after_archive(planned))


def rehearse(
    connection: psycopg.Connection,
    schema: str,
    statements: Iterable[Statement],
    home: str = "public",
    lost: Mapping[str, Iterable[str]] | None = None,
    clashing: Collection[str] = (),
) -> list[Fault]:
    """What would go wrong in a schema of this name: a fault for each statement that fails by its own fault, and for
    each thing that would come to stand on another schema's objects.

    A schema of that name must not be there yet; where it is, a scratch name serves. home: the schema of the extensions;
    lost: what is not to be had, as the plan says itself, kind or extension → names; clashing: names of two things.
    Errors: psycopg.Error where the server is in trouble.
    """
    with connection.transaction(force_rollback=True):
        scratch = _scratch(connection, schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(scratch)))
        with search_path(connection, scratch, home):
            found = _attempt(connection, statements, lost or {}, clashing)
        return found + _strays(reflect(connection, scratch))


def _scratch(connection: psycopg.Connection, schema: str) -> str:
    taken = connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).rowcount
    return f"rehearsal_{uuid.uuid4().hex}" if taken else schema


def _attempt(
    connection: psycopg.Connection,
    statements: Iterable[Statement],
    lost: Mapping[str, Iterable[str]],
    clashing: Collection[str] = (),
) -> list[Fault]:
    """At once, without a savepoint for each statement, which is twice as quick; one by one where that fails."""
    statements = list(statements)
    try:
        with connection.transaction():
            connection.execute(script(together(statements)))
        return []
    except psycopg.DatabaseError as error:
        _raise_trouble(connection, error)
    return _attempt_each(connection, statements, lost, clashing)


def _attempt_each(
    connection: psycopg.Connection,
    statements: Iterable[Statement],
    lost: Mapping[str, Iterable[str]],
    clashing: Collection[str],
) -> list[Fault]:
    found, failed, odd = [], set(lost).union(*lost.values()), [quoted(name) for name in clashing]
    for statement in statements:
        try:
            with connection.transaction():
                connection.execute(statement.sql)
        except psycopg.DatabaseError as error:
            _raise_trouble(connection, error)
            is_odd = any(name in statement.sql for name in odd)
            if statement.what not in failed and not is_odd and not _is_wanting(error, failed):
                found.append(_fault(statement, error))
            failed |= {statement.what, statement.name} if statement.table else {statement.name}
    return found


def _raise_trouble(connection: psycopg.Connection, error: psycopg.DatabaseError) -> None:
    if connection.broken or (error.sqlstate or "XX").startswith(TROUBLES):
        raise error


def _is_wanting(error: psycopg.DatabaseError, failed: set[str]) -> bool:
    """Whether the statement wants something that failed. Messages are in the server's language, names are not."""
    if error.sqlstate == NO_UNIQUE:
        failed = {name.partition(".")[0] for name in failed if "." in name}
    elif error.sqlstate not in UNDEFINED:
        return False
    text = error.diag.message_primary or ""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in failed)


def _fault(statement: Statement, error: psycopg.DatabaseError) -> Fault:
    hint = error.diag.message_hint if error.sqlstate == NO_PRIVILEGE else None
    said = [error.diag.message_primary or str(error), error.diag.message_detail, hint]
    sentence = f"the target refuses the {statement.phase} {statement.what}: {'; '.join(text for text in said if text)}"
    place = (statement.name, None) if statement.phase == "table" else (statement.table, statement.name)
    return Fault(sentence, *place)


def _strays(catalog: Catalog) -> list[Fault]:
    """A name that the new schema lacks may be found in the next one on the search path, and tie the two together."""
    uses: list[tuple[tuple[str, str], str, TypeUse | Dependency]] = []
    uses += [((u.table, u.column), f"type {u.schema}.{u.type}", u) for u in catalog.type_uses]
    uses += [((d.table, d.user), f"{d.kind} {d.schema}.{d.name}", d) for d in catalog.dependencies]
    foreign = [c for table in catalog.tables for c in table.shape.constraints if c.ref_schema]
    return [
        Fault(f"{'.'.join(place)} would depend on the {thing}, {OUTSIDE}; drop or replace it in the mapping", *place)
        for place, thing, use in uses
        if use.schema not in (catalog.schema, "") and not use.extension
    ] + [
        Fault(f"{c.table}.{c.name} would reference the table {c.ref_schema}.{c.ref_table}, {OUTSIDE}", c.table, c.name)
        for c in foreign
    ]
