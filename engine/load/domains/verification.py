"""Lookups of onboarding submissions."""

from config.postgres.types import TEXTUAL
from engine.chunks.work import Work
from engine.load.lookup import Long, canonical, in_any_spelling, laid_out
from engine.planning.plan import TablePlan
from engine.planning.tables.reshaped import RULE
from transforms import steps

SUBMISSION = ["user_id", "role"]


def _table(work: Work) -> TablePlan | None:
    table = work.plan.find_table("onboarding_submissions")
    return table if table and table.disposition == "reshape" else None


def _submissions(work: Work) -> Long | None:
    """Users and roles of all submissions."""
    table = _table(work)
    if table is None:
        return None
    route = table.routes[0]
    role = {i.name: i.expression for i in route.items}.get(RULE + "role", "null::text")
    query = f"select distinct {work.plan.id_as(table.name, 'user_id')}, {role} from {route.from_sql}"
    return Long(SUBMISSION, query, [("user_id", c.parent) for c in route.conversions if c.item == RULE + "user_id"])


def _submission_ids(work: Work) -> Long | None:
    """Ids of all submissions that are UUIDs."""
    table = _table(work)
    if table is None or table.legacy.shape.column("id").base not in {"uuid", *TEXTUAL}:
        return None
    return Long(["id"], f"select {canonical(work, table.legacy)} from {table.routes[0].from_sql}")


LOOKUPS = {
    "submissions": laid_out("submissions", SUBMISSION, lambda rows: in_any_spelling(rows["user_id"]), _submissions),
    "submission_ids": laid_out(
        "submission_ids", ["id"], lambda rows: steps.canonical_uuid(rows["id"]), _submission_ids
    ),
}
