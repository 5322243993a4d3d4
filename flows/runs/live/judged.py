"""What a report says of a build that follows: its books, and the last verdict about it, which they do not hold."""

import contextlib
from typing import Any

from config.errors import MigrateError, VerificationFailed
from config.settings import Settings
from engine import sync as engine_sync
from engine.gates.gates import Auditor, Case
from engine.gates.summary import Summary
from flows.runs import work


class Judged:
    """One following, or cut-over, as its report tells of it. kind: of the report. run_id: once it is known."""

    def __init__(self, settings: Settings, kind: str, run_id: str | None = None):
        self._settings, self._kind, self.run_id = settings, kind, run_id
        self._verdict: dict[str, Any] | None = None

    def keeping(self, auditor: Auditor) -> Auditor:
        """The auditor, whose verdict is kept."""

        def judge(case: Case) -> dict[str, Any]:
            self.run_id = case.run_id
            self._verdict = verdict = auditor(case)
            return verdict

        return judge

    def told(self, summary: Summary, **more: Any) -> dict[str, Any]:
        """The report of what was done. more: fields that the summary lacks."""
        found = summary.to_dict() | more
        return work.told(found | {"verdict": found["verdict"] or self._verdict}, self._kind)

    def refused(self, error: VerificationFailed) -> dict[str, Any] | None:
        """The report of a build that its gates refused; None where nobody can say more than the error does."""
        if error.summary is not None:
            return work.told(error.summary.to_dict(), self._kind)
        if self.run_id is None:
            return None
        with contextlib.suppress(MigrateError):
            return self.told(engine_sync.told(self._settings, self.run_id), error=str(error))
        return None
