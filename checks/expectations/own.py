"""Our extensions of Great Expectations: one expectation, a data source that takes an existing session, and a memory."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import sqlalchemy
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration


@contextlib.contextmanager
def configured_once() -> Iterator[None]:
    """While this lasts, each expectation makes its configuration once; nobody changes one meanwhile.

    Great Expectations 1.24 makes it for every argument of every metric that it looks up, some twenty times each.
    """
    made = Expectation.configuration
    kept: dict[int, tuple[Expectation, ExpectationConfiguration]] = {}  # it stays, so that its id is no other's

    def configuration(expectation: Expectation) -> ExpectationConfiguration:
        if id(expectation) not in kept:
            kept[id(expectation)] = expectation, made.__get__(expectation)
        return kept[id(expectation)][1]

    type.__setattr__(Expectation, "configuration", property(configuration))
    try:
        yield
    finally:
        type.__setattr__(Expectation, "configuration", made)


class ExpectNoRowToBreakTheRule(UnexpectedRowsExpectation):
    """Counts the rows that the SELECT finds, and those that it looks at; never fetches one.

    The class it stands on runs the SELECT twice, once for the rows themselves; here they stay in the database.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count", "table.row_count")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: dict[str, Any] | None = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count, rows = metrics["unexpected_rows_query.row_count"], metrics["table.row_count"]
        return {"success": count == 0, "result": {"observed_value": count, "element_count": rows}}


class AuditedSource(SQLDatasource):
    """The target through an engine that is there already, so that no connection string is stored anywhere.

    A URL could not say all that libpq understands, services and several hosts among it.
    """

    shared: ClassVar[sqlalchemy.Engine]

    # A data source is told by its type: the classes of Great Expectations itself narrow it so, with the same words.
    type: Literal["audited"] = "audited"  # type: ignore[assignment]
    connection_string: str = "postgresql+psycopg://"

    def _add_asset(self, asset: Any, connect_options: dict[str, Any] | None = None) -> Any:
        """Great Expectations would write its whole configuration down after each: longer than a table is judged."""
        asset._datasource = self  # noqa: SLF001  (no other way: the class it stands on sets it so)
        self.assets.append(asset)
        return asset

    def get_engine(self) -> sqlalchemy.Engine:
        return self.shared

    def get_execution_engine(self) -> SqlAlchemyExecutionEngine:
        if self._execution_engine is None:
            self._execution_engine = SqlAlchemyExecutionEngine(engine=self.shared, create_temp_table=False)
        return self._execution_engine
