"""Lookups of profiles and professionals, and what their rows need between the waves."""

import re
from collections.abc import Iterator

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, reasons, rules
from config.errors import SourceError
from config.postgres.quoting import literal, quoted
from config.postgres.types import TEXTUAL
from engine.chunks.work import Work
from engine.load import statistics
from engine.load.lookup import (
    IDS,
    Asking,
    Long,
    Lookup,
    asked,
    canonical,
    converted,
    ids_of_table,
    in_any_spelling,
    laid_out,
    lay_out,
    of_laid_out,
    source_table,
    with_all_columns,
)
from engine.planning.ids import LIMITS, word
from engine.planning.plan import HIDDEN, Route
from engine.planning.tables.reshaped import RULE
from engine.quarantine import legacy_rows, records
from engine.quarantine.quarantine import Quarantine
from engine.reflect.select_list import TEXTUAL_NATIVE, among
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import empty

PROFILES = "user_role_profiles"
PROFILE = ["user_id", "role", "id"]
PROFESSIONAL = ["id", "target_id"]
ALIAS = ["legacy_table", "legacy_id", "target_id"]
WHOSE = "__whose"  # the user, one text however an id is written
REJECTED = [WHOSE, "user_id", "role"]
INDEXES = {"__helper_roots_user": "user_id", "__helper_roots_id": "id"}


def _siblings(asking: Asking) -> pd.DataFrame:
    """Rows of the rows' users that have several, these rows among them."""
    columns = [WHOSE, *_read_of(asking.route)]
    found = of_laid_out(asking, "siblings", columns, in_any_spelling(asking.rows["user_id"]))
    users = converted(asking.route, asking.rows, "user_id")
    return with_all_columns(found[steps.is_in(found["user_id"], users)], asking.route).drop(columns=WHOSE)


def _all_siblings(work: Work) -> Long | None:
    """Rows of all users that have several professionals."""
    table = work.plan.find_table("professionals")
    if not table or table.disposition != "reshape":
        return None
    route, user = table.routes[0], work.plan.id_as(table.name, "user_id")
    several = f"{user} in (select {user} from {route.from_sql} group by 1 having count(*) > 1)"
    read = _read_of(route)
    query = f"select {', '.join([user, *read.values()])} from {route.from_sql} where {several}"
    return Long([WHOSE, *read], query, [("user_id", c.parent) for c in route.conversions if c.item == RULE + "user_id"])


def _read_of(route: Route) -> dict[str, str]:
    """The rule columns that the legacy table has, by name."""
    return {i.name.removeprefix(RULE): i.expression for i in route.items if i.name.startswith(RULE)}


ROOTS = "select {} as user_id, role, {} as id from {} as t where {}"


NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")


def _of_users(asking: Asking, users: pd.Series) -> pd.DataFrame:
    """Roots of these users; by the index where the type is a common one."""
    column = asking.work.plan.shape(PROFILES).column("user_id")
    if column.base in {"uuid", "numeric", *LIMITS, *TEXTUAL_NATIVE}:
        return _roots(
            asking, sql.SQL("t.user_id = {}").format(sql.SQL(among(column.base))), _as_ids(users.dropna(), column.base)
        )
    return _roots(asking, sql.SQL("{} = {}").format(sql.SQL(word(column)), sql.SQL(among("text"))), users)


def _as_ids(users: pd.Series, base: str) -> pd.Series:
    """Those that the type can read: a user_id that nobody declared may be of another type, and names no row."""
    if base == "uuid":
        return steps.canonical_uuid(users)
    if base in TEXTUAL_NATIVE:
        return users
    return users[[_is_number(user, LIMITS.get(base)) for user in users]]


def _is_number(text: str, limit: int | None) -> bool:
    """Whether an integer type of this range reads the text, or numeric if there is no limit."""
    if limit is None:
        return NUMBER.fullmatch(text) is not None
    return text.removeprefix("-").isdecimal() and text.isascii() and -limit <= int(text) < limit


def _profiles(asking: Asking) -> pd.DataFrame:
    """Roots of the rows' users, and roots that rows name directly as professionals: their users are not asked for."""
    users = converted(asking.route, asking.rows, "user_id")
    if "professional_id" not in asking.rows:
        return _of_users(asking, users)
    named = steps.canonical_uuid(_no_professionals(asking))
    of_users = _of_users(asking, users.where(asking.rows["professional_id"].isna()))
    found = [of_users, _roots(asking, sql.SQL("t.id = {}").format(sql.SQL(among("uuid"))), named)]
    return pd.concat(found, ignore_index=True).drop_duplicates(ignore_index=True)


def _roots(asking: Asking, condition: sql.Composable, keys: pd.Series) -> pd.DataFrame:
    """Roots of which the condition holds. keys: what it knows as $1."""
    shape, roots = asking.work.plan.shape(PROFILES), sql.Identifier(asking.work.schema, PROFILES)
    if not keys.notna().any():
        return empty(PROFILE)
    shown = [sql.SQL(word(shape.column(name))) for name in ("user_id", "id")]
    whole = sql.SQL("{} and {}").format(condition, _of_others(asking.work, asking.route))
    return asked(asking.work, sql.SQL(ROOTS).format(*shown, roots, whole), PROFILE, keys)


def _of_others(work: Work, route: Route) -> sql.Composable:
    """Roots that this route's own chunks have not made: what those do must not depend on their order."""
    if route.transform != "professionals":
        return sql.SQL("true")
    table = work.plan.table(route.legacy_table).legacy
    oids = [str(oid) for oid in (table.oid, *(leaf.oid for leaf in table.leaves))]
    return sql.SQL("split_part({}, '(', 1) <> all ({})").format(sql.Identifier(HIDDEN), sql.Literal(oids))


def _taken_ids(asking: Asking) -> pd.DataFrame:
    ids = steps.canonical_uuid(pd.concat([asking.rows["id"], asking(_siblings)["id"]]))
    return _roots(asking, sql.SQL("t.id = {}").format(sql.SQL(among("uuid"))), ids)[["id"]]


MOVED = """
    select legacy_table, legacy_id, to_id as target_id from migration.moved
    where run_id = {run} and legacy_table = any ({tables}) and {key} = any ($1::text[])
"""


def _moved(asking: Asking, ids: pd.Series, tables: list[str]) -> pd.DataFrame:
    """Where rows of these legacy tables went that professional_id may name, in whatever spelling of a UUID."""
    canonical = steps.canonical_uuid(ids)
    found = [
        _moved_by(asking, "from_id", canonical, tables),
        _moved_by(asking, "legacy_id", ids[canonical.isna()], tables),
    ]
    return pd.concat(found, ignore_index=True)


def _moved_by(asking: Asking, key: str, ids: pd.Series, tables: list[str]) -> pd.DataFrame:
    if not ids.notna().any():
        return empty(ALIAS)
    query = sql.SQL(MOVED).format(
        run=sql.Literal(asking.work.run_id), tables=sql.Literal(tables), key=sql.Identifier(key)
    )
    return asked(asking.work, query, ALIAS, ids)


def _professionals(asking: Asking) -> pd.DataFrame:
    found = _moved(asking, asking.rows["professional_id"], ["professionals"])
    return found.rename(columns={"legacy_id": "id"})[PROFESSIONAL]


def _no_professionals(asking: Asking) -> pd.Series:
    """What stands in professional_id and names none."""
    ids, names = asking.rows["professional_id"], asking(_professionals)["id"]
    return ids[~steps.is_in(in_any_spelling(ids), in_any_spelling(names))]


def _profile_aliases(asking: Asking) -> pd.DataFrame:
    return _moved(asking, _no_professionals(asking), _profile_tables(asking.work))


def _profile_tables(work: Work) -> list[str]:
    return [t.name for t in work.plan.tables if t.disposition == "reshape" and t.routes[0].transform == "profiles"]


def _claimed_ids(work: Work) -> Long | None:
    """Ids that an earlier profile table holds too. Of ids that are no UUIDs none can clash."""
    tables = [work.plan.table(name).legacy for name in _profile_tables(work)]
    order = [name for name in mapping.load().profile_tables if name in {t.name for t in tables}]
    parts = [
        f"select {rank} as rank, {canonical(work, work.plan.table(name).legacy)} as id "
        f"from {quoted(work.plan.source_schema, name)} as t"
        for rank, name in enumerate(order)
        if work.plan.table(name).legacy.shape.column("id").base in {"uuid", *TEXTUAL}
    ]
    if len(parts) < 2:
        return None
    claims = (
        f"select c.id, array_agg(c.rank) as ranks, min(c.rank) as first from ({' union all '.join(parts)}) as c "
        "where c.id is not null group by c.id having min(c.rank) < max(c.rank)"
    )
    names = ", ".join(f"({rank}, {literal(name)})" for rank, name in enumerate(order))
    held = "t.rank = any (h.ranks) and t.rank > h.first"
    return Long(IDS, f"select h.id, t.name from ({claims}) as h join (values {names}) as t (rank, name) on {held}")


def lay_out_rejected(work: Work, target: psycopg.Connection) -> dict[str, pd.DataFrame]:
    """The lookup rejected_profiles, for professionals: users and roles of rejected profiles."""
    parents = [("user_id", "users")] if _users_are_derived(work) else []
    longs = (Long(REJECTED, query, parents) for query in _rejected(work, target))
    with work.sessions.lend("source") as source, blame(SourceError, "reading rejected profiles", work.stop):
        return lay_out(work, source, target, "rejected_profiles", longs)


def _rejected(work: Work, target: psycopg.Connection) -> Iterator[str]:
    """SELECTs of REJECTED in the source, of all rejected profiles, some at a time; within a transaction."""
    for name in _profile_tables(work):
        table, user = work.plan.table(name).legacy, work.plan.spelled_as(name, "user_id")
        shown = f"{work.plan.id_as(name, 'user_id')}, {user}, {literal(rules.role_of(name))}"
        with target.cursor(name="rejected") as cursor:
            cursor.execute(
                "select legacy_key from migration.rejects where run_id = %s and legacy_table = %s", (work.run_id, name)
            )
            while keys := cursor.fetchmany(records.BATCH_ROWS):
                condition = legacy_rows.key_condition(table, [key for (key,) in keys])
                yield f"select {shown} from {source_table(work, name)} where {condition}"


def _users_are_derived(work: Work) -> bool:
    users = work.plan.table("users")
    return users.legacy.shape.column("id").base != "uuid" and work.plan.shape("users").column("id").base == "uuid"


def make_indexes(work: Work, target: psycopg.Connection) -> None:
    """Make the indexes by which lookups of professionals find profiles, by user and by id.

    They go before profiles get what professionals carry: each would make a changed row dearer. After that the keys of
    the table stand, and serve as well.
    """
    for name, column in INDEXES.items():
        names = sql.Identifier(name), sql.Identifier(work.schema, PROFILES), sql.Identifier(column)
        target.execute(sql.SQL("create index if not exists {} on {} ({})").format(*names))
    statistics.sample(target, [sql.Identifier(work.schema, PROFILES)], work.path, work.stop, is_coarse=True)


def drop_indexes(work: Work, target: psycopg.Connection) -> None:
    for name in INDEXES:
        target.execute(sql.SQL("drop index if exists {}").format(sql.Identifier(work.schema, name)))


def judge_merged(work: Work, target: psycopg.Connection, quarantine: Quarantine) -> None:
    """Reject professionals that were merged into a profile which was rejected afterwards."""
    table = work.plan.find_table("professionals")
    if not table or table.disposition != "reshape":
        return
    query = sql.SQL(
        "select m.legacy_id from migration.id_map as m where m.run_id = %s and m.legacy_table = 'professionals' "
        "and not exists (select from {} as r where concat(r.id) = m.target_id)"
    ).format(sql.Identifier(work.schema, PROFILES))
    with target.transaction(), target.cursor(name="merged") as cursor:
        cursor.execute(query, (work.run_id,))
        while ids := cursor.fetchmany(records.BATCH_ROWS):
            asked = legacy_rows.by_id(table.legacy, work.plan.source_schema, [id_ for (id_,) in ids])
            quarantine.reject(table.legacy, asked, PROFILES, reasons.PARENT_REJECTED, "its profile was rejected")


LOOKUPS = {
    "claimed_ids": ids_of_table("claimed_ids", lambda rows: steps.canonical_uuid(rows["id"]), _claimed_ids),
    "rejected_profiles": laid_out("rejected_profiles", REJECTED, lambda rows: in_any_spelling(rows["user_id"])),
    "siblings": Lookup(_siblings, None, _all_siblings, is_laid_out=True),
    "profiles": Lookup(_profiles),
    "taken_ids": Lookup(_taken_ids),
    "professionals": Lookup(_professionals),
    "profile_aliases": Lookup(_profile_aliases),
}
