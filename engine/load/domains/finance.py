"""Lookups of payments, and what orders and gateways need between the waves."""

import pandas as pd
import psycopg
from psycopg import sql

from config.postgres.times import VISIBLE
from engine.chunks.work import Work
from engine.load.domains import payment_parts
from engine.load.lookup import Long, asked_source, in_any_spelling, laid_out, prepared
from engine.planning import ids
from engine.planning.tables.reshaped import RULE
from transforms import steps
from transforms.outcome import TEXT

PARTS = ["payment_id", "tax_amount", "discount_amount", "coupon_id"]


def _gateways(work: Work, source: psycopg.Connection) -> dict[str, pd.DataFrame]:
    """One row per distinct gateway that is not blank; ids as orders refer to them."""
    table = work.plan.find_table("payments")
    routes = [r for r in table.routes if r.transform == "orders"] if table else []
    found = next(((r, i) for r in routes for i in r.items if i.name == RULE + "gateway"), None)
    if found is None:
        return {}
    route, item = found
    is_named = f"{item.expression} ~ '{VISIBLE}'"
    query = f"select distinct {item.expression} from {route.from_sql} where {is_named} order by 1"
    frame = asked_source(source, query, ["gateway"])
    ids = [steps.derived_id(f"payment_gateway_configs:{gateway}") for gateway in frame["gateway"]]
    return {"gateways": frame.assign(id=pd.Series(ids, index=frame.index, dtype=TEXT))}


def _payment_parts(work: Work) -> Long | None:
    payments = work.plan.find_table("payments")
    if payments and any(r.transform == "orders" for r in payments.routes):
        return Long(PARTS, *payment_parts.query(work))
    return None


def place_orders(work: Work, target: psycopg.Connection) -> None:
    """Redemptions name the order of the payment that their use names."""
    uses = work.plan.find_table("coupon_uses")
    if not uses or not uses.legacy.shape.find_column("payment_id"):
        return
    named, own = (work.plan.shape(name).column("payment_id") for name in ("payment_transactions", "coupon_uses"))
    target.execute(
        sql.SQL("update {} as t set {} = p.order_id from {} as p where {} = {}").format(
            sql.Identifier(work.schema, "coupon_uses"),
            sql.Identifier(work.plan.build_column("coupon_uses", "order_id")),
            sql.Identifier(work.schema, "payment_transactions"),
            sql.SQL(ids.word(named, named, 'p."payment_id"')),
            sql.SQL(ids.word(own, named)),
        )
    )


def insert_gateways(work: Work, target: psycopg.Connection) -> None:
    """One configuration for each gateway that payments name."""
    frame = work.frames.get("gateways")
    if frame is None:
        return
    query = sql.SQL(
        "insert into {} (id, gateway, display_name, is_active, settings, created_at, updated_at) "
        "values (%s, %s, %s, true, '{{}}', %s, %s)"
    ).format(sql.Identifier(work.schema, "payment_gateway_configs"))
    instant = work.plan.instant
    with target.cursor() as cursor:
        cursor.executemany(query, [(key, name, name, instant, instant) for name, key in frame.itertuples(index=False)])


LOOKUPS = {
    "gateways": prepared("gateways", ["gateway", "id"], _gateways),
    "payment_parts": laid_out("payment_parts", PARTS, lambda rows: in_any_spelling(rows["id"]), _payment_parts),
}
