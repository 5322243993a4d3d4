"""Words that the plan's texts share: counts, sizes, times, names in running lines."""

import re
import textwrap
from collections.abc import Sequence

from config.printable import block, line

WIDTH = 100  # columns of a terminal
MOST_NAMED = 60
LONG_TYPES = {  # a type of somebody's own with such a name is quoted, and stays as it is
    r"^timestamp(\(\d\))? with time zone": r"timestamptz\1",
    r"^timestamp(\(\d\))? without time zone": r"timestamp\1",
    r"^time(\(\d\))? with time zone": r"timetz\1",
    r"^time(\(\d\))? without time zone": r"time\1",
    r"^character varying": "varchar",
    r"^character\b": "char",
}


def few(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def section(title: str, entries: Sequence[str], most: int | None = None) -> list[str]:
    """A title and a line for each entry; nothing where there is none."""
    if not entries:
        return []
    shown = entries if most is None or len(entries) <= most else entries[:most]
    more = [f"  … and {len(entries) - len(shown)} more"] if len(shown) < len(entries) else []
    return [f"{title} ({len(entries)})", *(line(f"  {entry}") for entry in shown), *more, ""]


def named(title: str, names: Sequence[str]) -> list[str]:
    return listed(f"{title} ({len(names)})", names)


def listed(title: str, names: Sequence[str], between: str = ", ") -> list[str]:
    """Names in running lines."""
    if not names:
        return []
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    text = f"{title}: {between.join(map(line, [*names[:MOST_NAMED], *more]))}"
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def wrapped(title: str, text: str, width: int) -> list[str]:
    """A text beside its title, which takes so many columns."""
    hanging = " " * (2 + width + 1)
    whole = line(f"{title:<{width}} {text}")
    return textwrap.wrap(
        whole, WIDTH, initial_indent="  ", subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )


def definition(text: str) -> str:
    return textwrap.indent(block(text.expandtabs(4)), "    ") + "\n"


def counted(counts: dict[str, int], words: dict[str, str]) -> str:
    return ", ".join(f"{counts[kind]:,} {word}" for kind, word in words.items() if counts.get(kind)) or "none"


def short_type(name: str) -> str:
    """PostgreSQL's own short name of a type that the standard calls by several words."""
    for long, short in LONG_TYPES.items():
        name = re.sub(long, short, name)
    return name


def count(things: Sequence[object] | int, one: str, many: str = "") -> str:
    number = things if isinstance(things, int) else len(things)
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_bytes(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1024:
            return f"{number:,.0f} {unit}"
        number /= 1024
    return f"{number:,.1f} TB"


def in_seconds(number: int) -> str:
    if number < 120:
        return f"{number} s"
    return f"{number // 60} min" if number < 7200 else f"{number // 3600} h {number % 3600 // 60} min"
