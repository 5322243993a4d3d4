"""Writers of an application: each remembers what was acknowledged to it, and what error it met."""

import itertools
import threading
import time
from typing import Self

import psycopg

from tests.support.patience import allowed

STATEMENT = "insert into public.users values (%s, 1)"
FORMS = ("simple", "prepared", "in a transaction", "copy")
SETTLED = 5.0


class Writers:
    """acknowledged: ids of rows that were committed, each with the moment at which that was known."""

    def __init__(self, url: str, count: int):
        self._url, self._numbers = url, itertools.count(1000)
        self.acknowledged: dict[int, float] = {}
        self.errors: list[str] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(FORMS[n % len(FORMS)],)) for n in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(20)

    def _write(self, form: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as conn:
            while not self._is_over.is_set():
                number = next(self._numbers)
                try:
                    self._one(conn, form, number)
                except psycopg.Error as error:
                    self.errors.append(error.sqlstate or type(error).__name__)
                    return
                self.acknowledged[number] = time.monotonic()
                time.sleep(0.002)

    def _one(self, conn: psycopg.Connection, form: str, number: int) -> None:
        if form == "in a transaction":
            with conn.transaction():
                conn.execute("select count(*) from public.users")
                conn.execute(STATEMENT, [number])
        elif form == "copy":
            with conn.cursor() as cursor, cursor.copy("copy public.users (id) from stdin") as sink:
                sink.write_row([number])
        else:
            conn.execute(STATEMENT, [number], prepare=form == "prepared")

    def wait_for_more(self, seconds: float = SETTLED) -> float:
        """Wait until one more write by each is acknowledged; how long that took."""
        began, before = time.monotonic(), len(self.acknowledged)
        while len(self.acknowledged) < before + 2 * len(self._threads):
            if time.monotonic() > began + allowed(seconds):
                raise TimeoutError(f"no more writes within {seconds} s; errors: {self.errors}")
            time.sleep(0.01)
        return time.monotonic() - began

    def wait_for_errors(self, seconds: float = SETTLED) -> list[str]:
        """Wait until each has met an error."""
        until = time.monotonic() + allowed(seconds)
        while len(self.errors) < len(self._threads) and time.monotonic() < until:
            time.sleep(0.01)
        return self.errors
