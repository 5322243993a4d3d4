"""How long the stages of earlier runs took, kept in the books so that another run can say how long it will take.

Laws
- Only stages that did all of their work count: not one that failed, held still, or went on with half of it done.
- Three series for each profile and stage, which grow together: runs, their rows, their seconds. So whoever reads them
  can tell what a stage costs by itself from what it costs for each row.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from engine.books import totals
from engine.books.totals import Increment

RUNS, ROWS, SECONDS = "whole_stages", "whole_stage_rows", "whole_stage_seconds"


@dataclass(frozen=True)
class Pace:
    """What one stage of all earlier runs of a profile took: so many runs, of so many rows in all, so many seconds."""

    runs: int
    rows: float
    seconds: float


def increments(of_stage: Mapping[str, str], seconds: float, rows: int) -> list[Increment]:
    """What a stage that has ended adds. of_stage: profile and stage; rows: of the run."""
    grown = {RUNS: 1, ROWS: rows, SECONDS: round(seconds, 3)}
    return [Increment(name, of_stage, value) for name, value in grown.items()]


def read(conn: psycopg.Connection, profile: str) -> dict[str, Pace]:
    """Stage → its pace; nothing where no run of the profile has left any."""
    if not totals.are_kept(conn):
        return {}
    found: dict[str, dict[str, float]] = defaultdict(dict)
    query = (
        "select name, labels->>'stage', value from migration.totals where name = any(%s) and labels->>'profile' = %s"
    )
    for name, stage, value in conn.execute(query, [[RUNS, ROWS, SECONDS], profile]):
        found[stage][name] = value
    return {stage: Pace(int(of[RUNS]), of[ROWS], of[SECONDS]) for stage, of in found.items() if of.get(RUNS)}
