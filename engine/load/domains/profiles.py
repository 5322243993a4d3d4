"""Lookups of profiles and professionals, and what their rows need between the waves."""

import re
from collections.abc import Iterator

import pandas as pd
import psycopg
from psycopg import sql

from config import mapping, reasons, rules
from config.errors import SourceError
from config.postgres.quoting import quoted
from config.postgres.types import TEXTUAL
from engine.chunks.work import Work
from engine.load.lookup import (
    Asking,
    Lookup,
    asked,
    asked_source,
    canonical,
    converted,
    in_any_spelling,
    prepared,
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
from transforms.outcome import TEXT, empty

PROFILES = "user_role_profiles"
PROFILE = ["user_id", "role", "id"]
PROFESSIONAL = ["id", "target_id"]
ALIAS = ["legacy_table", "legacy_id", "target_id"]
INDEXES = {"__helper_roots_user": "user_id", "__helper_roots_id": "id"}


def _siblings(asking: Asking) -> pd.DataFrame:
    frame = asking.work.frames.get("siblings")
    if frame is None:
        return empty(list(asking.rows.columns))
    users = converted(asking.route, asking.rows, "user_id")
    return frame[steps.is_in(frame["user_id"], users)]


def _all_siblings(work: Work, source: psycopg.Connection) -> dict[str, pd.DataFrame]:
    table = work.plan.find_table("professionals")
    if not table or table.disposition != "reshape":
        return {}
    route = table.routes[0]
    user = work.plan.id_as(table.name, "user_id")
    several = f"{user} in (select {user} from {route.from_sql} group by 1 having count(*) > 1)"
    rules = [item for item in route.items if item.name.startswith(RULE)]
    query = f"select {', '.join(item.expression for item in rules)} from {route.from_sql} where {several}"
    frame = asked_source(source, query, [item.name.removeprefix(RULE) for item in rules])
    frame = frame.assign(user_id=converted(route, frame, "user_id"))
    return {"siblings": with_all_columns(frame, route)}


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


def _claimed_ids(work: Work, source: psycopg.Connection) -> dict[str, pd.DataFrame]:
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
        return {}
    claims = " union all ".join(parts)
    rows = source.execute(
        f"select c.id, array_agg(c.rank) from ({claims}) as c where c.id is not null "
        "group by c.id having min(c.rank) < max(c.rank)"
    ).fetchall()
    held = {name: [key for key, ranks in rows if min(ranks) < rank in ranks] for rank, name in enumerate(order)}
    return {f"claimed_ids:{name}": pd.DataFrame({"id": ids}, dtype=TEXT) for name, ids in held.items()}


def rejected(work: Work, target: psycopg.Connection) -> pd.DataFrame:
    """The lookup rejected_profiles, for professionals: users and roles of rejected profiles."""
    frame = pd.DataFrame(list(_rejected_users(work, target)), columns=["user_id", "role"]).astype(TEXT)
    if _users_are_derived(work):
        frame = frame.assign(user_id=steps.target_id(frame["user_id"], "users"))
    return frame.drop_duplicates(ignore_index=True)


def _rejected_users(work: Work, target: psycopg.Connection) -> Iterator[tuple[str | None, str]]:
    """(user, role) of every rejected profile, asked of the source, where the user is spelled as ids are."""
    rows = target.execute(
        "select legacy_table, array_agg(legacy_key) from migration.rejects "
        "where run_id = %s and legacy_table = any (%s) group by 1",
        (work.run_id, list(mapping.load().profile_tables)),
    ).fetchall()
    for name, keys in rows:
        table, user = work.plan.table(name).legacy, work.plan.spelled_as(name, "user_id")
        query = legacy_rows.by_key(table, work.plan.source_schema, keys, user)
        with work.sessions.lend("source") as source, blame(SourceError, f"reading {name}", work.stop):
            for *_, user_id in source.execute(query).fetchall():
                yield user_id, rules.role_of(name)


def _users_are_derived(work: Work) -> bool:
    users = work.plan.table("users")
    return users.legacy.shape.column("id").base != "uuid" and work.plan.shape("users").column("id").base == "uuid"


def make_indexes(work: Work, target: psycopg.Connection) -> None:
    """Make the indexes by which lookups find profiles, by user and by id; they are dropped after the load."""
    for name, column in INDEXES.items():
        names = sql.Identifier(name), sql.Identifier(work.schema, PROFILES), sql.Identifier(column)
        target.execute(sql.SQL("create index if not exists {} on {} ({})").format(*names))
    target.execute(sql.SQL("analyze {}").format(sql.Identifier(work.schema, PROFILES)))


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
    "claimed_ids": prepared("claimed_ids", ["id"], _claimed_ids),
    "rejected_profiles": prepared("rejected_profiles", ["user_id", "role"]),
    "siblings": Lookup(_siblings, _all_siblings),
    "profiles": Lookup(_profiles),
    "taken_ids": Lookup(_taken_ids),
    "professionals": Lookup(_professionals),
    "profile_aliases": Lookup(_profile_aliases),
}
