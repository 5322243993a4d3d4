"""The plan as a page that an architect reads and signs: both schemas beside each other, what is lost, what is asked.

Laws
- It needs no network and no script, and holds no address, no secret and no value of a row: names, types and digests.
- It is made of what `plan` has found, faults among it; it decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from checks.reporting import html
from checks.reporting.blocks import Block, TableBlock, slim, slim_table
from checks.reporting.page import MARKS, document
from checks.reporting.page import text as _text
from checks.reporting.sections import Section
from checks.reporting.words import some
from engine import describe
from engine.describe import beside
from engine.describe.beside import Change, Domain, Place, Story
from engine.describe.wording import count, few, short_type
from engine.start.survey import Survey
from flows.pages import schemas

STYLE = Path(__file__).with_name("plan.css")
WORDS = {
    "removed": "removed by a rule, and nowhere in the new schema", "archived": "kept in legacy_archive alone",
    "split": "goes into several columns", "moved": "goes to another table", "renamed": "has another name",
    "changed": "has another type, or values that a rule makes", "made": "is new",
}  # fmt: skip


def render(found: Survey, made_at: str) -> str:
    """The whole page. made_at: when the plan was made, as a person reads it."""
    domains = beside.domains(found.plan)
    before, after = _before(found, domains), Section("sign", "Agreed", ())
    links = [*before, *(Section(_id(domain), _title(domain), ()) for domain in domains), after]
    kinds = schemas.kinds_of(domains)
    body = (
        _head(found, domains, made_at),
        html.contents(links),
        f"<main>{''.join(map(html.section, before))}{_legend()}",
        *(_domain(domain, *kinds) for domain in domains),
        f"{_sign(found, made_at)}</main>",
        f"<footer>nxtgauge-migrate, plan of {_text(made_at)}; names, types and digests only</footer>",
    )
    plan = found.plan
    return document(f"{_verdict(found)[1]} – plan, {plan.source_schema} → {plan.target_schema}", "\n".join(body), STYLE)


def _verdict(found: Survey) -> tuple[str, str, str]:
    """Tone, the word, and the rest of the sentence."""
    word, _, rest = describe.verdict(found).partition(": ")
    odd = found.plan.questions or found.target is None or word == "WAIT"
    return "bad" if found.faults else "attention" if odd else "good", word, rest


def _head(found: Survey, domains: Sequence[Domain], made_at: str) -> str:
    tone, word, rest = _verdict(found)
    changes = [change for domain in domains for story in domain.stories for change in story.changes]
    figures = {
        "old tables": sum(len(domain.old) for domain in domains),
        "new tables": sum(len(domain.new) for domain in domains),
        **{f"columns {kind}": sum(change.kind == kind for change in changes) for kind in beside.KINDS},
        "faults": len(found.faults),
        "questions": len(found.plan.questions),
    }
    told = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(number)}</dd></div>" for name, number in figures.items())
    schema = f"Plan: schema {found.plan.source_schema} becomes {found.plan.target_schema}"
    return (
        f'<header class="{tone}">\n<p class="what">{_text(schema)}</p>\n'
        f'<h1><span class="mark" aria-hidden="true">{MARKS[tone]}</span> {_text(word)}</h1>\n'
        f'<p class="sentence">{_text(html.sentence(rest))}.</p>\n<dl class="figures">{told}</dl>\n'
        f'<p class="origin">made {_text(made_at)}, plan {_text(found.plan.digest[:12])}</p>\n</header>'
    )


def _before(found: Survey, domains: Sequence[Domain]) -> list[Section]:
    """What would keep a run from beginning, what is asked, and what is lost."""
    made = (
        Section("faults", "What it is refused for", _listed("fault", found.faults)),
        Section("questions", "What is asked", _listed("question", found.plan.questions)),
        Section("lost", "What is lost", tuple(_lost(found, domains))),
    )
    return [replace(section, blocks=tuple(map(slim, section.blocks))) for section in made if section.blocks]


def _listed(what: str, lines: Sequence[str]) -> tuple[Block, ...]:
    rows = tuple((str(number), line) for number, line in enumerate(lines, 1))
    return (TableBlock(f"{what}s", ("no.", what), rows, fold_after=len(rows)),) if rows else ()


def _lost(found: Survey, domains: Sequence[Domain]) -> Iterator[Block]:
    plan, head = found.plan, ("table", "column", "type", "why, or where")
    if removed := tuple(_lost_column(change) for change in beside.lost(domains) if change.kind == "removed"):
        yield TableBlock("columns that a rule removes", head, removed)
    if archived := tuple(row for domain in domains for story in domain.stories for row in _archived(story)):
        yield TableBlock("kept in legacy_archive, and nowhere else", head, archived)
    if dropped := tuple((table.name, text) for table in plan.tables for text in table.dropped):
        yield TableBlock("constraints, indexes and defaults that are dropped", ("table", "what, and why"), dropped)
    if left := tuple((item.kind, item.name, item.table or "") for item in plan.source.not_migrated):
        yield TableBlock("objects that are not migrated", ("kind", "name", "of table"), left)
    if plan.missing_tables:
        yield TableBlock("tables that the source lacks", ("table",), tuple((name,) for name in plan.missing_tables))
    if plan.remarks:
        yield TableBlock("remarks", ("remark",), tuple((remark,) for remark in plan.remarks))


def _lost_column(change: Change) -> tuple[str, ...]:
    return (change.old.table, change.old.column, short_type(change.old.type), change.note) if change.old else ()


def _archived(story: Story) -> list[tuple[str, ...]]:
    """A line for a table that is archived whole, else for each of its columns that is."""
    if story.disposition == "archive":
        return [(story.name, f"all {len(story.changes)}", "", f"legacy_archive.{story.name}")]
    return [_lost_column(change) for change in story.changes if change.kind == "archived"]


def _legend() -> str:
    items = "".join(
        f'<li><span class="swatch {kind}">{kind}</span> {_text(meaning)}</li>' for kind, meaning in WORDS.items()
    )
    return (
        '<section id="legend" aria-labelledby="legend-title"><h2 id="legend-title">How to read the drawings</h2>'
        "<p>Left the schema as it is, right as it will be. A box is a table, and a line leads from a reference to the "
        "table that it names; keys are bold. Columns that stay as they are, are counted. The lists below the drawings "
        f'have each column with its type.</p><ul class="legend">{items}</ul></section>'
    )


def _id(domain: Domain) -> str:
    return f"domain-{domain.name}"


def _title(domain: Domain) -> str:
    return domain.name.replace("_", " ").capitalize()


def _domain(domain: Domain, old: schemas.Kinds, new: schemas.Kinds) -> str:
    stories = "".join(_story(story, f"{domain.name}-{number}") for number, story in enumerate(domain.stories))
    return (
        f'<section id="{_id(domain)}" aria-labelledby="{_id(domain)}-title" class="domain">\n'
        f'<h2 id="{_id(domain)}-title">{_text(_title(domain))}</h2>\n<div class="beside">'
        f"{_drawing(domain, 'old', domain.old, old, _old_words(domain))}"
        f"{_drawing(domain, 'new', domain.new, new, _new_words(domain))}</div>\n{stories}</section>\n"
    )


def _drawing(
    domain: Domain, side: str, boxes: Sequence[beside.Box], kinds: schemas.Kinds, words: Mapping[str, str]
) -> str:
    told = f"{_title(domain)} {'as it is' if side == 'old' else 'as it will be'}: {some(len(boxes), 'table')}"
    name = f"{domain.name}-{side}"
    drawing = schemas.drawn(name, told, boxes, kinds, words) if boxes else "<p>no table</p>"
    return (
        f'<figure tabindex="0" role="group" aria-label="{_text(told)}"><figcaption>{_text(told)}</figcaption>'
        f"{drawing}</figure>"
    )


def _old_words(domain: Domain) -> dict[str, str]:
    """Legacy table → what becomes of it as a whole, where it does not stay under its name."""
    found = {}
    for story in domain.stories:
        if story.table is not None and story.own != story.table:
            found[story.table] = "archived" if not story.targets else "renamed" if story.own else "merged"
    return found


def _new_words(domain: Domain) -> dict[str, str]:
    return {story.name: "new" for story in domain.stories if story.table is None}


def _story(story: Story, name: str) -> str:
    """The columns of one table, to be unfolded."""
    counts = " · ".join(f"{number} {kind}" for kind, number in story.count().items())
    to = f" → {few(story.targets)}" if story.targets and story.table not in (None, story.own) else ""
    new = "new: " if story.table is None else ""
    fallen = count(story.dropped, "constraint, index or default", "constraints, indexes or defaults")
    dropped = f" · {fallen} dropped" if story.dropped else ""
    rows = tuple(_row(change, story) for change in sorted(story.changes, key=lambda change: change.kind == "same"))
    table = TableBlock(
        f"columns of {story.name}", ("old", "type", "is", "new", "new type", "how"), rows, fold_after=999
    )
    lost = TableBlock("dropped", ("what, and why",), tuple((text,) for text in story.dropped), fold_after=999)
    return (
        f'<details id="{name}"><summary>{_text(new)}<code>{_text(story.name + to)}</code> '
        f'<span class="counts">{_text(counts + dropped)}</span></summary>'
        f"{f'<p>{_text(story.what)}</p>' if story.what else ''}{html.table(slim_table(table))}"
        f"{html.table(lost) if story.dropped else ''}</details>\n"
    )


def _row(change: Change, story: Story) -> tuple[str, ...]:
    old = (change.old.column, short_type(change.old.type)) if change.old else ("–", "")
    then = ", ".join(_place(place, story) for place in change.new) or "–"
    types = ", ".join(dict.fromkeys(short_type(place.type) for place in change.new if place.type))
    is_same = change.old is not None and types == old[1]
    return (*old, change.kind, then, "" if is_same else types, change.note)


def _place(place: Place, story: Story) -> str:
    return place.column if place.table == story.own else f"{place.table}.{place.column}"


def _sign(found: Survey, made_at: str) -> str:
    facts = {**beside.identity(found.plan), "plan made": made_at}
    rows = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(str(value))}</dd></div>" for name, value in facts.items())
    lines = "".join(f'<div class="line"><span>{label}</span></div>' for label in ("Name", "Role", "Date", "Signature"))
    open_ones = f"{some(len(found.faults), 'fault')} and {some(len(found.plan.questions), 'question')} stand open. "
    return (
        '<section id="sign" aria-labelledby="sign-title"><h2 id="sign-title">Agreed</h2>'
        "<p>I have read what becomes of every table and column, what is lost and what is asked, and agree to a "
        f"migration by this plan. {open_ones if found.faults or found.plan.questions else ''}With another mapping or "
        "another source schema the plan has another digest; <code>nxtgauge-migrate plan --json</code> says it as "
        "<code>digest</code>."
        f'</p><dl class="identity">{rows}</dl><div class="sign">{lines}</div></section>'
    )
