"""The report as Markdown (GitHub's flavour), for a file and for Prefect's pages.

Laws
- Foreign names never become markup: every value is escaped, in cells as in running text.
- It stays of a size that a page can show: rows are named up to a budget, and the text says how many are not.
"""

import re
from collections.abc import Mapping, Sequence

from checks.reporting import model
from checks.reporting import sections as report_sections
from checks.reporting.blocks import Block, Chart, FindingBlock, Steps, TableBlock, Text, Verbatim
from checks.reporting.words import unnamed
from checks.verdict import Json

BUDGET_ROWS = 2_000  # of failed checks, in all of one page
SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # an underscore within a word is none
OPENING = re.compile(r"^([-+#=]|\d+[.)](?=\s|$))")  # what makes a list, a heading or a rule at a line's beginning


def render(report: Json, links: Mapping[str, str] | None = None) -> str:
    """The whole text. links: label and address of pages with the details."""
    line = report["headline"]
    parts = [
        f"# {_text(line['word'])}",
        f"**{_text(line['text'][:1].upper() + line['text'][1:])}**",
        f"{_text(report_sections.title(report))}, schema {_code(report['schema'])}, "
        f"made {_text(report_sections.made_at(report))}",
        " · ".join(f"{_text(name)}: **{_text(value)}**" for name, value in report_sections.facts(report)),
    ]
    if links:
        parts.append("Details: " + " · ".join(f"[{_text(label)}]({address})" for label, address in links.items()))
    budget = Budget(BUDGET_ROWS)
    for section in report_sections.sections(report):
        if not section.is_detail:
            parts += [f"## {_text(section.title)}", *(_block(block, budget) for block in section.blocks)]
    return "\n\n".join(filter(None, parts)) + "\n"


class Budget:
    """How many rows may still be named."""

    def __init__(self, rows: int):
        self._rows = rows

    def take(self, wanted: int) -> int:
        granted = min(wanted, self._rows)
        self._rows -= granted
        return granted


def _text(value: object) -> str:
    """Running text or a cell: one line in which nothing is markup."""
    escaped = model.shown(value).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return OPENING.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", SPECIAL.sub(r"\\\g<0>", escaped))


def _code(value: object) -> str:
    """Within backticks, as many as it takes; a pipe would end a table's cell all the same, so never in a table."""
    text = model.shown(value)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{edge}{text}{edge}{fence}" if text else "–"


def _block(block: Block, budget: Budget) -> str:
    match block:
        case Text():
            return _text(block.text)
        case Verbatim():
            return _verbatim(block.lines)
        case Steps():
            return "\n".join(_step(number, step) for number, step in enumerate(block.steps, 1))
        case TableBlock():
            return _table(block)
        case Chart():
            return _table(block.table)
        case FindingBlock():
            return _finding(block, budget)


def _verbatim(lines: Sequence[str], indent: str = "") -> str:
    """Fenced, by more backticks than any line has."""
    texts = [model.shown(line) for line in lines]
    longest = max((len(run) for text in texts for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(indent + line for line in (fence, *texts, fence))


def _step(number: int, step: Json) -> str:
    commands = f"\n\n{_verbatim(step['commands'], '   ')}\n" if step["commands"] else ""
    return f"{number}. {_text(step['text'])}{commands}"


def _table(block: TableBlock) -> str:
    lines = [block.head, ["---:" if _is_number(block, at) else "---" for at in range(len(block.head))]]
    cells = [[_text(value) for value in row] for row in (*block.rows, *([block.total] if block.total else ()))]
    table = "\n".join(f"| {' | '.join(line)} |" for line in (*lines, *cells))
    if not block.is_long:
        return table
    return f"<details><summary>{_text(block.name)}: {len(block.rows):,} lines</summary>\n\n{table}\n\n</details>"


def _is_number(block: TableBlock, at: int) -> bool:
    return block.head[at] == "seconds" or any(type(row[at]) is int for row in block.rows)


def _finding(block: FindingBlock, budget: Budget) -> str:
    check = block.check
    of_table = f" {_code(check['table'])}" if check["table"] else ""
    parts = [f"### {report_sections.badge(check)}{of_table}: {_text(check['title'])}", _text(check["detail"])]
    parts.append(f"Check {_code(check['name'])}, {_text(check['severity'])}, {_text(check['compared'])} compared")
    table = block.rows
    whole = table.rows if table else ()
    rows = whole[: budget.take(len(whole))]
    parts.append(_table(TableBlock(table.name, table.head, rows)) if table and rows else "")
    parts.append(unnamed(block.more + len(whole) - len(rows), len(rows)))
    return "\n\n".join(filter(None, parts))
