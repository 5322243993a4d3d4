"""The oracle's build is the one that the program makes."""

from collections.abc import Callable

import psycopg

from config import settings as configuration
from engine.books import bookkeeping
from engine.run import migrate
from engine.session import snapshot
from engine.start.options import Options
from tests.histories import oracle
from tests.histories.compare import Side, differences
from tests.histories.databases import filling
from tests.support.auditors import trusting


def test_a_fresh_build_with_the_run_s_instant_is_what_a_run_has_published(database: Callable[..., str]) -> None:
    source, target, other = (database() for _ in range(3))
    filling.odd(source)
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    settings = configuration.load("demo", urls)
    run_id = migrate(settings, Options(auditor=trusting)).run_id
    with psycopg.connect(target, autocommit=True) as conn, snapshot.hold(settings.source) as held:
        instant = bookkeeping.run(conn, run_id).created_at
        published = Side(conn, "nxtgauge", "legacy_archive", run_id)
        with oracle.fresh(settings, other, held.name, instant) as fresh:
            assert differences(published, fresh) == []
            assert bookkeeping.run(fresh.conn, fresh.run_id).created_at == instant
