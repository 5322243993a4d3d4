"""The contenders as horizontal bars in SVG: medians, with a line from the least to the most. No package draws it."""

from html import escape

from tests.benchmarks import figures
from tests.benchmarks.figures import Result, Spread

WIDTH, LABELS, RIGHT, BAR, STEP, TOP = 900, 370, 90, 18, 30, 40
SCALE = WIDTH - LABELS - RIGHT
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
OURS = ("build", "verified")


def svg(result: Result) -> str:
    """Those that move every row; what was extrapolated would leave no room to tell the others apart."""
    bars = _bars(result)
    height = TOP + STEP * len(bars) + 10
    longest = max((found.most for _, _, found in bars), default=1.0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="8" y="22" font-weight="bold">{result["rows"]:,} rows: seconds, median of {result["times"]} '
        "(line: least to most)</text>",
    ]
    for place, (name, label, found) in enumerate(bars):
        lines += _bar(TOP + STEP * place, label, found, SCALE / longest, "#2f6fab" if name in OURS else "#9aa5b1")
    return "\n".join([*lines, "</svg>", ""])


def _bars(result: Result) -> list[tuple[str, str, Spread]]:
    spreads = {name: figures.of(result, name, "wall_seconds") for name in result["contenders"]}
    return [
        (name, kept["label"], found)
        for name, kept in result["contenders"].items()
        if not kept["is_sample"] and not kept["is_command"] and name != "lanes" and (found := spreads[name])
    ]


def _bar(top: float, label: str, found: Spread, scale: float, colour: str) -> list[str]:
    middle, (median, least, most) = top + BAR / 2, (value * scale for value in (found.median, found.least, found.most))
    return [
        f'<text x="{LABELS - 10}" y="{middle + 4:.0f}" text-anchor="end">{escape(label)}</text>',
        f'<rect x="{LABELS}" y="{top}" width="{median:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<line x1="{LABELS + least:.1f}" x2="{LABELS + most:.1f}" y1="{middle}" y2="{middle}" stroke="black"/>',
        f'<text x="{LABELS + most + 8:.1f}" y="{middle + 4:.0f}">{found.median:.1f}</text>',
    ]
