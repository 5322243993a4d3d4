"""The objects of a schema beside its tables, as plain values: types, functions, extensions, dependencies, leftovers.

Law: two objects of the same shape compare equal; oids and owners are not compared.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attribute:
    """One attribute of a composite type."""

    name: str
    type: str
    collation: str | None = None


@dataclass(frozen=True)
class DomainCheck:
    """expression: what it asks of VALUE."""

    name: str
    expression: str
    is_validated: bool = True


@dataclass(frozen=True)
class Type:
    """One user-made type of the schema. kind: e (enum) d (domain) c (composite) r (range).

    base, default, not_null, collation, checks: of a domain. labels: of an enum. attributes: of a composite.
    base, collation, range_options (what stands in the parentheses of CREATE TYPE … AS RANGE) : of a range.
    needs: bare names of the schema's types that must exist before it; checks and defaults not counted.
    """

    name: str
    kind: str
    labels: tuple[str, ...] = ()
    base: str | None = None
    default: str | None = None
    not_null: bool = False
    collation: str | None = None
    checks: tuple[DomainCheck, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    range_options: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    extension: str | None = None
    comment: str | None = None
    oid: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Function:
    """One function or procedure. kind: f p a (aggregate) w (window); definition: None of an aggregate.

    needs: `relation x`, `function f`, `type t`, … that its body or signature names; a body of text is searched for the
    words that are names in this schema, so it may name too much, never too little of what is spelled out.
    is_definer: it runs with its owner's rights; is_trusted: its language lets nobody out of the database.
    """

    name: str
    arguments: str  # identity arguments, as DROP FUNCTION wants them
    language: str
    kind: str
    definition: str | None  # CREATE OR REPLACE FUNCTION name…, unqualified
    needs: tuple[str, ...] = ()
    extension: str | None = None
    comment: str | None = None
    oid: int = field(default=0, compare=False)
    is_definer: bool = False
    is_trusted: bool = True

    @property
    def signature(self) -> str:
        return f"{self.name}({self.arguments})"

    @property
    def is_risky(self) -> bool:
        """Whether somebody has to read it before it is made elsewhere."""
        return self.is_definer or not self.is_trusted

    @property
    def is_portable(self) -> bool:
        """Whether it can be made elsewhere by its definition alone, its types given."""
        stands_alone = all(need.startswith("type ") for need in self.needs)
        return self.kind in "fp" and not self.extension and stands_alone


@dataclass(frozen=True)
class Extension:
    """An extension of the database. tables, types: its members, bare; members: all that an expression can name."""

    name: str
    version: str
    schema: str
    tables: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    members: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class TypeUse:
    """A column uses a type that PostgreSQL itself does not have: directly, in an array, domain, composite or range.

    kind: pg_type.typtype, or 'row' for the row type of a table.
    """

    table: str
    column: str
    schema: str
    type: str
    kind: str
    extension: str | None = None


@dataclass(frozen=True)
class Dependency:
    """A default, constraint, index or domain needs an object that PostgreSQL itself does not have.

    user_kind: default (also a generated expression) | constraint | index | domain default | domain check | collation
    | type (its collations alone)
    user: the column, constraint, index or domain check; table: its table, or the type.
    kind: function | sequence | relation | type | operator | collation | operator class | text search configuration | …
    | unknown sequence: one that the expression names by a text which nobody can read
    signature: of a function, its identity arguments; is_cast: a cast calls it, perhaps unseen.
    """

    user_kind: str
    table: str
    user: str
    kind: str
    schema: str
    name: str
    signature: str | None = None
    extension: str | None = None
    is_cast: bool = False


@dataclass(frozen=True)
class Leftover:
    """Something that is no data and is not migrated. kind: view, materialized view, trigger, policy, rule, …"""

    kind: str
    name: str
    table: str | None
    definition: str


@dataclass(frozen=True)
class Unreadable:
    """A table or sequence (kind) of a schema that may not be looked into, with what else keeps it from being read."""

    kind: str
    name: str
    has_select: bool
    is_filtered: bool
    is_security_forced: bool
    owner: str


@dataclass(frozen=True)
class Grant:
    """One privilege on the schema (kind schema) or something in it. grantee: '' is PUBLIC; column: None for all."""

    kind: str  # schema | table | sequence | column
    name: str
    column: str | None
    grantee: str
    privilege: str
    is_grantable: bool
