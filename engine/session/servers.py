"""What a server says of itself, and what makes it unfit as a source or a target."""

import contextlib
from dataclasses import asdict, dataclass

import psycopg

from engine.session import fetch

OLDEST_SERVER = 140000


@dataclass(frozen=True)
class ServerInfo:
    """What a server says of itself. system_identifier: None where the role may not read it, or the service hides it."""

    version_number: int
    version: str
    encoding: str
    database: str
    database_oid: int
    system_identifier: str | None
    postmaster_started_at: str
    is_standby: bool
    user: str

    def identity(self) -> dict[str, object]:
        """As JSON takes it, for migration.runs.source_identity."""
        return asdict(self)

    def is_same_database(self, other: "ServerInfo") -> bool:
        if self.system_identifier and other.system_identifier:
            is_same_server = self.system_identifier == other.system_identifier
        else:
            is_same_server = self.postmaster_started_at == other.postmaster_started_at
        return is_same_server and self.database_oid == other.database_oid


INFO = """
    select int4in(textout(current_setting('server_version_num'))), current_setting('server_version'),
           current_setting('server_encoding'), current_database()::text, d.oid::bigint, %(system)s::text,
           concat(extract(epoch from pg_postmaster_start_time())), pg_is_in_recovery(), current_user::text
    from pg_database d where d.datname = current_database()
"""


def info(conn: psycopg.Connection) -> ServerInfo:
    return ServerInfo(*fetch.one(conn, INFO, {"system": _system_identifier(conn)}))


def _system_identifier(conn: psycopg.Connection) -> str | None:
    """Identifies a cluster for as long as it lives; some hosted services refuse or lack the function."""
    with contextlib.suppress(psycopg.DatabaseError), conn.transaction():
        return fetch.value(str, conn, "select concat(system_identifier) from pg_control_system()")
    return None


def source_faults(found: ServerInfo) -> list[str]:
    """What makes a server unfit as a source, one sentence each."""
    faults = _version_faults("source", found)
    if found.encoding == "SQL_ASCII":
        faults.append("the source's encoding is SQL_ASCII, so nothing says what its bytes mean; wanted a real encoding")
    return faults


def target_faults(found: ServerInfo) -> list[str]:
    """What makes a server unfit as a target, one sentence each."""
    faults = _version_faults("target", found)
    if found.encoding != "UTF8":
        faults.append(f"the target's encoding is {found.encoding}; wanted a database created with encoding UTF8")
    if found.is_standby:
        faults.append("the target is a standby, which takes no writes; wanted its primary")
    return faults


# Locks that the sessions of a run and of its verification hold together at most, for each table, with its indexes and
# its long values' table: measured with 5,055 tables, 6.9 and 14.1.
LOCKS_A_TABLE = {"source": 7, "target": 14}
# A process of the server has room for so many; not every version knows each of these settings.
LOCKS = """
    select int4in(textout(current_setting('max_locks_per_transaction'))),
           (select 1 + sum(int8in(textout(current_setting(name)))) from pg_settings where name in (
                'max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders',
                case when exists (select from pg_settings where name = 'autovacuum_worker_slots')
                     then 'autovacuum_worker_slots' else 'autovacuum_max_workers' end))::int4
"""


def lock_room(conn: psycopg.Connection) -> tuple[int, int]:
    """Locks that each process may hold on average, and how many processes the server counts by."""
    each, processes = fetch.one(conn, LOCKS)
    return each, processes


def lock_faults(conn: psycopg.Connection, side: str, tables: int) -> list[str]:
    """Whether the server of this side (source, target) has room for the locks on so many tables."""
    each, processes = lock_room(conn)
    needed = LOCKS_A_TABLE[side] * tables
    if needed <= each * processes:
        return []
    wanted = -(-needed // processes)
    return [
        f"{tables:,} tables take some {needed:,} locks on the {side}, whose server has room for {each * processes:,}; "
        f"set max_locks_per_transaction = {wanted} there (it is {each}) and start the server again"
    ]


def _version_faults(side: str, found: ServerInfo) -> list[str]:
    if found.version_number >= OLDEST_SERVER:
        return []
    return [f"the {side} is PostgreSQL {found.version}; wanted {OLDEST_SERVER // 10000} or later"]
