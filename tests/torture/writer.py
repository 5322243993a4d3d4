"""Somebody who writes to the source while a run reads it, and whose work can be repeated up to a snapshot."""

import random
import threading
import uuid

import psycopg

# Without triggers, which would write the moment, and no repetition is at the same one.
SESSION = "-c session_replication_role=replica -c application_name=torture"
NEW_ROW = """
    insert into notifications select (jsonb_populate_record(n, jsonb_build_object('id', '{id}'))).*
    from notifications as n order by id limit 1 offset {place}
"""
CHANGED_USER = """
    update users set updated_at = '2026-02-03 04:05:{second:02}'
    where id = (select id from users order by id limit 1 offset {place})
"""
LOST_ROW = "delete from email_logs where id = (select id from email_logs order by id limit 1 offset {place})"


class Writer:
    """Writes from the beginning of the block to its end, one transaction each, and keeps what it has committed."""

    def __init__(self, url: str, rng: random.Random):
        self._url, self._rng, self._is_over = url, rng, threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.done: list[tuple[int, str]] = []  # transaction, statement
        self.error = ""

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True, options=SESSION) as conn:
                while not self._is_over.wait(self._rng.uniform(0.02, 0.3)):
                    self._write_once(conn)
        except psycopg.Error as error:
            self.error = str(error).splitlines()[0]

    def _write_once(self, conn: psycopg.Connection) -> None:
        place, row_id = self._rng.randrange(100), uuid.UUID(int=self._rng.getrandbits(128), version=4)
        form = self._rng.choice(self._forms(conn))
        statement = form.format(id=row_id, place=place, second=place % 60)
        with conn.transaction():
            ((number,),) = conn.execute("select pg_current_xact_id()::text").fetchall()
            conn.execute(statement)
        self.done.append((int(number), statement))

    @staticmethod
    def _forms(conn: psycopg.Connection) -> list[str]:
        """What can be done: the small legacy database has no notifications and no e-mails."""
        ((is_large,),) = conn.execute("select to_regclass('notifications') is not null").fetchall()
        return [NEW_ROW, CHANGED_USER, LOST_ROW] if is_large else [CHANGED_USER]

    def repeat(self, url: str, snapshot: str) -> int:
        """Do in another database what the snapshot has seen done (pg_current_snapshot, as text); how many."""
        low, high, running = snapshot.split(":")
        under_way = {int(each) for each in running.split(",") if each}
        seen = [s for n, s in self.done if n < int(low) or (n < int(high) and n not in under_way)]
        with psycopg.connect(url, autocommit=True, options=SESSION) as conn:
            for statement in seen:
                conn.execute(statement)
        return len(seen)
