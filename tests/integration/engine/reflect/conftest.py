"""A database, its owner's session, and that of a stranger."""

import psycopg
import pytest
from psycopg import sql


@pytest.fixture
def connection(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stranger(connection, url):
    """A connection of a role that owns nothing and was granted nothing."""
    role = sql.Identifier(f"stranger_{connection.info.dbname}")
    connection.execute(sql.SQL("create role {} login").format(role))
    connection.execute(sql.SQL("create schema if not exists legacy; grant usage on schema legacy to {}").format(role))
    with psycopg.connect(url, autocommit=True) as stranger:
        stranger.execute(sql.SQL("set role {}").format(role))
        yield stranger
    connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(role))
