"""A session of ADBC that says whether somebody waits for it (config.postgres.waits)."""

from collections.abc import Callable
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql
import pyarrow as pa
from adbc_driver_manager import dbapi

from config.postgres.waits import Waits


class Cursor(dbapi.Cursor):
    """Of a Session."""

    waits: Waits

    def execute(self, operation: bytes | str, parameters: Any = None) -> "Cursor":
        with self.waits.asking():
            super().execute(operation, parameters)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        with self.waits.asking():
            return super().fetchall()

    def fetch_arrow_table(self) -> pa.Table:
        with self.waits.asking():
            return super().fetch_arrow_table()


class Session(dbapi.Connection):
    """Not in autocommit."""

    waits: Waits

    def cursor(self, **_: Any) -> Cursor:
        cursor = Cursor(self, None, dbapi_backend=self._backend)
        cursor.waits = self.waits
        self._cursors.add(cursor)
        return cursor

    def rollback(self) -> None:
        with self.waits.asking():
            super().rollback()

    def commit(self) -> None:
        with self.waits.asking():
            super().commit()


def connect(uri: str, inodes: Callable[[], set[int]]) -> Session:
    """inodes: of the sockets that lead to the server; the driver does not say which is its own."""
    before = inodes()
    database = adbc_driver_postgresql.connect(uri)
    try:
        session = Session(database, adbc_driver_manager.AdbcConnection(database))
    except BaseException:
        database.close()
        raise
    session.waits = Waits(inodes() - before)
    return session
