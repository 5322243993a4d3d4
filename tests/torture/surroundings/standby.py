"""A source that is a standby: what is vacuumed or locked on its primary takes back what its sessions were reading."""

import random
import time

import psycopg

from tests.torture.servers import OWN_NAME, Server

CONFLICTS = """
    select confl_snapshot + confl_lock + confl_bufferpin + confl_deadlock from pg_stat_database_conflicts
    where datname = %s
"""
SCRATCH = "create schema scratch; create table scratch.touched as select n from generate_series(1, 2000) as n"
TOUCHED = ("update scratch.touched set n = n + 1", "vacuum scratch.touched")
# The rows stay as they are, and stand elsewhere: whoever resumes reads their table again.
MOVED = ("update public.users set id = id where ctid < '(2,1)'", "vacuum public.users")
# Without triggers, which would write the moment into the rows.
SESSION = f"-c session_replication_role=replica -c application_name={OWN_NAME}"
LOCKED = "lock table public.users in access exclusive mode"


def conflict(primary: Server, standby: Server, database: str, seconds: float, rng: random.Random) -> int:
    """Have the primary vacuum and lock for so long; how many sessions' work the standby took back."""
    before, until = _conflicts(standby, database), time.monotonic() + seconds
    with psycopg.connect(primary.url(database), autocommit=True, options=SESSION) as conn:
        while time.monotonic() < until:
            for statement in rng.choice([TOUCHED, TOUCHED, MOVED]):
                conn.execute(statement)
            if rng.random() < 0.2:
                with conn.transaction():
                    conn.execute(LOCKED)
                    time.sleep(rng.uniform(0.2, 1))
            time.sleep(rng.uniform(0, 0.5))
    return _conflicts(standby, database) - before


def _conflicts(standby: Server, database: str) -> int:
    return int(standby.ask(CONFLICTS, [database])[0][0])
