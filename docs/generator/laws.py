"""checks/laws/README.md: how a law is written, and the relations that it may name, asked of PostgreSQL."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg

import checks
from checks.compare.law_files import FOLDER, OF_THE_RUN, Prelude
from checks.reading import catalog
from checks.reading.books import Books
from checks.reading.catalog import Catalog
from checks.reading.facts import Facts
from config import mapping, settings
from docs.generator import markdown

HEAD = """\
A law is a rule of the [contract](../../docs/contract.md) as the auditor puts it: SQL that says what should be there,
and SQL that says what is. Both sides are compared row by row, by hashes; what differs is a finding with its key.

The laws use neither the engine nor the transforms: they say the rule once more. A rule that changes, changes in both.

## The form of a file

`<domain>/<name>.sql`:

```sql
-- What should hold, in sentences. What the key of a finding is, if it is not the id.
-- table: the table of the target that the rule is about
-- severity: warning
-- needs: coupon_uses.id, payments.fee | charge
-- source
select c.id as key, 'General' as title from kb_categories c where c.rejected is null
-- target
select concat(s.category_id) as key, s.title from kb_sections s
```

- `severity` is critical where no line says so.
- `needs` names what the legacy database must have; with `|` one of several is enough. Without it the law is left out,
  and the report says so.
- The first column of both sides is `key`; the other columns have the same names on both. All are texts: the source's
  relations have texts already, values of the target become one by `concat`, `textout` or a cast.
- A rule about the target alone has `-- holds` (select key, and whether the row is as it should be, `as holds`) in place
  of the two sides. Derived ids have `-- derived` (key, id, name): each id is the UUIDv5 of its name. Where only the
  legacy row tells the name, `-- source` selects key and name, and `-- derived` key and id.
- `'\\S'` in a regular expression is a letter that is no white space, whatever the server's locale.
- What several laws need stands in `shared/`: one SELECT a file, with the file's name as its relation.

Rules whose columns are only known from the catalogue are Python modules beside the folders.

## Its fault

Every law has a planted fault in `tests/mutations/<domain>.toml`: a statement that spoils a finished migration, and the
check that must find it.

```toml
[[mutation]]
name = "a section of another name"
sql = "update kb_sections set title = 'Other' where id = (select min(id::text)::uuid from kb_sections)"
finds = "law/kb_sections/sections"
rows = 1
columns = ["title"]
```

The check is called `law/<table>/<name of the file>`. `make mutate` plants them all; one alone is planted by
`.venv/bin/python -m pytest tests/mutations -k "a section of another name"` with NXTGAUGE_MUTATIONS=all in the
environment.
"""
SOURCE = """\
## Relations of the source

Every legacy table of the mapping is a relation of texts under its own name. A rule column has the mapping's name for
it, whatever the table calls it; one that the table lacks is null, and a table that is missing has no rows. Besides them
there are `profile` (all profile tables as one), `forbidden_link` (what the mapping removes from profiles),
`professional_role` (roles that a row without a role may be taken for), `run` (its instant), and the files of `shared/`.

All rows are there, rejected ones too; `rejected` says why. `raw_id` is the id as the books name it, `legacy_id` a UUID
in its plain form, `is_uuid` whether it is one, `id` the target's. `nulled` are the references that were set to null, as
`table.column` of the target. `…_meaning` and `role_key` are what a status or a role means; null: nothing that is known.
"""
TARGET = """\
## Relations of the target

The product's tables by their final names ([target.md](../../docs/target.md)), and of the books the rows of this run:
"""


def page(url: str) -> str:
    """url: of a database that docs.generator.legacy has filled."""
    return markdown.page(
        "Laws", "docs/generator/laws.py and the auditor's relations",
        HEAD.splitlines(), [""], SOURCE.splitlines(), [""], _of_source(url), TARGET.splitlines(), [""], _of_target(),
    )  # fmt: skip


def _of_source(url: str) -> Iterator[str]:
    rules = mapping.load()
    shared = sorted(path.stem for path in (FOLDER / "shared").glob("*.sql"))
    names = ["profile", "forbidden_link", "professional_role", "run", *shared, *rules.tables]
    with psycopg.connect(url) as conn:
        facts = _facts(conn)
        columns = {name: _columns(conn, Prelude(facts), name) for name in names if _is_read(facts, name)}
    tables = {name: columns[name] for name in rules.tables if name in columns}
    common = [name for name in next(iter(tables.values())) if all(name in one for one in tables.values())]
    yield from (f"Every table has {markdown.codes(common)}. Those with rule columns:", "")
    own = {name: ", ".join(one for one in found if one not in common) for name, found in tables.items()}
    yield from markdown.table(("table", "columns beside"), _grouped({name: said for name, said in own.items() if said}))
    yield from (f"Without any: {markdown.codes(name for name, said in own.items() if not said)}.", "")
    others = ((f"`{name}`", ", ".join(found)) for name, found in columns.items() if name not in tables)
    yield from markdown.table(("other relation", "columns"), others)


def _grouped(said: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Names that have the same said of them share a row."""
    for text in dict.fromkeys(said.values()):
        yield markdown.codes(name for name, own in said.items() if own == text), text


def _is_read(facts: Facts, name: str) -> bool:
    """Whether laws may look at it: rows of archived tables are compared as they are, and no rule reads them."""
    return facts.treatments.get(name) != "archive"


def _facts(conn: psycopg.Connection) -> Facts:
    """What the auditor knows of the database before any run."""
    demo, instant = settings.load("demo", {}), datetime.now(UTC).isoformat()
    books = Books("", instant, "demo", "public", None, {})
    source, nothing = catalog.read(conn, "public"), Catalog("none", {})
    return Facts(demo, mapping.load(), source, nothing, nothing, books, demo.time_zone)


def _columns(conn: psycopg.Connection, prelude: Prelude, name: str) -> list[str]:
    query, _ = prelude.of_source(f"select * from {name} limit 0")
    return [column.name for column in conn.execute(query).description or ()]


def _of_target() -> Iterator[str]:
    lines = (Path(checks.__file__).parent / "shape" / "wanted" / "books.txt").read_text("utf-8").splitlines()
    things = [json.loads(line) for line in lines if line.startswith("[")]
    columns = {name: [one[2] for one in things if one[:2] == ["column", name]] for name in OF_THE_RUN}
    rows = [(f"`{name}`", ", ".join(found)) for name, found in columns.items()]
    rows.append(
        ("`spelled_otherwise`", "legacy_table, raw_id, id: ids of archived tables that are UUIDs in another form")
    )
    yield from markdown.table(("relation", "columns"), rows)
