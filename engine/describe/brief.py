"""The plan on one screen: what becomes of the tables by domain, what is left out, and which command comes next."""

from collections import Counter
from collections.abc import Iterator, Sequence

from engine.describe import beside
from engine.describe.beside import Domain, Story
from engine.describe.wording import count, counted, few, wrapped
from engine.planning.plan import Plan
from engine.start.survey import Survey

DISPOSITIONS = {
    "copy": "copied", "rename": "renamed", "reshape": "reshaped", "carry": "carried", "archive": "archived",
    "skip": "not read",
}  # fmt: skip
TITLE = 15  # columns of a line's title
UNMAPPED = ("carry", "archive", "skip")  # what a reader may not have thought of
MOST_UNMAPPED = 12


def brief_lines(found: Survey) -> list[str]:
    plan = found.plan
    domains = beside.domains(plan)
    lines = ["what becomes of the tables"]
    lines += [text for domain in domains for text in wrapped(domain.name, "; ".join(_told(domain)), TITLE)]
    lines += ["", "what is left out"]
    lines += [text for title, told in _left_out(plan, domains) for text in wrapped(title, told, TITLE)]
    return [*lines, "", *_next(found)]


def _told(domain: Domain) -> Iterator[str]:
    """The domain's tables: how many of each disposition, those that go elsewhere, and new ones, by name."""
    old = [story for story in domain.stories if story.table]
    usual = Counter(story.disposition for story in old if story.disposition not in UNMAPPED)
    if usual:
        yield counted(dict(usual), DISPOSITIONS)
    for disposition in UNMAPPED:
        if names := [story.name for story in old if story.disposition == disposition]:
            yield f"{len(names)} {DISPOSITIONS[disposition]}: {few(names, MOST_UNMAPPED)}"
    arrows = {few(names): few(elsewhere) for elsewhere, names in _elsewhere(old).items()}
    yield from (f"{names} → {elsewhere}" for names, elsewhere in arrows.items())
    if new := [story.name for story in domain.stories if not story.table]:
        untold = [name for name in new if not any(name in elsewhere.split(", ") for elsewhere in arrows.values())]
        yield f"{len(new)} new{f': {few(untold)}' if untold else ''}"


def _elsewhere(stories: Sequence[Story]) -> dict[tuple[str, ...], list[str]]:
    """Where rows go beside a table of their own name → the tables."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for story in stories:
        away = tuple(name for name in story.targets if name != story.table)
        if away and story.disposition not in ("archive", "skip"):
            groups.setdefault((*away, *(["itself"] if story.table in story.targets else [])), []).append(story.name)
    return groups


def _left_out(plan: Plan, domains: Sequence[Domain]) -> Iterator[tuple[str, str]]:
    whole = {table.name for table in plan.tables if table.disposition == "archive"}  # told of by name
    lost = [change for change in beside.lost(domains) if change.old and change.old.table not in whole]
    for kind in ("removed", "archived"):
        names = [f"{change.old.table}.{change.old.column}" for change in lost if change.old and change.kind == kind]
        if names:
            yield kind, f"{count(names, 'column')}: {few(names)}"
    if fallen := list(_fallen(plan)):
        yield "dropped", "; ".join(fallen)
    if plan.missing_tables:
        yield "not there", f"{count(plan.missing_tables, 'table')} of the mapping: {few(plan.missing_tables)}"
    if plan.remarks:
        yield "remarks", f"{len(plan.remarks)}; `nxtgauge-migrate plan --full` has them"


def _fallen(plan: Plan) -> Iterator[str]:
    if dropped := sum(len(table.dropped) for table in plan.tables):
        yield count(dropped, "constraint, index or default", "constraints, indexes or defaults")
    if kinds := Counter(item.kind for item in plan.source.not_migrated):
        yield f"not migrated: {', '.join(f'{number} {kind}' for kind, number in kinds.items())}"


def _next(found: Survey) -> list[str]:
    steps = []
    if found.faults:
        steps.append(("nxtgauge-migrate plan", "again, once the faults are mended"))
    elif found.plan.questions:
        steps.append(("nxtgauge-migrate plan", "again, once the questions are answered"))
    steps += [
        ("nxtgauge-migrate plan --diff", "what changes, by table and column"),
        ("nxtgauge-migrate plan --html plan.html", "both schemas drawn, to be signed"),
    ]
    if not found.faults:
        steps.append(("nxtgauge-migrate migrate --dry-run", "a rehearsal: all but the publish"))
    return ["next", *(f"  {command:<38} # {what}" for command, what in steps)]
