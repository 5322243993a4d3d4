"""A network between a program and its server that is lost on demand."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy:
    """Passes on what clients and the server say. swallows: takes what they say, and passes on nothing, the end of a
    connection neither. Newcomers are taken, too. A connection of which something was swallowed stays so.

    refuses: newcomers are hung up on. forgotten: so many connections, the first ones, are swallowed; those that come
    later are served.
    """

    def __init__(self, url: str):
        self._known = conninfo_to_dict(url)
        self.swallows, self.refuses, self.forgotten, self.count = False, False, 0, 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = make_conninfo(url, host="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self._over.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.count += 1
                if self.refuses:
                    client.close()
                    continue
                threading.Thread(target=self._pass_on, args=(client, self.count), daemon=True).start()

    def _pass_on(self, client: socket.socket, number: int) -> object:
        with contextlib.suppress(OSError), client, self._server() as server:
            other, is_lost = {client: server, server: client}, False
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(65536)
                    is_lost = is_lost or self.swallows or number <= self.forgotten
                    if not data:
                        return self._over.wait() if is_lost else None
                    if not is_lost:
                        other[one].sendall(data)

    def _server(self) -> socket.socket:
        host, port = self._known["host"], self._known.get("port", "5432")
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server


@contextlib.contextmanager
def between(url: str) -> Iterator[Proxy]:
    """A proxy before the database of that URL."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
