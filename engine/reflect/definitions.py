"""Constraints and indexes spelled from their parts.

Laws
- The parts are the catalogue's or ours, never pieces cut from a text.
- A foreign key is spelled without its state: the build adds it unchecked, and validates it later.
"""

from config.postgres.quoting import quoted
from config.shapes import Constraint, Element, Index

KEYS = {"p": "PRIMARY KEY", "u": "UNIQUE"}


def constraint(found: Constraint) -> str:
    """What follows ADD CONSTRAINT name; of a foreign key without NOT VALID or NOT ENFORCED."""
    match found.kind:
        case "f":
            return _foreign_key(found)
        case "c":
            return f"CHECK ({found.expression}){_inheritance(found)}{state(found)}"
        case "n":
            return f"NOT NULL {quoted(found.columns[0])}{_inheritance(found)}{state(found)}"
        case "x":
            return f"EXCLUDE USING {quoted(found.method)} {_exclusion(found)}{_deferral(found)}"
    distinct = " NULLS NOT DISTINCT" if found.nulls_not_distinct else ""
    period = " WITHOUT OVERLAPS" if found.has_period else ""
    kept = f"{_include(found.include)}{_storage(found.storage)}{_deferral(found)}"
    return f"{KEYS[found.kind]}{distinct} ({listed(found.columns)}{period}){kept}"


def index(found: Index) -> str:
    """CREATE INDEX in full, its table unqualified."""
    unique = "UNIQUE " if found.is_unique else ""
    head = f"CREATE {unique}INDEX {quoted(found.name)} ON {quoted(found.table)} USING {quoted(found.method)}"
    distinct = " NULLS NOT DISTINCT" if found.nulls_not_distinct else ""
    kept = f"{_include(found.include)}{distinct}{_storage(found.storage)}{_where(found.predicate)}"
    return f"{head} ({', '.join(map(element, found.elements))}){kept}"


def state(found: Constraint) -> str:
    """Whether it holds for new rows, and for those that were there before it."""
    if not found.is_enforced:
        return " NOT ENFORCED"
    return "" if found.is_validated else " NOT VALID"


def element(found: Element) -> str:
    collation = f"COLLATE {found.collation}" if found.collation else None
    return " ".join(filter(None, (found.expression, collation, found.operator_class, found.order)))


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in names)


def _foreign_key(found: Constraint) -> str:
    parent = quoted(*filter(None, (found.ref_schema, found.ref_table)))
    match_full = " MATCH FULL" if found.is_match_full else ""
    update = f" ON UPDATE {found.on_update}" if found.on_update else ""
    some = f" ({listed(found.set_columns)})" if found.set_columns else ""
    delete = f" ON DELETE {found.on_delete}{some}" if found.on_delete else ""
    own, other = _referring(found, found.columns), _referring(found, found.ref_columns)
    return f"FOREIGN KEY ({own}) REFERENCES {parent} ({other}){match_full}{update}{delete}{_deferral(found)}"


def _referring(found: Constraint, columns: tuple[str, ...]) -> str:
    if not found.has_period:
        return listed(columns)
    return f"{listed(columns[:-1])}, PERIOD {quoted(columns[-1])}"


def _exclusion(found: Constraint) -> str:
    parts = ", ".join(f"{element(part)} WITH {part.operator}" for part in found.elements)
    return f"({parts}){_include(found.include)}{_storage(found.storage)}{_where(found.predicate)}"


def _inheritance(found: Constraint) -> str:
    return " NO INHERIT" if found.is_local else ""


def _deferral(found: Constraint) -> str:
    deferred = " INITIALLY DEFERRED" if found.is_deferred else ""
    return f" DEFERRABLE{deferred}" if found.is_deferrable else ""


def _include(columns: tuple[str, ...]) -> str:
    return f" INCLUDE ({listed(columns)})" if columns else ""


def _storage(options: str | None) -> str:
    return f" WITH ({options})" if options else ""


def _where(predicate: str | None) -> str:
    return f" WHERE ({predicate})" if predicate else ""
