"""What is mended in the build by SQL, over whole tables, between the waves.

Laws
- Each runs once, after the wave it depends on, and changes only rows that it must.
- A reference to a reshaped table follows its row to the new id; one whose row is gone is set to null, or costs the row.
"""

from collections.abc import Iterator

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, reasons
from config.errors import SourceError
from config.quoting import quoted
from engine.chunks.work import Work, in_build
from engine.load import ddl, merging
from engine.planning import ids
from engine.planning.plan import HIDDEN, MERGED, Follow, Rule
from engine.planning.tables.plan_reshaped import legacy_key
from engine.quarantine import violations, witness
from engine.quarantine.quarantine import Quarantine
from engine.reflect.select import as_text, parsed
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT

HELPERS = {"__helper_roots_user": "user_id", "__helper_roots_id": "id"}


def place_sequences(work: Work, target: psycopg.Connection) -> None:
    """Sequences go on after the copied rows before any new row takes a number from them."""
    statements = ddl.positions(work.plan.source, work.plan.build, work.plan.sequences, dict(work.plan.origins))
    ddl.replay(target, work.schema, statements, work.settings.extension_schema)


def after(work: Work, target: psycopg.Connection, wave: int) -> None:
    """What a wave's rows need before the next wave looks at them."""
    if wave == 1:
        _note_values(work, target)
        merging.make(work, target)
        _place_orders(work, target)
        _insert_gateways(work, target)
        for name, column in HELPERS.items():
            query = "create index if not exists {} on {} ({})"
            names = sql.Identifier(name), sql.Identifier(work.schema, "user_role_profiles"), sql.Identifier(column)
            target.execute(sql.SQL(query).format(*names))
        target.execute(sql.SQL("analyze {}").format(sql.Identifier(work.schema, "user_role_profiles")))
    if wave == 2:
        merging.fill(work, target)


def drop_helpers(work: Work, target: psycopg.Connection) -> None:
    for name in HELPERS:
        target.execute(sql.SQL("drop index if exists {}").format(sql.Identifier(work.schema, name)))
    target.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(work.schema, MERGED)))


def frames_after(work: Work, target: psycopg.Connection, wave: int) -> dict[str, pd.DataFrame]:
    """Users and roles of rejected profiles, for professionals. Columns: user_id, role."""
    if wave != 1:
        return {}
    frame = pd.DataFrame(list(_rejected_users(work, target)), columns=["user_id", "role"]).astype(TEXT)
    if _users_are_derived(work):
        frame = frame.assign(user_id=steps.target_id(frame["user_id"], "users"))
    return {"rejected_profiles": frame.drop_duplicates(ignore_index=True)}


def _rejected_users(work: Work, target: psycopg.Connection) -> Iterator[tuple[str | None, str]]:
    """(user, role) of every rejected profile, asked of the source, where the user is spelled as ids are."""
    rows = target.execute(
        "select legacy_table, array_agg(legacy_key) from migration.rejects "
        "where run_id = %s and legacy_table = any (%s) group by 1",
        (work.run_id, list(mapping.load().profile_tables)),
    ).fetchall()
    for name, keys in rows:
        table, user = work.plan.table(name).legacy, work.plan.spelled_as(name, "user_id")
        query = witness.by_key(table, work.plan.source_schema, keys, user)
        with work.sessions.lend("source") as source, blame(SourceError, f"reading {name}", work.stop):
            for *_, user_id in source.execute(query).fetchall():
                yield user_id, mapping.role_of(name)


def _users_are_derived(work: Work) -> bool:
    users = work.plan.table("users")
    return users.legacy.shape.column("id").base != "uuid" and work.plan.shape("users").column("id").base == "uuid"


def _note_values(work: Work, target: psycopg.Connection) -> None:
    """A note for every value of the source that the plan says does not arrive."""
    for noted in work.plan.noted:
        table = work.plan.table(noted.legacy_table).legacy
        query = (
            f"select {legacy_key(table)}, {noted.value} from {quoted(work.plan.source_schema, table.name)} as t "
            f"where {noted.condition}"
        )
        with work.sessions.lend("source") as source, blame(SourceError, f"reading {table.name}", work.stop):
            rows = source.execute(query).fetchall()
        target.execute(
            "insert into migration.notes (run_id, legacy_table, legacy_key, target_table, target_column, note, "
            "legacy_value) select %s, %s, found.key, %s, %s, %s, found.value "
            "from unnest(%s::text[], %s::text[]) as found (key, value)",
            (
                work.run_id, table.name, noted.target_table, noted.target_column, noted.note,
                [key for key, _ in rows], [value for _, value in rows],
            ),
        )  # fmt: skip


def _place_orders(work: Work, target: psycopg.Connection) -> None:
    """Redemptions name the order of the payment that their use names."""
    uses = work.plan.find_table("coupon_uses")
    if not uses or not uses.legacy.shape.find_column("payment_id"):
        return
    named, own = (work.plan.shape(name).find_column("payment_id") for name in ("payment_transactions", "coupon_uses"))
    target.execute(
        sql.SQL("update {} as t set {} = p.order_id from {} as p where {} = {}").format(
            sql.Identifier(work.schema, "coupon_uses"),
            sql.Identifier(work.plan.build_column("coupon_uses", "order_id")),
            sql.Identifier(work.schema, "payment_transactions"),
            sql.SQL(ids.word(named, named, 'p."payment_id"')),
            sql.SQL(ids.word(own, named)),
        )
    )


def _insert_gateways(work: Work, target: psycopg.Connection) -> None:
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


def follow(work: Work, target: psycopg.Connection, quarantine: Quarantine) -> None:
    """References to reshaped tables follow their rows."""
    for step in dict.fromkeys(work.plan.follows):
        _drop_lost(work, quarantine, step)
        shape = work.plan.shape(step.table)
        query = sql.SQL(
            "update {table} as t set {column} = {to_id} from migration.moved as m "
            "where m.run_id = {run} and m.legacy_table = {legacy} and m.from_id = {value} "
            "and m.to_id is not null and m.to_id <> m.from_id"
        ).format(
            table=sql.Identifier(work.schema, step.table),
            column=sql.Identifier(step.column),
            to_id=sql.SQL(parsed("m.to_id", "uuid")),
            value=sql.SQL(as_text(shape.find_column(step.column))),
            run=sql.Literal(work.run_id),
            legacy=sql.Literal(step.legacy_table),
        )
        with in_build(work, target):
            target.execute(query)


def _drop_lost(work: Work, quarantine: Quarantine, step: Follow) -> None:
    """What points at a row that is gone: null where that may be, else the row is rejected with its parent."""
    gone = violations.is_lost(work, step)
    root = mapping.load().root_of(step.legacy_table)
    rule = Rule(step.table, f"{step.table}_{step.column}_fkey", "f", (step.column,), ref_table=root)
    rejects = any(
        r.table == step.table and r.columns == (step.column,) and r.kind == "f" and r.on_orphan == "reject"
        for r in work.plan.rules
    )
    if step.is_nullable and not rejects:
        quarantine.set_null(rule, gone)
    else:
        quarantine.remove(
            rule, gone, reasons.PARENT_REJECTED, f"the row of {step.legacy_table} that it belongs to was rejected"
        )


def judge_merged(work: Work, target: psycopg.Connection, quarantine: Quarantine) -> None:
    """A professional merged into a profile that was rejected afterwards is rejected with it."""
    table = work.plan.find_table("professionals")
    if not table or table.disposition != "reshape":
        return
    ids = target.execute(
        sql.SQL(
            "select m.legacy_id from migration.id_map as m where m.run_id = %s and m.legacy_table = 'professionals' "
            "and not exists (select from {} as r where concat(r.id) = m.target_id)"
        ).format(sql.Identifier(work.schema, "user_role_profiles")),
        (work.run_id,),
    ).fetchall()
    if ids:
        with work.sessions.lend("source") as source, blame(SourceError, "reading rejected rows", work.stop):
            rows = source.execute(witness.by_id(table.legacy, work.plan.source_schema, [i for (i,) in ids])).fetchall()
        found = [witness.Witness("professionals", key, row, id_) for _, key, row, id_ in rows]
        quarantine.reject_witnesses(found, "user_role_profiles", reasons.PARENT_REJECTED, "its profile was rejected")


def count_loaded(work: Work, target: psycopg.Connection) -> None:
    """loaded and archived of every legacy table, counted in the target."""
    for table in work.plan.tables:
        if table.disposition == "skip":
            continue
        loaded = 0 if table.disposition == "archive" else _loaded(work, target, table)
        target.execute(
            "update migration.tables set loaded = %s, archived = %s where run_id = %s and legacy_table = %s",
            (loaded, _archived(work, target, table), work.run_id, table.name),
        )


def _loaded(work: Work, target: psycopg.Connection, table) -> int:
    """Legacy rows that have a row in the first target of their own route."""
    route = next(r for r in table.routes if r.is_accounted)
    name = sql.Identifier(work.schema, route.targets[0])
    if route.targets[0] not in work.plan.hidden:
        return target.execute(sql.SQL("select count(*) from {}").format(name)).fetchone()[0]
    oids = [str(oid) for oid in (table.legacy.oid, *(leaf.oid for leaf in table.legacy.leaves))]
    query = sql.SQL("select count(*) from {} as t where split_part(t.{}, '(', 1) = any (%s)").format(
        name, sql.Identifier(HIDDEN)
    )
    return target.execute(query, (oids,)).fetchone()[0]


def _archived(work: Work, target: psycopg.Connection, table) -> int:
    if table.disposition == "archive":
        name = sql.Identifier(work.archive_schema, table.name)
        return target.execute(sql.SQL("select count(*) from {}").format(name)).fetchone()[0]
    return target.execute(
        "select coalesce(sum(archived), 0) from migration.chunks where run_id = %s and route = %s",
        (work.run_id, table.routes[0].name),
    ).fetchone()[0]
