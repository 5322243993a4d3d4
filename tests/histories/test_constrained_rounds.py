"""A build follows its source through what constraints do to rows: each case is a round, held to a fresh build."""

from collections.abc import Callable

import psycopg
import pytest

from tests.histories.databases import filling
from tests.histories.databases.followed import Followed, followed
from tests.histories.playing import compared, following

Database = Callable[..., str]

# What changes rows of constrained.sql; each list is one round.
CONSTRAINED = {
    "a parent without a key": [
        "update regions set name='NN' where code='n'",
    ],
    "a new id that a reference follows": [
        "update verifications set updated_at = '2024-05-01' where id = md5('sub1')::uuid",
    ],
    "a person who goes, while what profiles are made of comes in later": [
        "insert into payments select md5('late')::uuid, user_id, 1, currency, status, provider, created_at "
        "from payments limit 1",
        "delete from users where id = md5('user20')::uuid",
    ],
    "a person who comes, while rows that came to no order were rejected": [
        "insert into users select md5('late')::uuid, 'late@example.com', 'late', null, null, created_at, null "
        "from users limit 1",
    ],
    "what only orders are made of, while rows that came to none were rejected": [
        "update invoices set amount = amount + 1",
    ],
    "a key that cascades, taken by another": [
        "update countries set code='c' where id=1",
        "insert into countries values (9,'a')",
        "update acities set c='a' where id=1",
    ],
    "a key that cascades within its table": [
        "update sf set code='t' where id=1",
        "update sf set code='A' where id=2",
    ],
    "an identity that is always generated": [
        "insert into idn(t) values ('c')",
        "update idn set t='z' where t='a'",
    ],
    "a primary key that may wait": [
        "update defpk set t='x' where id=1",
        "insert into defpk values (3,'n')",
    ],
    "a check that old rows break": [
        "vacuum full nv",
    ],
    "a key that is spelled otherwise": [
        "update nums set k=1.000 where k=1",
        "delete from nums where k=2",
        "insert into nums values (2.000,'b2')",
        "update spelled set n=1.00 where a='b'",
        "delete from spelled where a='b,1.00'",
    ],
    "a circle of cascades": [
        "delete from aa where id=1",
    ],
    "a referenced key that changes hands": [
        "update countries set code='zz' where id=2",
        "update countries set code='b' where id=3",
        "update countries set code='q' where id=2",
    ],
}


@pytest.fixture(scope="module")
def constrained(module_database: Database) -> Followed:
    url = module_database()
    filling.constrained(url)
    return followed(url, module_database())


@pytest.mark.parametrize("what", [*CONSTRAINED])
def test_a_build_follows_whatever_constrains_it(constrained: Followed, database: Database, what: str) -> None:
    settings = constrained.copy(database)
    source = psycopg.connect(settings.source.conninfo, autocommit=True)
    with source as conn, following(settings, constrained.run_id) as session:
        for statement in CONSTRAINED[what]:
            conn.execute(statement)
        assert compared(session, database)[1] == []
