"""Lookups of logs: ids that two rows have, in different spellings."""

import pandas as pd
import psycopg

from config.postgres.types import TEXTUAL
from engine.chunks.work import Work
from engine.load.lookup import asked_source, canonical, prepared, source_table


def _repeated_ids(work: Work, source: psycopg.Connection) -> dict[str, pd.DataFrame]:
    """Ids that are another row's UUID in another form; the plain form keeps it, else the first by its letters."""
    found = {}
    for table in (t for t in work.plan.tables if any("repeated_ids" in route.lookups for route in t.routes)):
        column = table.legacy.shape.find_column("id")
        if column is None or column.base not in TEXTUAL:
            continue
        raw, id_ = work.plan.spelled_as(table.name, "id"), canonical(work, table.legacy)
        rows = source_table(work, table.name)
        query = (
            f"select r.raw from (select {raw} as raw, {id_} as id, row_number() over (partition by {id_} "
            f'order by {raw} = {id_} desc, {raw} collate "C") as place from {rows} where {id_} in '
            f"(select {id_} from {rows} group by 1 having count(*) > 1)) as r where r.place > 1"
        )
        found[f"repeated_ids:{table.name}"] = asked_source(source, query, ["id"])
    return found


LOOKUPS = {"repeated_ids": prepared("repeated_ids", ["id"], _repeated_ids)}
