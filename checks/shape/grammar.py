"""SQL expressions as trees, so that brackets which change nothing vanish and those that mean something stay.

Laws
- A tree is an atom (`name`, `word`, `literal`, `sign`, each with its text) or a node: what is done, then the operands.
- Operators bind as PostgreSQL's grammar says; a chain of `and` or of `or` is one node. `in`, `between`, `like` and `!=`
  are what PostgreSQL keeps of them.
- A cast of an array is one of each of its elements: so PostgreSQL has it once the text has been read again.
- What has words between its operands (`extract(year from x)`, `case when …`) is a phrase: its parts in their order.
- A schema before a name is left out, for it may be another on the other server. Blanks and case are spelling.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
TOKENS = re.compile(
    rf"""(?P<literal>[EBX]?'(?:[^']|'')*'|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<name>{NAME})"""
    r"""|(?P<sign>::|:=|[-+*/<>=~!@\#%^&|`?]+|[^\s])""",
    re.IGNORECASE,
)
# Words that are no names unless they are quoted, and PostgreSQL quotes them then.
RESERVED = {
    "all", "and", "any", "array", "asc", "between", "both", "case", "collate", "current_date", "current_time",
    "current_timestamp", "current_user", "desc", "distinct", "else", "end", "false", "for", "from", "ilike", "in", "is",
    "isnull", "leading", "like", "localtime", "localtimestamp", "not", "notnull", "null", "or", "order", "session_user",
    "similar", "some", "symmetric", "then", "trailing", "true", "user", "when", "with",
}  # fmt: skip
CALLED = {"all", "any", "some", "current_time", "current_timestamp", "localtime", "localtimestamp"}
# What may follow the first word of a type's name.
TYPE_WORDS = {"varying", "precision", "with", "without", "time", "zone"}
OR, AND, NOT, IS, COMPARE, LIKE, OTHER, PLUS, TIMES, POWER, AT, COLLATE, SIGN, CAST = range(1, 15)
BINDING = {
    "<": COMPARE, ">": COMPARE, "=": COMPARE, "<=": COMPARE, ">=": COMPARE, "<>": COMPARE, "!=": COMPARE,
    "+": PLUS, "-": PLUS, "*": TIMES, "/": TIMES, "%": TIMES, "^": POWER, "::": CAST, "[": CAST, ".": CAST,
}  # fmt: skip
WORDS = {
    "or": OR, "and": AND, "is": IS, "in": LIKE, "between": LIKE, "like": LIKE, "ilike": LIKE, "not in": LIKE,
    "not between": LIKE, "not like": LIKE, "not ilike": LIKE, "collate": COLLATE,
}  # fmt: skip
KEPT_AS = {"like": "~~", "ilike": "~~*", "not like": "!~~", "not ilike": "!~~*", "!=": "<>"}
ALONE = {"(", ")", "]", ",", ";", ":", "{", "}"}  # no operators
Tree = tuple[Any, ...]  # its parts are texts or trees
END = ("end", "")


class Token(NamedTuple):
    """kind: literal, name (as the catalogue has it), word (a reserved one), sign."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """The text's words; schemas before names still among them."""
    return [_token(match.lastgroup or "sign", match.group()) for match in TOKENS.finditer(text)]


def _token(kind: str, text: str) -> Token:
    if kind != "name":
        return Token(kind, text)
    if text.startswith('"'):
        return Token("name", text[1:-1].replace('""', '"'))
    return Token("word" if text.lower() in RESERVED else "name", text.lower())


def unqualified(found: list[Token]) -> Iterator[Token]:
    """Without what stands before the dot of a name; `operator(schema.+)` is the operator."""
    dot, at = Token("sign", "."), 0
    while at < len(found):
        token = found[at]
        if token.kind == "name" and found[at + 1 : at + 2] == [dot]:
            at += 2
            if found[at : at + 1] == [Token("sign", "*")]:  # the whole row of a table, whose name may be another
                found[at] = Token("name", "*")
            continue
        if token == ("name", "operator") and found[at + 1 : at + 2] == [Token("sign", "(")]:
            closing = found.index(Token("sign", ")"), at)
            token, at = found[closing - 1], closing
        yield token
        at += 1


def tree(text: str) -> Tree:
    """The tree of an expression; of what is nested too deep, its words in their order."""
    found = list(unqualified(tokens(text)))
    try:
        return _Reader(found).whole()
    except RecursionError:
        return ("phrase", *map(tuple, found))


def nodes(found: Tree) -> Iterator[Tree]:
    """The tree and all that is in it."""
    waiting = [found]
    while waiting:
        yield (node := waiting.pop())
        waiting += [part for part in node[1:] if isinstance(part, tuple)]


class _Reader:
    """Reads tokens from left to right, as long as they bind tighter than what stands before them."""

    def __init__(self, found: list[Token]):
        self._tokens, self._at = found, 0

    def whole(self) -> Tree:
        found = [self._phrase(())]
        while self._next != END:
            self._take()  # a comma, or a bracket that nothing opened
            found.append(self._phrase(()))
        return found[0] if len(found) == 1 else ("list", *found)

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def _take(self) -> tuple[str, str]:
        found = self._next
        self._at += 1
        return found

    def _skips(self, *wanted: str, kind: str = "sign") -> bool:
        """Whether these tokens come next; they are skipped if so."""
        is_next = self._tokens[self._at : self._at + len(wanted)] == [(kind, text) for text in wanted]
        self._at += len(wanted) if is_next else 0
        return is_next

    def _phrase(self, ends: tuple[tuple[str, str], ...]) -> Tree:
        """Operands one after the other; a single one is itself."""
        found = []
        while self._next not in (END, ("sign", ","), ("sign", ")"), ("sign", "]"), *ends):
            found.append(self._operand(0))
        return found[0] if len(found) == 1 else ("phrase", *found)

    def _listed(self, closing: str) -> list[Tree]:
        """What stands between commas, up to the closing bracket."""
        found = []
        while self._next != END and not self._skips(closing):
            found.append(self._phrase(()))
            self._skips(",")
        return found

    def _operand(self, binding: int) -> Tree:
        left = self._first()
        while (following := self._following(left, binding)) is not None:
            left = following
        return left

    def _first(self) -> Tree:
        kind, text = self._take()
        if kind == "word" and text == "not":
            return "not", self._operand(NOT)
        if kind == "word" and text == "case":
            found = self._phrase((("word", "end"),))
            self._take()
            return "case", found
        if kind == "word" and text == "array" and self._skips("["):
            return "array", *self._listed("]")
        if kind == "sign" and text == "(":
            return self._bracket(self._listed(")"))
        if kind == "sign" and text == "[":
            return "array", *self._listed("]")
        if (kind, text) == ("sign", "*"):  # count(*)
            return "name", text
        if kind == "sign" and text not in ALONE:
            return f"{text} of", self._operand(SIGN)
        if (kind == "name" or text in CALLED) and self._skips("("):
            return "call", (kind, text), *self._listed(")")
        return kind, text

    @staticmethod
    def _bracket(found: list[Tree]) -> Tree:
        return found[0] if len(found) == 1 else ("row", *found)

    def _following(self, left: Tree, binding: int) -> Tree | None:
        """What is left of an operator together with what is right of it; None where it binds no tighter."""
        kind, text = self._next
        if kind == "sign" and text not in ALONE:
            return self._operator(left, text, binding)
        if (kind, text) == ("name", "at") and binding < AT:
            return self._at_zone(left)
        if kind != "word":
            return None
        if text == "not" and self._at + 1 < len(self._tokens):
            text = f"not {self._tokens[self._at + 1].text}"
        if (strength := WORDS.get(text, 0)) <= binding:
            return None
        self._at += len(text.split())
        return self._worded(left, text, strength)

    def _operator(self, left: Tree, text: str, binding: int) -> Tree | None:
        strength = BINDING.get(text, OTHER)
        if strength <= binding:
            return None
        self._take()
        if text == "::":
            return _cast(left, self._type())
        if text == "[":
            return "element", left, *self._listed("]")
        if text == ".":
            return "field", left, self._take()[1]
        return KEPT_AS.get(text, text), left, self._operand(strength)

    def _at_zone(self, left: Tree) -> Tree | None:
        if self._skips("at", "time", "zone", kind="name"):
            return "at time zone", left, self._operand(AT)
        return ("at local", left) if self._skips("at", "local", kind="name") else None

    def _worded(self, left: Tree, text: str, strength: int) -> Tree:
        if text in ("and", "or"):
            return text, *(left[1:] if left[0] == text else (left,)), self._operand(strength)
        if text == "is":
            more = [word for word in ("not", "distinct", "from") if self._skips(word, kind="word")]
            return " ".join([text, *more]), left, self._operand(strength)
        if text.endswith("between"):
            return self._between(left, is_within=text == "between")
        if text.endswith("in"):
            return self._in(left, is_one_of=text == "in")
        return KEPT_AS.get(text, text), left, self._operand(strength)

    def _between(self, left: Tree, is_within: bool) -> Tree:
        low = self._operand(LIKE)
        self._skips("and", kind="word")
        high = self._operand(LIKE)
        if is_within:
            return "and", (">=", left, low), ("<=", left, high)
        return "or", ("<", left, low), (">", left, high)

    def _in(self, left: Tree, is_one_of: bool) -> Tree:
        found = self._listed(")") if self._skips("(") else []
        operator = "=" if is_one_of else "<>"
        if len(found) == 1:
            return operator, left, found[0]
        return operator, left, ("call", ("word", "any" if is_one_of else "all"), ("array", *found))

    def _type(self) -> str:
        found = [self._take()[1]]
        while True:
            kind, text = self._next
            if kind in ("name", "word") and text in TYPE_WORDS:
                found.append(self._take()[1])
            elif (kind, text) == ("sign", "(") and self._modifier():
                found.append(self._modifier())
                self._at += 2 * found[-1].count(",") + 3
            elif self._skips("[", "]"):
                found.append("[]")
            else:
                return " ".join(found)

    def _modifier(self) -> str:
        """A length, or a precision and a scale, in brackets; nothing where no type goes on."""
        texts = [token.text for token in self._tokens[self._at : self._at + 5]]
        found = re.match(r"\(\d+(,\d+)?\)", "".join(texts))
        return found[0] if found else ""


def _cast(operand: Tree, name: str) -> Tree:
    if operand[0] == "array" and len(operand) > 1 and name.endswith(" []"):
        return "array", *(_cast(item, name if item[0] == "array" else name.removesuffix(" []")) for item in operand[1:])
    return "cast", operand, name
