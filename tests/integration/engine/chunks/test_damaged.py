"""A row of the source that cannot be read at all: the run names it, and goes on once it is mended as it says."""

import re

import psycopg
import pytest

from config import settings as configuration
from config.errors import SourceError
from engine import run
from engine.books import bookkeeping
from engine.start.options import Options
from tests.support.auditors import trusting

# An enum's label that is gone stands for what a damaged page leaves: a value that its type's output function refuses.
SOURCE = """
    create table users (id uuid primary key);
    create type mood as enum ('a', 'b');
    create table parts (id int, "m M" mood, k int, primary key (id, k)) partition by list (k);
    create table parts_1 partition of parts for values in (1);
    insert into parts values (1, 'a', 1), (2, 'b', 1), (3, 'a', 1);
    create table onboarding_configs (id int primary key, name text, m mood);
    insert into onboarding_configs values (1, 'Canary', 'b');
    delete from pg_enum where enumlabel = 'b' and enumtypid = 'mood'::regtype;
"""


def test_a_row_that_cannot_be_read_is_named_and_mended_as_printed(database):
    source, target = database(), database()
    settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
        run_id, wanted = None, {'"public"."parts_1"': "m M", '"public"."onboarding_configs"': "m"}
        while wanted:
            with pytest.raises(SourceError) as caught:
                run.migrate(settings, Options(auditor=trusting, run_id=run_id))
            said = str(caught.value)
            table = re.search(r"the row at \(\d+,\d+\) of (\S+) is damaged", said)[1]
            assert f"damaged: {wanted.pop(table)} cannot be read" in said and "Canary" not in said
            assert conn.execute(re.search("`(update [^`]*)`", said)[1].replace("…", "'a'")).rowcount == 1
            with psycopg.connect(target) as books:
                run_id = bookkeeping.runs(books)[0].run_id
    assert run.migrate(settings, Options(auditor=trusting, run_id=run_id)).state == "published"
