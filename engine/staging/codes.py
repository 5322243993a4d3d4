"""The columns of a table that hold codes, not personal text: those whose every value its definition lists.

Laws
- A check lists a column if a row passes only with one of the values that it spells out: `=`, IN, both sides of an AND,
  all sides of an OR. The checks of a domain list what is of that domain.
- A generated column lists a column that it compares with words by `=` or IN, for there the value decides; '' is none.
- `<>`, LIKE, patterns, what an index reads, and what is made of the value (its first letter, a hash) list nothing.

Texts are read as PostgreSQL gives them back, every operator within parentheses of its own; what is spelled in any other
way lists nothing, and is masked.
"""

import re
from collections.abc import Iterator, Mapping

from engine.reflect import expressions
from engine.reflect.catalog import LegacyTable
from engine.reflect.expressions import Token
from engine.reflect.objects import Type

# Casts that take nothing away from a text.
CAST = re.compile(r"\s*::\s*(?:\w+\.)?(?:text|citext|bpchar|varchar|character varying)\b(?!\s*\()(?:\[\])?")
NAME = r'(?P<name>"(?:[^"]|"")+"|[^\W\d][\w$]*)'
ATOMS = [
    re.compile(pattern)
    for pattern in (
        rf"{NAME} = (?:'|ANY (?:'|ARRAY ?\[ ?(?:'|NULL)(?: ?, ?(?:'|NULL))* ?\]))",
        rf"' = {NAME}",
        rf"{NAME} IS NULL",
    )
]
SAME_BUT_FOR_CASE = {"lower", "upper"}


def of(table: LegacyTable, types: Mapping[str, Type]) -> set[str]:
    """Names of the table's columns that hold codes. types: by name."""
    checks = [c.expression for c in table.shape.constraints if c.kind == "c"]
    found: set[str] = set().union(*(_listed(_pieces(text)) for text in checks if text))
    found |= {column.name for column in table.shape.columns if _is_listed_by_domain(column.type, types)}
    for column in table.shape.columns:
        if column.generated:
            found |= {name for group in _groups(_pieces(column.default or "")) if (name := _compared(group))}
    return found


def _is_listed_by_domain(spelled: str, types: Mapping[str, Type]) -> bool:
    own = types.get(spelled.removesuffix("[]").strip('"'))
    if own is None or own.kind != "d":
        return False
    checks = [_pieces(check.expression) for check in own.checks]
    return any("value" in _listed(pieces) for pieces in checks) or _is_listed_by_domain(own.base or "", types)


def _pieces(text: str) -> list[Token]:
    """Tokens without comments; every string is one quote, an empty one two."""
    return [_plain(piece) for piece in expressions.tokens(text)]


def _plain(piece: Token) -> Token:
    match piece.kind:
        case "space":
            return Token("space", " ")
        case "string":
            return Token("string", "''" if piece.text == "''" else "'")
    return piece


def _listed(pieces: list[Token]) -> set[str]:
    """Columns that have one of the values spelled out wherever this does not say no."""
    pieces = _bare(pieces)
    for word, joined in (("OR", set.intersection), ("AND", set.union)):
        parts = _parted(pieces, word)
        if len(parts) > 1:
            return joined(*map(_listed, parts))
    name = _compared(pieces, or_null=True)
    return {name} if name else set()


def _compared(pieces: list[Token], or_null: bool = False) -> str | None:
    """The column that this compares with words, and does nothing else."""
    text = CAST.sub(" ", "".join(piece.text for piece in _ungrouped(pieces)))
    text = " ".join(text.split())
    text = text.replace("''", "'") if or_null else text
    for atom in ATOMS if or_null else ATOMS[:2]:
        if match := atom.fullmatch(text):
            return expressions.tokens(match["name"])[0].name
    return None


def _bare(pieces: list[Token]) -> list[Token]:
    """Without the parentheses around all of it, and spaces."""
    while pieces and pieces[0].kind == "space":
        pieces = pieces[1:]
    while pieces and pieces[-1].kind == "space":
        pieces = pieces[:-1]
    is_enclosed = pieces and pieces[0].text == "(" and min(_depths(pieces)[:-1], default=0) > 0
    return _bare(pieces[1:-1]) if is_enclosed and pieces[-1].text == ")" else pieces


def _depths(pieces: list[Token]) -> list[int]:
    """How deep in parentheses each stands, an opening one within, a closing one outside."""
    depth, found = 0, []
    for piece in pieces:
        depth += (piece.text == "(") - (piece.text == ")")
        found.append(depth)
    return found


def _parted(pieces: list[Token], word: str) -> list[list[Token]]:
    """Parted at a word that stands in no parentheses."""
    parts: list[list[Token]] = [[]]
    for piece, depth in zip(pieces, _depths(pieces), strict=True):
        if depth == 0 and piece.kind == "word" and piece.text == word:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _groups(pieces: list[Token]) -> Iterator[list[Token]]:
    """What stands in each pair of parentheses."""
    opened = []
    for at, piece in enumerate(pieces):
        if piece.text == "(":
            opened.append(at)
        elif piece.text == ")" and opened:
            yield pieces[opened.pop() + 1 : at]


def _ungrouped(pieces: list[Token]) -> list[Token]:
    """Parentheses that only group, and calls that only change the case, are spaces; those of other calls stay."""
    shown, opened = list(pieces), []
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else Token("space", "")
        is_call = before.kind in ("word", "quoted")
        if piece.text == "(":
            is_plain = not is_call or before.text in SAME_BUT_FOR_CASE
            opened.append(is_plain)
            if is_plain and is_call:
                shown[at - 1] = Token("space", " ")
        is_plain = opened.pop() if piece.text == ")" and opened else piece.text == "(" and opened[-1]
        if is_plain:
            shown[at] = Token("space", " ")
    return shown
