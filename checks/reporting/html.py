"""The report as one self-contained HTML file (checks.reporting.page).

Law: nothing depends on colour alone. What is folded on the screen is folded on paper, so that a report is a few pages.
"""

from collections.abc import Callable, Sequence

from checks.reporting import charts as report_charts
from checks.reporting import model
from checks.reporting import sections as report_sections
from checks.reporting.blocks import Block, Chart, FindingBlock, Steps, TableBlock, Text, Verbatim
from checks.reporting.live import drawings
from checks.reporting.page import MARKS, document
from checks.reporting.page import text as _text
from checks.reporting.sections import Section
from checks.reporting.words import unnamed
from checks.verdict import Json

DRAWINGS = report_charts.DRAWINGS | drawings.DRAWINGS
SHORT = 16  # characters that a cell shows on one line


def render(report: Json) -> str:
    """The whole page."""
    sections = report_sections.sections(report)
    body = (
        _head(report),
        contents(sections),
        f"<main>\n{''.join(map(section, sections))}</main>",
        f"<footer>{_text(_origin(report))}</footer>",
    )
    return document(f"{report['headline']['word']} – {report_sections.title(report)}", "\n".join(body))


def _head(report: Json) -> str:
    line = report["headline"]
    figures = "".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in report_sections.facts(report)
    )
    return (
        f'<header class="{line["tone"]}">\n<p class="what">{_text(report_sections.title(report))}</p>\n'
        f'<h1><span class="mark" aria-hidden="true">{MARKS[line["tone"]]}</span> {_text(line["word"])}</h1>\n'
        f'<p class="sentence">{_text(sentence(line["text"]))}</p>\n'
        f'<dl class="figures">{figures}</dl>\n<p class="origin">{_text(_origin(report))}</p>\n</header>'
    )


def sentence(told: str) -> str:
    return told[:1].upper() + told[1:]


def _origin(report: Json) -> str:
    of_schema = f" of schema {report['schema']}" if report["schema"] else ""
    return f"nxtgauge-migrate, report{of_schema}, made {report_sections.made_at(report)}; names, keys and counts only"


def contents(parts: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{part.id}">{_text(part.title)}</a></li>' for part in parts)
    return f'<nav aria-label="On this page"><ul>{links}</ul></nav>'


def section(part: Section) -> str:
    body = "\n".join(map(_block, part.blocks))
    return (
        f'<section id="{part.id}" aria-labelledby="{part.id}-title">\n'
        f'<h2 id="{part.id}-title">{_text(part.title)}</h2>\n{body}\n</section>\n'
    )


def _block(block: Block) -> str:
    return RENDERERS[type(block)](block)


def _paragraph(block: Text) -> str:
    return f"<p>{_text(block.text)}</p>"


def _verbatim(block: Verbatim) -> str:
    return f"<pre>{chr(10).join(map(_text, block.lines))}</pre>"


def _steps(block: Steps) -> str:
    items = []
    for step in block.steps:
        commands = _verbatim(Verbatim(tuple(step["commands"]))) if step["commands"] else ""
        items.append(f"<li>{_text(step['text'])}{commands}</li>")
    return f"<ol>{''.join(items)}</ol>"


def table(block: TableBlock) -> str:
    """A table with a caption; folded where it is long."""
    whole = _bare_table(block)
    if not block.is_long:
        return whole
    return f"<details><summary>{_text(block.name)}: {len(block.rows):,} lines</summary>{whole}</details>"


def _bare_table(block: TableBlock) -> str:
    kinds = [_kind(name, [row[at] for row in block.rows]) for at, name in enumerate(block.head)]
    head = "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name, kind in zip(block.head, kinds, strict=True))
    rows = "".join(_row(row, kinds) for row in block.rows)
    foot = f"<tfoot>{_row(block.total, kinds)}</tfoot>" if block.total else ""
    caption = f"<caption>{_text(block.name)}</caption>"
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>'


def _kind(name: str, values: Sequence[object]) -> str:
    """The class of a column: numbers stand to the right, and a word or two is not broken."""
    if name == "seconds" or any(type(value) is int for value in values):
        return ' class="number"'
    return ' class="short"' if all(len(model.shown(value)) <= SHORT for value in values) else ""


def _row(row: Sequence[object], kinds: Sequence[str]) -> str:
    first, *others = (f"{kind}>{_text(value)}" for value, kind in zip(row, kinds, strict=True))
    return f'<tr><th scope="row"{first}</th>{"".join(f"<td{cell}</td>" for cell in others)}</tr>\n'


def _finding(block: FindingBlock) -> str:
    """A check that did not pass: what it is about, what was found, and the rows."""
    check = block.check
    of_table = f"<code>{_text(check['table'])}</code>: " if check["table"] else ""
    detail = f"<p>{_text(check['detail'])}</p>" if check["detail"] else ""
    told = unnamed(block.more, len(check["rows"]))
    rows = (table(block.rows) if block.rows else "") + (f'<p class="more">{_text(told)}</p>' if told else "")
    return (
        f'<article class="{check["group"]}"><h3><span class="status">{_text(report_sections.badge(check))}</span> '
        f"{of_table}{_text(sentence(check['title']))}</h3>"
        f'{detail}{rows}<p class="name">check <code>{_text(check["name"])}</code>, '
        f"{_text(check['severity'])}, {_text(check['compared'])} compared</p></article>"
    )


def _chart(block: Chart) -> str:
    """The drawings, and their figures as a table to unfold."""
    drawn = "".join(map(_drawing, DRAWINGS[block.name](block.table)))
    return f"{drawn}<details><summary>the figures as a table</summary>{_bare_table(block.table)}</details>"


def _drawing(drawing: report_charts.Drawing) -> str:
    figure = f"<figure>{drawing.svg}</figure>"
    if not drawing.folded_under:
        return figure
    return f"<details><summary>{_text(drawing.folded_under)}</summary>{figure}</details>"


RENDERERS: dict[type, Callable[..., str]] = {
    Text: _paragraph,
    Verbatim: _verbatim,
    Steps: _steps,
    TableBlock: table,
    FindingBlock: _finding,
    Chart: _chart,
}
