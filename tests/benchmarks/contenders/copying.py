"""What a user would run instead: COPY piped into COPY, pg_dump and pg_restore, pgcopydb."""

import shutil
import statistics
import subprocess
import time

from tests.benchmarks.contenders.contender import LEGACY, CannotTakePart, Contender, Details, Place, call, complaint

STARTS = 9
TABLES = """
    select c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attgenerated = ''
    group by c.relname order by c.relname
"""


def bare_tables(place: Place) -> None:
    """The legacy tables without what constrains them."""
    schema = call(place.server.program("pg_dump"), "--section=pre-data", place.legacy)
    call(place.server.program("psql"), "-qXv", "ON_ERROR_STOP=1", place.target, text=schema)


def copy(place: Place) -> Details:
    """Every table in turn, as bytes; seconds by table."""
    return {"tables": {name: _copied(place, name, columns) for name, columns in place.server.rows(TABLES, LEGACY)}}


def _copied(place: Place, table: str, columns: str) -> float:
    """The seconds that one table takes."""
    started = time.monotonic()
    psql, form = [place.server.program("psql"), "-qXc"], "with (format binary)"
    out = [*psql, f"copy public.{table} ({columns}) to stdout {form}", place.legacy]
    into = [*psql, f"copy public.{table} ({columns}) from stdin {form}", place.target]
    with (
        subprocess.Popen(out, stdout=subprocess.PIPE) as reader,
        subprocess.Popen(into, stdin=reader.stdout, stderr=subprocess.PIPE, text=True) as writer,
    ):
        if reader.stdout:
            reader.stdout.close()  # or the reader would not hear that the writer has ended
        _, errors = writer.communicate()
    if writer.returncode or reader.returncode:
        raise CannotTakePart(complaint(into, writer.returncode, errors))
    return time.monotonic() - started


def pipe_nothing(place: Place) -> Details:
    """The seconds that are of the two programs' start, as the median of some."""
    place.server.rows("create table nothing (id integer)", LEGACY)
    place.server.rows("create table nothing (id integer)", place.target_name)
    try:
        taken = [_copied(place, "nothing", "id") for _ in range(STARTS)]
    finally:
        place.server.rows("drop table nothing", LEGACY)
    return {"empty_seconds": statistics.median(taken)}


def dump_and_restore(place: Place) -> Details:
    """With all indexes and constraints, uncompressed, as many jobs as there are cores."""
    folder, jobs = place.server.folder / "dump", f"-j{place.jobs}"
    started = time.monotonic()
    call(place.server.program("pg_dump"), "-Fd", jobs, "-Z0", "-f", str(folder), place.legacy)
    dumped = time.monotonic()
    call(place.server.program("pg_restore"), jobs, "-d", place.target, str(folder))
    return {"stages": {"dump": dumped - started, "restore": time.monotonic() - dumped}}


def remove_dump(place: Place) -> Details:
    shutil.rmtree(place.server.folder / "dump", ignore_errors=True)
    return {}


def find_pgcopydb(place: Place) -> None:
    if not shutil.which("pgcopydb"):
        raise CannotTakePart("pgcopydb is not installed here")


def pgcopydb(place: Place) -> Details:
    jobs, folder = str(place.jobs), str(place.server.folder / "pgcopydb")
    call("pgcopydb", "clone", "--table-jobs", jobs, "--index-jobs", jobs, "--dir", folder, "--no-acl", "--no-owner",
         "--source", place.legacy, "--target", place.target)  # fmt: skip
    return {}


def remove_pgcopydb(place: Place) -> Details:
    shutil.rmtree(place.server.folder / "pgcopydb", ignore_errors=True)
    return {}


CONTENDERS = (
    Contender(
        "copy", "psql COPY into psql COPY, every table, no constraints", copy, before=bare_tables, after=pipe_nothing
    ),
    Contender("dump", "pg_dump -j and pg_restore -j", dump_and_restore, after=remove_dump),
    Contender("pgcopydb", "pgcopydb clone", pgcopydb, before=find_pgcopydb, after=remove_pgcopydb),
)
