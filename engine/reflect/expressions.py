"""SQL text by its tokens: a name is found where it is a name, never within a string, a comment or another name."""

import itertools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from config.postgres.quoting import quoted

TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<string>[eE]'(?:[^'\\]|''|\\.)*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'
        |\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<operator>[-+*/<>=~!@\#%^&|`?]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# An array of literals and a cast of the whole: what `x in ('a', 'b')` becomes where x is a varchar.
LITERAL = r"(?:[eE]?'(?:[^']|'')*'|-?\d[\d.]*|NULL)(?:::[\w \".]+(?:\(\d+(?:,\d+)?\))?)?"
CAST_ARRAY = re.compile(
    rf"(?P<open>\()?ARRAY\[(?P<elements>{LITERAL}(?:, {LITERAL})*)\](?(open)\))::(?P<type>[\w \".]+)\[\]"
)
PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
# words after which names may hide in strings
DYNAMIC = {"execute", "nextval", "currval", "setval", "regclass", "to_regclass", "regconfig", "regdictionary"}


@dataclass(frozen=True)
class Token:
    """kind: space (also comments), string, quoted, word, number, operator, other."""

    kind: str
    text: str

    @property
    def name(self) -> str | None:
        """What it names, as the catalogue spells it; None where it is no name."""
        match self.kind:
            case "word":
                return self.text.lower()
            case "quoted":
                return self.text[1:-1].replace('""', '"')
            case "operator":
                return self.text
        return None


def tokens(text: str) -> list[Token]:
    return [Token(match.lastgroup or "other", match.group()) for match in TOKEN.finditer(text)]


def words(text: str) -> set[str]:
    """Every name in the text; where it executes text or names sequences by string, those in its strings too."""
    pieces = tokens(text)
    found = {piece.name for piece in pieces if piece.kind in ("word", "quoted")}
    if found & DYNAMIC:
        found = found.union(*(words(piece.text.strip("'$")) for piece in pieces if piece.kind == "string"))
    return {name for name in found if name}


def followed(text: str, by: str) -> set[str]:
    """The names that this character follows: `.` after a schema or a table, `(` after what is called."""
    pieces = [piece for piece in tokens(text) if piece.kind != "space"]
    pairs = itertools.pairwise(pieces)
    names = (piece.name for piece, after in pairs if after.text == by and piece.kind in ("word", "quoted"))
    return {name for name in names if name is not None}


def calls(text: str) -> set[str]:
    """The names of what is called."""
    return followed(text, "(")


def read_again(text: str) -> str:
    """The text as PostgreSQL gives it once it has read it from a dump: a cast of an array becomes one of each element.

    So that a constraint and its copy compare equal. Other expressions come out of a dump as they went in.
    """
    return CAST_ARRAY.sub(_cast_singly, text)


def _cast_singly(match: re.Match[str]) -> str:
    form = "({})::{}" if match["open"] else "{}::{}"
    elements = re.findall(LITERAL, match["elements"])
    return "ARRAY[" + ", ".join(form.format(element, match["type"]) for element in elements) + "]"


def replace_calls(expression: str, replacements: Mapping[str, str]) -> str:
    """Calls other functions instead, with the same arguments: {"uuid_generate_v4": "gen_random_uuid"}.

    A schema before the name goes with it. The names are as the catalogue spells them; a trailing () does no harm.
    """
    names = {old.removesuffix("()"): _spelled(new.removesuffix("()")) for old, new in replacements.items()}
    pieces = tokens(expression)
    for at, piece in reversed(list(enumerate(pieces))):
        is_call = piece.kind in ("word", "quoted") and _next(pieces, at) == "("
        if is_call and piece.name in names:
            start = at - 2 if _is_qualified(pieces, at) else at
            pieces[start : at + 1] = [Token("word", names[piece.name])]
    return "".join(piece.text for piece in pieces)


def rehome(text: str, schema: str, members: Collection[str], home: str) -> str:
    """Names in `home` what stands in `schema`, for these members of it: extensions.citext → public.citext."""
    pieces = tokens(text)
    for at in range(2, len(pieces)):
        if pieces[at].name in members and _is_qualified(pieces, at) and pieces[at - 2].name == schema:
            pieces[at - 2] = Token("word", _spelled(home))
    return "".join(piece.text for piece in pieces)


def _is_qualified(pieces: list[Token], at: int) -> bool:
    return at >= 2 and pieces[at - 1].text == "." and pieces[at - 2].kind in ("word", "quoted")


def _next(pieces: list[Token], at: int) -> str:
    return next((piece.text for piece in pieces[at + 1 : at + 3] if piece.kind != "space"), "")


def _spelled(name: str) -> str:
    return name if PLAIN.fullmatch(name) else quoted(name)
