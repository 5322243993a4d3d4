"""The definitions of the copy, as they are in the source: pg_dump's text, not ours.

Laws
- Objects that pg_restore could not make are found by comparing both catalogues, for its exit code does not say.
- Tables, columns, types, sequences, constraints and indexes must all be there. Objects that are not migrated (views,
  triggers, policies, rules, statistics), functions, and foreign keys into other schemas may be missing, which is
  reported.
- Triggers, foreign keys and indexes come after the rows. Where partitions have indexes, one after the other: of two
  that are attached at once neither sees the other, and the partitioned index would stay invalid.
- Extensions are made where the source has them, and stay when the copy goes.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from config.errors import PlanRefused, SourceError, StagingError
from config.postgres.connection import Connection
from config.postgres.quoting import grant, quoted
from engine.reflect import catalog, expressions
from engine.reflect.catalog import Catalog
from engine.session.blame import blame, told
from engine.session.connect import LOCK_SECONDS
from engine.session.snapshot import Snapshot
from engine.session.stop import Stop
from engine.staging import programs
from engine.staging.programs import Complaint

EXTENSIONS = (Path(__file__).parent / "sql" / "extensions.sql").read_text(encoding="utf-8")
ROUTINES = """
    select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace = %s and p.prokind <> 'a' and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
"""
NOT_USABLE = """
    select nspname::text, current_user::text from pg_namespace
    where nspname = any(%s) and not has_schema_privilege(oid, 'usage')
"""
DUMPED = ("--schema-only", "--format=custom", "--encoding=UTF8")
# Whose and where it is on the disk is the copy's own; a subscription would begin to write.
LEFT_OUT = ("--no-owner", "--no-acl", "--no-tablespaces", "--no-security-labels", "--no-publications",
            "--no-subscriptions", "--no-table-access-method")  # fmt: skip
BODY_ENDS = re.compile(r"^(\$\w*\$|[eE]?')|(\$\w*\$|')$")
SCHEMA_ENTRY = re.compile(r"^\d+; \d+ \d+ (SCHEMA|COMMENT) - ")
ATTACH_ENTRY = re.compile(r"^\d+; \d+ \d+ INDEX ATTACH ", re.MULTILINE)


@dataclass(frozen=True)
class Archive:
    """What pg_dump wrote, and a list of its entries without the schema itself, which is there."""

    file: Path
    entries: Path


def dump(source: Connection, schema: str, snapshot: Snapshot, folder: Path, stop: Stop) -> Archive:
    """All definitions of the schema as the snapshot sees them. Errors: SourceError, Interrupted."""
    archive = Archive(folder / "schema.dump", folder / "entries")
    of_this = [f"--snapshot={snapshot.name}", f"--schema={quoted(schema)}", "--strict-names", f"--file={archive.file}"]
    arguments = [*DUMPED, *LEFT_OUT, *of_this, f"--lock-wait-timeout={LOCK_SECONDS}s"]
    done = programs.run("pg_dump", arguments, stop, source)
    if done.passing:
        raise told(SourceError, "reading the definitions", done.passing)
    if done.code:
        snapshot.check()  # whose end is told as what it is
        said = source.redact((done.errors.strip().splitlines() or ["it said nothing"])[0])
        raise SourceError(f"reading the definitions: {said}; grant the source's role what `plan` needs, or try again")
    listed = programs.run("pg_restore", ["--list", str(archive.file)], stop).output.splitlines(keepends=True)
    archive.entries.write_text("".join(line for line in listed if not SCHEMA_ENTRY.match(line)), encoding="utf-8")
    return archive


def restore(staging: Connection, archive: Archive, section: str, jobs: int, stop: Stop) -> list[Complaint]:
    """Make one section, pre-data or post-data; what could not be made. jobs: at most so many at once. Errors:
    StagingError, Interrupted."""
    jobs = 1 if ATTACH_ENTRY.search(archive.entries.read_text(encoding="utf-8")) else jobs
    arguments = ["--verbose", f"--section={section}", f"--use-list={archive.entries}", f"--jobs={jobs}", *LEFT_OUT]
    done = programs.run("pg_restore", [*arguments, str(archive.file)], stop, staging)
    if done.passing:
        raise told(StagingError, "making the copy's definitions", done.passing)
    found = programs.complaints(done.errors)
    if done.code and not found:
        said = staging.redact((done.errors.strip().splitlines() or ["it said nothing"])[-1])
        raise StagingError(f"making the copy's definitions: {said}")
    return found


class Thing(NamedTuple):
    """Something that the copy must have. of: the table of a column, a constraint or an index."""

    kind: str
    name: str
    of: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" of {self.of}" if self.of else "")


def inventory(found: Catalog, *, is_whole: bool) -> set[Thing]:
    """What the copy must have, by name. is_whole: with what comes after the rows."""
    tables = [table for table in found.tables if not table.extension]
    things = {Thing("table", table.name) for table in tables}
    things |= {Thing("column", column.name, t.name) for t in tables for column in t.shape.columns}
    things |= {Thing("type", kind.name) for kind in found.types if not kind.extension}
    things |= {Thing("sequence", sequence.name) for sequence in found.sequences if not sequence.extension}
    if is_whole:
        constraints = [(t.name, c) for t in tables for c in t.shape.constraints if not c.ref_schema]
        things |= {Thing("constraint", constraint.name, table) for table, constraint in constraints}
        things |= {Thing("index", index.name, t.name) for t in tables for index in t.shape.indexes}
    return things


def left_behind(source: Catalog, staging: Catalog) -> list[str]:
    """The objects that are missing in the copy and may be, for the report."""
    kinds = {f"{thing.kind} {thing.name}" for thing in source.not_migrated}
    kinds |= {f"function {each.signature}" for each in source.functions if not each.extension}
    have = {f"{thing.kind} {thing.name}" for thing in staging.not_migrated}
    have |= {f"function {each.signature}" for each in staging.functions}
    abroad = {f"foreign key {c.name} of {t.name}, into schema {c.ref_schema}"
              for t in source.tables for c in t.shape.constraints if c.ref_schema}  # fmt: skip
    return sorted((kinds - have) | abroad)


def check(
    conn: psycopg.Connection, source: Catalog, complaints: list[Complaint], hints: dict[str, str], *, is_whole: bool
) -> Catalog:
    """The copy's catalogue. hints: name of a constraint or an index → what to do. Errors: PlanRefused, StagingError."""
    with blame(StagingError, "reading the copy's catalogue"):
        found = catalog.reflect(conn, source.schema)
    missing = sorted(inventory(source, is_whole=is_whole) - inventory(found, is_whole=is_whole))
    lost = {thing.name for thing in missing if thing.kind == "table"}
    if faults := [_fault(t, complaints, hints) for t in missing if t.of not in lost]:
        raise PlanRefused(faults)
    return found


def _fault(thing: Thing, complaints: list[Complaint], hints: dict[str, str]) -> str:
    why = next((str(c) for c in complaints if c.entry.endswith(f" {thing.name}")), "")
    remedy = hints.get(thing.name) or "see the staging server's log; what it needs may lie outside the source's schema"
    return "; ".join(filter(None, (f"the copy lacks {thing}", why, remedy)))


def extensions(conn: psycopg.Connection, found: Catalog) -> dict[str, str]:
    """Extensions of the source that the schema needs, and the schema each is in; conn: a session on the source."""
    needed: dict[str, str] = dict(conn.execute(EXTENSIONS, {"schema": found.schema_oid}).fetchall())
    return {name: schema for name, schema in needed.items() if schema != "pg_catalog"}


def mentioned(found: Catalog) -> dict[str, str]:
    """Extensions whose members' names stand in the body of a function, which leaves no dependency: perhaps needed."""
    bodies = (f.definition for f in found.functions if f.definition and not f.extension)
    strings = (piece.text for body in bodies for piece in expressions.tokens(body) if piece.kind == "string")
    words = set().union(*(expressions.words(BODY_ENDS.sub("", text)) for text in strings))
    return {e.name: e.schema for e in found.extensions if e.schema != "pg_catalog" and words & set(e.members)}


def extension_faults(conn: psycopg.Connection, needed: dict[str, str]) -> list[str]:
    """Why the staging database cannot have them, one sentence each."""
    available = {name for (name,) in conn.execute("select name::text from pg_available_extensions")}
    query = "select e.extname::text, n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace"
    there: dict[str, str] = dict(conn.execute(query).fetchall())
    found = [_not_usable(*row) for row in conn.execute(NOT_USABLE, [sorted(set(needed.values()))])]
    for name, schema in needed.items():
        if name not in available:
            found.append(f"extension {name} is used by the source, and the staging server lacks it; install it there")
        elif there.get(name, schema) != schema:
            found.append(
                f"extension {name} is in schema {there[name]} of the staging database, and in {schema} of the source; "
                "move it there (alter extension … set schema …)"
            )
    return found


def _not_usable(schema: str, role: str) -> str:
    remedy = grant("USAGE", f"SCHEMA {quoted(schema)}", role)
    return f"no privilege to use schema {schema} of the staging database, where extensions stand; {remedy}"


def make_extensions(conn: psycopg.Connection, needed: dict[str, str]) -> None:
    """Errors: StagingError, if the role may not make one."""
    for name, schema in needed.items():
        with blame(StagingError, f"creating extension {name}"):
            conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
            query = "create extension if not exists {} with schema {}"
            conn.execute(sql.SQL(query).format(sql.Identifier(name), sql.Identifier(schema)))


def try_extensions(conn: psycopg.Connection, perhaps: dict[str, str]) -> list[str]:
    """Make those that can be made; the names of the others, without which a function's body may fail."""
    faulty = []
    for name, schema in perhaps.items():
        try:
            make_extensions(conn, {name: schema})
        except StagingError:
            faulty.append(name)
    return faulty


def set_positions(conn: psycopg.Connection, source: Catalog) -> list[str]:
    """Each sequence goes on where the source's stands; names of those whose position may not be read."""
    unread = []
    for sequence in source.sequences:
        if sequence.extension:
            continue
        if not sequence.is_readable:
            unread.append(sequence.name)
            continue
        name = sql.Identifier(source.schema, sequence.name).as_string()
        conn.execute("select setval(%s::regclass, %s, %s)", [name, sequence.last_value, sequence.is_called])
    return unread


def close_routines(conn: psycopg.Connection, schema_oid: int) -> None:
    """Take from PUBLIC the calling of all routines but those of extensions: one may read the copy as its owner."""
    for (name,) in conn.execute(ROUTINES, [schema_oid]).fetchall():
        conn.execute(sql.SQL("revoke all on routine {} from public").format(sql.SQL(name)))


def unforce(conn: psycopg.Connection, made: Catalog) -> list[str]:
    """Unforce row security on tables where it would hide rows from their owner, who has to count and prove them."""
    forced = [table.name for table in made.tables if table.is_filtered and not table.extension]
    for name in forced:
        table = sql.Identifier(made.schema, name)
        conn.execute(sql.SQL("alter table {} no force row level security").format(table))
    return forced
