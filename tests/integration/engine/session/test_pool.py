"""Sessions of a pool that outlives its snapshot: they are kept, and see what the next snapshot saw."""

import psycopg
import pytest

from config import settings as configuration
from engine.session import snapshot
from engine.session.pool import Pool
from engine.session.stop import Stop

KINDS = ("source", "adbc_source", "target")
SEES = "select pg_backend_pid(), (select count(*) from public.t)"
KEPT_BACK = "select count(*) from pg_stat_activity where pid = any (%s) and backend_xmin is not null"


class Anybody:
    """Lets every session write."""

    def check(self) -> None:
        """Nothing is lost."""

    def enter(self, session: psycopg.Connection) -> None:
        """There is no lease here."""

    def elsewhere(self) -> "Anybody":
        return self


def _asked(pool: Pool, kind: str) -> tuple[int, int]:
    """The server's process of a session, and how many rows it sees."""
    with pool.lend(kind) as session, session.cursor() as cursor:
        cursor.execute(SEES)
        return cursor.fetchall()[0]


@pytest.fixture
def settings(url, writer):
    """Of a source with one row; the target is the same database."""
    writer.execute("create table public.t (id int); insert into public.t values (1)")
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": url, "NXTGAUGE_TARGET_URL": url})


def test_sessions_serve_one_snapshot_after_the_other(settings, writer):
    with snapshot.hold(settings.source) as first:
        pool = Pool(settings, first, Stop(), Anybody())
        writer.execute("insert into public.t values (2)")
        before = {kind: _asked(pool, kind) for kind in KINDS}
        assert {kind: rows for kind, (_, rows) in before.items()} == {"source": 1, "adbc_source": 1, "target": 2}
        pool.leave()
    processes = [process for process, _ in before.values()]
    assert writer.execute(KEPT_BACK, [processes]).fetchone() == (0,)  # nothing keeps the server from cleaning up
    with snapshot.hold(settings.source) as second:
        pool.see(second)
        writer.execute("insert into public.t values (3)")
        for _ in range(2):
            assert {kind: _asked(pool, kind) for kind in KINDS} == {
                kind: (process, 3 if kind == "target" else 2) for kind, (process, _) in before.items()
            }
        pool.close()
    for _ in range(100):
        if not writer.execute("select from pg_stat_activity where pid = any (%s)", [processes]).fetchall():
            break
        writer.execute("select pg_sleep(0.05)")
    else:
        pytest.fail("sessions are left over")


@pytest.mark.parametrize("is_before", [True, False])
def test_a_session_that_ends_between_two_snapshots_is_replaced(settings, writer, is_before):
    """is_before: before the session leaves the first one; what was read under that is read."""
    with snapshot.hold(settings.source) as first:
        pool = Pool(settings, first, Stop(), Anybody())
        before = {kind: _asked(pool, kind)[0] for kind in KINDS[:2]}
        if not is_before:
            pool.leave()
        for process in before.values():
            writer.execute("select pg_terminate_backend(%s, 5000)", [process])
        if is_before:
            pool.leave()
    with snapshot.hold(settings.source) as second:
        pool.see(second)
        for kind, process in before.items():
            now, rows = _asked(pool, kind)
            assert now != process and rows == 1
        pool.close()
