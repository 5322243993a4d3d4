"""What the books say of how many legacy rows are loaded, once a round has changed the build."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from psycopg import sql

from config.errors import VerificationFailed
from engine.following.delta import Delta
from engine.following.seeds import final_place
from engine.following.units import Filled
from engine.load import between_waves
from engine.session import fetch

if TYPE_CHECKING:
    from engine.following.apply import Changed

WITHOUT_ROW = """
    select legacy_table, sum(rows)::bigint from (
        select legacy_table, count(*) as rows from migration.rejects
        where run_id = %(run)s and legacy_table = any (%(tables)s) group by 1
        union all
        select legacy_table, count(*) from migration.id_map
        where run_id = %(run)s and legacy_table = any (%(tables)s) and why = 'merged' group by 1
    ) as without group by 1
"""
ARCHIVING = ("onboarding_states",)  # transforms that leave rows to the archive alone


def of_groups(delta: Delta) -> list[tuple[str, int, int]]:
    """(legacy table, loaded, archived) of those whose rows a group accounts for, as a run counts them."""
    counted = {name for group in delta.groups if group not in delta.kin for name in group.accounted}
    batches = [
        [table for table in tables if table.name in counted]
        for tables in between_waves.counted_together(delta.main.plan)
    ]
    loaded = dict(between_waves.count_loaded(delta.work, [tables for tables in batches if tables]))
    archived: dict[str, int] = dict(delta.target.execute(between_waves.ARCHIVED, (delta.work.run_id,)).fetchall())
    found = []
    for name, rows in loaded.items():
        table = delta.main.plan.table(name)
        is_archive = table.disposition == "archive"
        route = next(route for route in table.routes if route.is_accounted)
        found.append((name, 0, rows) if is_archive else (name, rows, archived.get(route.name, 0)))
    return found


def of_kin(delta: Delta, source_rows: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """The same of groups of which some rows are derived: what was neither merged nor rejected is loaded, and of states
    that are not, what the others leave of the table that they share. Errors: VerificationFailed, where what the build
    has is not the sum."""
    accounted = {name for group in delta.kin for name in group.accounted}
    plan, found = delta.main.plan, list[tuple[str, int, int]]()
    without: dict[str, int] = dict(
        delta.target.execute(WITHOUT_ROW, {"run": delta.main.run_id, "tables": sorted(accounted)})
    )
    for tables in between_waves.counted_together(plan):
        if not accounted & {table.name for table in tables}:
            continue
        is_archive, name = between_waves.counted_in(tables[0])
        place = sql.Identifier(*final_place(delta.work, Filled(name, is_archive, (), False)))
        count = fetch.value(int, delta.target, sql.SQL("select count(*) from {}").format(place))
        rows = {table.name: source_rows[table.name] - without.get(table.name, 0) for table in tables}
        archiving = [table.name for table in tables if table.routes[0].transform in ARCHIVING]
        loaded = dict(rows)
        for one in archiving:
            loaded[one] = count - sum(n for other, n in rows.items() if other not in archiving)
        is_alone = all(r.is_accounted for r in plan.routes if name in r.targets and r.is_archive == is_archive)
        if (is_alone and sum(loaded.values()) != count) or any(not 0 <= loaded[one] <= rows[one] for one in rows):
            raise VerificationFailed(
                f"the round did not come out: {name} has {count} rows, and {sum(loaded.values())} legacy rows lead "
                f"there; nothing was changed, and the build is to be made anew: `nxtgauge-migrate sync --abort`"
            )
        found += [(t, 0, n) if is_archive else (t, n, rows[t] - n) for t, n in loaded.items()]
    return found


def record(
    delta: Delta,
    changed: "Changed",
    loaded: list[tuple[str, int, int]],
    source_rows: Mapping[str, int],
    files: Mapping[str, str],
) -> None:
    target, run = delta.target, delta.main.run_id
    target.execute(
        "update migration.tables as t set source_rows = given.rows, files = given.files "
        "from unnest(%s::text[], %s::bigint[], %s::text[]) as given (name, rows, files) "
        "where t.run_id = %s and t.legacy_table = given.name",
        [list(source_rows), list(source_rows.values()), [files[name] for name in source_rows], run],
    )
    figures = [(name, rows, archived, False) for name, rows, archived in loaded]
    for unit in delta.rows:
        growth = changed.growth(unit.home)
        figures.append((unit.legacy_table, *((0, growth) if unit.home.is_archive else (growth, 0)), True))
    if not figures:
        return
    target.execute(
        "update migration.tables as t set loaded = given.loaded + case when more then t.loaded else 0 end, "
        "archived = given.archived + case when more then t.archived else 0 end "
        "from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::boolean[]) as given (name, loaded, archived, more) "
        "where t.run_id = %s and t.legacy_table = given.name",
        [*(list(column) for column in zip(*figures, strict=True)), run],
    )
