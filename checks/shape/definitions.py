"""Whether two definitions, as two servers and the declaration spell them, say the same.

Laws
- Expressions are compared as trees (grammar): names, literals, operators, their order, and which brackets hold what.
- A cast counts. Where a column has another type than in the legacy schema, casts of it and of literals beside it follow
  from that, and are spelling; in what the declaration says, casts of literals are, for PostgreSQL adds them.
- A column that has another name in the target is looked for under that name.
- What a function does is a text, and compared letter by letter, but for schemas before names.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from checks.shape import grammar
from checks.shape.grammar import NAME, Tree

CALLS = {"nextval", "currval", "setval"}
# A string, or a name and a dot behind it.
QUALIFIED = re.compile(rf"('(?:[^']|'')*')|(?<![\w.$\"])({NAME})\.(?=[\w\"])")
EVERY = frozenset({"*"})  # in place of retyped columns: every cast is spelling


def expression(text: str, renames: Mapping[str, str]) -> Tree:
    """The tree of an expression, in the names of the target."""
    return _named(grammar.tree(text), renames)


def _named(tree: Tree, renames: Mapping[str, str]) -> Tree:
    """A sequence that a call names by a text, perhaps put together of some, is the sequence of that name."""
    if tree[0] == "name":
        return "name", renames.get(tree[1], tree[1])
    if tree[0] == "call" and tree[1][1] in CALLS and len(tree) > 2 and (texts := list(_texts(tree[2]))):
        return "call", tree[1], ("sequence", _last_name("".join(texts))), *tree[3:]
    return tree[0], *(_named(part, renames) if isinstance(part, tuple) else part for part in tree[1:])


def _texts(tree: Tree) -> Iterator[str]:
    """The literals that make a sequence's name; nothing else stands there but casts."""
    if tree[0] == "literal":
        yield tree[1].removeprefix("E")[1:-1].replace("''", "'")
    elif tree[0] in ("cast", "||"):
        for part in tree[1:] if tree[0] == "||" else tree[1:2]:
            yield from _texts(part)


def _last_name(text: str) -> str:
    """The name at the end of a text, perhaps behind its schema's."""
    found = re.search(rf"({NAME})\s*$", text)
    name = found[1] if found else text
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def eased(tree: Tree, retyped: Collection[str]) -> Tree:
    """The tree without the casts that are spelling: of literals, and of what names one of these columns."""
    if tree[0] in ("name", "word", "literal", "sign"):
        return tree
    parts = [eased(part, retyped) if isinstance(part, tuple) else part for part in tree[1:]]
    is_spelling = tree[0] == "cast" and (parts[0][0] == "literal" or retyped == EVERY or _names(parts[0], retyped))
    return parts[0] if is_spelling else (tree[0], *parts)


def _names(tree: Tree, columns: Collection[str]) -> bool:
    return any(node[0] == "name" and node[1] in columns for node in grammar.nodes(tree))


def names(text: str) -> set[str]:
    """Every name in an expression, schemas and tables too."""
    return {token.text for token in grammar.tokens(text) if token.kind == "name"}


def sequences(text: str | None) -> set[str]:
    """The sequences that the calls in an expression name."""
    found = grammar.nodes(expression(text or "", {}))
    return {node[2][1] for node in found if node[0] == "call" and len(node) > 2 and node[2][0] == "sequence"}


def unqualified(text: str, schemas: Collection[str]) -> str:
    """What a function does, in the names of what it uses without these schemas before them."""
    return QUALIFIED.sub(lambda found: "" if _last_name(found[2] or "") in schemas else found[0], text)


def bare(type_name: str) -> str:
    """The type without a schema: an extension's may be elsewhere on the other server."""
    return re.sub(r'^(?:"(?:[^"]|"")+"|[^". (]+)\.', "", type_name)
