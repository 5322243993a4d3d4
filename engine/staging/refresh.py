"""A rehearsal copy from start to end: preflight, emptying, definitions, rows, constraints, proof.

Laws
- All faults are reported at once, before anything is changed.
- One snapshot and one set of locks for all reads, so that no definition changes between two of them.
- A failed copy is emptied again, for it was not proven to be masked. If it cannot be emptied, the error and the books
  say what is left.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config import mapping as mappings
from config import masks as masking
from config.errors import (
    Interrupted,
    MigrateError,
    PlanRefused,
    SourceError,
    StagingError,
    TargetBusy,
    VerificationFailed,
)
from config.settings import Settings
from engine.books import lease as leases
from engine.books import privileges
from engine.books.lease import Lease
from engine.planning import legacy_faults
from engine.reflect import catalog
from engine.reflect.catalog import Catalog, LegacyTable
from engine.session import fetch, servers, snapshot
from engine.session.blame import blame
from engine.session.execution import Clock, Counting, Threads, Watch
from engine.session.pool import Pool
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.staging import books, checked, columns, faults, fillers, lanes, links, programs, rows, structure
from engine.staging import sample as samples
from engine.staging.books import Copy
from engine.staging.columns import Choice
from engine.staging.rows import Filling, RowSlice
from engine.staging.sample import Sample

KEY_BYTES = 32
NOTHING_TO_PROVE: dict[str, Any] = {"passed": True, "faults": [], "detail": "no column holds anything to mask"}


@dataclass(frozen=True)
class Wish:
    """The copy that is asked for. percent: of users, None: the whole database. reason, name: why unmasked, by whom."""

    percent: float | None = None
    is_masked: bool = True
    reason: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class HeldCopy:
    """A copy that is to be judged while the snapshot that it was read in is still held. steps: see Clock.counting."""

    copy_id: str
    snapshot: str
    steps: Counting


# Judges a masked copy: {"passed": bool, "faults": [sentence, …], …}, as JSON takes it and without any value.
Prove = Callable[[HeldCopy], dict[str, Any]]


@dataclass
class Making:
    """One copy under way."""

    settings: Settings
    wish: Wish
    conn: psycopg.Connection
    lease: Lease
    held: Snapshot
    source: Catalog
    choices: tuple[Choice, ...]
    key: bytes
    clock: Clock
    remarks: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # spent on each table
    rows: dict[str, int] = field(default_factory=dict)  # moved of each table

    @property
    def schema(self) -> str:
        return self.settings.source_schema

    @property
    def tables(self) -> list[LegacyTable]:
        return [table for table in self.source.tables if not table.extension]


UnderWay = Callable[[Making, Copy], contextlib.AbstractContextManager[None]]


def choices(settings: Settings, wish: Wish) -> tuple[tuple[Choice, ...], list[str]]:
    """How each column would be carried, and the faults. Reads the source's catalogue alone. Errors: SourceError."""
    with snapshot.hold(settings.source, STOP) as held:
        found = _reflected(settings, held)
        chosen, missing = _chosen(settings, wish, found, held, _key(settings))
    return chosen, [*faults.of_source(found), *missing]


def attempt(settings: Settings, wish: Wish, prove: Prove | None, watch: Watch, under_way: UnderWay) -> dict[str, Any]:
    """Make the copy anew, in one attempt (engine.staging.attempts). Returns what was made and proven, as plain JSON.

    prove: judges a masked copy; without it one stays unproven, and no rehearsal reads it.
    Errors: every kind of config.errors; VerificationFailed if the proof fails. The books say how it ended.
    """
    started, given, clock = time.monotonic(), faults.masking_key(settings), Clock(watch)
    with contextlib.ExitStack() as stack:
        clock.stage("look")
        lease = stack.enter_context(leases.hold(settings.staging, books.PLACE))
        conn = stack.enter_context(lease.session(STOP))
        held = stack.enter_context(snapshot.hold(settings.source, STOP))
        stack.enter_context(lease.heart.keeping(held.holder, SourceError, "holding the snapshot"))
        found = _reflected(settings, held)
        key = _key(settings)
        chosen, missing = _chosen(settings, wish, found, held, key)
        making = Making(settings, wish, conn, lease, held, found, chosen, key, clock)
        _refuse(making, missing)
        making.remarks += _emptied(chosen)
        if not given and wish.is_masked:
            making.remarks.append("NXTGAUGE_MASKING_KEY is not set: the next copy will be masked otherwise")
        copy, counts, proof = _made(making, prove, under_way)
        clock.finish()
    return _told(making, copy, counts, proof, time.monotonic() - started)


def _reflected(settings: Settings, held: Snapshot) -> Catalog:
    with blame(SourceError, "reading the source's catalogue", STOP):
        return catalog.reflect(held.holder, settings.source_schema)


def _key(settings: Settings) -> bytes:
    return faults.masking_key(settings) or secrets.token_bytes(KEY_BYTES)


def _chosen(
    settings: Settings, wish: Wish, found: Catalog, held: Snapshot, key: bytes
) -> tuple[tuple[Choice, ...], list[str]]:
    if not wish.is_masked:
        return columns.unmasked(found, wish.reason), []
    chosen, missing = columns.choose(found, masking.load(), mappings.load(), settings)
    if legacy_faults.of_privileges(found):  # told with all other faults; nothing is read before
        return chosen, missing
    with blame(SourceError, "looking for values that say nothing", STOP):
        chosen, unfilled = fillers.fill(held.holder, found, checked.fit(held.holder, found, chosen, key))
    return chosen, [*missing, *unfilled]


def _emptied(choices: tuple[Choice, ...]) -> list[str]:
    """A remark of all columns that are emptied though nobody has asked for it."""
    reasons = (masking.UNKNOWN, checked.UNFIT)
    found = [f"{one.table}.{one.column} ({one.why})" for one in choices if one.why.startswith(reasons)]
    remedy = f"say under [tables.…] in {masking.shown()} which of them to keep"
    return [f"emptied: {', '.join(found)}; {remedy}"] if found else []


def _refuse(making: Making, missing: list[str]) -> None:
    """All faults at once. Errors: ConfigError, PlanRefused."""
    conn, source = making.conn, making.source
    with blame(SourceError, "looking for extensions", STOP):
        needed = structure.extensions(making.held.holder, source)
    with blame(StagingError, "looking at the staging database", STOP):
        server = servers.info(conn)
        faults.same_place(making.settings, server, making.held.server)
        found = [*faults.of_servers(making.held.server, server), *faults.of_staging(conn, source)]
        found += [*faults.of_source(source), *faults.of_programs(making.settings)]
        found += books.faults(conn) or books.schema_faults(conn, making.schema)
        found += structure.extension_faults(conn, needed)
    if making.wish.percent is not None:
        found += samples.faults({table.name: table for table in making.tables})
    if found or missing:
        raise PlanRefused(list(dict.fromkeys([*found, *missing])))


def _made(
    making: Making, prove: Prove | None, under_way: UnderWay
) -> tuple[Copy, dict[str, tuple[int, int]], dict[str, Any] | None]:
    """The copy, counted, and what its proof says."""
    conn, clock = making.conn, making.clock
    _lock(making)
    copy = _begun(making)
    clock.message(f"copy {copy.copy_id}")
    with under_way(making, copy), _ending(making, copy), contextlib.ExitStack() as stack:
        folder = stack.enter_context(programs.folder())
        sessions = stack.enter_context(contextlib.closing(Pool(making.settings, making.held, STOP, making.lease)))
        with blame(StagingError, "writing the books", STOP):
            books.keep_columns(conn, copy, [(c.table, c.column, c.kind, c.why) for c in making.choices])
        _make(making, copy, sessions, folder)
        counts = _counted(making, sessions)
        making.lease.require()
        with blame(StagingError, "writing the books", STOP):
            books.keep_objects(conn, copy)
            books.keep_tables(conn, copy, counts)
            books.finish(conn, copy, "copied")
        proof = _proven(making, copy, prove)
    return copy, counts, proof


def _lock(making: Making) -> None:
    """No table is altered, truncated or rewritten until all is read: the places of rows stay what they are."""
    if making.tables:
        names = sql.SQL(", ").join(sql.Identifier(making.schema, table.name) for table in making.tables)
        with blame(SourceError, "locking the tables against changes of their definitions", STOP):
            making.held.holder.execute(sql.SQL("lock table {} in access share mode").format(names))


def _begun(making: Making) -> Copy:
    wish, source = making.wish, making.source
    with blame(SourceError, "reading the source's catalogue", STOP):
        names = [(member.kind, member.name) for member in books.members(making.held.holder, source.schema_oid)]
    columns = {"source_identity": making.held.server.identity(), "percent": wish.percent, "is_masked": wish.is_masked,
             "reason": wish.reason, "name": wish.name}  # fmt: skip
    books.ensure(making.conn)
    return books.begin(making.conn, making.schema, names, columns)


def _make(making: Making, copy: Copy, sessions: Pool, folder: Path) -> None:
    settings, conn, clock = making.settings, making.conn, making.clock
    clock.stage("define")
    _make_extensions(making)
    archive = structure.dump(settings.source, making.schema, making.held, folder, STOP)
    complaints = structure.restore(settings.staging, archive, "pre-data", 1, STOP)
    structure.check(conn, making.source, complaints, {}, is_whole=False)
    _close(making, copy)
    clock.stage("rows")
    _fill(making, sessions)
    clock.stage("constrain")
    complaints = structure.restore(settings.staging, archive, "post-data", settings.workers, STOP)
    made = structure.check(conn, making.source, complaints, lanes.hints(making.tables, making.choices), is_whole=True)
    _close(making, copy)
    making.remarks += [f"not copied: {thing}" for thing in structure.left_behind(making.source, made)]
    with blame(StagingError, "setting sequences and statistics", STOP):
        unread, unforced = structure.set_positions(conn, making.source), structure.unforce(conn, made)
        _analyze(making)
    making.remarks += [f"not positioned: sequence {name}, which the source's role may not read" for name in unread]
    making.remarks += [
        f"not forced: row-level security of {name}, which hides rows from the owner" for name in unforced
    ]


def _close(making: Making, copy: Copy) -> None:
    """Nobody but the owner reads a copy, whatever default privileges say, nor calls what reads it in his name."""
    with blame(StagingError, "taking the copy from everybody but its owner", STOP):
        privileges.close(making.conn, copy.schema_oid, [("schema", None)])
        structure.close_routines(making.conn, copy.schema_oid)


def _make_extensions(making: Making) -> None:
    with blame(SourceError, "looking for extensions", STOP):
        needed, mentioned = structure.extensions(making.held.holder, making.source), structure.mentioned(making.source)
    structure.make_extensions(making.conn, needed)
    perhaps = {name: schema for name, schema in mentioned.items() if name not in needed}
    for name in structure.try_extensions(making.conn, perhaps):
        making.remarks.append(f"not made: extension {name}, whose names stand in a function's body")


def _fill(making: Making, sessions: Pool) -> None:
    settings, threads = making.settings, Threads(making.settings.workers)
    filling = Filling(settings, sessions, STOP, making.clock, lanes.of(making.tables, making.choices, making.key))
    with _parts(making, sessions, threads) as todo:
        for table in making.tables:
            making.clock.table(table.name, sum(part.rows for part in todo if part.table == table.name))
        making.clock.steps(0, sum(part.rows for part in todo), "rows")
        todo.sort(key=lambda part: part.rows, reverse=True)  # a long table that begins last is waited for alone
        threads.map("stage", filling.move, todo)
    making.seconds, making.rows = dict(filling.seconds), dict(filling.rows)


@contextlib.contextmanager
def _parts(making: Making, sessions: Pool, threads: Threads) -> Iterator[list[RowSlice]]:
    """What is to be read: everything, or a sample and the tables that take no part in it."""
    size, percent = making.settings.stream_chunk_bytes, making.wish.percent
    if percent is None:
        yield [part for table in making.tables for part in rows.parts(table, making.schema, size)]
        return
    making.clock.stage("draw")
    found = links.find(making.source, mappings.load(), making.settings)
    sample = Sample(making.schema, making.tables, found, percent, making.key)
    whole = [table for table in making.tables if table.name not in sample.sampled]
    with samples.working(making.conn):
        drawn = sample.draw(making.conn, sessions, STOP, lambda function, items: threads.map("draw", function, items))
        making.clock.stage("rows")
        yield drawn + [part for table in whole for part in rows.parts(table, making.schema, size)]


def _analyze(making: Making) -> None:
    for table in making.tables:
        STOP.check()
        making.conn.execute(sql.SQL("analyze {}").format(sql.Identifier(making.schema, table.name)))


def _counted(making: Making, sessions: Pool) -> dict[str, tuple[int, int]]:
    """Rows of each table in the snapshot and in the copy. Errors: StagingError if rows are missing."""
    making.clock.stage("count")

    def count(name: str) -> tuple[int, int]:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(making.schema, name))
        with sessions.lend("source") as source, blame(SourceError, f"counting {name}", STOP):
            there = fetch.value(int, source, query)
        with sessions.lend("staging") as staging, blame(StagingError, f"counting {name}", STOP):
            return there, fetch.value(int, staging, query)

    names = [table.name for table in making.tables]
    counts = dict(zip(names, Threads(making.settings.workers).map("count", count, names), strict=True))
    is_whole = making.wish.percent is None
    wanted = {name: there for name, (there, _) in counts.items()} if is_whole else making.rows
    if wrong := [name for name, (_, here) in counts.items() if here != wanted.get(name, 0)]:
        raise StagingError(f"the copy has not all rows of {', '.join(wrong)}; did others write to it? refresh it")
    return counts


def _proven(making: Making, copy: Copy, prove: Prove | None) -> dict[str, Any] | None:
    """Errors: VerificationFailed if something is left that should be masked."""
    if prove is None or not making.wish.is_masked:
        return None
    making.clock.stage("prove")
    held = HeldCopy(copy.copy_id, making.held.name, making.clock.counting("tables"))
    proof = prove(held) if any(choice.is_masked for choice in making.choices) else NOTHING_TO_PROVE
    STOP.check()
    if not proof["passed"]:
        error = VerificationFailed("the copy still holds what it should not:\n" + "\n".join(proof["faults"]))
        error.faults, error.scan = proof["faults"], proof
        raise error
    with blame(StagingError, "writing the books", STOP):
        books.finish(making.conn, copy, "proven", scan=proof)
    return proof


@contextlib.contextmanager
def _ending(making: Making, copy: Copy) -> Iterator[None]:
    """Write down how the copy ended, leave no row of one that failed, and tell of what is left all the same."""
    try:
        yield
    except BaseException as error:
        if STOP.is_set() or isinstance(error, KeyboardInterrupt):  # whatever a cancelled query looks like
            error = Interrupted("the copy was stopped; `nxtgauge-migrate stage` makes it anew")
        if left := _withdrawn(making, copy, error):
            faults.add(error, left)
        raise error from None


def _withdrawn(making: Making, copy: Copy, error: BaseException) -> str:
    """What is left of a copy that failed, a sentence; '' if nothing is, or another copy has taken its place."""
    text = str(error) if isinstance(error, MigrateError) else type(error).__name__
    try:
        with making.lease.last_session() as conn:
            if (latest := books.latest(conn, copy.source_schema)) and latest.copy_id != copy.copy_id:
                return ""
            return books.withdraw(conn, copy, text, error.scan if isinstance(error, VerificationFailed) else None)
    except (MigrateError, psycopg.Error) as found:
        where = f"schema {copy.source_schema} of the staging database"
        why = "which another refresh holds" if isinstance(found, TargetBusy) else "which could not be asked"
        again = "`nxtgauge-migrate stage` of this schema makes it anew, or drop it yourself"
        return f"the rows of the failed copy may still be in {where}, {why}; {again}"


def _told(
    making: Making, copy: Copy, counts: dict[str, Any], proof: dict[str, Any] | None, seconds: float
) -> dict[str, Any]:
    masked: dict[str, list[str]] = {}
    for choice in making.choices:
        if choice.is_masked:
            masked.setdefault(choice.table, []).append(choice.column)
    tables = [
        {"table": name, "source_rows": there, "rows": here, "masked": masked.get(name, []),
         "seconds": round(making.seconds.get(name, 0), 2)}
        for name, (there, here) in counts.items()
    ]  # fmt: skip
    wish = making.wish
    return {
        "copy_id": copy.copy_id,
        "state": "proven" if proof else "copied",
        "source": making.settings.source.redacted,
        "staging": making.settings.staging.redacted,
        "schema": making.schema,
        "percent": wish.percent,
        "is_masked": wish.is_masked,
        "reason": wish.reason,
        "name": wish.name,
        "tables": tables,
        "remarks": making.remarks,
        "scan": proof,
        "timings": making.clock.finish(),
        "seconds": round(seconds, 2),
    }
