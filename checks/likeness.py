"""Whether two definitions, as two servers and the declaration spell them, say the same.

Laws
- Schemas, casts, parentheses, blanks and the case of words are spelling: an extension's type may be elsewhere on the
  other server, and the declaration is not PostgreSQL's own text. Names, literals, operators and their order are not.
- A column that has another name in the target is looked for under that name.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

NAME = r'"(?:[^"]|"")+"|[A-Za-z_][\w$]*'
TOKENS = re.compile(rf"E?'(?:[^']|'')*'|{NAME}|\d+(?:\.\d+)?|::|[.()\[\],]|[^\s\w.()\[\],\"':]+|\S")
# What belongs to a type's name after its first word.
TYPE_WORDS = {"varying", "precision", "with", "without", "time", "zone"}
BRACKETS = set("()[],")
CALLS = {"nextval", "currval", "setval"}


def expression(text: str | None, renames: Mapping[str, str]) -> tuple[str, ...]:
    """The words of an expression, spelling aside."""
    words = [_plain(word, renames) for word in _without_types(_without_schemas(TOKENS.findall(text or "")))]
    return tuple(_unfolded(list(_with_sequences([word for word in words if word not in BRACKETS]))))


def _with_sequences(words: list[str]) -> Iterator[str]:
    """A sequence that a call names by a text, perhaps put together of some, is the sequence of that name."""
    rest = list(words)
    while rest:
        yield (word := rest.pop(0))
        if word in CALLS and rest and rest[0].endswith("'"):
            texts = [rest.pop(0)]
            while rest[:1] == ["||"] and rest[1:2] and rest[1].endswith("'"):
                texts.append(rest[1])
                del rest[:2]
            yield _last_name("".join(text.removeprefix("E")[1:-1].replace("''", "'") for text in texts))


def _last_name(text: str) -> str:
    """The name at the end of a text, perhaps behind its schema's."""
    found = re.search(rf"({NAME})\s*$", text)
    name = found[1] if found else text
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def sequences(text: str | None) -> set[str]:
    """The sequences that the calls in an expression name."""
    words = expression(text, {})
    return {name for call, name in pairwise(words) if call in CALLS}


def _without_schemas(tokens: list[str]) -> list[str]:
    dots = {number for number, token in enumerate(tokens) if token == "."}
    spelled_out = {n for n, pair in enumerate(pairwise(tokens)) if (pair[0].upper(), pair[1]) == ("OPERATOR", "(")}
    return [token for number, token in enumerate(tokens) if number not in dots | spelled_out and number + 1 not in dots]


def _without_types(tokens: list[str]) -> Iterator[str]:
    rest = iter(tokens)
    token = next(rest, None)
    while token is not None:
        if token != "::":
            yield token
            token = next(rest, None)
            continue
        next(rest, None)
        token = next(rest, None)
        while token is not None and (token in TYPE_WORDS or token in BRACKETS or token.isdigit()):
            token = next(rest, None)


def _unfolded(words: list[str]) -> list[str]:
    """`x in (…)` and `x between a and b` as PostgreSQL keeps them."""
    found = []
    for number, word in enumerate(words):
        if word == "in":
            found += ["=", "any", "array"]
        elif word == "between":
            found.append(">=")
        elif word == "and" and number > 2 and words[number - 2] == "between":
            found += ["and", words[number - 3], "<="]
        else:
            found.append(word)
    return found


def _plain(token: str, renames: Mapping[str, str]) -> str:
    if re.fullmatch(r"'-?\d+(?:\.\d+)?'", token):
        return token[1:-1]
    if token.startswith('"'):
        name = token[1:-1].replace('""', '"')
        return renames.get(name, name)
    return token if "'" in token else renames.get(token, token.lower())


def bare(type_name: str) -> str:
    """The type without a schema: an extension's may be elsewhere on the other server."""
    return re.sub(r'^(?:"(?:[^"]|"")+"|[^". (]+)\.', "", type_name)
