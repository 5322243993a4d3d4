"""Sessions on a target that has its books."""

import psycopg
import pytest

from config.postgres.connection import Connection, parse
from engine.books import bookkeeping
from engine.session import connect


@pytest.fixture
def here(database) -> Connection:
    return parse(database(), "NXTGAUGE_TARGET_URL")


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.fixture
def other(here):
    """Somebody else's session on the target."""
    with psycopg.connect(here.conninfo, autocommit=True) as conn:
        yield conn


@pytest.fixture
def moving(here, conn, role):
    """The session of a role that owns the books and what it makes, and nothing else."""
    mover = role("mover")
    conn.execute(f"alter role {mover} login; grant create on database {conn.info.dbname} to {mover}")
    conn.execute("drop schema migration cascade")
    with connect.target(parse(here.conninfo + f" user={mover}", "NXTGAUGE_TARGET_URL")) as moving:
        bookkeeping.ensure(moving)
        yield moving
