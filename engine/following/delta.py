"""The delta of a round: what its units derive from the round's snapshot, judged as a run judges it, in schemas of their
own beside the build.

Laws
- Rows are derived by the plan's routes, by the transforms and lookups of a run, and judged by the run's quarantine:
  nothing of the rules is written twice.
- The delta has tables for what its units fill; for all other tables of the build it has views of these, in legacy
  names. What a foreign key points at is the rows that there will be: those of the delta, and of the build those that
  the round does not derive anew.
- Its books stand under an id of their own, until `apply` makes them the run's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import sql

from config.errors import TargetError
from config.shapes import Table
from engine.books import bookkeeping, deltas
from engine.chunks import work as works
from engine.chunks.pauses import Pauses
from engine.chunks.work import Chunk, Part, Work
from engine.following import books
from engine.following.kin import Kin
from engine.following.seeds import Seeds, final_column, final_place
from engine.following.ties import Spec
from engine.following.units import Filled, Group, Rows, Units, filled_by
from engine.load import between_waves, ddl, lookups
from engine.load.build import WAVES, after_load, judgeable
from engine.load.domains import finance, merged_professionals, profiles
from engine.load.moving import Move
from engine.planning.plan import Noted, Plan, Route
from engine.publish import publish
from engine.quarantine.constraints import Constraints
from engine.quarantine.quarantine import Quarantine
from engine.session.blame import blame
from engine.session.execution import Watch, Workers
from engine.start import begin

RELATIONS = """
    select c.relkind::text, n.nspname::text, c.relname::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (%s) and c.relkind in ('r', 'v')
"""


@dataclass
class Delta:
    """One attempt at the delta of a round.

    main: the run's own work, in the round's snapshot; target: a session for what is done one after the other; units:
    all; rows, groups: those that are derived; specs: of groups of which some rows are, not all. before: a narrower
    delta, whose schemas there are; same: units of it that have come out as they would here: they are taken over. gone:
    legacy table → how many of its keys are gone, of those that are followed row by row.
    """

    main: Work
    target: psycopg.Connection
    workers: Workers
    watch: Watch
    pauses: Pauses
    units: Units
    rows: tuple[Rows, ...]
    groups: tuple[Group, ...]
    before: "Delta | None" = None
    same: frozenset[Rows | Group] = frozenset()
    gone: dict[str, int] = field(default_factory=dict)
    specs: Mapping[Group, Spec] = field(default_factory=dict)
    seeds: dict[str, Seeds] = field(init=False)
    kin: dict[Group, Kin] = field(init=False)
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        plan = self.main.plan
        own = works.Delta(
            of=self.main.run_id,
            schema=f"{plan.target_schema}{deltas.SUFFIX}",
            archive_schema=f"{publish.ARCHIVE}{deltas.SUFFIX}",
            kept={name: self._kept_view(name) for name in self._kept_names},
            followed=frozenset(step.legacy_table for step in plan.follows),
        )
        self.work = replace(
            self.main, run_id=deltas.id_of(self.main.run_id), plan=self._restricted(plan), frames={}, delta=own
        )
        numbers = {unit: number for number, unit in enumerate(self.units.rows)}
        self.seeds = {unit.legacy_table: Seeds(self.work, unit, numbers[unit]) for unit in self.rows}
        places = {group: number for number, group in enumerate(self.units.groups)}
        self.kin = {g: Kin(self.work, self.specs[g], places[g]) for g in self.groups if g in self.specs}

    @property
    def _kept_names(self) -> list[str]:
        """The tables of the build of which some rows are derived, and others kept."""
        of_rows = [table.name for unit in self.rows for table in unit.tables if not table.is_archive]
        of_kin = [self.specs[group].owners.items() for group in self.groups if group in self.specs]
        return of_rows + [name for owners in of_kin for name, owner in owners if owner]

    @property
    def routes(self) -> list[Route]:
        units: list[Rows | Group] = [*self.rows, *self.groups]
        names = {route.name for unit in units for route in unit.routes}
        return [route for route in self.main.plan.routes if route.name in names]

    @property
    def tables(self) -> set[str]:
        """The tables of the build that it derives rows of."""
        filled = {table.name for unit in self.rows for table in unit.tables if not table.is_archive}
        return filled | {name for group in self.groups for is_archive, name in group.tables if not is_archive}

    @property
    def archives(self) -> set[str]:
        filled = {table.name for unit in self.rows for table in unit.tables if table.is_archive}
        return filled | {name for group in self.groups for is_archive, name in group.tables if is_archive}

    @property
    def filled(self) -> set[tuple[bool, str]]:
        """(whether in the archive, name) of both."""
        return {(False, name) for name in self.tables} | {(True, name) for name in self.archives}

    def _restricted(self, plan: Plan) -> Plan:
        """What is done of the plan. Foreign keys are judged, and not made: some of their parents are views."""
        tables, taken = self.tables, {name for is_archive, name in self._taken_over if not is_archive}
        noted_before = taken | {plan.final_name(name) for name in taken}
        rules = [rule for rule in plan.rules if rule.table in tables]
        noted = [n for n in plan.noted if n.target_table in {plan.final_name(t) for t in tables} | tables]
        return replace(
            plan,
            rules=tuple(replace(rule, is_alone=True) if rule.kind == "f" else rule for rule in rules),
            follows=tuple(step for step in plan.follows if step.table in tables - taken),
            noted=tuple(n for n in noted if n.target_table not in noted_before),
        )

    # the schemas

    def make(self) -> None:
        """Make the schemas with their tables and views, and the books that judgements ask. Errors: TargetError."""
        work, plan = self.work, self.work.plan
        with blame(TargetError, "making the delta's schemas", work.stop), self.target.transaction():
            if self.before:
                self._take_over(self.before)
            else:
                self._make_schemas()
            there = {name for _, name in self._taken_over}
            shapes = [shape for shape in plan.build if shape.name in self.tables - there]
            ddl.replay(self.target, work.path, ddl.tables(plan.source, shapes, plan.hidden), work.stop)
            archives = [s for s in plan.archive if s.name in self.archives and (True, s.name) not in self._taken_over]
            ddl.replay(self.target, work.archive_path, ddl.tables(plan.source, archives), work.stop)
            for shape in plan.build:
                if shape.name not in self.tables:
                    self._view(shape.name, shape, "")
            for unit in self.rows:
                if unit not in self.same:
                    self.seeds[unit.legacy_table].make(self.target)
                for table in unit.tables:
                    if not table.is_archive:
                        self._view_kept(self._kept_view(table.name), table, self.seeds[unit.legacy_table])
            for group, kin in self.kin.items():
                if group not in self.same:
                    kin.make(self.target)
                for name, owner in kin.spec.owners.items():
                    if owner:
                        self._view_others(name, kin)

    @property
    def all(self) -> set[Rows | Group]:
        return {*self.rows, *self.groups}

    @property
    def derived(self) -> list[Rows | Group]:
        """The units that it derives itself, and does not take over."""
        units: list[Rows | Group] = [*self.rows, *self.groups]
        return [unit for unit in units if unit not in self.same]

    @property
    def _taken_over(self) -> set[tuple[bool, str]]:
        """(whether in the archive, name) of the tables of units that an earlier delta has derived."""
        return {table for unit in self.same for table in filled_by(unit)}

    def _make_schemas(self) -> None:
        begin.drop_deltas(self.target, self.main.plan.target_schema)
        for name, kind in ((self.work.schema, "product"), (self.work.archive_schema, "archive")):
            self.target.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
            bookkeeping.register_schema(
                self.target, name, kind, "delta", self.main.plan.target_schema, self.main.run_id
            )

    def _take_over(self, before: "Delta") -> None:
        """Remove what the earlier delta has of units that are derived once more; others stay, with their books."""
        books.give_back(before)  # of a unit that is derived here for the first time, too
        kept = {(self.work.archive_schema if archive else self.work.schema, name) for archive, name in self._taken_over}
        seeds = [self.seeds[unit.legacy_table] for unit in self.rows if unit in self.same]
        kin = [self.kin[group] for group in self.groups if group in self.same and group in self.kin]
        own = [*(each.names for each in seeds), *(each.names for each in kin)]
        kept |= {(self.work.schema, name) for names in own for name in names}
        found = self.target.execute(RELATIONS, [[self.work.schema, self.work.archive_schema]]).fetchall()
        for kind, word in (("v", "view"), ("r", "table")):
            names = [sql.Identifier(s, name) for k, s, name in found if k == kind and (s, name) not in kept]
            if names:
                self.target.execute(sql.SQL(f"drop {word} {{}}").format(sql.SQL(", ").join(names)))
        again = [unit for unit in before.all if unit not in self.same]
        for unit in again:
            books.forget(self.target, self.work.run_id, self.main.plan, unit)
        routes = [route.name for unit in again for route in unit.routes]
        query = "delete from migration.chunks where run_id = %s and route = any (%s)"
        self.target.execute(query, [self.work.run_id, routes])

    def _view(self, name: str, shape: Table, condition: str | sql.Composable) -> None:
        """A view of a table of the build, under legacy names."""
        table = Filled(shape.name, False, (), False)
        columns = sql.SQL(", ").join(
            sql.SQL("m.{} as {}").format(sql.Identifier(final_column(self.work, table, c.name)), sql.Identifier(c.name))
            for c in shape.columns
        )
        self.target.execute(
            sql.SQL("create view {} as select {} from {} as m {}").format(
                sql.Identifier(self.work.schema, name),
                columns,
                sql.Identifier(*final_place(self.work, table)),
                sql.SQL(condition) if isinstance(condition, str) else condition,
            )
        )

    def _kept_view(self, build_table: str) -> str:
        """By the table's number: its name with something before it could be too long."""
        number = next(n for n, shape in enumerate(self.main.plan.build) if shape.name == build_table)
        return f"__kept_{number}"

    def _view_kept(self, name: str, table: Filled, seeds: Seeds) -> None:
        """The rows of a table of the build that the round does not derive anew."""
        legacy = seeds.legacy.shape.primary_key
        same = sql.SQL(" and ").join(
            sql.SQL("k.{} = m.{}").format(sql.Identifier(old), sql.Identifier(final_column(self.work, table, own)))
            for old, own in zip(legacy, table.key, strict=True)
        )
        condition = sql.SQL(
            "where not exists (select from {} as k where {same}) and not exists (select from {} as k where {same})"
        ).format(seeds.keys, seeds.gone, same=same)
        self._view(name, self.work.plan.shape(table.name), condition)

    def _view_others(self, name: str, kin: Kin) -> None:
        """The rows of a table of the build that are of no kin."""
        table = Filled(name, False, (), False)
        condition = sql.SQL("where not {}").format(kin.owns(table, "m", is_final=True))
        self._view(self._kept_view(name), self.work.plan.shape(name), condition)

    # deriving

    def derive(self) -> None:
        """Load and judge. Errors: SourceError, TargetError, Interrupted."""
        with self.target.transaction():
            books.borrow(self)
        of_rows: dict[str, list[Chunk]] = {}
        for seeds in (self.seeds[unit.legacy_table] for unit in self.derived if isinstance(unit, Rows)):
            self.target.execute(sql.SQL("analyze {}, {}").format(seeds.keys, seeds.gone))
            for chunk in seeds.chunks(self.target):
                of_rows.setdefault(chunk.route, []).append(chunk)
        groups = {route.name for unit in self.derived if isinstance(unit, Group) for route in unit.routes}
        for chunk in (c for unit, kin in self.kin.items() if unit in self.derived for c in kin.chunks(self.target)):
            of_rows.setdefault(chunk.route, []).append(chunk)
        whole = {r.name for unit in self.derived if unit in self.groups and unit not in self.kin for r in unit.routes}
        if groups:
            lookups.prepare(self.work, list({name for r in self.routes if r.name in groups for name in r.lookups}))
        move = Move(self.work, self.watch, self.pauses)
        state = _Judged()
        for wave in WAVES:
            if wave == 3 and groups:
                between_waves.place_sequences(self.work, self.target)
            routes = [r for r in self.routes if r.wave == wave and (r.name in whole or r.name in of_rows)]
            pending = [chunk for route in routes for chunk in self._chunks(route, whole, of_rows)]
            self.workers.map(f"derive, wave {wave}", move, pending)
            self._after(wave)
            self._judge(wave, state)

    def _chunks(self, route: Route, of_groups: set[str], of_rows: Mapping[str, list[Chunk]]) -> list[Chunk]:
        if route.name in of_groups:
            return works.chunks(self.main.plan, self.main.settings, route)
        return of_rows.get(route.name, [])

    def _after(self, wave: int) -> None:
        """What a wave's rows need before the next looks at them, of the tables that the delta derives."""
        if wave == 1:
            between_waves.note_values(self.work, self.target, self._parts)
            if self._has("professionals"):
                merged_professionals.make(self.work, self.target)
            if self._has("orders"):
                finance.place_orders(self.work, self.target)
                finance.insert_gateways(self.work, self.target)
            if self._fills(profiles.PROFILES):
                profiles.make_indexes(self.work, self.target)
        if wave == 2 and self._has("professionals"):
            merged_professionals.fill(self.work, self.target)

    def _has(self, transform: str) -> bool:
        return any(route.transform == transform for unit in self.derived for route in unit.routes)

    def _fills(self, build_table: str) -> bool:
        return any((False, build_table) in filled_by(unit) for unit in self.derived)

    def _parts(self, noted: Noted) -> Sequence[Part]:
        """The rows that may get such a note: those derived anew, where it is about what they fill; else all."""
        for kin in self.kin.values():
            names = {each for _, name in kin.spec.group.tables for each in (name, self.work.plan.final_name(name))}
            if noted.legacy_table in kin.legacy_tables and noted.target_table in names:
                return kin.parts(self.target, noted.legacy_table)
        seeds = self.seeds.get(noted.legacy_table)
        if seeds is None:
            return between_waves.WHOLE
        names = {name for table in seeds.unit.tables for name in (table.name, self.work.plan.final_name(table.name))}
        return seeds.parts(self.target) if noted.target_table in names else between_waves.WHOLE

    def _judge(self, wave: int, state: "_Judged") -> None:
        loaded, complete, following = judgeable(self.main.plan, wave)
        loaded &= self.tables - {name for is_archive, name in self._taken_over if not is_archive}
        if wave == max(WAVES):
            quarantine = self._quarantine(loaded, complete, set(), state)
            between_waves.follow(self.work, self.target, quarantine)
            state.take(quarantine)
        following = {place for place in following if place[0] in self.tables}
        quarantine = self._quarantine(loaded, complete, following, state)
        quarantine.judge()
        if wave >= 2 and self._has("professionals"):
            profiles.judge_merged(self.work, self.target, quarantine)
        state.take(quarantine)
        if wave == 1 and self._has("professionals"):
            self.work.frames |= between_waves.frames_after(self.work, self.target, wave)

    def _quarantine(
        self, loaded: set[str], complete: set[str], following: set[tuple[str, str]], state: "_Judged"
    ) -> Quarantine:
        constraints = state.constraints or Constraints.of(self.work, self.target, after_load(self.work.plan))
        state.constraints = constraints
        return Quarantine(
            self.work,
            self.target,
            loaded,
            lost=state.lost,
            fresh=state.fresh,
            complete=complete,
            following=following,
            judged=state.judged,
            constraints=constraints,
            workers=self.workers,
        )

    def touched(self) -> dict[str, tuple[str, ...] | None]:
        """Legacy table → keys of the rows that it derives anew or found gone, as the books write them; None: all."""
        found: dict[str, tuple[str, ...] | None] = {
            name: tuple(key for (key,) in self.target.execute(seeds.texts())) for name, seeds in self.seeds.items()
        }
        for name, keys in ((n, k) for kin in self.kin.values() for n, k in kin.touched(self.target).items()):
            found[name] = tuple({*(found.get(name) or ()), *keys})
        whole = (group for group in self.groups if group not in self.kin)
        return found | {route.legacy_table: None for group in whole for route in group.routes}

    def kept(self, build_table: str) -> sql.Identifier | None:
        """The view of the rows that the build keeps of a table; None where it keeps none: all is derived anew."""
        if view := self.work.delta and self.work.delta.kept.get(build_table):
            return sql.Identifier(self.work.schema, view)
        return None if build_table in self.tables else sql.Identifier(self.work.schema, build_table)


@dataclass
class _Judged:
    """What judgements hand on to the next."""

    lost: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    judged: set[tuple[str, str]] = field(default_factory=set)
    constraints: Constraints | None = None

    def take(self, quarantine: Quarantine) -> None:
        self.lost |= quarantine.lost
        self.fresh = quarantine.fresh
