"""A copy of tables that is kept by the change feed alone, as plainly as can be."""

import time

import psycopg
from psycopg import sql

from engine.changes import feed, keys, rounds
from engine.changes.feed import Changes, Found
from engine.changes.marks import Mark
from engine.session import snapshot

RUN = "a run"
OF_ALL = "select md5(string_agg(md5(t::text), '' order by md5(t::text))), count(*) from {} as t"


class Mirror:
    """conn: on the target, which has the books; the copies stand in schema mirror there."""

    def __init__(self, source, conn: psycopg.Connection, tables: tuple[str, ...]):
        self.source, self.conn, self.tables = source, conn, tables
        self.first: Mark | None = None
        conn.execute("create schema mirror")

    def make(self, ddl: str) -> None:
        """The copies' empty tables, without constraints but for their keys."""
        with self.conn.transaction():
            self.conn.execute("set local search_path = mirror, public")
            self.conn.execute(ddl)

    def follow(self) -> Changes:
        """One round; the rows and the record of the round are one transaction."""
        began = time.monotonic()
        with snapshot.hold(self.source) as held:
            reader = held.holder
            with self.conn.transaction():
                last = rounds.last(self.conn, RUN)
                since = [last.reached if last else None, self.first]
                found, of_all = feed.compare_all(reader, "public", self.tables, since)
                assert of_all.tables == feed.compare(reader, "public", self.tables, self.first).tables
                self.first = self.first or found.now
                for table in found.changed:
                    self._apply(reader, found, table)
                told = {each.name: [each.written, each.lost, each.whole] for each in found.changed}
                rounds.add(self.conn, RUN, found.now, told, time.monotonic() - began)
            self._compare(reader)
        return found

    def _apply(self, reader: psycopg.Connection, changes: Changes, found: Found) -> None:
        copy, into = found.table.rows_of("mirror"), sql.Identifier("mirror", found.name)
        if found.whole:
            self.conn.execute(sql.SQL("delete from {}").format(copy))
        else:
            known = [keys.of(found.table, "mirror")]
            with keys.settled(reader, self.conn, changes, found, known) as told:
                assert told.inserted + told.updated == found.written and told.updated + told.gone == found.lost
                columns = found.table.columns
                for gone in ([told.written] if told.updated else []) + ([told.gone_keys] if told.gone else []):
                    query = sql.SQL("delete from {} where ({columns}) in (select {columns} from {})")
                    count = self.conn.execute(query.format(copy, gone, columns=columns)).rowcount
                    assert count == (told.gone if gone is told.gone_keys else told.updated)
        rows = sql.SQL("copy (select t.* {}) to stdout").format(changes.rows_to_read(found))
        into = sql.SQL("copy {} from stdin").format(into)
        with reader.cursor() as a, self.conn.cursor() as b, a.copy(rows) as source, b.copy(into) as sink:
            for data in source:
                sink.write(data)

    def _compare(self, reader: psycopg.Connection) -> None:
        """Errors: AssertionError if a copy is not what the snapshot has."""
        for name in self.tables:
            only = sql.SQL("" if name == "parts" else "only ")
            wanted = reader.execute(sql.SQL(OF_ALL).format(only + sql.Identifier("public", name))).fetchone()
            found = self.conn.execute(sql.SQL(OF_ALL).format(only + sql.Identifier("mirror", name))).fetchone()
            assert found == wanted, f"{name}: {found}, wanted {wanted}"
