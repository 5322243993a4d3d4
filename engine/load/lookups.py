"""What a transform must know beyond its own rows, as small frames of text.

Laws
- A lookup is restricted to what the chunk's rows ask for; nothing here grows with a table but what is asked once per
  run and holds exceptions alone (ids claimed twice, users with several professionals, rejected profiles).
- What is known of the source before its rows are moved is asked in the source, in the run's snapshot (`prepare`); what
  depends on earlier waves is asked in the build schema.
- Keys are compared as the legacy database spells them and handed on as the target does.
"""

import pandas as pd
import pyarrow as pa
from psycopg import sql

from config import mapping
from config.errors import SourceError, TargetError
from config.quoting import quoted
from config.times import VISIBLE
from config.types import TEXTUAL, UUID_TEXT
from engine.chunks.work import Work
from engine.load import payment_parts
from engine.planning.ids import hyphened, word
from engine.planning.plan import HIDDEN, Route
from engine.planning.tables.plan_reshaped import RULE
from engine.reflect.select import INPUTS, TEXTUAL_NATIVE, as_text
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, empty

COLUMNS = {
    "claimed_ids": ["id"],
    "roles": ["name", "id"],
    "profiles": ["user_id", "role", "id"],
    "rejected_profiles": ["user_id", "role"],
    "taken_ids": ["id"],
    "professionals": ["id", "target_id"],
    "profile_aliases": ["legacy_table", "legacy_id", "target_id"],
    "submissions": ["user_id", "role"],
    "submission_ids": ["id"],
    "payment_parts": ["payment_id", "tax_amount", "discount_amount", "coupon_id"],
    "gateways": ["gateway", "id"],
    "repeated_ids": ["id"],
}


def with_all_columns(rows: pd.DataFrame, route: Route) -> pd.DataFrame:
    """The rows with every rule column of the route; those that the legacy table lacks are null."""
    missing = [name for name in route.rule_columns if name not in rows]
    return rows.assign(**{name: pd.Series(pd.NA, index=rows.index, dtype=TEXT) for name in missing})


def find(work: Work, route: Route, rows: pd.DataFrame, cursor) -> dict[str, pd.DataFrame]:
    """The route's lookups for these rows (ids as the legacy rows have them)."""
    rows = with_all_columns(rows, route)
    return {name: _FINDERS[name](work, route, rows, cursor) for name in route.lookups}


def _asked(cursor, query: sql.Composed, columns: list[str]) -> pd.DataFrame:
    cursor.execute(query.as_string(None))
    table = cursor.fetch_arrow_table()
    return pd.DataFrame(
        {c: pd.Series(pd.arrays.ArrowExtensionArray(table[c].cast(pa.string())), dtype=TEXT) for c in columns}
    )


def _values(*series: pd.Series) -> sql.Literal:
    return sql.Literal(sorted({value for s in series for value in s.dropna()}))


def _converted(work: Work, route: Route, rows: pd.DataFrame, column: str) -> pd.Series:
    """The column as the target spells it."""
    found = next((c for c in route.conversions if c.item == RULE + column), None)
    return steps.target_id(rows[column], found.parent) if found else rows[column]


def _static(name: str):
    def finder(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
        frame = work.frames.get(f"{name}:{route.legacy_table}", work.frames.get(name))
        return empty(COLUMNS[name]) if frame is None else frame

    return finder


def _siblings(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
    frame = work.frames.get("siblings")
    if frame is None:
        return empty(list(rows.columns))
    users = _converted(work, route, rows, "user_id")
    return frame[frame["user_id"].isin(users.dropna())]


ROOTS = "select {} as user_id, role, {} as id from {} as t where {}"


def _is_user(work: Work, users: sql.Literal) -> sql.Composable:
    """Roots of these users; by the index where the type is a common one."""
    column = work.plan.shape("user_role_profiles").find_column("user_id")
    if column.base in {*INPUTS, *TEXTUAL_NATIVE}:
        return sql.SQL("t.user_id = any ({}::{}[])").format(users, sql.SQL(column.base))
    return sql.SQL("{} = any ({})").format(sql.SQL(word(column)), users)


def _profiles(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
    """Roots of the rows' users, and roots that the rows name directly as professionals."""
    of_users = _is_user(work, _values(_converted(work, route, rows, "user_id")))
    found = [_asked(cursor, _roots(work, of_users, route), COLUMNS["profiles"])]
    if "professional_id" in rows:
        ids = _values(steps.canonical_uuid(rows["professional_id"]))
        named = sql.SQL("id = any ({}::uuid[])").format(ids)
        found.append(_asked(cursor, _roots(work, named, route), COLUMNS["profiles"]))
        aliases = _profile_aliases(work, route, rows, cursor)["target_id"]
        renamed = sql.SQL("id = any ({}::uuid[])").format(_values(aliases))
        found.append(_asked(cursor, _roots(work, renamed, route), COLUMNS["profiles"]))
    return pd.concat(found, ignore_index=True).drop_duplicates(ignore_index=True)


def _roots(work: Work, condition: sql.Composed, route: Route) -> sql.Composed:
    roots = sql.Identifier(work.schema, "user_role_profiles")
    shape = work.plan.shape("user_role_profiles")
    shown = [sql.SQL(word(shape.find_column(name))) for name in ("user_id", "id")]
    return sql.SQL(ROOTS).format(*shown, roots, sql.SQL("{} and {}").format(condition, _of_others(work, route)))


def _of_others(work: Work, route: Route) -> sql.Composable:
    """Roots that this route's own chunks have not made: what those do must not depend on their order."""
    if route.transform != "professionals":
        return sql.SQL("true")
    table = work.plan.table(route.legacy_table).legacy
    oids = [str(oid) for oid in (table.oid, *(leaf.oid for leaf in table.leaves))]
    return sql.SQL("split_part({}, '(', 1) <> all ({})").format(sql.Identifier(HIDDEN), sql.Literal(oids))


def _taken_ids(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
    siblings = _siblings(work, route, rows, cursor)
    ids = _values(steps.canonical_uuid(rows["id"]), steps.canonical_uuid(siblings["id"]))
    query = sql.SQL("select concat(id) as id from {} where id = any ({}::uuid[]) and {}")
    roots = sql.Identifier(work.schema, "user_role_profiles")
    return _asked(cursor, query.format(roots, ids, _of_others(work, route)), ["id"])


MOVED = """
    select legacy_table, legacy_id, to_id as target_id from migration.moved
    where run_id = {run} and legacy_table = any ({tables})
      and (legacy_id = any ({ids}::text[]) or from_id = any ({uuids}))
"""


def _moved(work: Work, rows: pd.DataFrame, tables: list[str], cursor) -> pd.DataFrame:
    """Where rows of these legacy tables went that professional_id may name, in whatever spelling of a UUID."""
    query = sql.SQL(MOVED).format(
        run=sql.Literal(work.run_id),
        tables=sql.Literal(tables),
        ids=_values(rows["professional_id"]),
        uuids=sql.SQL("{}::text[]").format(_values(steps.canonical_uuid(rows["professional_id"]))),
    )
    return _asked(cursor, query, COLUMNS["profile_aliases"])


def _professionals(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
    found = _moved(work, rows, ["professionals"], cursor)
    return found.rename(columns={"legacy_id": "id"})[COLUMNS["professionals"]]


def _profile_aliases(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
    return _moved(work, rows, _profile_tables(work), cursor)


def _profile_tables(work: Work) -> list[str]:
    return [t.name for t in work.plan.tables if t.disposition == "reshape" and t.routes[0].transform == "profiles"]


def _kept(name: str, key: str):
    """A finder over a lookup that `prepare` laid out in the build schema; it asks by legacy keys."""

    def finder(work: Work, route: Route, rows: pd.DataFrame, cursor) -> pd.DataFrame:
        if f"__lookup_{name}" not in work.frames:
            return empty(COLUMNS[name])
        uuids = steps.canonical_uuid(rows["id" if key == "canonical_id" else key])
        raw = uuids if key == "canonical_id" else steps.first_known(uuids, rows[key])
        query = sql.SQL("select {} from {} where {} = any ({}::text[])").format(
            sql.SQL(", ").join(map(sql.Identifier, COLUMNS[name])),
            sql.Identifier(work.schema, f"__lookup_{name}"),
            sql.Identifier(COLUMNS[name][0]),
            _values(raw),
        )
        return _handed_on(work, name, _asked(cursor, query, COLUMNS[name]))

    return finder


def _handed_on(work: Work, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keys as the target spells them: of the column's parent where that one's ids are derived."""
    parents = work.frames[f"__lookup_{name}"].to_dict("records")
    new = {p["column"]: steps.target_id(frame[p["column"]], p["parent"]) for p in parents}
    return frame.assign(**new)


_FINDERS = {
    "claimed_ids": _static("claimed_ids"),
    "roles": _static("roles"),
    "rejected_profiles": _static("rejected_profiles"),
    "gateways": _static("gateways"),
    "repeated_ids": _static("repeated_ids"),
    "siblings": _siblings,
    "profiles": _profiles,
    "taken_ids": _taken_ids,
    "professionals": _professionals,
    "profile_aliases": _profile_aliases,
    "submissions": _kept("submissions", "user_id"),
    "submission_ids": _kept("submission_ids", "canonical_id"),
    "payment_parts": _kept("payment_parts", "id"),
}


def prepare(work: Work) -> None:
    """Ask the source, once per run, for what transforms need of whole tables."""
    with work.sessions.lend("source") as source, blame(SourceError, "asking for lookups", work.stop):
        _prepare_claims(work, source)
        _prepare_roles(work, source)
        _prepare_siblings(work, source)
        _prepare_gateways(work, source)
        _prepare_repeated_ids(work, source)
        with work.sessions.lend("target") as target, blame(TargetError, "laying out lookups", work.stop):
            for name, query, parents in _laid_out(work):
                _lay_out(work, source, target, name, query)
                work.frames[f"__lookup_{name}"] = pd.DataFrame(parents, columns=["column", "parent"])


def _source(work: Work, table: str) -> str:
    return f"{quoted(work.plan.source_schema, table)} as t"


def _frame(source, query: str, columns: list[str]) -> pd.DataFrame:
    rows = source.execute(query).fetchall()
    return pd.DataFrame(rows, columns=columns).astype(TEXT)


def _prepare_claims(work: Work, source) -> None:
    """Ids that an earlier profile table holds too. Of ids that are no UUIDs none can clash."""
    tables = [work.plan.table(name).legacy for name in _profile_tables(work)]
    order = [name for name in _ranked(work) if name in {t.name for t in tables}]
    parts = [
        f"select {rank} as rank, {_canonical(work, work.plan.table(name).legacy)} as id "
        f"from {quoted(work.plan.source_schema, name)} as t"
        for rank, name in enumerate(order)
        if work.plan.table(name).legacy.shape.column("id").base in {"uuid", *TEXTUAL}
    ]
    if len(parts) < 2:
        return
    claims = " union all ".join(parts)
    rows = source.execute(
        f"select c.id, array_agg(distinct c.rank order by c.rank) from ({claims}) as c where c.id is not null "
        "group by c.id having count(distinct c.rank) > 1"
    ).fetchall()
    for rank, name in enumerate(order):
        held = [key for key, ranks in rows if rank in ranks[1:]]
        work.frames[f"claimed_ids:{name}"] = pd.DataFrame({"id": held}, dtype=TEXT)


def _ranked(work: Work) -> list[str]:
    return list(mapping.load().profile_tables)


def _canonical(work: Work, table) -> str:
    """The id, if it is a UUID, in its plain form."""
    text = work.plan.spelled_as(table.name, "id")
    return f"case when {text} ~* '{UUID_TEXT}' then {hyphened(text)} end"


def _prepare_roles(work: Work, source) -> None:
    table = work.plan.find_table("roles")
    if not table or not table.legacy.shape.find_column("id") or not work.plan.shape("user_role_profiles"):
        return
    shape = table.legacy.shape
    name = next((c for n in ("key", "slug", "code", "name") if (c := shape.find_column(n))), None)
    if name is None:
        return
    frame = _frame(
        source,
        f"select {as_text(name)}, {work.plan.spelled_as('roles', 'id')} from {_source(work, 'roles')} order by 1, 2",
        COLUMNS["roles"],
    )
    own = next((c for r in table.routes for c in r.conversions if c.is_own_id), None)
    work.frames["roles"] = frame.assign(id=steps.target_id(frame["id"], own.parent)) if own else frame


def _prepare_siblings(work: Work, source) -> None:
    table = work.plan.find_table("professionals")
    if not table or table.disposition != "reshape":
        return
    route = table.routes[0]
    user = work.plan.id_as(table.name, "user_id")
    several = f"{user} in (select {user} from {route.from_sql} group by 1 having count(*) > 1)"
    rules = [item for item in route.items if item.name.startswith(RULE)]
    query = f"select {', '.join(item.expression for item in rules)} from {route.from_sql} where {several}"
    frame = _frame(source, query, [item.name.removeprefix(RULE) for item in rules])
    frame = frame.assign(user_id=_converted(work, route, frame, "user_id"))
    work.frames["siblings"] = with_all_columns(frame, route)


def _prepare_gateways(work: Work, source) -> None:
    """One row per distinct gateway that is not blank; ids as orders refer to them."""
    table = work.plan.find_table("payments")
    route = next((r for r in table.routes if r.transform == "orders"), None) if table else None
    item = next((i for i in route.items if i.name == RULE + "gateway"), None) if route else None
    if item is None:
        return
    is_named = f"{item.expression} ~ '{VISIBLE}'"
    query = f"select distinct {item.expression} from {route.from_sql} where {is_named} order by 1"
    frame = _frame(source, query, ["gateway"])
    ids = [steps.derived_id(f"payment_gateway_configs:{gateway}") for gateway in frame["gateway"]]
    work.frames["gateways"] = frame.assign(id=pd.Series(ids, index=frame.index, dtype=TEXT))


def _prepare_repeated_ids(work: Work, source) -> None:
    """Ids that are another row's UUID in another form; the plain form keeps it, else the first by its letters."""
    for table in (t for t in work.plan.tables if any("repeated_ids" in route.lookups for route in t.routes)):
        column = table.legacy.shape.find_column("id")
        if column is None or column.base not in TEXTUAL:
            continue
        raw, id_ = work.plan.spelled_as(table.name, "id"), _canonical(work, table.legacy)
        rows = _source(work, table.name)
        query = (
            f"select r.raw from (select {raw} as raw, {id_} as id, row_number() over (partition by {id_} "
            f'order by {raw} = {id_} desc, {raw} collate "C") as place from {rows} where {id_} in '
            f"(select {id_} from {rows} group by 1 having count(*) > 1)) as r where r.place > 1"
        )
        work.frames[f"repeated_ids:{table.name}"] = _frame(source, query, COLUMNS["repeated_ids"])


def _laid_out(work: Work):
    """(name, SELECT, [(column, parent)]) of lookups that may be as long as a table."""
    submissions, payments = work.plan.find_table("onboarding_submissions"), work.plan.find_table("payments")
    if submissions and submissions.disposition == "reshape":
        route = submissions.routes[0]
        items = {i.name: i.expression for i in route.items}
        role = items.get(RULE + "role", "null::text")
        yield (
            "submissions",
            f"select distinct {work.plan.id_as(submissions.name, 'user_id')}, {role} from {route.from_sql}",
            [("user_id", c.parent) for c in route.conversions if c.item == RULE + "user_id"],
        )
        if submissions.legacy.shape.column("id").base in {"uuid", *TEXTUAL}:
            yield "submission_ids", f"select {_canonical(work, submissions.legacy)} from {route.from_sql}", []
    if payments and any(r.transform == "orders" for r in payments.routes):
        yield "payment_parts", *payment_parts.query(work)


def _lay_out(work: Work, source, target, name: str, query: str) -> None:
    """Copy the answer into a table of the build schema, indexed by its first column."""
    table = sql.Identifier(work.schema, f"__lookup_{name}")
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(c)) for c in COLUMNS[name])
    with target.transaction():
        target.execute(sql.SQL("drop table if exists {}").format(table))
        target.execute(sql.SQL("create unlogged table {} ({})").format(table, columns))
        with (
            source.cursor().copy(f"copy ({query}) to stdout (format binary)") as rows,
            target.cursor().copy(sql.SQL("copy {} from stdin (format binary)").format(table)) as sink,
        ):
            for row in rows:
                sink.write(row)
        target.execute(sql.SQL("create index on {} ({})").format(table, sql.Identifier(COLUMNS[name][0])))
    target.execute(sql.SQL("analyze {}").format(table))


def drop(work: Work, target) -> None:
    """Remove the tables that `prepare` laid out."""
    for name in COLUMNS:
        target.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(work.schema, f"__lookup_{name}")))
