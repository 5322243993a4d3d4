"""Poolers before the tests' own server: pgbouncer where it is installed, and a small one.

The small one gives a client a session of the server, or one for each of its transactions, as the real ones do. Of these
it knows queries of one text alone. It takes no options, and asks nobody for a password.
"""

import contextlib
import os
import selectors
import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.patience import allowed

NOBODY = 65534
GOODBYE = b"X\0\0\0\4"
STARTUPS_REFUSED = (80877103, 80877104)  # whether it takes TLS, or GSS
INI = """
[databases]
* = user={user} host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
server_reset_query = {reset}
default_pool_size = {size}
query_wait_timeout = 30
logfile = {folder}/log
pidfile = {folder}/pid
"""


def has_pgbouncer() -> bool:
    return shutil.which("pgbouncer") is not None


@contextlib.contextmanager
def pgbouncer(url: str, mode: str, *, size: int = 20, resets: bool = True) -> Iterator[str]:
    """The URL by which the database is reached through it."""
    given, listen = conninfo_to_dict(url), free_port()
    host, user = str(given["host"]), str(given["user"])
    with tempfile.TemporaryDirectory(prefix="nxtgauge-pgbouncer-") as folder:
        ini = Path(folder) / "pgbouncer.ini"
        known = {"user": user, "host": host, "port": given.get("port", 5432), "listen": listen, "folder": folder}
        ini.write_text(INI.format(**known, mode=mode, size=size, reset="DISCARD ALL" if resets else ""))
        owner = Path(host).stat().st_uid if host.startswith("/") else NOBODY
        as_user = ["setpriv", "--reuid", str(owner), "--clear-groups"] if os.getuid() == 0 else []
        if as_user:  # root may not run it
            shutil.chown(folder, owner)
        with subprocess.Popen([*as_user, "pgbouncer", "-q", str(ini)], stderr=subprocess.DEVNULL) as process:
            try:
                wait(listen)
                yield make_conninfo("", host="127.0.0.1", port=listen, user=user, dbname=given["dbname"])
            finally:
                process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens at {port}")


class Sharing(socketserver.ThreadingTCPServer):
    """The small pooler. is_by_session: each client has one to its end, of so many, and its settings are reset then, if
    at all. is_lifo: the session that was given back last is taken first, else last."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, url: str, *, is_by_session: bool, is_lifo: bool, size: int, resets: bool):
        super().__init__(("127.0.0.1", 0), _Client)
        self.url, self.is_by_session, self.is_lifo, self.resets = url, is_by_session, is_lifo, resets
        self.places, self.greeting = threading.Semaphore(size), list[bytes]()
        self.idle: list[socket.socket] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        given = conninfo_to_dict(self.url)
        port = self.server_address[1]
        return make_conninfo("", host="127.0.0.1", port=port, user=given["user"], dbname=given["dbname"])

    def take(self, startup: bytes) -> socket.socket:
        with self.lock:
            if self.idle:
                return self.idle.pop(-1 if self.is_lifo else 0)
        return self.opened(startup)[0]

    def give_back(self, server: socket.socket) -> None:
        with self.lock:
            self.idle.append(server)

    def greeted(self, startup: bytes) -> list[bytes]:
        """What the server says to a client; where transactions are shared, each client adds a session to the pool."""
        if not self.greeting or not self.is_by_session:
            first, self.greeting = self.opened(startup)
            self.give_back(first)
        return self.greeting

    def opened(self, startup: bytes) -> tuple[socket.socket, list[bytes]]:
        """A new session of the server, and what it says at first."""
        given = conninfo_to_dict(self.url)
        host, port = str(given["host"]), int(given.get("port") or 5432)
        server = socket.socket(socket.AF_UNIX) if host.startswith("/") else socket.socket()
        server.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port))
        server.sendall(startup)
        said = [_message(server)]
        while said[-1][:1] not in (b"Z", b"E"):
            said.append(_message(server))
        return server, said


class _Client(socketserver.BaseRequestHandler):
    server: Sharing

    def handle(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            startup = self._startup()
            if b"\0options\0" in startup:
                self.request.sendall(_fatal("unsupported startup parameter: options"))
                return
            said = self.server.greeted(startup)
            key = b"K" + struct.pack("!iII", 12, 4_000_000_000, 1)  # no process has this number
            self.request.sendall(b"".join(key if one[:1] == b"K" else one for one in said))
            if self.server.is_by_session:
                self._keep(startup)
                return
            while (question := _message(self.request))[:1] != b"X":
                self._pass_on(startup, question)

    def _startup(self) -> bytes:
        while True:
            head = _exactly(self.request, 8)
            length, code = struct.unpack("!ii", head)
            if code not in STARTUPS_REFUSED:
                return head + _exactly(self.request, length - 8)
            self.request.sendall(b"N")

    def _keep(self, startup: bytes) -> None:
        """A session for this client alone. One that is reset is a new one."""
        with self.server.places:
            server = self.server.take(startup)
            with contextlib.suppress(OSError):
                _relay(self.request, server)
            if self.server.resets:
                server.close()
            else:
                time.sleep(0.05)  # whoever connects as this client goes is given another one
                self.server.give_back(server)

    def _pass_on(self, startup: bytes, question: bytes) -> None:
        """All that belongs to one transaction, by one session."""
        server = self.server.take(startup)
        while True:
            server.sendall(question)
            while (answer := _message(server))[:1] != b"Z":
                self.request.sendall(answer)
            self.request.sendall(answer)
            if answer[5:] == b"I":
                break
            question = _message(self.request)
            if question[:1] == b"X":
                server.close()
                raise EOFError
        self.server.give_back(server)


def _fatal(text: str) -> bytes:
    fields = b"".join(name + value.encode() + b"\0" for name, value in ((b"S", "FATAL"), (b"C", "08P01"), (b"M", text)))
    return b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0"


def _relay(client: socket.socket, server: socket.socket) -> None:
    """To the end of either; the server does not hear of the client's."""
    with selectors.DefaultSelector() as waiting:
        for way in ((client, server), (server, client)):
            waiting.register(way[0], selectors.EVENT_READ, way)
        while True:
            for key, _ in waiting.select():
                one, other = key.data
                data = one.recv(65536)
                if not data or (one is client and data.endswith(GOODBYE)):
                    return
                other.sendall(data)


def _message(one: socket.socket) -> bytes:
    head = _exactly(one, 5)
    return head + _exactly(one, struct.unpack("!i", head[1:])[0] - 4)


def _exactly(one: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := one.recv(size - len(data))):
            raise EOFError
        data += more
    return data


@contextlib.contextmanager
def small(url: str, *, is_by_session: bool, is_lifo: bool, size: int, resets: bool) -> Iterator[str]:
    """The URL by which the database is reached through the small pooler."""
    with Sharing(url, is_by_session=is_by_session, is_lifo=is_lifo, size=size, resets=resets) as pooler:
        threading.Thread(target=pooler.serve_forever, daemon=True).start()
        try:
            yield pooler.address
        finally:
            pooler.shutdown()
            for server in pooler.idle:
                server.close()


def locks(url: str) -> int:
    """How many advisory locks anybody holds in this database, once poolers have had time to take sessions back."""
    query = """select count(*) from pg_locks where locktype = 'advisory'
               and database = (select oid from pg_database where datname = current_database())"""
    until = time.monotonic() + allowed(5)
    with psycopg.connect(url, autocommit=True) as conn:
        while sum(count for (count,) in conn.execute(query)) and time.monotonic() < until:
            time.sleep(0.05)
        return sum(count for (count,) in conn.execute(query))
