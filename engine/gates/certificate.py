"""The rehearsal certificate: what a passed dry-run has rehearsed, and what differs from it now.

Laws
- Only a dry-run issues one: after its gates have passed, in the transaction that ends it.
- Its hash is the sha256 of its parts as JSON with sorted keys and without blanks; a file whose parts have another hash
  is damaged and counts for nothing.
- Mapping, target DDL, program, the settings that decide outcomes, and the source's schema must equal the rehearsed
  ones; numbers of rows may differ, which is reported.
- Names, types, digests and counts; no value of a row.
"""

import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

import config
from config import target
from config.errors import ConfigError
from config.settings import DEFAULT_PROFILE, Settings
from config.shapes import Column
from engine.books import bookkeeping
from engine.books.versioned import has
from engine.gates import summary
from engine.planning.plan import Plan
from engine.reflect import expressions
from engine.reflect.catalog import LegacyTable

PROGRAM = Path(config.__file__).parents[1]
PACKAGES = ("config", "transforms", "engine", "checks")  # what decides what becomes of a row, and judges it
RULES = ("unmapped_columns", "unmapped_tables", "missing_tables", "time_zone", "extension_schema")
WHAT = {
    "mapping": "the mapping (config/mapping)",
    "target_ddl": "the target DDL (config/target)",
    "code_version": "the program",
    "settings": "the settings",
    "source_schema": "the source's schema",
}
PARTS = (*WHAT, "source", "rows", "rejects")
FIGURES = ("source_rows", "loaded", "merged", "rejected", "archived")


@dataclass(frozen=True)
class Certificate:
    """One row of migration.certificates, or a file of the same content. parts: see `stated` and `of_rows`; `cutover`
    of one that rehearsed that, too (engine.rehearsal.told)."""

    hash: str
    run_id: str
    issued_at: str  # ISO 8601
    source_schema: str
    target_schema: str
    parts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def brief(self, role: str, changes: Iterable[str] = ()) -> dict[str, Any]:
        """The certificate as a report shows it. role: issued, or in force; changes: of figures, as sentences."""
        digests = {name: self.parts[name] for name in ("mapping", "target_ddl", "code_version", "source_schema")}
        own = {"role": role, "hash": self.hash, "run_id": self.run_id, "issued_at": self.issued_at}
        rehearsed = {"cutover": self.parts["cutover"]} if "cutover" in self.parts else {}
        return own | digests | rehearsed | {"changes": list(changes)}


def stated(plan: Plan, settings: Settings) -> dict[str, Any]:
    """The parts that must be the same in a rehearsal and in the run that follows it."""
    source = _source(plan)
    return stated_of_program(plan.mapping_digest, settings) | {"source_schema": digest(source), "source": source}


def stated_of_program(mapping_digest: str, settings: Settings) -> dict[str, Any]:
    """The same, as far as it needs no plan."""
    return {
        "mapping": mapping_digest,
        "target_ddl": _files_digest(target.FOLDER, "*.sql"),
        "code_version": code_version(),
        "settings": {name: getattr(settings, name) for name in RULES},
    }


def of_rows(conn: psycopg.Connection, run_id: str) -> dict[str, Any]:
    """The parts about rows. rows: legacy table → its outcomes; rejects: legacy table → reason → rows."""
    reasons: dict[str, dict[str, int]] = {}
    for row in summary.rows(conn, summary.REJECTS, run_id):
        reasons.setdefault(row["legacy_table"], {})[row["reason"]] = row["rows"]
    balance = summary.rows(conn, summary.BALANCE, run_id)
    rows = {row["legacy_table"]: {name: row[name] for name in FIGURES} for row in balance}
    return {"rows": rows, "rejects": reasons}


def issue(conn: psycopg.Connection, run_id: str, parts: dict[str, Any]) -> Certificate:
    """Record what this dry-run has rehearsed: all parts, as `stated` and `of_rows` give them."""
    query = """
        insert into migration.certificates (run_id, hash, source_schema, target_schema, parts)
        select run_id, %s, source_schema, target_schema, %s from migration.runs where run_id = %s
        on conflict (run_id) do update
        set (hash, issued_at, parts) = (excluded.hash, excluded.issued_at, excluded.parts)
    """
    conn.execute(query, [digest(parts), json.dumps(parts), run_id])
    found = _one(conn, "run_id = %s", [run_id])
    if found is None:
        raise LookupError(f"the books have no run {run_id}, for which a certificate was to be issued")
    return found


def latest(conn: psycopg.Connection, source_schema: str, *, of_cutover: bool = False) -> Certificate | None:
    """The last one that was issued in this target for a source schema of this name. of_cutover: that rehearsed it."""
    if not bookkeeping.is_present(conn) or not has(conn, "migration.certificates"):
        return None
    wanted = "source_schema = %s and parts -> 'cutover' is not null" if of_cutover else "source_schema = %s"
    return _one(conn, f"{wanted} order by issued_at desc, run_id desc limit 1", [source_schema])


def read(path: str | Path) -> Certificate:
    """The certificate in a file, issued by a rehearsal elsewhere. Errors: ConfigError that names the file."""
    try:
        found = _whole(Path(path).read_bytes())
    except OSError as error:
        raise ConfigError(f"the certificate {path} cannot be read: {error.strerror}") from None
    if found is None:
        raise ConfigError(
            f"{path} is no certificate, or a damaged one; wanted the certificate.json of a dry-run as it was written"
        )
    return found


def _whole(text: bytes) -> Certificate | None:
    """The certificate that the text holds; None where it is none, or not as it was written."""
    try:
        found = Certificate(**json.loads(text))
        is_whole = digest(found.parts) == found.hash and set(PARTS) <= found.parts.keys()
    except (ValueError, TypeError, AttributeError):
        return None
    return found if is_whole else None


def kept(run: bookkeeping.Run | None) -> Certificate | None:
    """The certificate that a run was given as a file when it began, or later."""
    return Certificate(**run.certificate) if run and run.certificate else None


def faults(settings: Settings, found: Certificate | None, parts: Mapping[str, Any]) -> list[str]:
    """Why a run that is no dry-run may not begin, one sentence each. found: the certificate that it is held to, if
    any."""
    if found is None and not settings.require_certificate:
        return []
    if found is None:
        return [
            f"profile {settings.profile} requires a rehearsal's certificate, and this target has none for source "
            f"schema {settings.source_schema}; `{rehearsal(settings)}` issues one, or name the "
            f"certificate.json of a rehearsal elsewhere with --certificate"
        ]
    drifted = [f"not as rehearsed by run {found.run_id}: {sentence}" for sentence in drift(found.parts, parts)]
    return [*drifted, f"rehearse again: `{rehearsal(settings)}` issues another certificate"] if drifted else []


def rehearsal(settings: Settings) -> str:
    """The command that issues a certificate for this profile."""
    return f"nxtgauge-migrate {profiled(settings)}migrate --dry-run"


def profiled(settings: Settings) -> str:
    """The option of a rehearsal for this profile; none if the default one, which tolerates rejected rows, leads to the
    same outcomes."""
    default = settings.under(DEFAULT_PROFILE)
    is_alike = all(getattr(default, name) == getattr(settings, name) for name in RULES)
    return "" if is_alike else f"--profile {settings.profile} "


def drift(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs from the rehearsal, one sentence each; figures take no part, nor does a source of which now says
    nothing."""
    found = []
    for part in ("mapping", "target_ddl", "code_version"):
        if then[part] != now[part]:
            found.append(f"{WHAT[part]} was {_short(then[part])}, is {_short(now[part])}")
    found += [f"{name} {verb}" for name, verb in _differences(then["settings"], now["settings"])]
    if "source" not in now:
        return found
    source = list(_source_drift(then["source"], now["source"]))
    if then["source_schema"] != now["source_schema"] and not source:
        source = [f"{WHAT['source_schema']} was {_short(then['source_schema'])}, is {_short(now['source_schema'])}"]
    return found + source


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """How figures differ from the rehearsal's, one sentence each."""
    found = []
    for part in ("rows", "rejects"):
        for table in sorted(then[part].keys() | now[part].keys()):
            pairs = _differences(then[part].get(table, {}), now[part].get(table, {}))
            found += [f"{table}: {name} {verb}" for name, verb in pairs]
    return found


def digest(value: object) -> str:
    """sha256 of a value's one spelling in JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@functools.cache
def code_version() -> str:
    """The package's version and a digest of its code: two checkouts of one version may differ."""
    found = hashlib.sha256("".join(_files_digest(PROGRAM / name, "*.py", "*.sql") for name in PACKAGES).encode())
    return f"{importlib.metadata.version('nxtgauge-migrate')}+{found.hexdigest()[:12]}"


def _files_digest(folder: Path, *patterns: str) -> str:
    """Of names and bytes of all files below a folder."""
    found = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in folder.rglob(pattern)):
        found.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _source(plan: Plan) -> dict[str, Any]:
    """The source's schema as far as the run moves it: tables, and the types, functions and sequences they need."""
    catalog = plan.source
    kinds: dict[str, list[tuple[str, object]]] = {
        "type": [(t.name, t) for t in catalog.types if t.name in {*plan.types, *plan.archive_types}],
        "function": [(f.signature, f) for f in catalog.functions if f.signature in plan.functions],
        "collation": [
            (c.name, c) for c in catalog.collations if c.name in {*plan.collations, *plan.archive_collations}
        ],
        "text search": [(t.name, t) for t in catalog.text_search if t.name in plan.text_search],
        "sequence": [(s.name, s) for s in catalog.sequences if s.name in plan.sequences],
    }
    tables = {table.name: _table(table.legacy) for table in plan.tables if table.disposition != "skip"}
    return {"tables": tables} | {kind: {name: _mark(value) for name, value in found} for kind, found in kinds.items()}


def _table(table: LegacyTable) -> dict[str, Any]:
    shape = table.shape
    return {
        "columns": {column.name: _column(column) for column in shape.columns},
        "details": {c.name: _mark((c.default, c.collation, c.identity, c.generated)) for c in shape.columns},
        "constraints": {c.name: _mark(c) for c in shape.constraints if c.kind != "n"},
        "indexes": {index.name: _mark(index) for index in shape.indexes},
        "kind": f"{table.kind} {table.partition_key or ''}".strip(),
    }


def _column(column: Column) -> str:
    return f"{column.type} not null" if column.not_null else column.type


def _mark(value: object) -> str:
    return digest(_plain(value))[:16]


def _plain(value: object) -> object:
    """A frozen value as JSON's own kinds; what differs between copies of one schema, and comments, take no part."""
    if isinstance(value, str):
        return expressions.read_again(value)
    if is_dataclass(value):
        own = [f.name for f in fields(value) if f.compare and f.name != "comment"]
        return {name: _plain(getattr(value, name)) for name in own}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _source_drift(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = then["tables"], now["tables"]
    for name in sorted(before.keys() | after.keys()):
        if name not in after or name not in before:
            yield f"table {name} {'is gone' if name in before else 'has appeared'}"
        else:
            yield from _table_drift(name, before[name], after[name])
    for kind in ("type", "function", "sequence"):
        for name, verb in _marked(then[kind], now[kind]):
            yield f"{kind} {name} {verb}"


def _table_drift(table: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for column, verb in _differences(then["columns"], now["columns"]):
        yield f"column {table}.{column} {verb}"
    for column in sorted(then["details"].keys() & now["details"].keys()):
        if then["details"][column] != now["details"][column]:
            yield f"column {table}.{column} has another default, identity, expression or collation"
    for part, what in (("constraints", "constraint"), ("indexes", "index")):
        for name, verb in _marked(then[part], now[part]):
            yield f"{what} {name} of {table} {verb}"
    if then["kind"] != now["kind"]:
        yield f"table {table} is partitioned otherwise"


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and what became of it, values shown."""
    for name in sorted(then.keys() | now.keys()):
        if name not in then:
            yield name, f"has appeared ({now[name]})"
        elif name not in now:
            yield name, f"is gone (was {then[name]})"
        elif then[name] != now[name]:
            yield name, f"was {then[name]}, is {now[name]}"


def _marked(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The same of digests, which say nothing to anybody."""
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield name, "has appeared" if name not in then else "is gone" if name not in now else "is another"


def _short(text: str) -> str:
    return text if len(text) < 64 else text[:12]


def _one(conn: psycopg.Connection, condition: str, values: list[str]) -> Certificate | None:
    query = "select run_id, hash, issued_at, source_schema, target_schema, parts from migration.certificates where "
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query + condition, values).fetchone()
    return Certificate(**row | {"issued_at": row["issued_at"].isoformat()}) if row else None
