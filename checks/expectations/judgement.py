"""One schema judged by all suites: the plan for each table, the results, and what could not be checked.

Laws
- Every planned check has a result; one whose expectation raised, or was not executed, is an ERROR.
- A rule that needs a missing table or column is listed among what was not checked.
- The search path has no other schema, whose functions might have names of PostgreSQL's own; if something fails, it is
  asked again with the operators of the table's types, and a pass then counts.
- Rows are named by key, up to a limit per check; details have counts, names of columns and types.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import sqlalchemy

from checks.compare.comparison import CHANGED
from checks.expectations import generated
from checks.expectations.found import Found
from checks.expectations.generated import ExpectationPart, Planned
from checks.expectations.schema import read
from checks.expectations.suites import rules
from checks.reading import connect
from checks.verdict import CRITICAL, ERROR, FAIL, INFO, MAX_ROWS, PASS, STALE, Check, Row
from config import mapping, target
from config.postgres.quoting import quoted

# Name and SELECT of a batch, its expectations, parameters by name → what each expectation found.
Validate = Callable[[str, str, list[ExpectationPart], dict[str, int]], list[Found]]


@dataclass(frozen=True)
class Drifted:
    """What was written to since the build was verified. kept: SQL (alias t) that is true of rows that stand as they
    stood; moved: table → whether rows are gone or changed, not merely added."""

    kept: str = ""
    moved: Mapping[str, bool] = field(default_factory=dict)

    def is_met(self, name: str, plan: Planned) -> bool:
        return bool({name, *plan.reads} & self.moved.keys())

    def can_tell(self, plan: Planned) -> bool:
        """Whether the rows that stand as they stood are judged by themselves alone."""
        return not plan.reads & self.moved.keys()

    def kept_of(self, name: str) -> str:
        return f"select t.* from {quoted(name)} as t where {self.kept or 'true'}"


class Judgement:
    """All suites over one schema. not_looked_at fills while checks are made.

    rows: table → number of rows that should be there. tables: look at these only; None: at all. bases: as of_columns.
    drifted: what was written to since.
    """

    def __init__(
        self,
        engine: sqlalchemy.Engine,
        schema: str,
        validate: Validate,
        rows: dict[str, int],
        tables: list[str] | None = None,
        bases: generated.Bases | None = None,
        drifted: "Drifted | None" = None,
    ):
        self._engine, self._validate, self._rows, self._bases = engine, validate, rows, bases or {}
        self._drifted = drifted or Drifted()
        with engine.connect() as conn:
            self._schema = read(conn, schema)
        self._wanted = set(tables) if tables is not None else None
        self._domains = _domains()
        self._rules = {table: found for table, found in rules().items() if self._is_wanted(table)}
        self.not_looked_at: list[str] = []

    def checks(self) -> list[Check]:
        names = sorted(filter(self._is_wanted, self._schema.tables), key=lambda name: (self._rank(name), name))
        self._note_what_lacks(names)
        found = [check for name in names for check in self._of_table(name)]
        return [*self._missing(), *found, *self._of_columns(names)]

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
        lacking: dict[str, list[str]] = {}
        for rule in (rule for found in self._rules.values() for rule in found):
            if lack := rule.lacking(self._schema):
                lacking.setdefault(lack, []).append(rule.check)
        self.not_looked_at += [f"{', '.join(checks)}: {lack}" for lack, checks in lacking.items()]
        if unknown := [name for name in names if name not in self._rows]:
            self.not_looked_at.append(
                f"numbers of rows of {', '.join(unknown)}: the suites did not count them; laws compare rows one by one"
            )

    def _of_table(self, name: str) -> list[Check]:
        written = [rule for rule in self._rules.get(name, []) if not rule.lacking(self._schema)]
        planned = [*generated.of_rows(name, self._schema), *(generated.applied(rule, self._schema) for rule in written)]
        parameters = {}
        if name in self._rows:
            planned.insert(0, generated.counted(name))
            parameters = {generated.parameter(name): self._rows[name]}
        query = f"select * from {quoted(name)}"
        checks = self._validated(name, query, {name: planned}, parameters)
        homes = self._homes({name}.union(*(rule.reads for rule in written)))
        if homes and any(check.status != PASS for check in checks):
            with self._seeing(homes):
                again = self._validated(f"{name} by its types", query, {name: planned}, parameters)
            pairs = zip(checks, again, strict=True)
            checks = [second if second.status == PASS or first.status == ERROR else first for first, second in pairs]
        return list(self._settled(name, planned, checks))

    def _homes(self, tables: set[str]) -> list[str]:
        """The schemas of these tables' types."""
        there = tables & self._schema.tables.keys()
        return sorted({home for name in there for home in self._schema.tables[name].homes})

    @contextlib.contextmanager
    def _seeing(self, homes: list[str]) -> Iterator[None]:
        """With what else these schemas hold: without its operators a citext is a mere text, and 'a' is not 'A'."""
        self._stand(homes)
        yield
        self._stand([])

    def _stand(self, homes: list[str]) -> None:
        path = ", ".join(map(quoted, [self._schema.name, *homes]))
        with self._engine.connect() as conn:
            conn.execute(sqlalchemy.text("select set_config('search_path', :path, false)"), {"path": path})

    def _settled(self, name: str, planned: list[Planned], checks: list[Check]) -> Iterator[Check]:
        """The same, but what may be found of later rows is asked again of those that stand as they stood."""
        failing = {check.name for check in checks if check.status == FAIL}
        met = {plan.name: plan for plan in planned if plan.name in failing and self._drifted.is_met(name, plan)}
        asked = [plan for plan in met.values() if self._drifted.can_tell(plan)]
        query = self._drifted.kept_of(name)
        stood = self._validated(f"{name} as it stood", query, {name: asked}, {}, query) if asked else []
        broken = {check.name: check for check in stood if check.status == FAIL}
        for check in checks:
            yield broken.get(check.name) or (_stale(check) if check.name in met else check)

    def _of_columns(self, names: list[str]) -> list[Check]:
        """Types and what must be gone: of all tables at once, for all of it is in one catalogue."""
        planned = {name: list(generated.of_columns(name, self._schema, self._bases)) for name in names}
        return self._validated("columns of the schema", generated.COLUMNS, planned, {})

    def _validated(
        self, name: str, query: str, planned: dict[str, list[Planned]], parameters: dict[str, int], batch: str = ""
    ) -> list[Check]:
        """One validation, and a check for each that was planned, by table. batch: where its rows are not a table's."""
        if not is_sayable(query):
            self.not_looked_at.append(f"table {name}: Great Expectations cannot say its name")
            return []
        started = time.monotonic()
        plans = [(table, plan) for table, found in planned.items() for plan in found]
        results = self._found(name, query, [plan for _, plan in plans], parameters)
        checks = [self._judged(*plan, pairs, batch) for plan, pairs in zip(plans, results, strict=True)]
        compared = max([*parameters.values(), *(found.compared for pairs in results for _, found in pairs)], default=0)
        seconds = round((time.monotonic() - started) / max(len(checks), 1), 4)
        return [replace(check, compared=compared, seconds=seconds) for check in checks]

    def _found(
        self, name: str, query: str, plans: list[Planned], parameters: dict[str, int]
    ) -> list[list[tuple[ExpectationPart, Found]]]:
        """The parts of each plan, with what each found: what is said of all of them at once, if that holds."""
        asked = [part for plan in plans for part in plan.first]
        results = iter(self._validate(name, query, asked, parameters))
        first = [[next(results) for _ in plan.first] for plan in plans]
        apart = [n for n, plan in enumerate(plans) if plan.whole and not first[n][0].success]
        asked = [part for n in apart for part in plans[n].parts]
        results = iter(self._validate(f"{name} one by one", query, asked, parameters) if asked else [])
        for n in apart:
            first[n] = [next(results) for _ in plans[n].parts]
        return [
            [(part, found[0] if len(found) == 1 else found[m]) for m, part in enumerate(plan.parts)]
            for plan, found in zip(plans, first, strict=True)
        ]

    def _judged(self, table: str, planned: Planned, pairs: list[tuple[ExpectationPart, Found]], batch: str) -> Check:
        errors = [_ended(planned, part, found) for part, found in pairs if found.error]
        broken = [(part, found) for part, found in pairs if not found.error and not found.success]
        status = ERROR if errors else FAIL if broken else PASS
        told = [(part.keys, part.column) for part, _ in broken if part.keys and planned.severity != INFO]
        rows = [row for keys, column in told for row in self._keys(keys, column, table, batch)]
        details = errors + [self._detail(table, part, found) for part, found in broken]
        check = self._check(planned.name, table, planned.title, status, planned.severity, "; ".join(details))
        return replace(
            check,
            rows=tuple(rows[:MAX_ROWS]),
            rows_total=sum(found.count for part, found in broken if part.keys),
        )

    def _detail(self, table: str, part: ExpectationPart, found: Found) -> str:
        if part.found:
            return part.found
        if not part.keys:
            return f"{found.count} rows, {self._rows[table]} expected"
        return f"{part.column + ': ' if part.column else ''}{found.count} rows"

    def _keys(self, keys: str, column: str, table: str, batch: str) -> list[Row]:
        """The keys of the rows that break an expectation: of several columns as a JSON array."""
        given = f"with batch as ({batch}) " if batch else ""
        broken = given + keys.replace("{batch}", "batch" if batch else quoted(table))
        query = f"select * from ({broken}) as broken limit {MAX_ROWS}"
        try:
            with self._engine.connect() as conn:
                rows = connect.session_of(conn).execute(query).fetchall()
        except psycopg.Error:
            return []
        columns = (column,) if column else ()
        return [Row(_key(row), "breaks the rule", columns) for row in rows]

    def _check(self, name: str, table: str, title: str, status: str, severity: str, detail: str) -> Check:
        sentence = f"{title[0].upper()}{title[1:]}."
        return Check(name, "suite", self._domains.get(table, ""), table, sentence, status, severity, detail=detail)


def _ended(planned: Planned, part: ExpectationPart, found: Found) -> str:
    """Why it was not looked at: the kind of the error, whose message may quote values, and of a rule what it reads."""
    what = f"{part.column} {found.error}".strip()
    return f"was not looked at: it ended with {what}, and reads {planned.types}" if planned.types else what


def _stale(check: Check) -> Check:
    detail = f"could not be judged: {check.detail}, in tables written to since"
    return replace(check, status=STALE, detail=detail, since={CHANGED: check.rows_total})


def _domains() -> dict[str, str]:
    """Target table → domain; a table that neither the mapping nor the target's files know has none."""
    known = mapping.load()
    return {rule.target or legacy: known.domain_of[legacy] for legacy, rule in known.tables.items()} | target.domains()


def _key(row: tuple[Any, ...]) -> str:
    return str(row[0]) if len(row) == 1 else json.dumps(row, default=str)


def is_sayable(query: str) -> bool:
    """Whether the query survives its way: to SQLAlchemy a colon before a word is a parameter, and per cent signs are
    doubled once too often, for Great Expectations 1.24 makes text of a query and a query of the text."""
    return "%" not in query and not sqlalchemy.text(query).compile().params
