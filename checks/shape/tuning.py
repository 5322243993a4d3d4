"""Changes to a published table that are no fault: they change neither its rows nor what it accepts.

Laws
- How values are stored and rows packed, which statistics are kept, and by which index a table was last sorted (CLUSTER)
  say how a table is run. In a build they are judged like everything else; once published a change is told, and is no
  fault.
- That a table was clustered is not reported.
"""

from dataclasses import replace

from checks.shape.things import DIFFERS, UNEXPECTED
from checks.verdict import Row

STATEMENTS = {
    "storage parameters", "storage parameters of long values", "storage", "compression", "statistics target", "options",
    "clustered",
}  # fmt: skip
UNTOLD = {"clustered"}
KINDS, STATISTICS = {"table", "column", "index", "constraint"}, "statistics"


def parted(kind: str, of: str | None, row: Row) -> tuple[Row, Row | None]:
    """(what is left of a finding to be judged, what was tuned if anything)."""
    place = f"{row.key} of {of}" if of else row.key
    if kind == STATISTICS and row.what == UNEXPECTED:
        return replace(row, what=""), Row(place, UNEXPECTED)
    if row.what != DIFFERS or kind not in KINDS or not STATEMENTS & set(row.columns):
        return row, None
    rest = tuple(name for name in row.columns if name not in STATEMENTS)
    told = tuple(name for name in row.columns if name in STATEMENTS - UNTOLD)
    return Row(row.key, DIFFERS if rest else "", rest), Row(place, DIFFERS, told) if told else None
