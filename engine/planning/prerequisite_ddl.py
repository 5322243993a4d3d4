"""DDL of what tables need before they are made: extensions, collations, text search, types, functions, sequences.

Law: the statements stand in an order in which they can run: every object after those that it is made of.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from psycopg import sql

from engine.reflect.catalog import Catalog
from engine.reflect.languages import Collation, TextSearch
from engine.reflect.objects import DomainCheck, Function, Type
from engine.reflect.sequences import Sequence
from engine.reflect.statements import Statement, comment, spell

PROVIDERS = {"b": "builtin", "c": "libc", "i": "icu"}
MAKE_TYPE = {"e": "CREATE TYPE {} AS ENUM ({})", "c": "CREATE TYPE {} AS ({})", "r": "CREATE TYPE {} AS RANGE ({})"}


def extensions(names: Iterable[str], home: str = "public") -> list[Statement]:
    """Missing extensions, never in a build schema: they would be dropped with it."""
    template = "CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}"
    return [spell("extension", name, template, name, home) for name in names]


def types(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Enums, composites, ranges and domains without their rules, each after those it is made of."""
    wanted = [kind for kind in catalog.types if kind.name in names]
    made = [spell("type", kind.name, *_type(kind)) for kind in wanted]
    return made + [
        comment(kind.name, kind.comment, "DOMAIN {}" if kind.kind == "d" else "TYPE {}", kind.name)
        for kind in wanted
        if kind.comment is not None
    ]


def _type(kind: Type) -> tuple[str, str, sql.Composable]:
    parts: list[sql.Composable]
    match kind.kind:
        case "e":
            parts = [sql.Literal(label) for label in kind.labels]
        case "c":
            parts = [named(attribute.name, attribute.type, attribute.collation) for attribute in kind.attributes]
        case "r":
            parts = [sql.SQL(f"{option} = {value}") for option, value in kind.range_options]
        case _:
            return ("CREATE DOMAIN {} AS {}", kind.name, typed(kind.base or "", kind.collation))
    return MAKE_TYPE[kind.kind], kind.name, sql.SQL(", ").join(parts)


def functions(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Functions by name (all that share it) or by signature, `lower_all(text[])`."""
    wanted = [f for f in catalog.functions if f.definition and (f.name in names or f.signature in names)]
    made = [Statement("function", (f.signature,), f.definition) for f in wanted if f.definition]
    return made + [_function_comment(function) for function in wanted if function.comment is not None]


def collations(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """The schema's own collations, by the rules of the target's version."""
    wanted = [collation for collation in catalog.collations if collation.name in names]
    made = [spell("collation", c.name, "CREATE COLLATION {} ({})", c.name, _collating(c)) for c in wanted]
    return made + [comment(c.name, c.comment, "COLLATION {}", c.name) for c in wanted if c.comment is not None]


def _collating(found: Collation) -> sql.Composable:
    options = {"LOCALE": found.locale, "LC_COLLATE": found.lc_collate, "LC_CTYPE": found.lc_ctype, "RULES": found.rules}
    parts = [
        sql.SQL(f"{name} = {{}}").format(sql.Literal(value)) for name, value in options.items() if value is not None
    ]
    is_deterministic = sql.SQL(f"DETERMINISTIC = {str(found.is_deterministic).lower()}")
    return sql.SQL(", ").join([sql.SQL(f"PROVIDER = {PROVIDERS[found.provider]}"), *parts, is_deterministic])


def text_search(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Dictionaries for text search, then the configurations that use them."""
    wanted = [found for found in catalog.text_search if found.name in names]
    made = [statement for found in wanted for statement in _text_search(found)]
    remarks = {found: f"TEXT SEARCH {found.kind.upper()} {{}}" for found in wanted if found.comment is not None}
    return made + [comment(found.name, found.comment, target, found.name) for found, target in remarks.items()]


def _text_search(found: TextSearch) -> Iterator[Statement]:
    what, template = f"text search {found.kind}", f"CREATE TEXT SEARCH {found.kind.upper()} {{}} ({{}})"
    base = sql.SQL(f"{'TEMPLATE' if found.kind == 'dictionary' else 'PARSER'} = {found.base}")
    options = sql.SQL(f", {found.options}" if found.options else "")
    yield spell(what, found.name, template, found.name, base + options)
    for token, dictionaries in found.mappings:
        listed = sql.SQL(", ".join(dictionaries))
        mapping = "ALTER TEXT SEARCH CONFIGURATION {} ADD MAPPING FOR {} WITH {}"
        yield spell(what, found.name, mapping, found.name, token, listed)


def _function_comment(function: Function) -> Statement:
    kind = "PROCEDURE" if function.kind == "p" else "FUNCTION"
    target = sql.SQL("{}({})").format(sql.Identifier(function.name), sql.SQL(function.arguments))
    return comment(function.signature, function.comment, f"{kind} {{}}", target)


def domain_rules(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Defaults and not-nulls of domains: apart from these, as their checks are."""
    wanted = [kind for kind in catalog.types if kind.name in names]
    defaults = [_domain(kind, sql.SQL(f"SET DEFAULT {kind.default}")) for kind in wanted if kind.default is not None]
    return defaults + [_domain(kind, sql.SQL("SET NOT NULL")) for kind in wanted if kind.not_null]


def domain_checks(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Validated checks, made before the load, after the functions that they may call."""
    return _domain_checks(catalog, names, "", lambda check: check.is_validated)


def late_domain_checks(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Checks that are NOT VALID, made after the load, for existing rows may break them."""
    return _domain_checks(catalog, names, " NOT VALID", lambda check: not check.is_validated)


def unvalidated_domain_checks(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """All checks as NOT VALID, for the archive, which takes every legacy value."""
    return _domain_checks(catalog, names, " NOT VALID", lambda check: True)


def _domain_checks(
    catalog: Catalog, names: Collection[str], state: str, is_wanted: Callable[[DomainCheck], bool]
) -> list[Statement]:
    return [
        _domain(kind, sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(c.name), sql.SQL(_check(c) + state)))
        for kind in catalog.types
        if kind.name in names
        for c in filter(is_wanted, kind.checks)
    ]


def _check(check: DomainCheck) -> str:
    return f"CHECK ({check.expression})"


def _domain(kind: Type, rule: sql.Composable) -> Statement:
    return spell("domain", kind.name, "ALTER DOMAIN {} {}", kind.name, rule)


def sequences(catalog: Catalog, names: Collection[str]) -> list[Statement]:
    """Sequences other than those of identity columns, at their start; `positions` sets them."""
    wanted = [s for s in catalog.sequences if s.name in names and not s.is_identity]
    made = [
        spell("sequence", s.name, "CREATE SEQUENCE {} AS {} {}", s.name, sql.SQL(s.type), options_of(s)) for s in wanted
    ]
    return made + [comment(s.name, s.comment, "SEQUENCE {}", s.name) for s in wanted if s.comment is not None]


def options_of(sequence: Sequence) -> sql.Composable:
    template = "INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {} {}"
    numbers = [sequence.increment, sequence.minimum, sequence.maximum, sequence.start, sequence.cache]
    cycle = sql.SQL("CYCLE" if sequence.is_cycled else "NO CYCLE")
    return sql.SQL(template).format(*(sql.SQL(str(number)) for number in numbers), cycle)


def typed(kind: str, collation: str | None) -> sql.Composable:
    return sql.SQL(f"{kind} COLLATE {collation}" if collation else kind)


def named(name: str, kind: str, collation: str | None) -> sql.Composable:
    return sql.Identifier(name) + sql.SQL(" ") + typed(kind, collation)
