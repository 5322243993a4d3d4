"""What tests of whole runs share: the module's own legacy database, an empty target, and a session on each."""

import psycopg
import pytest
from psycopg import sql

from config import settings as configuration
from engine.start import rehearsal


@pytest.fixture
def environ(database, request) -> dict[str, str]:
    """Connections to a legacy database that the module's SOURCE makes, and to an empty target."""
    source, target = database(), database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(request.module.SOURCE)
    return {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}


@pytest.fixture
def settings(environ):
    return configuration.load("demo", environ)


@pytest.fixture
def source(environ):
    with psycopg.connect(environ["NXTGAUGE_SOURCE_URL"], autocommit=True) as conn:
        yield conn


@pytest.fixture
def target(environ):
    with psycopg.connect(environ["NXTGAUGE_TARGET_URL"], autocommit=True) as conn:
        yield conn


@pytest.fixture
def role(conn):
    """A function that makes a role; all are dropped after the test. conn: the module's session on its target."""
    made = []

    def make(name: str) -> str:
        conn.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
        made.append(name)
        return name

    yield make
    for name in made:
        for statement in ("drop owned by {} cascade", "drop role {}"):
            conn.execute(sql.SQL(statement).format(sql.Identifier(name)))


@pytest.fixture
def ddl_untried(monkeypatch) -> None:
    """Runs that do not try their DDL before they begin, which takes a fifth of a small run's time; for tests of what
    comes later. Golden cases, and tests of what a run is refused for, try it."""
    monkeypatch.setattr(rehearsal, "faults", lambda *_: [])
