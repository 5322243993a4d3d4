"""Runs Great Expectations in a process of its own: a context, a validation per table, results without values.

Laws
- Great Expectations is imported in the child alone: it takes seconds and some 200 MB. The child reads the connection
  from its standard input and answers in JSON; its other output is dropped, for it may quote values.
- The session cannot write, and its search path is the schema under judgement: suites name tables without a schema.
- `success` ignores severities, so results are read one by one. An expectation that raised is an ERROR and shows only
  the kind of its exception. A child that dies is one ERROR.
- Only counts come back from the database, and the keys of rows that break a rule.
"""

import contextlib
import gc
import json
import logging
import os
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from sqlalchemy.pool import StaticPool

from checks.expectations import data_docs, late
from checks.expectations.found import Found
from checks.reading import connect
from checks.reading.drift import Side
from checks.verdict import CRITICAL, ERROR, PASS, Check, Row
from config.errors import MigrateError, TargetError
from config.postgres import network
from config.postgres.connection import Connection

if TYPE_CHECKING:
    from great_expectations.data_context.store.store import DataDocsSiteConfigTypedDict
    from great_expectations.expectations.expectation import Expectation

    from checks.expectations.generated import ExpectationPart

PATH = "select set_config('search_path', quote_ident(%s), false)"
UNMOVED = Side()
BOOLEANS = "BOOLEAN_ONLY"
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
PROGRAM = ["-m", "checks.expectations.runner"]
ROOT = Path(__file__).parents[2]  # the child runs this very code, wherever it is started

Answer = tuple[list[Check], list[str]]


class Child:
    """The process that judges, begun before it is known what: until it is asked it imports, and opens no session.

    It ends with whoever began it: at the end of its standard input, be it for want of a question or under way.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", *PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the parent, which ends it; a child that died of it were an error
        )
        self._questions, self._answers = _piped(self.process.stdin), _piped(self.process.stdout)

    def ask(self, request: dict[str, Any]) -> None:
        """Let it judge; see request."""
        with contextlib.suppress(BrokenPipeError):
            self._questions.write(json.dumps(request).encode() + b"\n")
            self._questions.flush()

    def result(self) -> Answer:
        """The results, and sentences about what was not looked at. Waits for the child; ends it if interrupted.

        Errors: TargetError, retryable, where the child has lost its session: what it found is no verdict.
        """
        try:
            answer = json.loads(self._answers.read() or "null")
            code = self.process.wait()
        except ValueError:  # it died while it answered
            answer, code = None, self.process.wait()
        finally:
            self.stop()
        if answer and "lost" in answer:
            error = TargetError(answer["lost"])
            error.retryable = True
            raise error
        if not answer or "failed" in answer:
            return [_died((answer or {}).get("failed") or f"the process ended with code {code}")], []
        return told(answer)

    def stop(self) -> None:
        """End the child, if it has not ended; nothing is written, so nothing is lost."""
        self.process.kill()
        self.process.wait()
        self._answers.close()
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()


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
    bases: dict[str, dict[str, str]] | None = None,
    drift: Side = UNMOVED,
) -> Child:
    """Like judge, but beside other work; ask the result of what this returns.

    bases: table → column → base type, where that follows from the legacy database alone. drift: what was written to the
    target since.
    """
    child = Child()
    child.ask(request(connection, schema, rows, tables, docs, bases, drift))
    return child


def _piped(end: IO[bytes] | None) -> IO[bytes]:
    """The end of a pipe that the child was started with. Errors: LookupError where it has none."""
    if end is None:
        raise LookupError("the child has no such pipe")
    return end


def request(
    connection: Connection,
    schema: str,
    rows: dict[str, int],
    tables: set[str] | None = None,
    docs: Path | None = None,
    bases: dict[str, dict[str, str]] | None = None,
    drift: Side = UNMOVED,
) -> dict[str, Any]:
    """What the child is asked, as JSON can say it; see start."""
    return {
        "connection": asdict(connection),
        "schema": schema,
        "rows": rows,
        "tables": sorted(tables) if tables is not None else None,
        "bases": bases or {},
        "docs": str(docs.resolve()) if docs else None,
        "kept": drift.kept,
        "moved": {name: bool(moved.lost) for name, moved in drift.tables.items()},
    }


def _environment() -> dict[str, str]:
    """Silence for Great Expectations; everything else as it is, for libpq reads some of it."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"GX_ANALYTICS_ENABLED": "false", "PYTHONPATH": path}


# Under one name whether they ran or not: a gate that ended in an error opens only when the same check passes.
RAN = Check("suite", "suite", "", None, "The expectation suites were run.", PASS, CRITICAL)


def _died(why: str) -> Check:
    return replace(RAN, status=ERROR, detail=f"they were not: {why}")


def told(answer: dict[str, Any]) -> Answer:
    """The child's answer."""
    return [RAN, *(_revived(check) for check in answer["checks"])], answer["not_looked_at"]


def _revived(check: dict[str, Any]) -> Check:
    rows = tuple(Row(row["key"], row["what"], tuple(row["columns"])) for row in check["rows"])
    return Check(**check | {"rows": rows})


# From here on: the child.


def main() -> None:
    """Read a request from standard input, judge, answer on standard output."""
    answers = os.dup(sys.stdout.fileno())
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    try:
        answer = _asked()
    except Exception as error:
        is_lost = isinstance(error, TargetError) and error.retryable
        answer = {"lost": str(error)} if is_lost else {"failed": _where(error)}
    with os.fdopen(answers, "w") as out:
        json.dump(answer, out)


def _asked() -> dict[str, Any]:
    """The answer to the question that comes in; the imports, which take seconds, are made while none is there."""
    gc.disable()  # a sixth of the time went into looking through what the imports had made
    late.import_late("scipy.stats", "altair")
    import checks.expectations.judgement  # noqa: F401

    gc.freeze()
    gc.enable()
    question = sys.stdin.readline()
    if not question:
        os._exit(0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return answered(json.loads(question))


def _end_with_parent() -> None:
    """Whoever asked holds the other end until the answer is there."""
    sys.stdin.read()
    os._exit(1)


def _where(error: Exception) -> str:
    """The kind of an error and where it came up; what it says only if it is ours, for those quote no values."""
    if isinstance(error, MigrateError):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/checks/" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """All suites over what the request names, as JSON can say it."""
    with _session(Connection(**request["connection"]), request["schema"]) as engine:
        from checks.expectations.judgement import Drifted, Judgement

        context = Context(engine, request["docs"])
        wanted = (request["rows"], request["tables"], request["bases"], Drifted(request["kept"], request["moved"]))
        judgement = Judgement(engine, request["schema"], context.validate, *wanted)
        checks = judgement.checks()
        not_looked_at = [*judgement.not_looked_at, *context.write_docs(checks)]
        return {"checks": [asdict(check) for check in checks], "not_looked_at": not_looked_at}


@contextlib.contextmanager
def _session(connection: Connection, schema: str) -> Iterator[sqlalchemy.Engine]:
    """One session for everything, by the auditor's own rules; an engine that Great Expectations can have."""
    with (
        network.line(connection).in_use(),
        connect.engine(connection).connect() as first,
        contextlib.ExitStack() as stack,
    ):
        session = connect.session_of(first)
        session.execute(PATH, [schema])
        stack.enter_context(connect.held(session, connection))
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: session, poolclass=StaticPool)
        sqlalchemy.event.listen(engine, "handle_error", _hush, retval=True)
        try:
            yield engine
        except Exception:
            if not session.broken:
                raise
        if session.broken:  # whatever was made of that
            raise connect.lost(connection)


def _hush(context: sqlalchemy.engine.ExceptionContext) -> BaseException:
    """The error without its message, which may quote a value; whoever prints or chains it has its kind alone."""
    kind = type(context.original_exception)
    context.original_exception.args = (kind.__name__,)
    return kind(kind.__name__)


class Context:
    """Great Expectations' context, silent: one data source, and a batch, a suite and a validation for each table."""

    def __init__(self, engine: sqlalchemy.Engine, docs: str | None):
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        from checks.expectations.own import AuditedSource, configured_once

        logging.disable(logging.CRITICAL)  # its messages may quote values
        self._gx, self._docs, self._queries, self._configured_once = gx, docs, set[str](), configured_once
        with engine.connect() as conn:
            self._session = connect.session_of(conn)
        sqlalchemy.event.listen(engine, "before_cursor_execute", self._names_only, retval=True)
        AuditedSource.shared = engine
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        self._source = self._context.data_sources.add_audited(name="target")

    def _names_only(
        self, conn: object, cursor: object, statement: str, parameters: object, context: object, executemany: bool
    ) -> tuple[str, object]:
        """To learn a query's columns, Great Expectations 1.24 runs it whole (column_reflection_fallback); names do."""
        is_whole = statement.strip() in self._queries
        return f"{statement} limit 0" if is_whole else statement, parameters

    def validate(
        self, name: str, query: str, parts: list["ExpectationPart"], parameters: dict[str, int]
    ) -> list[Found]:
        """What each expectation found, in their order. Counts are asked for only where something is wrong."""
        if self._docs or not parameters:
            return self._run(name, query, parts, parameters, COUNTS)
        results = self._run(name, query, parts, parameters, BOOLEANS)
        uncounted = [
            n for n, one in enumerate(results) if not (one.success or one.error or one.count or parts[n].found)
        ]
        if uncounted:
            counted = self._run(f"{name} again", query, [parts[n] for n in uncounted], parameters, COUNTS)
            for number, found in zip(uncounted, counted, strict=True):
                results[number] = found
        return results

    def _run(
        self, name: str, query: str, parts: list["ExpectationPart"], parameters: dict[str, int], form: Any
    ) -> list[Found]:
        if self._session.broken:
            raise psycopg.OperationalError("the session is lost")
        # Copies, for an expectation belongs to one suite; numbered, for results come in an order of their own.
        numbered = [part.expectation.copy(update={"meta": {"part": n}}) for n, part in enumerate(parts)]
        try:
            asked = self._asked(name, query, numbered)
            with self._configured_once():
                result = asked(expectation_parameters=parameters, result_format=form)
        except Exception as error:
            return [Found(False, type(error).__name__)] * len(parts)
        found = {one.expectation_config.meta["part"]: _found(one) for one in result.results}
        return [found.get(number, Found(False, "not executed")) for number in range(len(parts))]

    def _asked(self, name: str, query: str, expectations: "list[Expectation]") -> Callable[..., Any]:
        """The validation of one batch. Its definition and result are kept for Data Docs alone: that takes as long."""
        self._queries.add(query)
        asset = self._source.add_query_asset(name, query=query)
        suite = self._gx.ExpectationSuite(name=name, expectations=expectations)
        if not self._docs:
            return partial(asset.get_batch(asset.build_batch_request()).validate, suite)
        batch, suite = asset.add_batch_definition("whole"), self._context.suites.add(suite)
        definition = self._gx.ValidationDefinition(name=name, data=batch, suite=suite)
        return self._context.validation_definitions.add(definition).run

    def write_docs(self, checks: list[Check]) -> list[str]:
        """Data Docs of everything that was validated, if they are wanted; a sentence if they could not be written."""
        if not self._docs:
            return []
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": self._docs}
        index = {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False}
        site: DataDocsSiteConfigTypedDict = {
            "class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index,
        }  # fmt: skip
        try:
            for name in list(self._context.get_site_names()):
                self._context.delete_data_docs_site(name)
            self._context.add_data_docs_site("docs", site)
            self._context.build_data_docs()
            data_docs.finish(Path(self._docs), checks)
        except Exception as error:
            return [f"Data Docs were not written: {type(error).__name__}"]
        return []


def _found(result: Any) -> Found:
    if error := _raised(result.exception_info):
        return Found(False, error)
    inner = result.result
    observed = inner.get("observed_value")
    count = inner.get("unexpected_count", observed if isinstance(observed, int) else 0)
    return Found(bool(result.success), None, count, inner.get("element_count", 0))


def _raised(info: dict[str, Any]) -> str | None:
    """The kind of the exception, None if there was none: the infos of several metrics are keyed by their ids."""
    infos = [info] if "raised_exception" in info else [one for one in info.values() if isinstance(one, dict)]
    texts = [
        f"{one.get('exception_message')} {one.get('exception_traceback')}" for one in infos if one["raised_exception"]
    ]
    if not texts:
        return None
    known = (vars(psycopg.errors).get(word) for word in re.findall(r"\w+", " ".join(texts)))
    kinds = (kind.__name__ for kind in known if isinstance(kind, type) and issubclass(kind, psycopg.Error))
    return next(kinds, "an exception")


if __name__ == "__main__":
    main()
