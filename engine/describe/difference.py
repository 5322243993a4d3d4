"""`plan --diff`: what changes between the old and the new schema, in the manner of a unified diff, by domain.

Laws
- Of what stays as it is only the number of columns is told, unless a table is asked for by name.
- A line begins with - where a table loses a column, with + where it gains one, with ~ where it keeps it changed.
- What three or more tables of a domain have in common is told once.
"""

import textwrap
from collections.abc import Iterator, Sequence

from config.printable import line
from engine.describe import beside
from engine.describe.beside import Change, Domain, Place, Story
from engine.describe.wording import WIDTH, count, few, short_type
from engine.planning.plan import Plan

SIGNS = {"removed": "-", "archived": "-", "moved": "-", "split": "-", "renamed": "~", "changed": "~", "made": "+"}
ALIKE = 3  # so many tables with one change are told of together
HANGING = 8  # columns before what a line has no room for
OWN = "its own"  # table, where several are told of


def difference_lines(plan: Plan, names: Sequence[str] = ()) -> list[str]:
    """names: legacy and new tables to show whole; without any, what changes of all."""
    head = [f"--- schema {plan.source_schema}, as it is", f"+++ schema {plan.target_schema}, as it will be", ""]
    found = beside.domains(plan)
    wanted = {*names}
    stories = [story for domain in found for story in domain.stories if wanted & {story.name, *story.targets[:1]}]
    body = [text for story in stories for text in _whole(story)] if names else [t for d in found for t in _domain(d)]
    return [part for text in (*head, *body) for part in _fitted(line(text))]


def _fitted(text: str) -> list[str]:
    hanging = " " * HANGING
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _domain(domain: Domain) -> Iterator[str]:
    old = [story for story in domain.stories if story.table]
    new = [story for story in domain.stories if not story.table]
    changed = [story for story in old if story.is_changed]
    gained = f"; {count(new, 'new table')}" if new else ""
    yield f"@@ {domain.name}: {len(changed)} of {count(old, 'table')} changed{gained} @@"
    common = _common(changed)
    for names in dict.fromkeys(common.values()):
        yield f"  in {len(names)} tables: {few(names)}"
        yield from (text for text, tables in common.items() if tables == names)
    for story in changed:
        rest = [text for text in _changes(story) if story.name not in common.get(text, ())]
        yield from [_title(story), *rest, *_unchanged(story)] if rest or story.own != story.table else []
    yield from (_new(story) for story in new)
    yield ""


def _common(stories: Sequence[Story]) -> dict[str, tuple[str, ...]]:
    """Lines that several tables share → those tables."""
    found: dict[str, list[str]] = {}
    for story in stories:
        for text in _changes(story):
            found.setdefault(text, []).append(story.name)
    return {text: tuple(names) for text, names in found.items() if len(names) >= ALIKE}


def _title(story: Story) -> str:
    if story.own == story.table:
        return f"  {story.name}"
    return f"  {story.name} → {few(story.targets) if story.targets else 'legacy_archive, and nowhere else'}"


def _changes(story: Story) -> list[str]:
    """A line for each column that changes, and one for all constraints that are dropped."""
    if story.disposition in ("archive", "skip"):
        return [f"-   {count(story.changes, 'column')}"]
    lines = [_line(change, story) for change in story.differing]
    dropped = count(story.dropped, "constraint, index or default", "constraints, indexes or defaults")
    return [*lines, f"-   {dropped}: named by `plan --diff TABLE`"] if story.dropped else lines


def _line(change: Change, story: Story) -> str:
    if change.old is None:
        made = change.new[0]
        return f"+   {made.column} {short_type(made.type)}{f'  ← {change.note}' if change.note else ''}"
    places = few([_place(place, change, story) for place in change.new])
    told = f"{SIGNS.get(change.kind, ' ')}   {change.old.column} {short_type(change.old.type)}"
    to = "" if places == change.old.column else f" → {places}" if places else f"  {change.kind}"
    return f"{told}{to}{f'  ({change.note})' if change.note else ''}"


def _place(place: Place, change: Change, story: Story) -> str:
    """Where a column goes: its name where the table stays, and its type where that is another one."""
    kept = change.old is not None and place.type in ("", change.old.type)
    named = f"{place.column}{'' if kept else f' {short_type(place.type)}'}"
    if place.table != story.own:
        return f"{place.table}.{named}"
    return named if len(change.new) == 1 else f"{OWN} {named}"


def _unchanged(story: Story) -> list[str]:
    kept = len(story.changes) - len(story.differing)
    return [f"    {count(kept, 'other column')} as {'it is' if kept == 1 else 'they are'}"] if kept else []


def _new(story: Story) -> str:
    filled = f"from {few(story.filled_by)}" if story.filled_by else "empty"
    return f"+ {story.name}: {count(story.changes, 'column')}, {filled}"


def _whole(story: Story) -> Iterator[str]:
    """All of one table: what stays, too."""
    if story.table is None:
        yield f"+ {story.name}: {story.what}"
    else:
        yield f"{_title(story)}  [{story.disposition}, about {story.rows:,} rows]"
    yield from (_line(change, story) for change in story.changes)
    yield from (f"-   {text}" for text in story.dropped)
    yield ""
