"""What should stand in the target of a table that keeps its shape: copied, renamed, carried or kept.

Laws
- A column keeps everything that the legacy catalogue says of it. What differs is said here, once for each reason: it
  leaves, its type becomes another (types), it is a time of making or of change, what its default calls is replaced.
- A constraint or an index lives on where all its columns do; a foreign key follows its table, and falls with it. What
  reads a column whose type becomes another falls, unless it is a plain key, reference or index.
- Storage, row security, triggers and whatever else says how a table is run and not what it holds is as PostgreSQL makes
  a new table.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from checks.content import gone
from checks.facts import NUMBERS, TEXTUAL, TIMES, Facts
from checks.shape import things
from checks.shape.things import Says, Thing
from checks.shape.types import CAST, Types
from config.shapes import Column

PLAIN_TABLE: Says = {
    "persistence": "p", "partitioned": False, "row security": False, "forced row security": False,
    "replica identity": "d", "storage parameters": None, "storage parameters of long values": None, "row type": False,
    "parents": 0, "heirs": 0,
}  # fmt: skip
PLAIN_COLUMN: Says = {
    "default": None, "collation": None, "identity": "", "generated": "", "comment": None, "not null": False,
    "storage": None, "compression": None, "statistics target": None, "options": None, "dimensions": 1,
}  # fmt: skip
PLAIN_INDEX: Says = {
    "method": "btree", "included": [], "predicate": None, "nulls not distinct": False, "valid": True, "ready": True,
    "clustered": False, "serves as replica identity": False, "storage parameters": None,
}  # fmt: skip
PLAIN_CONSTRAINT: Says = {
    "deferrable": False, "deferred": False, "validated": True, "enforced": True, "no inherit": False,
    "over periods": False, "triggers disabled": False, "expression": None, "comment": None,
}  # fmt: skip
OF_CONSTRAINT = (
    "kind", "columns", "table", "referenced", "match", "on update", "on delete", "set on delete", "deferrable",
    "deferred", "validated", "enforced", "no inherit", "over periods", "expression", "operators", "comment",
)  # fmt: skip
OF_COLUMN = ("type", "home", "dimensions", "not null", "default", "collation", "identity", "generated", "comment")
CHOICES = ("operator class", "options", "collation")  # what fits one type of a column alone
SERVED = "pux"  # constraints that an index serves
FOLLOWING = "user_role_profiles"  # what the columns point at that a rule makes of professionals


def plain_key(column: str) -> Says:
    """A column of an index as it comes by itself."""
    return {
        "column": column, "expression": None, "operator class": None, "options": None, "collation": None,
        "descending": False, "nulls first": False,
    }  # fmt: skip


def reference(table: str, column: str, parent: str, key: str = "id", **says) -> Thing:
    """A foreign key of one column as it is declared without a word more; its name is made of table and column."""
    stated = {
        "kind": "f", "columns": [column], "table": parent, "referenced": [key], "match": "s", "on update": "a",
        "on delete": "a", "set on delete": [],
    }  # fmt: skip
    return Thing("constraint", table, f"{table}_{column}_fkey", PLAIN_CONSTRAINT | stated | says)


class Kept:
    """Things of the target that are made of legacy tables which keep their shape. legacy: all that the source has."""

    def __init__(self, facts: Facts, types: Types, legacy: Iterable[Thing]):
        self.facts, self.types = facts, types
        self._things: dict[tuple[str, str | None], list[Thing]] = {}
        for thing in legacy:
            self._things.setdefault((thing.kind, thing.of), []).append(thing)
        self._tables = {thing.name: thing for thing in self._things.get(("table", None), [])}
        calls = facts.mapping.common.functions
        self.replaced = {old: new for old, new in calls.items() if new}
        self.dropped = {old for old, new in calls.items() if not new}

    def of(self, kind: str, table: str) -> list[Thing]:
        return self._things.get((kind, table), [])

    def place_of(self, table: str | None, column: str | None) -> tuple[str, str] | None:
        """(table, column) of the target that a column of a table that keeps its shape becomes."""
        if self.facts.fates.get(table) not in ("copy", "keep"):
            return None
        return self.facts.final(table), self.renames(table).get(column, column)

    def renames(self, table: str) -> dict[str, str]:
        """Legacy column → what it is called in the target, where that is another name."""
        return self.facts.renames(table)

    def leaving(self, table: str) -> set[str]:
        """Columns that are not in the target's table, under whatever name."""
        rule = self.facts.rule(table)
        return gone(self.facts, table) - set(rule.becomes if rule else ())

    def retyped(self, table: str) -> set[str]:
        """Columns that have another type in the target."""
        rule = self.facts.rule(table)
        becoming = rule.becomes if rule else {}
        return {
            c.name
            for c in self.facts.source.table(table).columns
            if (c.base != "uuid" if c.name in becoming else not self.types.of(table, c).is_same)
        }

    def table(self, table: str) -> Iterator[Thing]:
        """The table, its columns, constraints, references and indexes."""
        final, leaving = self.facts.final(table), self.leaving(table)
        yield Thing("table", None, final, PLAIN_TABLE | {"comment": self._tables[table].says["comment"]})
        for column in self.of("column", table):
            if column.name not in leaving:
                yield self.column(table, column)
        yield from self._added(table)
        constraints = list(self.constraints(table, final, leaving))
        yield from constraints
        yield from self._references(table, constraints)
        yield from self.indexes(table, final, leaving)
        if table == "user_settings":
            yield from self._of_settings(constraints)

    def column(self, table: str, found: Thing) -> Thing:
        """One column of the table, as it should be."""
        shape, rule = self.facts.source.table(table).column(found.name), self.facts.rule(table)
        names = self.renames(table)
        final, name = self.facts.final(table), names.get(found.name, found.name)
        stated = PLAIN_COLUMN | {statement: found.says[statement] for statement in OF_COLUMN}
        typed = self.types.of(table, shape)
        if rule and found.name in rule.becomes:
            stated |= {"type": "uuid", "home": "pg_catalog", "default": None, "collation": None, "identity": ""}
        elif not typed.is_same:
            stated |= {"type": typed.type, "home": typed.home, "collation": None, "identity": "", "dimensions": 1}
            stated["default"] = stated["default"] if typed.how == CAST else None
        elif shape.generated and not self._is_anew(table, shape):
            stated |= {"default": None, "generated": ""}
        stated["default"] = self._default(stated["default"], shape)
        return Thing("column", final, name, things.spelled(stated, self.replaced | names), made_of=found)

    def _is_anew(self, table: str, column: Column) -> bool:
        """Whether a generated column is generated again: all that it reads arrives, in its type."""
        changed = self.leaving(table) | self.retyped(table)
        return not changed & set(column.reads) and not self.is_dropped(column.default)

    def _default(self, default: str | None, shape: Column) -> str | None:
        is_time = shape.name in ("created_at", "updated_at") and shape.base in TIMES and not shape.is_array
        if default is None and is_time:
            return "now()"
        return None if default and self.is_dropped(default) else default

    def is_dropped(self, text: str | None) -> bool:
        """Whether an expression calls what the mapping drops."""
        return any(word in self.dropped for word in things.spelled({"expression": text or ""})["expression"])

    def nullable_base(self, found: Thing) -> Says | None:
        """What is beneath the domain of a column, where that takes no null; None for any other type."""
        kind = next((t for t in self.of("type", None) if t.name == found.says["own type"]), None)
        if kind is None or kind.says["kind"] != "d" or not kind.says["not null"] or found.says["type"].endswith("]"):
            return None
        return {"type": kind.says["type"], "home": kind.says["home"]}

    def _added(self, table: str) -> Iterator[Thing]:
        """Columns that every table has, and those that the mapping adds."""
        rule, shape, final = self.facts.rule(table), self.facts.source.table(table), self.facts.final(table)
        for name in ("created_at", "updated_at"):
            if not shape.column(name):
                yield column(final, name, "timestamp with time zone", not_null=True, default="now()")
        for name in rule.adds if rule else ():
            yield column(final, name, "uuid")
        for old, new in rule.becomes.items() if rule else ():
            if not shape.column(old):
                yield column(final, new, "uuid", not_null=True)

    def constraints(self, table: str, into: str, leaving: set[str], is_shared: bool = False) -> Iterator[Thing]:
        """Constraints of a legacy table that stand on table `into` of the target. is_shared: others feed it too."""
        retyped = self.retyped(table)
        for found in self.of("constraint", table):
            says = found.says
            reads = {*says["columns"], *says["reads"]}
            if leaving & reads or (says["kind"] in "cx" and retyped & reads) or self._falls(found, is_shared):
                continue
            if says["kind"] != "f" or self._parent(found):
                yield self._constraint(table, found, into)

    def _falls(self, found: Thing, is_shared: bool) -> bool:
        says = found.says
        if is_shared and (says["kind"] == "p" or says.get("nulls not distinct")):
            return True
        if is_shared and says["kind"] == "c" and "is not null" in says["expression"].lower():
            return True
        texts = [says["expression"], says.get("predicate"), *(key["expression"] for key in says.get("keys", ()))]
        return says["kind"] in "cx" and any(self.is_dropped(text) for text in texts)

    def _parent(self, found: Thing) -> str | None:
        """The target's table that a foreign key points at; None if there is none."""
        says, facts = found.says, self.facts
        fate = None if says["schema"] else facts.fates.get(says["table"])
        if fate == "reshape":
            is_id = len(says["columns"]) == 1 and says["referenced"] == ["id"]
            return facts.home(says["table"]) if is_id and facts.home(says["table"]) != says["table"] else None
        return facts.final(says["table"]) if fate in ("copy", "keep") else None

    def _constraint(self, table: str, found: Thing, into: str) -> Thing:
        names, says = self.renames(table), found.says
        stated = PLAIN_CONSTRAINT | {statement: says[statement] for statement in OF_CONSTRAINT}
        for statement in ("columns", "set on delete"):
            stated[statement] = [names.get(name, name) for name in says[statement]]
        if says["kind"] == "f":
            theirs = self.renames(says["table"])
            stated["table"] = self._parent(found)
            stated["referenced"] = [theirs.get(name, name) for name in says["referenced"]]
        if says["kind"] in SERVED:
            stated |= self._index(table, says) | {"storage parameters": None}
        return Thing("constraint", into, found.name, things.spelled(stated, self.replaced | names), made_of=found)

    def indexes(self, table: str, into: str, leaving: set[str]) -> Iterator[Thing]:
        """Valid indexes of a legacy table that no constraint owns, on table `into` of the target."""
        retyped, names = self.retyped(table), self.renames(table)
        for found in self.of("index", table):
            says = found.says
            texts = [says["predicate"], *(key["expression"] for key in says["keys"])]
            is_choosy = any(texts) or any(key[name] for key in says["keys"] for name in CHOICES)
            if not says["valid"] or leaving & set(says["reads"]) or any(self.is_dropped(text) for text in texts):
                continue
            if not (is_choosy and retyped & set(says["reads"])):
                stated = self._index(table, says) | {"unique": says["unique"], "comment": says["comment"]}
                yield Thing("index", into, found.name, things.spelled(stated, self.replaced | names), made_of=found)

    def _index(self, table: str, says: Says) -> Says:
        names, retyped = self.renames(table), self.retyped(table)
        kept = ("method", "predicate", "nulls not distinct", "storage parameters")
        return PLAIN_INDEX | {name: says[name] for name in kept} | {
            "keys": [_key(key, names, retyped) for key in says["keys"]],
            "included": [names.get(name, name) for name in says["included"]],
        }  # fmt: skip

    def _references(self, table: str, declared: list[Thing]) -> Iterator[Thing]:
        """References that the legacy table lacks and the mapping declares."""
        rule, names, final = self.facts.rule(table), self.renames(table), self.facts.final(table)
        held = {thing.says["columns"][0] for thing in declared if _is_single(thing)}
        wanted = dict(rule.adds) if rule else {}
        wanted |= dict.fromkeys(rule.becomes.values() if rule else (), FOLLOWING)
        for shape in self.facts.source.table(table).columns:
            parent = self.facts.mapped(table, shape.name)
            if parent and shape.name not in gone(self.facts, table) and self._can_refer(table, shape, parent):
                wanted[names.get(shape.name, shape.name)] = self.facts.home(parent)
        for name, parent in wanted.items():
            if name not in held:
                yield replace(reference(final, name, parent), is_named=False)

    def _can_refer(self, table: str, shape: Column, parent: str) -> bool:
        """Whether a foreign key can be had: the parent's id is unique, and the column's values can name it."""
        key = self.facts.source.table(parent).column("id")
        if shape.generated or shape.is_array or not key or not _are_alike(shape.base, key.base):
            return False
        if self.facts.fates[parent] == "archive":
            return False
        return self.facts.home(parent) != self.facts.final(parent) or self.is_unique(parent, "id")

    def is_unique(self, table: str, *columns: str) -> bool:
        """Whether a foreign key can point at these columns of a legacy table."""
        held = [
            t.says["columns"]
            for t in self.of("constraint", table)
            if t.says["kind"] in "pu" and not t.says["deferrable"]
        ]
        for thing in self.of("index", table):
            says = thing.says
            if says["unique"] and says["valid"] and says["predicate"] is None:
                held.append([key["column"] or "" for key in says["keys"]])
        return sorted(columns) in map(sorted, held)

    def _of_settings(self, constraints: list[Thing]) -> Iterator[Thing]:
        """user_settings has one row for each user, and room for the settings that it has no column for."""
        shape, users = self.facts.source.table("user_settings"), self.facts.source.table("users")
        moving = [c.name for c in users.columns if c.name in gone(self.facts, "users")] if users else []
        if not shape.column("preferences") and any(not shape.column(name) for name in moving):
            yield column("user_settings", "preferences", "jsonb", not_null=True, default="'{}'::jsonb")
        if not any(t.says["kind"] in "pu" and t.says["columns"] == ["user_id"] for t in constraints):
            yield unique("user_settings", "user_settings_user_id_key", "user_id")


def _are_alike(one: str, other: str) -> bool:
    """Whether values of one base type can name values of the other; a bigint never names a uuid."""
    return one == other or {one, other} <= NUMBERS or bool({one, other} & TEXTUAL)


def column(table: str, name: str, type_name: str, not_null: bool = False, default: str | None = None, **says) -> Thing:
    """A column that the target adds."""
    stated = {"type": type_name, "home": "pg_catalog", "not null": not_null, "default": default}
    return Thing("column", table, name, things.spelled(PLAIN_COLUMN | stated | says))


def unique(table: str, name: str, *columns: str, kind: str = "u") -> Thing:
    """A unique or primary key of plain columns."""
    stated = {"kind": kind, "columns": list(columns), "keys": [plain_key(column) for column in columns]}
    return Thing("constraint", table, name, PLAIN_CONSTRAINT | PLAIN_INDEX | stated)


def _key(key: Says, names: Mapping[str, str], retyped: set[str]) -> Says:
    name = key["column"]
    if name in retyped:
        key = key | {"operator class": None, "collation": None}
    return key | {"column": names.get(name, name)}


def _is_single(thing: Thing) -> bool:
    return thing.says["kind"] == "f" and len(thing.says["columns"]) == 1


def placed(wanted: Iterable[Thing], found: Iterable[Thing]) -> Iterator[Thing]:
    """The wanted things; a reference that may have any name under the one that it was given."""
    wanted, known = list(wanted), {thing.key for thing in wanted}
    others = {
        (thing.of, thing.says["columns"][0]): thing.name
        for thing in found
        if thing.kind == "constraint" and _is_single(thing) and thing.key not in known
    }
    for thing in wanted:
        given = None if thing.is_named else others.get((thing.of, thing.says["columns"][0]))
        yield replace(thing, name=given) if given else thing
