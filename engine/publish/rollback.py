"""The rollback and its undoing: what is live is set aside by a rename, and what stood there before comes back.

Laws
- A switch is one transaction: product and archive together, with the books, or nothing.
- What was written to the schema that is set aside since it was put in place is not in what comes back. It is counted
  while writers are locked out, and nothing is done about it unless it is exported or given up by name.
- A table that cannot be counted, or whose writers cannot be kept away, never shuts the way back: it is named, and
  --lose passes.
- What comes back is marked, so that the same is known when it goes again. A mark stays while two schemas take turns:
  what was written to one of them is never in the other.
- Nothing published is left only where that is asked for.
- The caller holds the lease (engine.books.lease).
"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from config.errors import ConfigError, MigrateError, TargetError
from engine.books import bookkeeping
from engine.books.bookkeeping import SchemaRecord
from engine.changes import kept
from engine.publish import locks, numbers, publish, schemas, written
from engine.publish.export import Export
from engine.publish.publish import Names, Switch
from engine.publish.written import Written
from engine.session import fetch
from engine.session.blame import blame
from engine.session.connect import LOCK_SECONDS

SHOWN = 5  # tables in a refusal


@dataclass(frozen=True)
class Wish:
    """What is asked for. run_id: only if the switch is about this run, the one that was published last.

    undo: put back what the last rollback has set aside. to_nothing: nothing stood before, and nothing is to stand
    there. export: a folder for what was written; lose: do without it.
    """

    run_id: str | None = None
    undo: bool = False
    to_nothing: bool = False
    export: str | None = None
    lose: bool = False

    def __post_init__(self) -> None:
        if self.export and self.lose:
            raise ConfigError("--export keeps what was written and --lose does without it; leave one of them out")
        if self.undo and self.to_nothing:
            raise ConfigError("--undo puts something back; leave --to-nothing out")

    @property
    def verb(self) -> str:
        return "undoing the rollback of" if self.undo else "rolling back"


@dataclass(frozen=True)
class Taken(Switch):
    """What a rollback did, or would do. drops: the run whose schema was set aside earlier, and is dropped.

    written: to the schema that is set aside; None where nothing is. exported: the folder.
    """

    drops: str | None = None
    written: dict[str, Any] | None = None
    exported: str | None = None
    is_undo: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Trial:
    """One rollback, whose tries know of each other: what was counted and exported by one of which no answer came.

    is_committing: whether the last try has come to its commit.
    """

    target_schema: str
    wish: Wish
    export: Export | None = field(init=False)
    told: Taken | None = None
    is_committing: bool = False

    def __post_init__(self) -> None:
        self.export = Export(Path(self.wish.export).absolute()) if self.wish.export else None


def foreseen(conn: psycopg.Connection, trial: Trial) -> Taken:
    """What it would do now; nothing is changed or locked. Errors: PlanRefused, ConfigError."""
    product, archive = publish.names_of(trial.target_schema)
    if trial.export:
        trial.export.check()
    with blame(TargetError, "counting what was written"), conn.transaction(force_rollback=True):
        conn.execute("set transaction isolation level repeatable read")
        ours = bookkeeping.schemas(conn)
        publish.refuse(faults(conn, ours, product, archive, trial.wish))
        return _told(conn, ours, product, trial.wish, None)


def take(conn: psycopg.Connection, trial: Trial, *, lock_seconds: float = LOCK_SECONDS) -> Taken:
    """Do it. What was set aside before is dropped.

    Errors: PlanRefused, ConfigError, TargetError; then nothing has changed.
    """
    product, archive = publish.names_of(trial.target_schema)
    what = f"{trial.wish.verb} {trial.target_schema}"
    with blame(TargetError, what), _exporting(conn, trial), conn.transaction():
        ours = bookkeeping.schemas(conn)
        publish.refuse(faults(conn, ours, product, archive, trial.wish))
        if not trial.wish.undo and (back := ours.get(product.previous)):
            _mark(conn, what, back, lock_seconds)  # before writers of what is live have to wait
        with locks.within(conn, what, lock_seconds) as locked:
            ours = bookkeeping.schemas(conn)
            locked.keep_writers_away(ours.get(product.live))
            publish.refuse(faults(conn, ours, product, archive, trial.wish))
            trial.told = _counted(conn, ours, product, trial)
            _move_numbers(conn, ours, product, trial.wish)
            for names in () if trial.wish.undo else (product, archive):
                locked.keep_all_away(ours.get(names.withdrawn))  # which is dropped
            for names in (product, archive):
                (_put_back if trial.wish.undo else _take_back)(conn, ours, names, trial.told.live_run)
            _write_down(conn, trial.told)
        trial.is_committing = True
    return trial.told


@contextlib.contextmanager
def _exporting(conn: psycopg.Connection, trial: Trial) -> Iterator[None]:
    """A try that has failed for certain leaves no export."""
    trial.is_committing = False
    try:
        yield
    except BaseException as error:
        trial.is_committing &= conn.closed or not isinstance(error, psycopg.Error)
        if trial.export and not trial.is_committing:
            trial.export.withdraw()
        raise


@contextlib.contextmanager
def naming_export(trial: Trial) -> Iterator[None]:
    """Where nobody knows whether the switch was made, the error says where its export is."""
    try:
        yield
    except MigrateError as error:
        if trial.export and trial.is_committing:
            known = "no answer came to the commit: `nxtgauge-migrate status` says what is live"
            error.args = (
                f"{error}; {known}; what was written is exported to {trial.export.place}; where nothing was switched, "
                f"remove that folder before the next try",
            )
        raise


def _counted(conn: psycopg.Connection, ours: dict[str, SchemaRecord], product: Names, trial: Trial) -> Taken:
    """What is done, with what was written to what goes; exported, where that is asked for. Errors: PlanRefused."""
    export = trial.export
    if export:
        export.begin()
    told = _told(conn, ours, product, trial.wish, export)
    require_leave(told.to_dict(), trial.wish)
    if export:
        about = {"schema": told.schema, "run_id": told.replaced_run, "written": told.written}
        export.finish(conn, told.schema, about)
        told = replace(told, exported=str(export.place))
    return told


def _told(
    conn: psycopg.Connection,
    ours: dict[str, SchemaRecord],
    product: Names,
    wish: Wish,
    export: Export | None,
) -> Taken:
    live = ours.get(product.live)
    back, dropped = (product.withdrawn, None) if wish.undo else (product.previous, ours.get(product.withdrawn))
    restored = ours[back].run_id if back in ours else None
    switch = publish.switch_of(conn, live, product, restored)
    found = written.read(conn, live, export) if live else Written()
    told = asdict(found) | {"rows": found.rows} if live else None
    gone = dropped.run_id if dropped else None
    return Taken(**asdict(switch), drops=gone, written=told, is_undo=wish.undo)


def require_leave(told: dict[str, Any], wish: Wish) -> None:
    """Errors: PlanRefused if something would be lost that nobody has said may be. told: Taken, as a dict."""
    publish.refuse(_written_faults(told["schema"], told["written"], wish))


def _written_faults(schema: str, found: dict[str, Any] | None, wish: Wish) -> list[str]:
    if found is None or wish.lose:
        return []
    closed = _closed_faults(schema, found, wish)
    if wish.export or not (found["rows"] or found["unknown"]):
        return closed
    return [*_lost_faults(schema, found), *closed]


def _closed_faults(schema: str, found: dict[str, Any], wish: Wish) -> list[str]:
    """Tables of which not all can be told, or exported."""
    faults = []
    for table in found["untold"]:
        if not (table["is_readable"] and wish.export):
            what = f"it cannot be told what was written to table {schema}.{table['table']}: {table['why']}"
            mend = f"{table['remedy']} lets it be read, and " if table["remedy"] else ""
            mend = "--export FOLDER keeps all its rows, and " if table["is_readable"] else mend
            faults.append(f"{what}; {mend}--lose goes back all the same")
    for table in found["unlocked"]:
        what = f"writers of table {schema}.{table['table']} could not be kept away, so what is counted need not be all"
        faults.append(f"{what}; {table['remedy']} lets them be, and --lose goes back all the same")
    return faults


def _lost_faults(schema: str, found: dict[str, Any]) -> list[str]:
    """What would be left behind."""
    remedy = "--export FOLDER keeps it in files, with a script that puts it back, and --lose does without it"
    if found["unknown"]:
        what = f"it cannot be told what was written to schema {schema} since it was put in place"
        remedy = "--lose goes back all the same, and --export FOLDER keeps all its rows in files"
        return [f"{what}: {found['unknown']}; {remedy}"]
    tables = [table["table"] for table in found["tables"]]
    where = ", ".join(tables[:SHOWN]) + (f" and {len(tables) - SHOWN} more" if len(tables) > SHOWN else "")
    what = f"{found['rows']:,} rows were written to schema {schema} since it was put in place ({where})"
    return [f"{what}, and are not in what would stand there then; {remedy}"]


def done(conn: psycopg.Connection, trial: Trial) -> Taken | None:
    """What an earlier try did, if it has been made; for who has not heard of it."""
    told = trial.told
    if told is None:
        return None
    state = "published" if told.is_undo else "rolled_back"
    about = told.live_run if told.is_undo else told.replaced_run
    live = bookkeeping.schemas(conn).get(trial.target_schema)
    is_done = (live.run_id if live else None) == told.live_run and about is not None
    return told if is_done and about and bookkeeping.run(conn, about).state == state else None


def _mark(conn: psycopg.Connection, what: str, back: SchemaRecord, lock_seconds: float) -> None:
    """Mark what comes back, unless it has been back before."""
    with locks.within(conn, what, lock_seconds) as locked:
        locked.keep_writers_away(back)
        if kept.read(conn, back.schema_oid) is None:
            kept.keep(conn, back)


def _take_back(conn: psycopg.Connection, ours: dict[str, SchemaRecord], names: Names, restored_run: str | None) -> None:
    live, previous = ours.get(names.live), ours.get(names.previous)
    if live:
        schemas.drop_if_there(conn, names.withdrawn)
        bookkeeping.rename_schema(conn, live, names.withdrawn, "withdrawn")
    if previous and previous.run_id == restored_run:  # an archive goes with its product
        bookkeeping.rename_schema(conn, previous, names.live, "live")


def _put_back(conn: psycopg.Connection, ours: dict[str, SchemaRecord], names: Names, restored_run: str | None) -> None:
    live, withdrawn = ours.get(names.live), ours.get(names.withdrawn)
    if live:
        bookkeeping.rename_schema(conn, live, names.previous, "previous")
    if withdrawn and withdrawn.run_id == restored_run:
        bookkeeping.rename_schema(conn, withdrawn, names.live, "live")


def _move_numbers(conn: psycopg.Connection, ours: dict[str, SchemaRecord], product: Names, wish: Wish) -> None:
    goes, back = ours.get(product.live), ours.get(product.withdrawn if wish.undo else product.previous)
    if goes and back:
        numbers.move_past(conn, goes, back)


def _write_down(conn: psycopg.Connection, told: Taken) -> None:
    """The run's state. A run that is put back has not ended once more: when it was rolled back stays known."""
    if told.is_undo:
        conn.execute("update migration.runs set state = 'published' where run_id = %s", [told.live_run])
    elif told.replaced_run:
        bookkeeping.set_state(conn, told.replaced_run, "rolled_back")


def faults(
    conn: psycopg.Connection, ours: dict[str, SchemaRecord], product: Names, archive: Names, wish: Wish
) -> list[str]:
    """Why it cannot be done, whatever was written."""
    missing = _undo_faults(conn, ours, product, wish) if wish.undo else _rollback_faults(ours, product, wish)
    if missing:
        return missing
    found = []
    for names in (product, archive):
        places = (names.live, names.previous, names.withdrawn)
        found += [fault for name in places for fault in publish.name_faults(conn, ours, name, product.live)]
        if wish.undo and names.live in ours and names.previous in ours:
            found.append(f"schema {names.previous} is in the way of what is live; somebody has put it there since")
        if not wish.undo and names.withdrawn in ours:
            found += schemas.drop_faults(conn, ours[names.withdrawn])
    return found


def _rollback_faults(ours: dict[str, SchemaRecord], product: Names, wish: Wish) -> list[str]:
    if product.live not in ours:
        return [f"there is no schema {product.live} that this tool published; nothing to roll back"]
    if wish.run_id not in (None, live := ours[product.live].run_id):
        return [
            f"schema {product.live} is run {live}'s, not run {wish.run_id}'s; name the run that is to be taken back"
        ]
    if product.previous in ours and wish.to_nothing:
        back = ours[product.previous].run_id
        return [f"run {back}'s stood before and comes back, so that something is published; leave --to-nothing out"]
    if product.previous not in ours and not wish.to_nothing:
        return [
            f"nothing stands ready to come back in place of run {live}'s, so that nothing would be published under the "
            f"name {product.live}; --to-nothing sets it aside all the same"
        ]
    return []


def _undo_faults(conn: psycopg.Connection, ours: dict[str, SchemaRecord], product: Names, wish: Wish) -> list[str]:
    if product.withdrawn not in ours:
        return [f"there is no schema {product.withdrawn} that a rollback has set aside; nothing to undo"]
    aside, live = ours[product.withdrawn].run_id, ours.get(product.live)
    if wish.run_id not in (None, aside):
        return [f"schema {product.withdrawn} is run {aside}'s, not run {wish.run_id}'s; name the run to be put back"]
    if live and not fetch.value(bool, conn, IS_LATEST, {"aside": aside, "live": live.run_id}):
        return [f"run {live.run_id} was published after run {aside} was rolled back; `nxtgauge-migrate rollback` first"]
    return []


IS_LATEST = """
    select coalesce((select finished_at from migration.runs where run_id = %(aside)s)
                    >= (select finished_at from migration.runs where run_id = %(live)s), true)
"""
