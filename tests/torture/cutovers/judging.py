"""What has to be true after a cut-over was struck, and after the one that went on."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import psycopg
from psycopg import sql

from config.settings import Settings
from engine.books import bookkeeping
from engine.changes import rounds
from engine.changes.marks import Mark
from engine.cutover.afterwards import FENCED
from engine.session import connect, snapshot
from engine.staging.writer import Written, lost
from engine.staging.writer.written import Acknowledged, Key
from engine.start import preflight
from tests.histories import oracle
from tests.histories.compare import Side, differences
from tests.torture.cutovers.place import OWN_NAME, Place

LIVE = "select run_id from migration.schemas where (kind, role) = ('product', 'live')"
PRIVILEGES = """
    select c.relname::text, g.grantor::regrole::text, g.grantee::regrole::text, g.privilege_type, g.is_grantable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as g
    where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1, 2, 3, 4
"""
LOCKS = f"""
    select distinct a.application_name, l.mode from pg_locks l join pg_stat_activity a using (pid)
    join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
    where l.granted and n.nspname in ('public', 'public__retired') and c.relkind in ('r', 'p')
      and l.mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and a.usename = 'owner' and a.application_name <> '{OWN_NAME}'
      and l.database = (select oid from pg_database where datname = current_database())
"""
FENCED_OFF = ("42501", "42P01", "3F000")
# What writers do to each other, whoever looks on.
OWN_ERRORS = ("40P01",)
SERVER_GONE = ("08", "57")  # classes of what they meet while it is killed, and starts again


def live_run(place: Place) -> str | None:
    with place.looks("target") as conn:
        rows = conn.execute(LIVE).fetchall()
    return rows[0][0] if rows else None


def is_finished(place: Place, run_id: str) -> bool:
    """Whether the cut-over of this run has come to its end."""
    with place.looks("target") as conn:
        return FENCED in bookkeeping.done_steps(conn, run_id)


def privileges(place: Place) -> list[tuple[object, ...]]:
    with place.looks("source") as conn:
        return conn.execute(PRIVILEGES).fetchall()


def locks(place: Place, seconds: float) -> list[tuple[str, str]]:
    """What keeps writers of the source waiting and is ours, and stays for so long."""
    until = time.monotonic() + seconds
    with place.looks("source") as conn:
        while (found := conn.execute(LOCKS).fetchall()) and time.monotonic() < until:
            time.sleep(0.05)
    return found


def written(place: Place) -> str:
    """What a new session of the application meets as it writes: a SQLSTATE, or nothing."""
    with psycopg.connect(place.url(place.source, "app"), autocommit=True) as conn:
        try:
            conn.execute("update public.users set theme = theme where false")
        except psycopg.Error as error:
            return error.sqlstate or type(error).__name__
    return ""


def reached(place: Place, run_id: str) -> Mark:
    """What the published schema shows."""
    with place.looks("target") as conn:
        last = rounds.last(conn, run_id)
    if last is None:
        raise LookupError(f"run {run_id} has had no round")
    return last.reached


def has_seen(mark: Mark, xid: int) -> bool:
    low, high, running = mark.snapshot.split(":")
    under_way = {int(each) for each in running.split(",") if each}
    return xid < int(low) or (xid < int(high) and xid not in under_way)


def late(place: Place, mark: Mark) -> dict[str, int]:
    """Legacy table → what was written to it past that mark, told row by row from what stands there. Writers have no
    savepoints, so a row's transaction is the one that was acknowledged."""
    found = {}
    count = "select xmin::text::bigint, count(*) from only {} group by 1"
    parted = "select xmin::text::bigint, count(*) from {} group by 1"
    with place.looks("source") as conn:
        for name, then in mark.tables.items():
            kinds = "select relkind::text from pg_class where oid = to_regclass(%s)"
            table = sql.Identifier("public", name)
            ((kind,),) = conn.execute(kinds, [table.as_string(None)]).fetchall()
            rows = conn.execute(sql.SQL(parted if kind == "p" else count).format(table)).fetchall()
            new = sum(number for xid, number in rows if not has_seen(mark, xid))
            gone = then.rows - (sum(number for _, number in rows) - new)
            if new or gone:
                found[name] = max(new, gone)
    return found


def missing_in_legacy(place: Place, all_written: Written) -> dict[str, int]:
    """Legacy table → acknowledged rows that are not there, or deleted ones that are."""
    last: dict[str, dict[Key, Acknowledged]] = {}
    for write in all_written.acknowledged:
        if write.key.columns:
            last.setdefault(write.table, {})[write.key] = write
    found = {}
    with place.looks("source") as conn:
        for table, writes in last.items():
            there = _keys(conn, table)
            wrong = [w for w in writes.values() if (w.key.columns in there) == (w.kind == "delete")]
            if wrong:
                found[table] = len(wrong)
    return found


def _keys(conn: psycopg.Connection, table: str) -> set[tuple[str, ...]]:
    names = conn.execute(
        "select a.attname::text from pg_index i cross join lateral unnest(i.indkey::int[]) with ordinality as k (n, o) "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n "
        "where i.indisprimary and i.indrelid = %s::regclass order by k.o",
        [sql.Identifier("public", table).as_string(None)],
    ).fetchall()
    columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for (name,) in names)
    return set(conn.execute(sql.SQL("select {} from {}").format(columns, sql.Identifier("public", table))).fetchall())


def lost_writes(place: Place, run_id: str, all_written: Written) -> Iterable[str]:
    """Acknowledged before the last snapshot, and not in what is published."""
    mark, settings = reached(place, run_id), place.settings()
    seen = tuple(w for w in all_written.acknowledged if has_seen(mark, w.xid))
    with connect.target(settings.target) as conn, snapshot.hold(settings.source) as held:
        instant = bookkeeping.run(conn, run_id).created_at.isoformat()
        plan = preflight.planned(settings, held, instant, conn.info.server_version)
        found = lost(replace(all_written, acknowledged=seen), plan, conn, run_id)
    for what, tables in (("missing", found.missing), ("deleted, and still there", found.still)):
        yield from (f"{name}: {rows} acknowledged rows are {what}" for name, rows in tables.items())


def compared(place: Place, settings: Settings, run_id: str, empty_url: str) -> list[str]:
    """What is published, against a fresh build over the source as it stands."""
    with ExitStack() as stack:
        conn = stack.enter_context(psycopg.connect(place.url(place.target), autocommit=True))
        held = stack.enter_context(snapshot.hold(settings.source))
        instant = bookkeeping.run(conn, run_id).created_at
        live = Side(conn, "nxtgauge", "legacy_archive", run_id)
        fresh = stack.enter_context(oracle.fresh(settings, empty_url, held.name, instant))
        return differences(live, fresh, positions=False)


@contextlib.contextmanager
def backoffice(place: Place, is_there: bool) -> Iterator[None]:
    """A superuser who has a session on the source, whom no REVOKE binds: the schema gets another name then."""
    if not is_there:
        yield
        return
    with psycopg.connect(place.url(place.source, "postgres").replace(OWN_NAME, "backoffice")):
        yield
