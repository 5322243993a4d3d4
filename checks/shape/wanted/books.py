"""The wanted things of schema migration: the books as this version of the program makes them.

Laws
- `books.txt` is the auditor's own list of them, a thing a line; statements that are a new thing's own stand in no line.
- `python -m checks.shape.wanted.books URL` prints the list for the books of a database; a test holds the file to it.
- Books of another version are held to what no version has: triggers, rules, policies, views and grants of others.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg

from checks.reading.statements import one_value
from checks.shape import things
from checks.shape.things import Thing
from checks.shape.wanted.plain import PLAIN_COLUMN, PLAIN_CONSTRAINT, PLAIN_INDEX, PLAIN_TABLE, SERVED

SCHEMA = "migration"
LIST = Path(__file__).parent / "books.txt"
PLAIN = {
    "table": PLAIN_TABLE, "column": PLAIN_COLUMN | {"home": "pg_catalog"}, "constraint": PLAIN_CONSTRAINT,
    "index": PLAIN_INDEX | {"unique": False, "comment": None}, "view": {}, "function": {},
}  # fmt: skip
SAYS = {
    "constraint": ("kind", "columns", "table", "referenced", "on delete", "keys"), "column": ("type",),
    "index": ("keys",), "function": ("body", "language", "security definer", "settings"), "table": (),
    "view": ("definition",),
}  # fmt: skip
VERSION = "select coalesce(max(version), 0) from migration.version"


def version(target: psycopg.Connection) -> int:
    """The version of the books of this database."""
    return one_value(target, int, VERSION)


def wanted() -> tuple[int, list[Thing]]:
    """(the version of the books that the list is of, its things)."""
    head, *lines = LIST.read_text(encoding="utf-8").splitlines()
    return int(head.rpartition(" ")[2]), [_thing(line) for line in lines]


def _thing(line: str) -> Thing:
    kind, of, name, says = json.loads(line)
    plain = PLAIN[kind] | (PLAIN_INDEX if says.get("kind") in tuple(SERVED) else {})
    return Thing(kind, of, name, things.spelled(plain | says))


def listed(version: int, found: Iterable[Thing]) -> Iterator[str]:
    """The lines of the list for these books."""
    yield f"# checks/shape/wanted/books.py reads this: schema migration, version {version}"
    ours = [thing for thing in found if thing.kind in PLAIN]
    for thing in sorted(ours, key=lambda thing: (thing.kind, thing.of or "", thing.name)):
        plain, more = PLAIN[thing.kind], SAYS[thing.kind]
        says = {n: v for n, v in thing.says.items() if n in more or (n in plain and v != plain[n])}
        yield json.dumps([thing.kind, thing.of, thing.name, {n: v for n, v in says.items() if v is not None}])


if __name__ == "__main__":
    with psycopg.connect(sys.argv[1]) as conn:
        print("\n".join(listed(version(conn), things.read(conn, SCHEMA))))
