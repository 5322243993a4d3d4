"""A TCP proxy before a server: passes bytes on until it is told to reset connections, to hold still, or to swallow.

One thread serves all connections, so that a reset is between two reads, and never while a socket is in use elsewhere.
"""

import contextlib
import random
import selectors
import socket
import struct
import threading
import time

READ_BYTES = 64 * 1024
TICK_SECONDS = 0.05
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing says RST
Pair = tuple[socket.socket, socket.socket]


class Proxy:
    """port: where clients connect to."""

    def __init__(self, server_port: int):
        self._server_port, self._lock = server_port, threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._pairs: list[Pair] = []
        self._left_bytes: int | None = None  # until all is reset
        self._still_until = 0.0
        self._swallowed: list[Pair] = []  # connections that are taken from, and given nothing any more
        self._swallows_all_until = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port = self._listener.getsockname()[1]
        self._is_open = True
        threading.Thread(target=self._serve, name="proxy", daemon=True).start()

    def reset_all(self) -> None:
        with self._lock:
            for pair in list(self._pairs):
                self._reset(pair)

    def reset_one(self, rng: random.Random) -> None:
        with self._lock:
            if self._pairs:
                self._reset(rng.choice(self._pairs))

    def reset_after(self, size: int | None) -> None:
        """All connections, as soon as so many bytes have passed; None: not any more."""
        with self._lock:
            self._left_bytes = size

    def swallow_one(self, rng: random.Random) -> None:
        with self._lock:
            if self._pairs:
                self._swallowed.append(rng.choice(self._pairs))

    def swallow_all(self, seconds: float) -> None:
        """Those that are there for ever, and newcomers for so long."""
        with self._lock:
            self._swallowed += self._pairs
            self._swallows_all_until = time.monotonic() + seconds

    def hold_still(self, seconds: float) -> None:
        with self._lock:
            self._still_until = time.monotonic() + seconds

    def close(self) -> None:
        with self._lock:
            self._is_open = False
            self.reset_all()
            self._selector.unregister(self._listener)
            self._listener.close()

    def _serve(self) -> None:
        while self._is_open:
            if time.monotonic() < self._still_until:
                time.sleep(TICK_SECONDS)
                continue
            for key, _ in self._selector.select(TICK_SECONDS):
                with self._lock:
                    if self._is_open:
                        self._accept() if key.fileobj is self._listener else self._pass(key)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port), timeout=5)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.settimeout(30)  # for writing: who reads nothing for so long is gone
            self._selector.register(one, selectors.EVENT_READ, other)
        self._pairs.append((client, server))
        if time.monotonic() < self._swallows_all_until:
            self._swallowed.append((client, server))

    def _pass(self, key: selectors.SelectorKey) -> None:
        pair = next((pair for pair in self._pairs if key.fileobj in pair), None)
        if pair is None:
            return  # it was reset in this very round
        try:
            data = (pair[0] if key.fileobj is pair[0] else pair[1]).recv(READ_BYTES)
            if pair in self._swallowed:
                self._swallow(key, pair, data)
                return
            key.data.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._forget(pair)
        elif self._left_bytes is not None:
            self._left_bytes -= len(data)
            if self._left_bytes <= 0:
                self._left_bytes = None
                self.reset_all()

    def _swallow(self, key: selectors.SelectorKey, pair: Pair, data: bytes) -> None:
        """The end of the server's side is kept from the client, too; that of the client's ends both."""
        if not data and key.fileobj is pair[0]:
            self._forget(pair)
        elif not data:
            self._selector.unregister(key.fileobj)

    def _reset(self, pair: Pair) -> None:
        for one in pair:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._forget(pair)

    def _forget(self, pair: Pair) -> None:
        self._pairs.remove(pair)
        self._swallowed = [each for each in self._swallowed if each is not pair]
        for one in pair:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(one)
            one.close()
