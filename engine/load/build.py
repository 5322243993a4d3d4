"""The build: schema, load in waves, quarantine, constraints; one step after the other, each done once.

Laws
- Steps write down that they are done in the transaction that does them; a resumed run skips those.
- Waves: copied and profile tables; then professionals, which look profiles up in the build; then the tables that refer
  to both. The quarantine judges each wave before the next one reads it.
- A judgement makes the constraints that can stay, for that is the look at their rows; what is left is made at the end.
  Foreign keys are added unchecked, one by one, and validated several at once.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import psycopg
from psycopg import sql

from config.errors import SourceError, TargetError
from engine.books import bookkeeping, privileges
from engine.changes import marks
from engine.chunks import ledger
from engine.chunks.pauses import Pauses
from engine.chunks.work import Chunk, Work, chunks
from engine.load import between_waves, ddl, lookups, statistics
from engine.load.domains import profiles
from engine.load.moving import Move
from engine.planning import prerequisite_ddl
from engine.planning.plan import Plan, TablePlan
from engine.publish import publish
from engine.quarantine.constraints import Constraints, making
from engine.quarantine.quarantine import Quarantine
from engine.reflect.statements import Statement, together
from engine.session import fetch
from engine.session.blame import blame
from engine.session.execution import Tally, Watch, Workers, beside

Thing = TypeVar("Thing")
Group = tuple[str, str]  # phase, table
WAVES = (1, 2, 3)
SMALL_ROWS = 20_000


@functools.lru_cache(maxsize=2)
def before_load(plan: Plan) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """The statements that create the build's tables and the archive's, without constraints."""
    catalog = plan.source
    product = (
        *prerequisite_ddl.collations(catalog, plan.collations),
        *prerequisite_ddl.text_search(catalog, plan.text_search),
        *prerequisite_ddl.types(catalog, plan.types),
        *prerequisite_ddl.functions(catalog, plan.functions),
        *prerequisite_ddl.sequences(catalog, plan.sequences),
        *prerequisite_ddl.domain_rules(catalog, plan.types),
        *prerequisite_ddl.domain_checks(catalog, plan.types),
        *ddl.tables(catalog, plan.build, plan.hidden),
    )
    archive = (
        *prerequisite_ddl.collations(catalog, plan.archive_collations),
        *prerequisite_ddl.types(catalog, plan.archive_types),
        *prerequisite_ddl.functions(catalog, plan.archive_functions),
        *prerequisite_ddl.domain_rules(catalog, plan.archive_types),
        *ddl.tables(catalog, plan.archive),
    )
    return product, archive


@functools.lru_cache(maxsize=2)
def after_load(plan: Plan) -> tuple[Statement, ...]:
    """The statements that make the constraints of the loaded tables, in legacy names; the renames come last of all."""
    shapes = plan.build
    return (
        *ddl.not_nulls(shapes),
        *ddl.checks(shapes),
        *ddl.keys(shapes),
        *ddl.indexes(shapes),
        *ddl.foreign_keys(shapes),
        *ddl.validations(shapes),
        *ddl.comments(shapes),
        *prerequisite_ddl.late_domain_checks(plan.source, plan.types),
        *(s for s in ddl.owners(plan.source, shapes, dict(plan.origins)) if s.name in plan.sequences),
    )


def after_archive(plan: Plan) -> list[Statement]:
    """The statements that make the constraints of the loaded archive."""
    checks = prerequisite_ddl.unvalidated_domain_checks(plan.source, plan.archive_types)
    constraints = [*ddl.keys(plan.archive), *ddl.not_nulls(plan.archive), *ddl.comments(plan.archive), *checks]
    return [*constraints, *ddl.attend(plan.archive)]


def renames(plan: Plan) -> list[Statement]:
    renamed = ddl.renames(plan.renames, plan.column_renames)
    return [*ddl.drop_hidden(sorted(plan.hidden)), *ddl.attend(plan.build), *renamed]


def _nobody(_: Group) -> None:
    """Hears of what is made and does nothing."""


class Build:
    """One build schema in the making."""

    def __init__(self, work: Work, target: psycopg.Connection, workers: Workers, watch: Watch, pauses: Pauses):
        self.work, self.target, self.workers, self.watch, self.pauses = work, target, workers, watch, pauses
        self.done = bookkeeping.done_steps(target, work.run_id)
        self.lost: set[str] = set()  # build tables that have lost rows
        self.fresh: set[str] = set()  # those that have since the last judgement
        self.judged: set[tuple[str, str]] = set()  # rules of complete tables that were judged

    @functools.cached_property
    def constraints(self) -> Constraints:
        """Those of the build, once its tables are there."""
        return Constraints.of(self.work, self.target, after_load(self.work.plan))

    def run(self) -> None:
        """Everything up to a build that could be published. Errors: SourceError, TargetError, Interrupted."""
        self._step("schema", self._create)
        if "constraints" not in self.done:
            self.workers.call("count the source", self._count_source)
            for wave in WAVES:
                self._wave(wave)
        self._step("constraints", self._constrain, is_atomic=False)
        self._step("figures", self._figures)
        self._step("renames", self._rename)
        self._analyze()

    def _step(self, name: str, function: Callable[[], object], is_atomic: bool = True) -> None:
        """Do a step unless it is done; atomic ones leave their mark in the same transaction."""
        if name in self.done:
            return
        self.pauses.wait_if_due()
        self.work.check()
        self.watch.stage(name)
        if is_atomic:
            self.workers.call(name, self._in_transaction, name, function)
        else:
            function()
            bookkeeping.mark_done(self.target, self.work.run_id, name)

    def _in_transaction(self, name: str, function: Callable[[], object]) -> None:
        with blame(TargetError, f"making the build: {name}", self.work.stop), self.target.transaction():
            function()
            bookkeeping.mark_done(self.target, self.work.run_id, name)

    def _create(self) -> None:
        product, archive = before_load(self.work.plan)
        publish.make_build(self.target, self.work.run_id, self.work.plan.target_schema)
        self._replay(self.target, self.work.path, product)
        self._replay(self.target, self.work.archive_path, archive)

    def _count_source(self) -> None:
        """source_rows: a count of its own for every table that is read, in the snapshot."""
        known = self.target.execute(
            "select legacy_table from migration.tables where run_id = %s and source_rows is not null",
            (self.work.run_id,),
        )
        counted = {name for (name,) in known}
        wanted = [t for t in self.work.plan.tables if t.disposition != "skip" and t.name not in counted]
        self.workers.map("count", self._count_tables, _batches(wanted, lambda table: table.legacy.rows))

    def _count_tables(self, tables: Sequence[TablePlan]) -> None:
        figures = []
        with (
            self.work.sessions.lend("source") as source,
            blame(SourceError, "counting the source's rows", self.work.stop),
        ):
            files = marks.files(source, self.work.plan.source_schema, [table.name for table in tables])
            for table in tables:
                name = sql.Identifier(self.work.plan.source_schema, table.name)
                count = fetch.value(int, source, sql.SQL("select count(*) from {}").format(name))
                known = table.disposition, files.get(table.name), list(table.legacy.shape.key_types)
                figures.append((self.work.run_id, table.name, *known, count))
                self.watch.table(table.name, count)
        with (
            self.work.sessions.lend("target") as target,
            blame(TargetError, "recording counts", self.work.stop),
            target.cursor() as cursor,
        ):
            cursor.executemany(
                "insert into migration.tables (run_id, legacy_table, disposition, files, key_types, source_rows) "
                "values (%s, %s, %s, %s, %s, %s)",
                figures,
            )

    def _wave(self, wave: int) -> None:
        self.work.check()
        self.watch.stage(f"load, wave {wave}")
        if wave == 3:
            between_waves.place_sequences(self.work, self.target)
        routes = [route for route in self.work.plan.routes if route.wave == wave]
        done = ledger.done(self.target, self.work.run_id)
        pending = [c for r in routes for c in chunks(self.work.plan, self.work.settings, r) if c.span not in done]
        self.watch.steps(0, self._rows_in(pending), "rows")
        move, empty = Move(self.work, self.watch, self.pauses), self._empty()
        rest, nothing = _parted(pending, lambda chunk: self.work.route(chunk.route).legacy_table in empty)
        move.done_at_once(nothing)
        self._load(wave, move, sorted(rest, key=self._width, reverse=True))
        self._step(f"after wave {wave}", lambda: between_waves.after(self.work, self.target, wave))
        if wave < max(WAVES):
            self.workers.call(f"judge wave {wave}", self._judge, wave)
        else:
            self._step("follow", self._follow)
            self.workers.call("judge", self._judge, wave)
        self.work.frames |= between_waves.frames_after(self.work, self.target, wave)

    def _rows_in(self, pending: Sequence[Chunk]) -> int:
        """About how many legacy rows these chunks tell of when they are done."""
        query = "select legacy_table, source_rows from migration.tables where run_id = %s"
        counted: dict[str, int] = dict(self.target.execute(query, (self.work.run_id,)).fetchall())
        of_route = Counter(chunk.route for chunk in pending)
        routes = [route for name in of_route if (route := self.work.route(name)).is_accounted]
        whole = {route.name: len(chunks(self.work.plan, self.work.settings, route)) for route in routes}
        rows = (counted[each.legacy_table] * of_route[each.name] / whole[each.name] for each in routes)
        return round(sum(rows))

    def _empty(self) -> set[str]:
        """Legacy tables that have no row in the snapshot."""
        query = "select legacy_table from migration.tables where run_id = %s and source_rows = 0"
        return {name for (name,) in self.target.execute(query, (self.work.run_id,))}

    def _load(self, wave: int, move: Move, pending: Sequence[Chunk]) -> None:
        """Streams and frames in turn, for they strain the servers and Python differently; the widest of each first.

        Streams need no lookups: in the first wave half of them are moved while these are asked for.
        """
        frames, streams = _parted(pending, lambda chunk: self.work.route(chunk.route).lane == "stream")
        if wave == WAVES[0]:
            with beside(lookups.prepare, self.work):
                self.workers.map(f"load, wave {wave}", move, streams[::2])
            streams = streams[1::2]
        self.workers.map(f"load, wave {wave}", move, _in_turn(frames, streams))

    def _width(self, chunk: Chunk) -> float:
        """About how many pages it reads, those of long values among them."""
        table = self.work.plan.table(self.work.route(chunk.route).legacy_table).legacy
        share = (table.pages + table.toast_pages) / max(table.pages, 1)
        return ((chunk.end or table.pages) - chunk.first) * share

    def _judge(self, wave: int) -> None:
        self.watch.stage(f"judge wave {wave}")
        quarantine = self._quarantine(*judgeable(self.work.plan, wave))
        quarantine.judge()
        if wave >= 2:
            profiles.judge_merged(self.work, self.target, quarantine)
        self.lost |= quarantine.lost
        self.fresh = quarantine.fresh

    def _quarantine(self, loaded: set[str], complete: set[str], following: set[tuple[str, str]]) -> Quarantine:
        return Quarantine(
            self.work,
            self.target,
            loaded,
            lost=self.lost,
            fresh=self.fresh,
            complete=complete,
            following=following,
            judged=self.judged,
            constraints=self.constraints,
            workers=self.workers,
        )

    def _follow(self) -> None:
        loaded, complete, _ = judgeable(self.work.plan, max(WAVES))
        quarantine = self._quarantine(loaded, complete, set())
        between_waves.follow(self.work, self.target, quarantine)
        self.lost, self.fresh = quarantine.lost, quarantine.fresh

    def _constrain(self) -> None:
        """All constraints and indexes, several tables at once; what one phase makes of one table is a step."""
        lookups.drop(self.work, self.target)
        between_waves.drop_helpers(self.work, self.target)
        groups = _groups(s for s in after_load(self.work.plan) if not self.constraints.stands(s))
        for phase in dict.fromkeys(phase for phase, _ in groups):
            self.watch.stage(f"constraints: {phase}")
            found = [(key, group) for key, group in groups.items() if key[0] == phase]
            if phase == "foreign key":
                self._make([(("foreign key", ""), [statement for _, group in found for statement in group])])
                continue
            tally = Tally(self.watch, "tables", {key: self._rows_of(key[1]) + 1 for key, _ in found})
            make = functools.partial(self._make, tell=tally.add)
            self.workers.map(f"make {phase}", make, _batches(found, lambda entry: self._rows_of(entry[0][1])))

    def _rows_of(self, build_table: str) -> int:
        """About how many rows a build table has."""
        feeding = [r.legacy_table for r in self.work.plan.routes if build_table in r.targets and not r.is_archive]
        return sum(self.work.plan.table(name).legacy.rows for name in feeding)

    def _make(self, groups: Sequence[tuple[Group, list[Statement]]], tell: Callable[[Group], None] = _nobody) -> None:
        """Run each table's statements of one phase in a transaction, unless that was done before. tell: hears of each
        that is done."""
        with self.work.sessions.lend("target") as target:
            done = bookkeeping.done_steps(target, self.work.run_id)  # of this attempt too, if it is tried again
            for (phase, table), statements in groups:
                if f"{phase}: {table}" not in done:
                    self.work.stop.check()
                    with blame(TargetError, f"making {phase} {table}".rstrip(), self.work.stop):
                        self._make_group(target, phase, table, statements)
                tell((phase, table))

    def _make_group(self, target: psycopg.Connection, phase: str, table: str, statements: list[Statement]) -> None:
        """What one phase makes of one table; a transaction."""
        with making(self.work, target, table):
            self._replay(target, self.work.path, together(statements))
            bookkeeping.mark_done(target, self.work.run_id, f"{phase}: {table}")

    def _replay(self, target: psycopg.Connection, path: Sequence[str], statements: Sequence[Statement]) -> None:
        ddl.replay(target, path, statements, self.work.stop)

    def _figures(self) -> None:
        groups = between_waves.counted_together(self.work.plan)
        batches = _batches(groups, lambda tables: sum(table.legacy.rows for table in tables))
        counted = self.workers.map("count", functools.partial(between_waves.count_loaded, self.work), batches)
        between_waves.record_loaded(self.work, self.target, itertools.chain.from_iterable(counted))

    def _rename(self) -> None:
        plan = self.work.plan
        positions = ddl.positions(plan.source, plan.build, plan.sequences, dict(plan.origins))
        self._replay(self.target, self.work.path, [*positions, *renames(plan)])
        self._replay(self.target, self.work.archive_path, after_archive(plan))
        for name in (self.work.schema, self.work.archive_schema):
            privileges.close(self.target, bookkeeping.schemas(self.target)[name].schema_oid)

    def _analyze(self) -> None:
        self.watch.stage("analyze")
        schemas = (self.work.schema, self.work.archive_schema)
        statistics.analyze(self.work, self.target, self.workers, schemas, is_coarse=True)


def judgeable(plan: Plan, wave: int) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    """After this wave: build tables with rows, those that get no more, and references that are yet to follow."""
    late = {target for route in plan.routes if route.wave > wave for target in route.targets}
    early = {target for route in plan.routes if route.wave <= wave for target in route.targets}
    complete = {shape.name for shape in plan.build} - late
    fed = {target for route in plan.routes for target in route.targets}
    following = {(follow.table, follow.column) for follow in plan.follows} if wave < max(WAVES) else set()
    return (complete | early) & fed, complete, following


def _batches(items: Iterable[Thing], rows_of: Callable[[Thing], int]) -> list[list[Thing]]:
    """Large items one by one, all small ones together: opening a session costs more than they do."""
    items = list(items)
    small = [item for item in items if rows_of(item) < SMALL_ROWS]
    large = sorted((item for item in items if rows_of(item) >= SMALL_ROWS), key=rows_of, reverse=True)
    return [[item] for item in large] + ([small] if small else [])


def _parted(items: Iterable[Thing], is_so: Callable[[Thing], bool]) -> tuple[list[Thing], list[Thing]]:
    """Those of which it is not so, and those of which it is; in one look, for there may be very many chunks."""
    parts: tuple[list[Thing], list[Thing]] = [], []
    for item in items:
        parts[is_so(item)].append(item)
    return parts


def _in_turn(*several: Sequence[Thing]) -> list[Thing]:
    """The items of all, each sequence in its order and spread evenly over the whole."""
    placed = [((place + 0.5) / len(items), item) for items in several for place, item in enumerate(items)]
    return [item for _, item in sorted(placed, key=lambda pair: pair[0])]


def _groups(statements: Iterable[Statement]) -> dict[tuple[str, str], list[Statement]]:
    """(phase, table) → its statements; comments and owners, which take no time, are one group each."""
    grouped: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        table = "" if statement.phase in ("comment", "owner") else statement.place[0]
        grouped.setdefault((statement.phase, table), []).append(statement)
    return grouped
