"""Great Expectations at work: a context, a validation per table, results without values. In a process of its own.

Laws
- Great Expectations is imported in the child alone: it takes seconds and some 300 MB. The child gets the connection
  through its standard input, and answers there in JSON; what it would print goes nowhere, for it may quote values.
- The session cannot write, and stands in the schema under judgement: suites name their tables plainly.
- `success` does not know severities, so results are read one by one. An expectation that raised is an ERROR and shows
  the kind of its exception only. A child that dies is one ERROR.
- Only counts come back from the database, and the keys of rows that break a rule.
"""

import contextlib
import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from sqlalchemy.pool import StaticPool

from checks import connect, gx_docs
from checks.suites import rules
from checks.suites.schema import quoted, read
from checks.verdict import CRITICAL, ERROR, FAIL, INFO, MAX_ROWS, PASS, Check, Row
from config import mapping, target
from config.connection import Connection
from config.errors import MigrateError

if TYPE_CHECKING:
    from checks.suites.generated import Part, Planned

BOOLEANS = "BOOLEAN_ONLY"
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
ENVIRONMENT = {"GX_ANALYTICS_ENABLED": "false", "PYTHONPATH": str(Path(__file__).parents[1])}

Answer = tuple[list[Check], list[str]]


@dataclass(frozen=True)
class Started:
    """A judgement under way in a child process."""

    process: subprocess.Popen

    def result(self) -> Answer:
        """The results, and sentences about what was not looked at. Waits for the child; ends it if interrupted."""
        try:
            answer = json.loads(self.process.stdout.read() or "null")
            code = self.process.wait()
        except ValueError:
            answer, code = None, self.process.wait()
        except BaseException:
            self.stop()
            raise
        if not answer or "failed" in answer:
            return [_died((answer or {}).get("failed") or f"the process ended with code {code}")], []
        return [_revived(check) for check in answer["checks"]], answer["not_looked_at"]

    def stop(self) -> None:
        """End the child; nothing is written, so nothing is lost."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def judge(
    connection: Connection,
    schema: str,
    rows: dict[str, int],
    *,
    tables: set[str] | None = None,
    docs: Path | None = None,
) -> Answer:
    """Judge a schema of the target by the suites.

    rows: target table → the number of rows it should have. tables: look at these only. docs: a folder for Data Docs.
    """
    return start(connection, schema, rows, tables=tables, docs=docs).result()


def start(
    connection: Connection,
    schema: str,
    rows: dict[str, int],
    *,
    tables: set[str] | None = None,
    docs: Path | None = None,
) -> Started:
    """Like judge, but beside other work; ask the result of what this returns."""
    request = {
        "connection": asdict(connection),
        "schema": schema,
        "rows": rows,
        "tables": sorted(tables) if tables is not None else None,
        "docs": str(docs.resolve()) if docs else None,
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "checks.gx"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | ENVIRONMENT,
    )
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(json.dumps(request).encode())
    return Started(process)


def _died(why: str) -> Check:
    title = "the expectation suites were run"
    return Check("suite", "suite", "", None, title, ERROR, CRITICAL, detail=f"they were not: {why}")


def _revived(check: dict) -> Check:
    rows = tuple(Row(row["key"], row["what"], tuple(row["columns"])) for row in check["rows"])
    return Check(**check | {"rows": rows})


# From here on: the child.


def main() -> None:
    """Read a request from standard input, judge, answer on standard output."""
    answers = os.dup(sys.stdout.fileno())
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    try:
        answer = _answered(json.load(sys.stdin))
    except Exception as error:
        answer = {"failed": _where(error)}
    with os.fdopen(answers, "w") as out:
        json.dump(answer, out)


def _where(error: Exception) -> str:
    """The kind of an error and where it came up; what it says only if it is ours, for those quote no values."""
    if isinstance(error, MigrateError):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/checks/" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _answered(request: dict) -> dict:
    with _session(Connection(**request["connection"]), request["schema"]) as engine:
        judgement = Judgement(engine, request)
        return {"checks": [asdict(check) for check in judgement.checks()], "not_looked_at": judgement.not_looked_at}


@contextlib.contextmanager
def _session(connection: Connection, schema: str) -> Iterator[sqlalchemy.Engine]:
    """One session for everything, by the auditor's own rules; an engine that Great Expectations can have."""
    with connect.engine(connection).connect() as first:
        session = first.connection.driver_connection
        session.execute("select set_config('search_path', quote_ident(%s), false)", [schema])
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: session, poolclass=StaticPool)
        sqlalchemy.event.listen(engine, "handle_error", _hush, retval=True)
        yield engine


def _hush(context: sqlalchemy.engine.ExceptionContext) -> Exception:
    """The error without its message, which may quote a value; whoever prints or chains it has its kind alone."""
    kind = type(context.original_exception)
    context.original_exception.args = (kind.__name__,)
    return kind(kind.__name__)


class Judgement:
    """All suites over one schema. not_looked_at fills while checks are made."""

    def __init__(self, engine: sqlalchemy.Engine, request: dict):
        self._engine, self._rows, self._docs = engine, request["rows"], request["docs"]
        with engine.connect() as conn:
            self._schema = read(conn, request["schema"])
        self._wanted = set(request["tables"]) if request["tables"] is not None else None
        self._domains = _domains()
        self._rules = {table: found for table, found in rules().items() if self._is_wanted(table)}
        self.not_looked_at: list[str] = []

    def checks(self) -> list[Check]:
        names = sorted(filter(self._is_wanted, self._schema.tables), key=lambda name: (self._rank(name), name))
        suites = Suites(self._engine, self._docs)
        self._note_what_lacks(names)
        found = [check for name in names for check in self._of_table(suites, name)]
        found = [*self._missing(), *found, *self._of_columns(suites, names)]
        if self._docs and (fault := suites.write_docs(found)):
            self.not_looked_at.append(f"Data Docs were not written: {fault}")
        return found

    def _is_wanted(self, name: str) -> bool:
        return self._wanted is None or name in self._wanted

    def _rank(self, name: str) -> int:
        domain = self._domains.get(name)
        return mapping.DOMAINS.index(domain) if domain else len(mapping.DOMAINS)

    def _missing(self) -> list[Check]:
        """A table that was declared, or that rows were loaded into, has to be there."""
        named = {*target.load(), *(name for name, count in self._rows.items() if count)}
        return [
            self._check(f"suite/{name}/table", name, "the table is there", FAIL, CRITICAL, "there is no such table")
            for name in sorted(filter(self._is_wanted, named - set(self._schema.tables)))
        ]

    def _note_what_lacks(self, names: list[str]) -> None:
        for rule in (rule for found in self._rules.values() for rule in found):
            if lack := rule.lacking(self._schema):
                self.not_looked_at.append(f"whether {rule.title} ({rule.check}): {lack}")
        if unknown := [name for name in names if name not in self._rows]:
            self.not_looked_at.append(f"how many rows should be in {', '.join(unknown)}: no number was given")

    def _of_table(self, suites: "Suites", name: str) -> list[Check]:
        from checks.suites import generated

        written = [rule for rule in self._rules.get(name, []) if not rule.lacking(self._schema)]
        planned = [*generated.of_rows(name, self._schema), *map(generated.applied, written)]
        parameters = {}
        if name in self._rows:
            planned.insert(0, generated.counted(name))
            parameters = {generated.parameter(name): self._rows[name]}
        query = f"select * from {quoted(name)}"
        return self._validated(suites, name, query, {name: planned}, parameters)

    def _of_columns(self, suites: "Suites", names: list[str]) -> list[Check]:
        """Types and what must be gone: of all tables at once, for all of it is in one catalogue."""
        from checks.suites import generated

        planned = {name: list(generated.of_columns(name, self._schema)) for name in names}
        return self._validated(suites, "columns of the schema", generated.COLUMNS, planned, {})

    def _validated(
        self, suites: "Suites", name: str, query: str, planned: dict[str, list["Planned"]], parameters: dict
    ) -> list[Check]:
        """One validation, and a check for each that was planned, by table."""
        if not is_sayable(query):
            self.not_looked_at.append(f"table {name}: Great Expectations cannot say its name")
            return []
        started = time.monotonic()
        parts = [part for checks in planned.values() for check in checks for part in check.parts]
        results = suites.validate(name, query, parts, parameters)
        pairs = iter(zip(parts, results, strict=True))
        found = [
            self._judged(table, check, [next(pairs) for _ in check.parts])
            for table, checks in planned.items()
            for check in checks
        ]
        compared = parameters.get(next(iter(parameters), ""), 0)
        seconds = round((time.monotonic() - started) / max(len(found), 1), 4)
        return [replace(check, compared=check.compared or compared, seconds=seconds) for check in found]

    def _judged(self, table: str, planned: "Planned", pairs: list[tuple["Part", "Found"]]) -> Check:
        errors = [f"{part.column} {found.error}".strip() for part, found in pairs if found.error]
        broken = [(part, found) for part, found in pairs if not found.error and not found.success]
        status = ERROR if errors else FAIL if broken else PASS
        rows = [row for part, _ in broken if part.keys and planned.severity != INFO for row in self._keys(table, part)]
        details = errors + [self._detail(table, part, found) for part, found in broken]
        check = self._check(planned.name, table, planned.title, status, planned.severity, "; ".join(details))
        return replace(
            check,
            compared=max(found.compared for _, found in pairs),
            rows=tuple(rows[:MAX_ROWS]),
            rows_total=sum(found.count for part, found in broken if part.keys),
        )

    def _detail(self, table: str, part: "Part", found: "Found") -> str:
        if part.found:
            return part.found
        if not part.keys:
            return f"{found.count} rows, {self._rows[table]} expected"
        return f"{part.column + ': ' if part.column else ''}{found.count} rows"

    def _keys(self, table: str, part: "Part") -> list[Row]:
        """The keys of the rows that break an expectation: of several columns as a JSON array."""
        query = f"select * from ({part.keys.replace('{batch}', quoted(table))}) as broken limit {MAX_ROWS}"
        try:
            with self._engine.connect() as conn:
                rows = conn.connection.driver_connection.execute(query).fetchall()
        except psycopg.Error:
            return []
        columns = (part.column,) if part.column else ()
        return [Row(_key(row), "breaks the rule", columns) for row in rows]

    def _check(self, name: str, table: str, title: str, status: str, severity: str, detail: str) -> Check:
        return Check(name, "suite", self._domains.get(table, ""), table, title, status, severity, detail=detail)


def _domains() -> dict[str, str]:
    """Target table → domain; a table that neither the mapping nor the target's files know has none."""
    known = mapping.load()
    return {rule.target or legacy: known.domain_of[legacy] for legacy, rule in known.tables.items()} | target.domains()


def _key(row: tuple) -> str:
    return str(row[0]) if len(row) == 1 else json.dumps(row, default=str)


def is_sayable(query: str) -> bool:
    """Whether the query survives its way: to SQLAlchemy a colon before a word is a parameter, and per cent signs are
    doubled once too often, for Great Expectations 1.24 makes text of a query and a query of the text."""
    return "%" not in query and not sqlalchemy.text(query).compile().params


@dataclass(frozen=True)
class Found:
    """What one expectation found. error: the kind of what it raised. count: rows that break it, or rows there are."""

    success: bool
    error: str | None = None
    count: int = 0
    compared: int = 0

    @property
    def needs_count(self) -> bool:
        return not self.success and not self.error and not self.count


class Suites:
    """Great Expectations' context: one data source, and a batch, a suite and a validation for each table."""

    def __init__(self, engine: sqlalchemy.Engine, docs: str | None):
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        from checks.suites.own import AuditedSource

        logging.disable(logging.CRITICAL)  # its messages may quote values
        self._gx, self._docs, self._queries = gx, docs, set()
        sqlalchemy.event.listen(engine, "before_cursor_execute", self._names_only, retval=True)
        AuditedSource.shared = engine
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        self._source = self._context.data_sources.add_audited(name="target")

    def _names_only(self, conn, cursor, statement: str, parameters, context, executemany) -> tuple:
        """To learn a query's columns, Great Expectations 1.24 runs it whole (column_reflection_fallback); names do."""
        is_whole = statement.strip() in self._queries
        return f"{statement} limit 0" if is_whole else statement, parameters

    def validate(self, name: str, query: str, parts: list["Part"], parameters: dict[str, int]) -> list[Found]:
        """What each expectation found, in their order. Counts are asked for only where something is wrong."""
        if self._docs or not parameters:
            return self._run(name, query, parts, parameters, COUNTS)
        results = self._run(name, query, parts, parameters, BOOLEANS)
        uncounted = [n for n, found in enumerate(results) if found.needs_count and not parts[n].found]
        if uncounted:
            counted = self._run(f"{name} again", query, [parts[n] for n in uncounted], parameters, COUNTS)
            for number, found in zip(uncounted, counted, strict=True):
                results[number] = found
        return results

    def _run(self, name: str, query: str, parts: list["Part"], parameters: dict[str, int], form: Any) -> list[Found]:
        # Copies, for an expectation belongs to one suite; numbered, for results come in an order of their own.
        numbered = [part.expectation.copy(update={"meta": {"part": n}}) for n, part in enumerate(parts)]
        try:
            result = self._definition(name, query, numbered).run(expectation_parameters=parameters, result_format=form)
        except Exception as error:
            return [Found(False, type(error).__name__)] * len(parts)
        found = {one.expectation_config.meta["part"]: _found(one) for one in result.results}
        return [found.get(number, Found(False, "not executed")) for number in range(len(parts))]

    def _definition(self, name: str, query: str, expectations: list) -> Any:
        self._queries.add(query)
        batch = self._source.add_query_asset(name, query=query).add_batch_definition("whole")
        suite = self._gx.ExpectationSuite(name=name, expectations=expectations)
        definition = self._gx.ValidationDefinition(name=name, data=batch, suite=self._context.suites.add(suite))
        return self._context.validation_definitions.add(definition)

    def write_docs(self, checks: list[Check]) -> str | None:
        """Data Docs of everything that was validated; the kind of what went wrong, or None."""
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": self._docs}
        index = {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False}
        try:
            for name in list(self._context.get_site_names()):
                self._context.delete_data_docs_site(name)
            self._context.add_data_docs_site(
                "docs", {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index}
            )
            self._context.build_data_docs()
            gx_docs.finish(Path(self._docs), checks)
        except Exception as error:
            return type(error).__name__
        return None


def _found(result: Any) -> Found:
    if error := _raised(result.exception_info):
        return Found(False, error)
    inner = result.result
    observed = inner.get("observed_value")
    count = inner.get("unexpected_count", observed if isinstance(observed, int) else 0)
    return Found(bool(result.success), None, count, inner.get("element_count", 0))


def _raised(info: dict) -> str | None:
    """The kind of the exception, None if there was none: the infos of several metrics are keyed by their ids."""
    infos = [info] if "raised_exception" in info else [one for one in info.values() if isinstance(one, dict)]
    texts = [
        f"{one.get('exception_message')} {one.get('exception_traceback')}" for one in infos if one["raised_exception"]
    ]
    if not texts:
        return None
    kinds = [name for name in re.findall(r"\w+", " ".join(texts)) if hasattr(psycopg.errors, name)]
    return kinds[0] if kinds else "an exception"


if __name__ == "__main__":
    main()
