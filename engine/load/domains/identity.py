"""The lookup of roles."""

import pandas as pd
import psycopg

from engine.chunks.work import Work
from engine.load.lookup import asked_source, prepared, source_table
from engine.reflect.select_list import as_text
from transforms import steps

ROLE = ["name", "id"]


def roles(work: Work, source: psycopg.Connection) -> dict[str, pd.DataFrame]:
    table = work.plan.find_table("roles")
    if not table or not table.legacy.shape.find_column("id"):
        return {}
    shape = table.legacy.shape
    name = next((c for n in ("key", "slug", "code", "name") if (c := shape.find_column(n))), None)
    if name is None:
        return {}
    shown = f"{as_text(name)}, {work.plan.spelled_as('roles', 'id')}"
    frame = asked_source(source, f"select {shown} from {source_table(work, 'roles')} order by 1, 2", ROLE)
    own = next((c for r in table.routes for c in r.conversions if c.is_own_id), None)
    return {"roles": frame.assign(id=steps.target_id(frame["id"], own.parent)) if own else frame}


LOOKUPS = {"roles": prepared("roles", ROLE, roles)}
