"""The drawings of rounds and of the pause, as SVG within the page.

Laws
- Seconds and rows behind have a panel each over the same rounds: two scales in one would mean nothing.
- A pause is drawn on one line of time, so that a reader sees what writers waited for.
"""

from collections.abc import Sequence

from checks.reporting.blocks import TableBlock
from checks.reporting.charts import BAR, LEAST, LEFT, LINE, RIGHT, WIDTH, Drawing, drawing, label, named, rect

MOST_ROUNDS = 120  # that are drawn; the table has more
PANEL, GAP = 72, 30  # height of a panel, and of what stands above it
ROOM = WIDTH - LEFT - RIGHT
FEW, LAST = 8, 80  # bars; and pixels from the first label to the last


def rounds(table: TableBlock) -> list[Drawing]:
    """Two panels of upright bars, one a round: seconds, and rows behind where they are known."""
    rows = table.rows[-MOST_ROUNDS:]
    panels = [(head, _column(table, rows, head)) for head in ("seconds", "rows behind") if head in table.head]
    body = "".join(_panel(head, values, at) for at, (head, values) in enumerate(panels))
    foot = len(panels) * (PANEL + GAP)
    ends = [label(LEFT, foot + 14, f"round {rows[0][0]}", "quiet")]
    last = LEFT + max(_step(rows) * (len(rows) - 1), LAST)
    ends += [label(last, foot + 14, f"round {rows[-1][0]}", "quiet")] if len(rows) > 1 else []
    described = f"One bar for each of {len(rows)} rounds in each panel: {' and '.join(head for head, _ in panels)}."
    return [Drawing(drawing("rounds", "Rounds", described, foot + LINE, body + "".join(ends)))]


def _step(bars: Sequence[object]) -> float:
    """From one bar to the next; few bars do not fill the panel."""
    return ROOM / max(len(bars), FEW)


def _column(table: TableBlock, rows: Sequence[tuple[object, ...]], head: str) -> list[float]:
    at = table.head.index(head)
    return [float(str(row[at])) if row[at] is not None else 0.0 for row in rows]


def _panel(head: str, values: Sequence[float], at: int) -> str:
    """One panel; its largest and its last value are said."""
    bottom, most, step = (at + 1) * (PANEL + GAP), max(values) or 1.0, _step(values)
    parts = [named(head, bottom - PANEL), label(LEFT, bottom - PANEL - 6, f"{max(values):,.6g} at most", "quiet")]
    for place, value in enumerate(values):
        height = max(value / most * PANEL, LEAST if value else 0.0)
        x = LEFT + place * step
        parts.append(rect(x, bottom - height, max(step - 1, 1.0), "loaded", f"{head}: {value:,.6g}", height))
    parts.append(label(LEFT + ROOM + 12, bottom - 4, f"{values[-1]:,.6g} at last", "figure"))
    return "".join(parts)


def pause(table: TableBlock) -> list[Drawing]:
    """A bar a step, each beginning where the one before it ends."""
    steps = [(str(row[0]), float(str(row[1]))) for row in table.rows]
    whole, parts, before = sum(value for _, value in steps) or 1.0, [], 0.0
    for at, (step, value) in enumerate(steps):
        x, width = LEFT + before / whole * ROOM, max(value / whole * ROOM, LEAST)
        parts += [named(step, at * LINE), rect(x, at * LINE, width, "loaded", f"{step}: {value:.2f} s")]
        parts.append(label(LEFT + ROOM + 12, at * LINE + BAR - 2, f"{before:.2f} to {before + value:.2f} s", "figure"))
        before += value
    described = f"One bar for each of {len(steps)} steps of a pause of {whole:.2f} seconds, on one line of time."
    return [Drawing(drawing("pause", "The pause, step by step", described, LINE * len(steps), "".join(parts)))]


DRAWINGS = {"rounds": rounds, "pause": pause}
