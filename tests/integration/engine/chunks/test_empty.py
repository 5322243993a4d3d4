"""Tables without rows: their chunks are done, and nobody is sent to move them."""

from engine import run
from engine.load.moving import Move
from engine.start.options import Options
from tests.support.auditors import trusting

SOURCE = """
    create table users (id uuid primary key, email text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    create table departments (id uuid primary key, name text);
    insert into users select gen_random_uuid(), concat(n) from generate_series(1, 5) n;
"""


def test_chunks_of_tables_without_rows_are_written_down_at_once(settings, target, monkeypatch):
    moved, move = [], Move.__call__

    def seen(self, chunk):
        moved.append(self.work.route(chunk.route).legacy_table)
        return move(self, chunk)

    monkeypatch.setattr(Move, "__call__", seen)
    summary = run.migrate(settings, Options(auditor=trusting))
    assert set(moved) == {"users"} and all(table["balanced"] for table in summary.tables)
    query = "select split_part(route, ' ', 1), max(rows_read)::int from migration.chunks group by 1"
    assert dict(target.execute(query).fetchall()) == {"users": 5, "tutor_profiles": 0, "departments": 0}
