"""What two runs are compared by sees whatever differs between them."""

import psycopg
import pytest

from tests.support import pictures

SOURCE = """
    create schema nxtgauge;
    create schema legacy_archive;
    create table nxtgauge.users (id serial primary key, name text not null);
    insert into nxtgauge.users (name) values ('a'), ('b'), ('c');
    create table legacy_archive.logs (id integer);
    insert into legacy_archive.logs values (1), (1);
"""


@pytest.fixture(scope="module")
def original(module_database):
    url = module_database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SOURCE)
    return url


@pytest.mark.parametrize(
    ("change", "name", "missing", "extra"),
    [
        ("delete from nxtgauge.users where id = 2", "nxtgauge.users", 1, 0),
        ("update nxtgauge.users set name = '' where id = 2", "nxtgauge.users", 1, 1),
        ("insert into legacy_archive.logs values (1)", "legacy_archive.logs", 0, 1),
        ("select nextval('nxtgauge.users_id_seq')", "nxtgauge.users_id_seq", 1, 1),
        ("alter table nxtgauge.users alter name drop not null", "definitions", 1, 1),
    ],
)
def test_a_difference_is_told(original, database, change, name, missing, extra):
    url = database(template=original)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(change)
    found = pictures.differences(pictures.of(original), pictures.of(url))
    assert {key: (d.missing.total(), d.extra.total()) for key, d in found.items()} == {name: (missing, extra)}
