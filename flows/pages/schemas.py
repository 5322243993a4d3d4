"""A schema of one domain as a drawing: tables as boxes, references as curves; SVG within the page, made here.

Laws
- A box names keys, references and whatever changes; columns that stay as they are it counts.
- What becomes of a column is said in a word beside its colour.
- Boxes stand in two columns, references run in the gutter between them, so that no line crosses a box.
- Each drawing has a title and a description for those who do not see it.
"""

import html
import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from checks.reporting.model import shown
from engine.describe.beside import UNCHANGED, Box, Domain, Field

BOX, GUTTER = 272, 52  # widths
WIDTH = 2 * BOX + GUTTER
HEAD, LINE, GAP, PAD = 26, 18, 16, 8  # heights of a box's head, of a line, between boxes, and left and right of text
SPARE = 12  # width between a name and the word beside it
# Widths of letters in the widest of the fonts that a page may get; those that are not here have ORDINARY, or WIDE.
LETTERS = {**dict.fromkeys("iljI|!.,:;' ", 3.8), **dict.fromkeys("tfr()[]-/", 4.9), **dict.fromkeys("mwMW@%→…", 10.8)}
ORDINARY, CAPITAL, WIDE = 7.2, 8.4, 12.5
Kinds = Mapping[tuple[str, str], str]  # (table, column) → what becomes of it


@dataclass(frozen=True)
class Placed:
    """A box and where it stands. lines: columns that it names, others: how many it counts."""

    box: Box
    lines: tuple[Field, ...]
    others: int
    side: int  # 0: left, 1: right
    y: int

    @property
    def x(self) -> int:
        return self.side * (BOX + GUTTER)

    @property
    def height(self) -> int:
        return _height(len(self.lines), self.others)

    @property
    def door(self) -> int:
        """Where a reference enters or leaves: the edge at the gutter."""
        return BOX if self.side == 0 else BOX + GUTTER


def drawn(name: str, title: str, boxes: Sequence[Box], kinds: Kinds, changed: Mapping[str, str]) -> str:
    """name: for ids, unique in the page; changed: table → a word about it as a whole."""
    placed = _placed(boxes, kinds)
    height = 2 + max((one.y + one.height for one in placed), default=HEAD)
    references = list(_references(placed))
    lines = "".join(_curve(*reference) for reference in references)
    body = lines + "".join(_box(one, kinds, changed.get(one.box.name, "")) for one in placed)
    return (
        f'<svg class="schema" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-name {name}-told">'
        f'<title id="{name}-name">{html.escape(title)}</title>'
        f'<desc id="{name}-told">{html.escape(_described(boxes))}</desc>{body}</svg>'
    )


def kinds_of(domains: Iterable[Domain]) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], str]]:
    """What becomes of each column of the old schema, and where each of the new one comes from."""
    old: dict[tuple[str, str], str] = {}
    new: dict[tuple[str, str], str] = {}
    for change in (change for domain in domains for story in domain.stories for change in story.changes):
        if change.old:
            old[change.old.table, change.old.column] = change.kind
        for place in change.new:
            if new.get((place.table, place.column), "made") in ("made", UNCHANGED):
                new[place.table, place.column] = change.kind
    return old, new


def _described(boxes: Sequence[Box]) -> str:
    names = ", ".join(shown(box.name) for box in boxes)
    pairs = [f"{shown(box.name)} refers to {shown(parent)}" for box in boxes for f in box.fields for parent in f.refers]
    return f"{len(boxes)} tables: {names}. {'; '.join(dict.fromkeys(pairs))}"


def _height(lines: int, others: int) -> int:
    return HEAD + LINE * (lines + bool(others)) + PAD // 2


def _placed(boxes: Sequence[Box], kinds: Kinds) -> list[Placed]:
    """Those that others refer to first, each in the column that has more room left."""
    counts = {box.name: sum(box.name in field.refers for other in boxes for field in other.fields) for box in boxes}
    feet, found = [0, 0], []
    for box in sorted(boxes, key=lambda box: (-counts[box.name], box.name)):
        lines = tuple(f for f in box.fields if f.is_key or f.refers or kinds.get((box.name, f.name)) != UNCHANGED)
        others = len(box.fields) - len(lines)
        side = feet.index(min(feet))
        found.append(Placed(box, lines, others, side, feet[side]))
        feet[side] += _height(len(lines), others) + GAP
    return found


def _references(placed: Sequence[Placed]) -> Iterator[tuple[Placed, int, Placed]]:
    """Child, the number of its line, parent."""
    by_name = {one.box.name: one for one in placed}
    for child in placed:
        for number, field in enumerate(child.lines):
            yield from ((child, number, by_name[parent]) for parent in field.refers if parent in by_name)


def _curve(child: Placed, number: int, parent: Placed) -> str:
    start, end = (child.door, child.y + HEAD + LINE * number + LINE // 2), (parent.door, parent.y + HEAD // 2)
    bend = GUTTER * 2 // 3
    first, last = (x + bend if one.side == 0 else x - bend for one, (x, _) in ((child, start), (parent, end)))
    path = f"M{start[0]} {start[1]}C{first} {start[1]} {last} {end[1]} {end[0]} {end[1]}"
    return f'<path class="reference" d="{path}"/><circle class="arrival" cx="{end[0]}" cy="{end[1]}" r="3"/>'


def _box(one: Placed, kinds: Kinds, word: str) -> str:
    parts = [
        f'<rect class="box" x="{one.x}" y="{one.y}" width="{BOX}" height="{one.height}" rx="4"/>',
        f'<path class="head" d="M{one.x} {one.y + HEAD}h{BOX}"/>',
        _words(one.x, one.y + 17, "title", one.box.name, word),
        _word(one, one.y + 17, word),
    ]
    for number, field in enumerate(one.lines):
        parts.append(_line(one, number, field, kinds.get((one.box.name, field.name), "")))
    if one.others:
        more = f"{one.others} {'more column' if one.lines else 'column'}{'s' if one.others > 1 else ''} as before"
        parts.append(_words(one.x, one.y + HEAD + LINE * len(one.lines) + 13, "quiet", more))
    return f"<g>{''.join(parts)}</g>"


def _line(one: Placed, number: int, field: Field, kind: str) -> str:
    y = one.y + HEAD + LINE * number
    told = f"{field.name} → {', '.join(field.refers)}" if field.refers else field.name
    kind = "" if kind == UNCHANGED else kind
    back = f'<rect class="{kind}" x="{one.x + 1}" y="{y + 1}" width="{BOX - 2}" height="{LINE - 1}"/>' if kind else ""
    name = _words(one.x, y + 13, "key" if field.is_key else "field", told, kind, f"{told}: {field.type}")
    return f"{back}{name}{_word(one, y + 13, kind)}"


def _words(x: int, y: int, kind: str, text: str, beside: str = "", hint: str = "") -> str:
    """A text as far as there is room, with all of it to hover over. beside: the word to its right."""
    room = BOX - 2 * PAD - (_wide(beside) + SPARE if beside else 0)
    whole = shown(text)
    short = whole if _wide(whole) <= room else _cut(whole, room - LETTERS["…"]) + "…"
    # What nearly fills the room gets its width told, for fonts differ.
    width = f' textLength="{_wide(short):.0f}" lengthAdjust="spacingAndGlyphs"' if _wide(short) > 0.8 * room else ""
    told = html.escape(shown(hint or text))
    return f'<text class="{kind}" x="{x + PAD}" y="{y}"{width}><title>{told}</title>{html.escape(short)}</text>'


def _wide(text: str) -> float:
    """How wide a text is, about."""
    return sum(map(_letter, text))


def _letter(letter: str) -> float:
    other = WIDE if unicodedata.east_asian_width(letter) in "WF" else CAPITAL if letter.isupper() else ORDINARY
    return LETTERS.get(letter, other)


def _cut(text: str, room: float) -> str:
    """As many letters as there is room for."""
    widths = itertools.accumulate(map(_letter, text))
    return text[: sum(width <= room for width in widths)]


def _word(one: Placed, y: int, word: str) -> str:
    return f'<text class="word" x="{one.x + BOX - PAD}" y="{y}">{html.escape(word)}</text>' if word else ""
