"""A database of the test's own: its URL, somebody's session on it, and its connection as settings have it."""

import psycopg
import pytest

from config.postgres.connection import Connection
from tests.integration.engine.session.connections import connection_to


@pytest.fixture
def url(database) -> str:
    return database()


@pytest.fixture
def writer(url):
    """Somebody else's session on the source."""
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def here(url) -> Connection:
    return connection_to(url)
