"""The auditor's own connections: read-only, through SQLAlchemy, in every form that libpq takes."""

import psycopg
import sqlalchemy
from sqlalchemy.pool import NullPool

from config.connection import Connection
from config.errors import TargetError

SESSION = "-c default_transaction_read_only=on -c timezone=UTC -c row_security=off -c lock_timeout=30s"


def engine(connection: Connection) -> sqlalchemy.Engine:
    """An engine whose sessions cannot write. psycopg opens them, so sockets, services and several hosts all work."""
    return sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: _open(connection), poolclass=NullPool)


def _open(connection: Connection) -> psycopg.Connection:
    given = psycopg.conninfo.conninfo_to_dict(connection.conninfo).get("options", "")
    try:
        return psycopg.connect(connection.conninfo, options=f"{given} {SESSION}".strip())
    except psycopg.OperationalError:
        raise TargetError(f"cannot connect to {connection.redacted} ({connection.variable}); is it running?") from None
