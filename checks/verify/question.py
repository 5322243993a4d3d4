"""What the expectation suites are asked, and when: beside the checks, by whoever has a session then."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psycopg

from checks.compare import law_files as laws
from checks.compare import row_counts
from checks.compare.together import Together
from checks.expectations import runner
from checks.reading import pointed
from checks.reading.drift import Drift
from checks.reading.facts import Facts


@dataclass(frozen=True)
class Question:
    """What the suites are asked: of the rows that the source lets expect, so that whoever asks needs a session.

    after: the laws whose figures it takes, which are asked before.
    """

    child: runner.Child
    facts: Facts
    prelude: laws.Prelude
    drift: Drift
    docs: Path | None
    after: Together | None = None

    def ask(self, source: psycopg.Connection, target: psycopg.Connection) -> None:
        rows, bases = self._rows(source), pointed.bases(self.facts)
        connection, schema = self.facts.settings.target, self.facts.target.schema
        asked = runner.request(connection, schema, rows, docs=self.docs, bases=bases, drift=self.drift.target)
        self.child.ask(asked)

    def _rows(self, source: psycopg.Connection) -> dict[str, int]:
        """Rows that are expected; where something was written since, and where it cannot be told, the laws say what
        they can."""
        if self.drift.source.tables:
            return {}
        known = self.after.rows if self.after else lambda _: None
        with contextlib.suppress(psycopg.DataError, psycopg.ProgrammingError), source.transaction():
            found = row_counts.rows(self.facts, self.prelude, source, known)
            return {table: n for table, n in found.items() if table not in self.drift.target.tables}
        return {}
