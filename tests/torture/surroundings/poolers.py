"""A pgbouncer before a server, one session of the server to a client; it is stopped, killed and told things at will.

Law: a session that nobody uses is closed within a second or two, so that the pool's own are nobody's left-overs.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.support import poolers
from tests.support.servers import NotToBeHad
from tests.torture.servers import OWN_NAME, Server

MORE = "admin_users = postgres\nserver_idle_timeout = 1\nquery_wait_timeout = 120\n"
POOL_SIZE = 40
END_SECONDS = 10


class Pooler:
    """port: where clients connect to. Errors: NotToBeHad."""

    def __init__(self, server: Server):
        if not poolers.has_pgbouncer():
            raise NotToBeHad("pgbouncer is not installed here")
        self.port = poolers.free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="nxtgauge-pgbouncer-"))
        known = {"user": "postgres", "host": "127.0.0.1", "port": server.port, "listen": self.port}
        text = poolers.INI.format(**known, folder=self._folder, mode="session", size=POOL_SIZE, reset="DISCARD ALL")
        (self._folder / "pgbouncer.ini").write_text(text.replace("query_wait_timeout = 30\n", MORE))
        if os.getuid() == 0:  # root may not run it
            shutil.chown(self._folder, poolers.NOBODY)
        self.start()

    def start(self) -> None:
        as_user = ["setpriv", "--reuid", str(poolers.NOBODY), "--clear-groups"] if os.getuid() == 0 else []
        (self._folder / "pid").unlink(missing_ok=True)  # one that was killed has left it
        command = [*as_user, "pgbouncer", "-q", str(self._folder / "pgbouncer.ini")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        poolers.wait(self.port)

    def stop(self) -> None:
        """At once: clients are not waited for."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def tell(self, *statements: str) -> None:
        """As its administrator."""
        url = f"postgresql://postgres@127.0.0.1:{self.port}/pgbouncer?application_name={OWN_NAME}"
        with contextlib.closing(psycopg.connect(url, autocommit=True)) as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
