"""Lookups of logs: ids that two rows have, in different spellings."""

from config.postgres.quoting import literal
from config.postgres.types import TEXTUAL
from engine.chunks.work import Work
from engine.load.lookup import IDS, Long, canonical, ids_of_table, source_table


def _repeated_ids(work: Work) -> Long | None:
    """Ids that are another row's UUID in another form; the plain form keeps it, else the first by its letters."""
    parts = []
    for table in (t for t in work.plan.tables if any("repeated_ids" in route.lookups for route in t.routes)):
        column = table.legacy.shape.find_column("id")
        if column is None or column.base not in TEXTUAL:
            continue
        raw, id_ = work.plan.spelled_as(table.name, "id"), canonical(work, table.legacy)
        rows = source_table(work, table.name)
        parts.append(
            f"select r.raw, {literal(table.name)} from "
            f"(select {raw} as raw, {id_} as id, row_number() over (partition by {id_} "
            f'order by {raw} = {id_} desc, {raw} collate "C") as place from {rows} where {id_} in '
            f"(select {id_} from {rows} group by 1 having count(*) > 1)) as r where r.place > 1"
        )
    return Long(IDS, " union all ".join(parts)) if parts else None


LOOKUPS = {"repeated_ids": ids_of_table("repeated_ids", lambda rows: rows["id"], _repeated_ids)}
