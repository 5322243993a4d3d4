"""A history makes every kind of change, on the reference database and on one of odd shapes; one seed makes one."""

import random
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest

from flows.demo.seed import seed
from tests.histories import altering
from tests.histories.databases import filling
from tests.histories.history import History
from tests.histories.kinds import WRITES

OF_TRANSACTIONS = {"released", "rolled back", "left open", "ended late", "given up late", "vacuumed full", "frozen"}
BATCHES = 15  # the rare kinds are drawn one time in 170, and left out where they would have to wait
DATABASES = 3  # one of them may have lost all rows that some kind wants
SUM = "select coalesce(sum(hashtext(t::text)::numeric), 0), count(*) from {} as t"


Make = Callable[..., str]


@pytest.fixture
def url(database: Make) -> str:
    url = database()
    filling.odd(url)
    return url


def _played(url: str, number: int | random.Random, steps: int) -> Counter[str]:
    with psycopg.connect(url, autocommit=True) as conn, History(conn, "public", number) as history:
        return history.step(steps) + history.settle()


@pytest.mark.parametrize("is_reference", [True, False], ids=["reference", "odd"])
def test_every_kind_of_change_is_made(database: Make, rng: random.Random, is_reference: bool) -> None:
    left = {*WRITES} | OF_TRANSACTIONS
    for _ in range(DATABASES):
        url = database()
        if is_reference:
            seed(url, rows=3_000)
        else:
            filling.odd(url)
        with psycopg.connect(url, autocommit=True) as conn, History(conn, "public", rng) as history:
            for _ in range(BATCHES):
                left -= {*history.step(200), *history.settle()}
                if not left:
                    return
    assert not left


def test_one_seed_makes_one_history(database: Make, rng: random.Random) -> None:
    sums, number = [], rng.randrange(1000)
    for _ in range(2):
        url = database()
        filling.odd(url)
        done = _played(url, number, 60)
        tables = ("users", "pairs", "children", "parts", "keyless", "developer_profiles", "payments")
        with psycopg.connect(url) as conn:
            sums.append((done, [conn.execute(SUM.format(table)).fetchone() for table in tables]))
    assert sums[0] == sums[1]


def test_what_is_open_is_seen_by_nobody_and_ends_with_the_history(url: str, rng: random.Random) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        with History(conn, "public", rng) as history:
            while not history.step(1)["left open"]:
                pass
            query = "select count(*) from pg_stat_activity where application_name = 'history' and xact_start < now()"
            assert conn.execute(query).fetchone() == (1,)
        conn.execute("select pg_sleep(0.1)")
        assert conn.execute(query).fetchone() == (0,)


def test_every_change_of_the_catalogue_is_made(url: str) -> None:
    rng, left = random.Random(1), {f"altered: {kind}" for kind in altering.KINDS}
    with psycopg.connect(url, autocommit=True) as conn:
        for _ in range(150):
            left -= {*altering.alter(conn, "public", rng)}
    assert not left
