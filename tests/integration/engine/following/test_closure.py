"""What a round's changes touch is found within few steps: nothing is found that is derived already."""

import psycopg

from config import settings as configuration
from engine import sync
from engine.session.execution import Silent
from tests.support.failpoints.trial import legacy

REVIEWS = """
    create table reviews (id uuid primary key, professional_id uuid references professionals, rating int);
    insert into reviews
    select md5('review' || n)::uuid, md5('professional' || n)::uuid, 5 from generate_series(1, 200) n
"""
MOVED = """
    delete from developer_profiles where id in (
        select d.id from developer_profiles as d join professionals as p on p.user_id = d.user_id
        where p.profession = 'developer' order by d.id limit 3
    )
"""


class Stages(Silent):
    def __init__(self) -> None:
        self.told: list[str] = []

    def stage(self, name: str) -> None:
        self.told.append(name)

    def message(self, text: str) -> None:
        self.told.append(text)


def test_references_that_lead_elsewhere_now_are_found_once(database):
    source = legacy(database())
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(REVIEWS)
        settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": database()})
        run_id = sync.sync(settings, sync.Following(rounds=0)).run_id
        conn.execute(MOVED)
        stages, heard = Stages(), []
        assert sync.sync(settings, sync.Following(rounds=1, watch=stages, heard=heard.append)).run_id == run_id
    assert not [told for told in stages.told if told.startswith("beginning anew")]
    assert 2 <= stages.told.count("read") <= 4
    assert heard[0].read["reviews"] >= 1
