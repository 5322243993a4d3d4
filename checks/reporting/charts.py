"""The drawings of rows and of stages, as SVG within the page: rows by outcome per table, time per stage.

Laws
- A bar shows shares, its figures stand beside it: three rows and two million are equally easy to read.
- A share above zero is always visible, and has a pattern of its own beside its colour.
- Tables of which every row was simply loaded are folded: they need nobody's eye.
- Each drawing has a title and a description for those who do not see it; its figures follow as a table.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from checks.reporting.blocks import Cells, TableBlock
from checks.reporting.model import shown
from checks.reporting.sections import is_odd
from checks.reporting.words import some

WIDTH = 960
LINE = 24  # height of one bar with its distance to the next
BAR = 14
LONGEST_NAME = 30  # characters that fit before a bar
LEFT, RIGHT = 250, 240  # room for names and for figures
MOST_BARS = 80
LEAST = 2.0  # pixels of a share that is not nothing: less cannot be seen
OUTCOMES = ("loaded", "merged", "rejected", "archived")

# Colours come from the page's style, which knows light and dark; the lines and dots over them tell them apart in grey.
PATTERNS = """<defs>
<pattern id="merged" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="merged"/>
<path d="M0 3H6" class="ink"/></pattern>
<pattern id="rejected" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="rejected"/>
<path d="M-1 1 1 -1M0 6 6 0M5 7 7 5" class="ink"/></pattern>
<pattern id="archived" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="archived"/>
<circle cx="3" cy="3" r="1" class="dot"/></pattern>
</defs>"""


@dataclass(frozen=True)
class Drawing:
    """folded_under: the words under which it is folded; blank of one that everybody sees."""

    svg: str
    folded_under: str = ""


def outcomes(balance: TableBlock) -> list[Drawing]:
    """One bar a table with rows: first, open, those of which not all rows were simply loaded; the others folded.

    balance: rows of table, source_rows, the four outcomes, balances, in the order in which they are drawn. Beyond
    MOST_BARS a drawing has no more; the table beside it lists them.
    """
    full = [row for row in balance.rows if row[1] or any(row[2:6])]
    odd, even = ([row for row in full if is_odd(row) == wanted] for wanted in (True, False))
    empty = len(balance.rows) - len(full)
    told = f"{some(len(even), 'table')} whose rows were all loaded"
    drawn = [Drawing(_odd(odd))] if odd else []
    return [*drawn, Drawing(_even(even, told, empty), told)] if even or not odd else drawn


def _odd(rows: Sequence[Cells]) -> str:
    described = f"One bar for each of {some(len(rows[:MOST_BARS]), 'table')}, divided into {', '.join(OUTCOMES)}."
    body, height = _bars(rows, 1)
    return drawing("outcomes", "Rows by outcome, per table", described, height, f"{PATTERNS}{_legend()}{body}")


def _even(rows: Sequence[Cells], told: str, empty: int) -> str:
    """empty: how many tables without rows are told of below the bars."""
    note = f" {some(empty, 'more table')} had no rows." if empty else ""
    described = f"One bar for each of {some(len(rows[:MOST_BARS]), 'table')}.{note}"
    body, height = _bars(rows, 0, empty)
    return drawing("arrived", told, described, height, body)


def _bars(rows: Sequence[Cells], line: int, empty: int = 0) -> tuple[str, int]:
    """The bars from this line on, what is said below of tables that have none, and the height of it all."""
    drawn, smaller = rows[:MOST_BARS], len(rows[MOST_BARS:])
    others = [some(smaller, "smaller table")] if smaller else []
    others += [f"{some(empty, 'table')} without rows"] if empty else []
    height = LINE * (line + len(drawn) + (1 if others else 0))
    below = label(0, height - 8, f"and {' and '.join(others)}", "quiet") if others else ""
    return "".join(_outcome_bar(row, line + at) for at, row in enumerate(drawn)) + below, height


def timings(stages: TableBlock) -> list[Drawing]:
    """One bar a stage, in the order of the run."""
    spent = [(name, float(value)) for name, value in stages.rows]
    longest = max((value for _, value in spent), default=0.0) or 1.0
    width = WIDTH - LEFT - RIGHT
    bars = "".join(
        named(name, at * LINE)
        + rect(LEFT, at * LINE, max(value / longest * width, LEAST if value else 0), "loaded")
        + label(LEFT + max(value / longest * width, LEAST) + 8, at * LINE + 12, f"{value:,.1f} s", "figure")
        for at, (name, value) in enumerate(spent)
    )
    described = f"One bar for each of {len(spent)} stages; the longest took {longest:,.1f} seconds."
    return [Drawing(drawing("timings", "Seconds by stage", described, LINE * len(spent), bars))]


def drawing(name: str, title: str, described: str, height: int, body: str) -> str:
    """The whole of one. name: its ids begin with it; described: for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {max(height, LINE)}" role="img" aria-labelledby="{name}-name {name}-told">'
        f'<title id="{name}-name">{html.escape(title)}</title><desc id="{name}-told">{html.escape(described)}</desc>'
        f"{body}</svg>"
    )


def _legend() -> str:
    parts = []
    for at, outcome in enumerate(OUTCOMES):
        x = LEFT + at * 110
        parts.append(rect(x, 0, BAR, outcome) + label(x + BAR + 6, 12, outcome, "figure"))
    return "".join(parts)


def _outcome_bar(row: Sequence[Any], at: int) -> str:
    """Name, bar, and the figures: all rows, and those that were not just loaded."""
    y = LINE * at
    counts = dict(zip(OUTCOMES, (value or 0 for value in row[2:6]), strict=True))
    parts, x = [named(row[0], y)], float(LEFT)
    for outcome, width in zip(OUTCOMES, _widths(counts.values()), strict=True):
        if width:
            hint = f"{row[0]}: {counts[outcome]:,} {outcome}"
            parts.append(rect(x, y, width, outcome, hint))
        x += width
    return "".join((*parts, label(WIDTH - RIGHT + 12, y + 12, _figures(row, counts), "figure")))


def _figures(row: Sequence[Any], counts: dict[str, int]) -> str:
    odd = [f"{counts[name]:,} {name}" for name in OUTCOMES[1:] if counts[name]]
    wrong = [] if row[6] else ["does not add up"]
    return " · ".join((f"{row[1] or 0:,}", *odd, *wrong))


def _widths(counts: Iterable[int]) -> list[float]:
    """Pixels of each share; small ones get LEAST, at the expense of the others."""
    shares = list(counts)
    room, total = WIDTH - LEFT - RIGHT, sum(shares)
    if not total:
        return [0.0] * len(shares)
    widths = [max(share / total * room, LEAST) if share else 0.0 for share in shares]
    largest = widths.index(max(widths))
    widths[largest] -= sum(widths) - room
    return widths


def named(name: object, y: float) -> str:
    """What stands before a bar."""
    whole = shown(name)
    short = whole if len(whole) <= LONGEST_NAME else whole[: LONGEST_NAME - 1] + "…"
    hint = f"<title>{html.escape(whole)}</title>"
    return f'<text x="{LEFT - 10}" y="{y + 12}" class="table">{hint}{html.escape(short)}</text>'


def label(x: float, y: float, text: str, kind: str) -> str:
    """Words beside a bar. kind: figure or quiet."""
    return f'<text x="{x:.1f}" y="{y}" class="{kind}">{html.escape(text)}</text>'


def rect(x: float, y: float, width: float, outcome: str, hint: str = "", height: float = BAR) -> str:
    """A bar; hint: what whoever points at it is told."""
    fill = f' fill="url(#{outcome})"' if outcome != "loaded" else ' class="loaded"'
    title = f"<title>{html.escape(shown(hint))}</title>" if hint else ""
    return f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{height:g}"{fill}>{title}</rect>'


DRAWINGS = {"outcomes": outcomes, "timings": timings}
