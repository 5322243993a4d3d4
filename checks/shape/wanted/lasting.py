"""Which constraints and indexes of a legacy table the target keeps, over which columns, and where references lead.

Laws
- An object is kept if all its columns arrive in one table. A check, or an index with expressions, a predicate or
  operator classes, is dropped if the type of one of its columns changes.
- The target's own table has its own key: another primary key becomes a unique there. If it has rows of several legacy
  tables, an object is kept only if it holds for all of them: it reads columns that the others leave null, or the id.
- A foreign key points at the table in which all columns that it names arrive with a unique over just them, the root of
  an id first; if there is none, or the types no longer compare, it is dropped.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from checks.shape import definitions, things
from checks.shape.things import Says, Thing
from checks.shape.wanted.plain import OF_CONSTRAINT, PLAIN_CONSTRAINT, PLAIN_INDEX, SERVED
from config.postgres.types import NUMBERS, TEXTUAL

CHOICES = ("operator class", "options", "collation")  # what fits one type of a column alone
Places = Mapping[tuple[str, str], list[tuple[str, str]]]  # legacy table and column → tables and columns of the target


@dataclass(frozen=True)
class Arrival:
    """Where columns of a legacy table arrive in the table `into`, as they are: legacy name → name there.

    retyped: those whose type is another there. written: those that rows of other legacy tables fill, too. more: columns
    that arrive with other values. is_shared: others feed the table too. is_ours: the target declares it.
    """

    into: str
    names: Mapping[str, str]
    retyped: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    more: Mapping[str, str] = field(default_factory=dict)
    is_shared: bool = False
    is_ours: bool = False


def constraints(found: Iterable[Thing], arrival: Arrival, calls: Mapping[str, str]) -> Iterator[Thing]:
    """The constraints that are kept; foreign keys among them still name what they name in the legacy schema."""
    for thing in found:
        if not _falls(thing, arrival, calls):
            yield _constraint(thing, arrival, calls)


def indexes(found: Iterable[Thing], arrival: Arrival, calls: Mapping[str, str]) -> Iterator[Thing]:
    """The valid indexes that are kept, those of constraints aside."""
    for thing in found:
        says = thing.says
        is_plain = not says["unique"] and says["predicate"] is None and not any(map(_is_choosy, says["keys"]))
        names = {**(arrival.more if is_plain else {}), **arrival.names}
        there = replace(arrival, names=names)
        typed = {key["column"] for key in says["keys"] if _is_choosy(key)} | named(thing)
        is_lost = not set(says["reads"]) <= set(names) or bool(arrival.retyped & typed & set(says["reads"]))
        is_lost = is_lost or (says["unique"] and not _holds_for_others(says["reads"], says, there))
        if says["valid"] and not is_lost and not _calls_dropped(thing, calls):
            stated = _index(says, there) | {"unique": says["unique"], "comment": says["comment"]}
            spelled = things.spelled(stated, _replaced(calls) | dict(names))
            yield Thing("index", arrival.into, thing.name, spelled, made_of=thing)


def _falls(thing: Thing, arrival: Arrival, calls: Mapping[str, str]) -> bool:
    says, reads = thing.says, {*thing.says["columns"], *thing.says["reads"]}
    if not reads <= set(arrival.names) or (says["kind"] in "cx" and arrival.retyped & reads):
        return True
    if says["kind"] == "f":
        return bool(says["schema"])
    if arrival.is_ours and says["kind"] in "pu" and says["columns"] == ["id"]:
        return True
    is_null_known = says["kind"] == "n" or (says["kind"] == "c" and "is not null" in says["expression"].lower())
    if (arrival.is_shared and is_null_known) or _calls_dropped(thing, calls):
        return True
    return not _holds_for_others(sorted(reads), says, arrival)


def _holds_for_others(reads: list[str], says: Says, arrival: Arrival) -> bool:
    """Whether rows of other legacy tables keep to it by being what they are."""
    is_by_id = "id" in reads and not says.get("predicate") and not says.get("over periods")
    is_filled = says.get("nulls not distinct") or arrival.written & set(reads)
    return not arrival.is_shared or is_by_id or not is_filled


def texts(thing: Thing) -> list[str]:
    """The expressions of a constraint or an index."""
    says = thing.says
    found = [says.get("expression"), says.get("predicate"), *(key["expression"] for key in says.get("keys", ()))]
    return [text for text in found if text is not None]


def named(thing: Thing) -> set[str]:
    """The columns that its expressions name; all that it reads where they name the whole row."""
    words = {word for text in texts(thing) for word in definitions.names(text)}
    reads = {*thing.says.get("columns", ()), *thing.says["reads"]}
    return reads if thing.of in words else reads & words


def _calls_dropped(thing: Thing, calls: Mapping[str, str]) -> bool:
    return any(is_dropped(text, calls) for text in texts(thing))


def is_dropped(text: str | None, calls: Mapping[str, str]) -> bool:
    """Whether an expression calls what the mapping drops."""
    return any(not calls.get(name, name) for name in definitions.names(text or ""))


def _replaced(calls: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in calls.items() if new}


def _is_choosy(key: Says) -> bool:
    return key["expression"] is not None or any(key[name] for name in CHOICES)


def _constraint(thing: Thing, arrival: Arrival, calls: Mapping[str, str]) -> Thing:
    says, names = thing.says, arrival.names
    stated = PLAIN_CONSTRAINT | {statement: says[statement] for statement in OF_CONSTRAINT}
    stated |= {statement: [names[name] for name in says[statement]] for statement in ("columns", "set on delete")}
    if says["kind"] in SERVED:
        stated |= _index(says, arrival) | {"storage parameters": says["storage parameters"]}
    if says["kind"] == "p" and arrival.is_ours:
        stated["kind"] = "u"
    spelled = things.spelled(stated, _replaced(calls) | dict(names))
    return Thing("constraint", arrival.into, thing.name, spelled, made_of=thing)


def _index(says: Says, arrival: Arrival) -> Says:
    kept = ("method", "predicate", "nulls not distinct", "storage parameters")
    return PLAIN_INDEX | {name: says[name] for name in kept} | {
        "keys": [_key(key, arrival) for key in says["keys"]],
        "included": [arrival.names[name] for name in says["included"]],
    }  # fmt: skip


def _key(key: Says, arrival: Arrival) -> Says:
    name = key["column"]
    if name in arrival.retyped:
        key = key | {"operator class": None, "collation": None}
    return key | {"column": arrival.names.get(name, name)}


def followed(wanted: Iterable[Thing], places: Places) -> Iterator[Thing]:
    """The wanted things; legacy foreign keys point at the table in which their parents arrive, or are dropped."""
    wanted = list(wanted)
    there = {thing.key: thing for thing in wanted}
    uniques = _uniques(wanted)
    for thing in wanted:
        if thing.kind != "constraint" or thing.says["kind"] != "f" or thing.made_of is None:
            yield thing
            continue
        for parent, columns in _named_places(thing.made_of, places):
            if (parent, tuple(sorted(columns))) in uniques:
                own = [there.get(("column", thing.of, name)) for name in thing.says["columns"]]
                keys = [there.get(("column", parent, name)) for name in columns]
                if all(map(_compare, own, keys)):
                    yield thing.saying(table=parent, referenced=columns)
                break


def _uniques(wanted: Iterable[Thing]) -> set[tuple[str, tuple[str, ...]]]:
    """Tables and columns that a foreign key can point at."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    for thing in wanted:
        says = thing.says
        is_key = thing.kind == "constraint" and says["kind"] in "pu" and not says["deferrable"]
        if is_key or (thing.kind == "index" and says["unique"] and says["predicate"] is None):
            found.add((thing.table, tuple(sorted(key["column"] or "" for key in says["keys"]))))
    return found


def _named_places(legacy: Thing, places: Places) -> list[tuple[str, list[str]]]:
    """(table, columns) in which all columns that a foreign key names arrive, the root of an id first."""
    parent, names = legacy.says["table"], legacy.says["referenced"]
    arrivals = [places.get((parent, name), []) for name in names]
    found = [dict(reversed(places)) for places in arrivals]
    tables = [into for into, _ in arrivals[0] if all(into in there for there in found)]
    return [(into, [there[into] for there in found]) for into in tables]


def _compare(own: Thing | None, key: Thing | None) -> bool:
    """Whether PostgreSQL compares the two columns as a reference does."""
    if own is None or key is None:
        return False
    if own.base == key.base:
        return _is_array(own) == _is_array(key)
    is_number = {own.base, key.base} <= NUMBERS and (own.base != "numeric" or key.base == "numeric")
    return is_number or (own.base in TEXTUAL - {"name"} and key.base in TEXTUAL - {"citext"})


def _is_array(column: Thing) -> bool:
    type_name: str = column.says["type"]
    return type_name.endswith("]")
