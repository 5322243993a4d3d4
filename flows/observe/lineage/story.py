"""What a run reads and writes by its plan, table by table and column by column.

Law: names of tables and columns may have dots, so the target of a way is looked up, never split.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from psycopg import ConnectionInfo

from config.shapes import Table
from engine.chunks.work import Work
from engine.planning.plan import Plan, TablePlan, Way

REMOVED_LINKS = "migration.removed_links"
REMOVED_COLUMNS = tuple((name, "text") for name in ("user_role_profile_id", "legacy_table", "legacy_column", "url"))
ARCHIVE = "legacy_archive"
BUILD = "__build"

Columns = tuple[tuple[str, str], ...]  # name and type
Found = tuple[tuple[str, Way], ...]  # legacy column and its way


@dataclass(frozen=True)
class Database:
    """A database, as data sets are named by it. namespace: postgres://host:port."""

    namespace: str
    database: str

    @staticmethod
    def of(info: ConnectionInfo) -> "Database":
        """A server behind a socket is this machine's."""
        host = info.host if info.host and not info.host.startswith(("/", "@")) else "localhost"
        return Database(f"postgres://{f'[{host}]' if ':' in host else host}:{info.port}", info.dbname)


@dataclass(frozen=True)
class Output:
    """A table that a run writes. place: schema and name; built: the same while it is in the build."""

    place: str
    built: str
    table: str
    columns: Columns
    rows: int | None = None


@dataclass(frozen=True)
class Piece:
    """One legacy table and what becomes of it. removed: column → why it arrives nowhere in the product.

    fields: place of an output → its column → the legacy columns that it is made of; whole: place → those that decide
    over its rows.
    """

    table: str
    disposition: str
    lane: str
    columns: Columns
    removed: Mapping[str, str]
    fields: Mapping[str, Mapping[str, Found]]
    whole: Mapping[str, Found]
    rows: int | None = None


@dataclass(frozen=True)
class Story:
    """One run. outputs: by place."""

    run_id: str
    profile: str
    is_rehearsal: bool
    source: Database
    target: Database
    source_schema: str
    target_schema: str
    outputs: Mapping[str, Output]
    pieces: tuple[Piece, ...]

    def feeders(self, place: str) -> int:
        """How many legacy tables feed an output."""
        return sum(place in piece.fields for piece in self.pieces)

    def with_rows(self, read: Mapping[str, int], built: Mapping[str, int]) -> "Story":
        """The same story with counts of rows: by legacy table, and by place in the build."""
        outputs = {place: replace(output, rows=built.get(output.built)) for place, output in self.outputs.items()}
        return replace(self, outputs=outputs, pieces=tuple(replace(p, rows=read.get(p.table)) for p in self.pieces))


def of(work: Work, target: ConnectionInfo, is_rehearsal: bool) -> Story:
    """The run as it is planned. target: of a session there. A rehearsal writes to the build schema and no other."""
    plan = work.plan
    with work.sessions.lend("source") as session:
        source = Database.of(session.info)
    outputs = {output.place: output for output in _outputs(plan, BUILD if is_rehearsal else "")}
    targets = _Targets.of(outputs.values())
    return Story(
        run_id=work.run_id,
        profile=work.settings.profile,
        is_rehearsal=is_rehearsal,
        source=source,
        target=Database.of(target),
        source_schema=plan.source_schema,
        target_schema=plan.target_schema,
        outputs=outputs,
        pieces=tuple(_piece(table, targets) for table in plan.tables if table.disposition != "skip"),
    )


def _outputs(plan: Plan, suffix: str) -> Iterator[Output]:
    renamed = {(table, old): new for table, old, new in plan.column_renames}
    for shape in plan.build:
        columns = tuple((renamed.get((shape.name, c.name), c.name), c.type) for c in shape.columns)
        yield _output(plan.target_schema, suffix, plan.final_name(shape.name), columns)
    for shape in plan.archive:
        yield _output(ARCHIVE, suffix, shape.name, _columns(shape))
    yield Output(REMOVED_LINKS, REMOVED_LINKS, REMOVED_LINKS, REMOVED_COLUMNS)


def _output(schema: str, suffix: str, table: str, columns: Columns) -> Output:
    is_archive = schema == ARCHIVE
    return Output(
        place=f"{schema}{suffix}.{table}",
        built=f"{schema}{BUILD}.{table}",
        table=f"{ARCHIVE}.{table}" if is_archive else table,
        columns=columns,
    )


def _columns(shape: Table) -> Columns:
    return tuple((column.name, column.type) for column in shape.columns)


@dataclass
class _Targets:
    """Way's target → place and column; a table's name alone has none."""

    columns: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def find(self, way: Way, target: str) -> tuple[str, str | None, Way] | None:
        """Place, column and way; into a key of a column's document it is another way than into the column."""
        if target in self.columns:
            return *self.columns[target], way
        column, _, key = target.partition("->")
        return (*self.columns[column], replace(way, kind="rule", note=f"its key {key}; {way.note}")) if key else None

    @staticmethod
    def of(outputs: Iterable[Output]) -> "_Targets":
        found = _Targets()
        for output in outputs:
            found.columns[output.table] = (output.place, None)
            found.columns |= {f"{output.table}.{name}": (output.place, name) for name, _ in output.columns}
        return found


def _piece(table: TablePlan, targets: _Targets) -> Piece:
    fields: dict[str, dict[str, dict[str, Way]]] = {}
    whole: dict[str, dict[str, Way]] = {}
    for name in table.targets:
        if name in targets.columns:
            fields[targets.columns[name][0]] = {}
    for way in (*table.ways, *_archived(table)):
        for place, column, own in filter(None, (targets.find(way, target) for target in way.targets)):
            of_place = fields.setdefault(place, {})
            (whole.setdefault(place, {}) if column is None else of_place.setdefault(column, {}))[way.column] = own
    return Piece(
        table=table.name,
        disposition=table.disposition,
        lane=table.lane,
        columns=_columns(table.legacy.shape),
        removed={way.column: way.note for way in table.ways if way.kind == "removed"},
        fields={p: {c: tuple(found.items()) for c, found in of_p.items()} for p, of_p in fields.items()},
        whole={place: tuple(found.items()) for place, found in whole.items()},
    )


def _archived(table: TablePlan) -> Iterator[Way]:
    """The copies of whole tables, which are reshaped besides."""
    if any(route.is_archive for route in table.routes):
        for column in table.legacy.shape.columns:
            yield Way(column.name, "archived", (f"{ARCHIVE}.{table.name}.{column.name}",))
