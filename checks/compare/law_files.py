"""The laws: SQL files, each a rule by row and value, put together with the relations that they name.

A file `laws/<domain>/<name>.sql` reads

    -- <the rule, in sentences>
    -- table: <the table that the rule is about>
    -- severity: warning                      (critical where it says nothing)
    -- needs: coupon_uses.id, payments.fee | charge   (any number of such lines)
    -- source
    select <key>, … from <relations of the source>
    -- target
    select <key>, … from <tables of the target>

A law that needs columns which the legacy database lacks is left out, and `left_out` says so; of several names with `|`
between them one is enough, and a table may stand there alone.

`'\\S'` is a letter that is no white space, whatever a server's locale calls so.
The first column of both is `key`. Relations of the source are the tables of the mapping (checks.reading.relations),
`profile`, `forbidden_link`, `professional_role`, `run` (its instant) and the files of `laws/shared`; on the target, the
product's tables, the run's `rejects`, `id_map`, `notes` and `removed_links`, `extension` (all profile tables as one,
with the role), and `spelled_otherwise`: ids of archived tables that are UUIDs in another form.
Two rules look at the target alone:

    -- holds        select key, <whether the row is as it should be> as holds
    -- derived      select key, id, name: every id is the UUIDv5 of its name

Where only the legacy row tells the name, a `-- source` beside it selects key and name, and `-- derived` key and id.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import psycopg

from checks.compare.comparison import Comparison
from checks.reading import pointed
from checks.reading.facts import Facts
from checks.reading.many import Evaluated
from checks.reading.relations import EVERY, Relations
from checks.reading.statements import column_names, one_row
from config import mapping
from config.postgres.quoting import literal, quoted
from config.postgres.times import VISIBLE
from config.postgres.types import TEXTUAL

FOLDER = Path(__file__).parents[1] / "laws"
NAMED = re.compile(r"\b(?:from|join)\s+([a-z_][a-z0-9_]*)\b", re.IGNORECASE)
ASIDE = re.compile(r"""--[^\n]*|'[^']*'|"[^"]*\"""")  # what names no relation, and may be very long: values
HEADER = re.compile(r"(table|severity|needs): ")
MOST_KEPT = 20_000  # letters of a text that is remembered for the names in it
MOST_GIVEN = 200_000  # rows of a relation that every session is given, some 200 bytes each
WORDED = {"bpchar", "citext", "numeric"}  # types of which one value has several texts
OF_THE_RUN = ("rejects", "id_map", "notes", "removed_links")
EXTENSION = "id, user_role_profile_id, created_at, updated_at"
PROFILE = (
    "tid, key, raw_id, legacy_id, is_uuid, id, user_id, display_name, bio, location, status, status_meaning, "
    "rejection_reason, approved_at, created_at, updated_at, rejected, nulled"
)


@dataclass(frozen=True)
class Law:
    """One law file; sections that it lacks are empty."""

    name: str
    domain: str
    title: str
    table: str
    severity: str
    source: str = ""
    target: str = ""
    holds: str = ""
    derived: str = ""
    needs: tuple[str, ...] = ()

    def lacks(self, facts: Facts) -> list[str]:
        """What the law needs and the legacy database lacks, as `table` or `table.column`."""
        return [need for need in self.needs if not _is_there(facts, need)]


def _is_there(facts: Facts, need: str) -> bool:
    table, _, columns = need.partition(".")
    return table in facts.source.tables and (
        not columns or any(facts.source.has(table, name.strip()) for name in columns.split("|"))
    )


def named(text: str) -> tuple[str, ...]:
    """The relations that a query names, in its order."""
    return _named(text) if len(text) <= MOST_KEPT else _named.__wrapped__(text)


@lru_cache(maxsize=512)
def _named(text: str) -> tuple[str, ...]:
    return tuple(NAMED.findall(ASIDE.sub("''", text)))


@cache
def load() -> tuple[Law, ...]:
    """Every law, by domain and name."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*/*.sql")) if path.parent.name != "shared")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace(r"'\S'", literal(VISIBLE))


def _read(path: Path) -> Law:
    text = _text(path)
    head, *parts = re.split(r"^-- (source|target|holds|derived)\n", text, flags=re.MULTILINE)
    lines = [line.removeprefix("-- ") for line in head.splitlines()]
    values = dict(line.split(": ", 1) for line in lines if HEADER.match(line))
    title = " ".join(line for line in lines if not HEADER.match(line))
    sides = dict(zip(parts[::2], (part.strip().rstrip(";") for part in parts[1::2]), strict=True))
    severity = values.get("severity", "critical")
    needs = tuple(need.strip() for line in lines if line.startswith("needs: ") for need in line[7:].split(","))
    return Law(path.stem, path.parent.name, title, values["table"], severity, **sides, needs=needs)


def planned(facts: Facts) -> list[Law]:
    """The laws that this database can be held to."""
    return [law for law in load() if not law.lacks(facts)]


def left_out(facts: Facts) -> tuple[str, ...]:
    """A sentence for each law that this database cannot be held to."""
    return tuple(
        f"{name_of(law)}: the legacy database has no {' and no '.join(lacking)}"
        for law in load()
        if (lacking := law.lacks(facts))
    )


class Prelude:
    """The relations that a query names, as its WITH clause."""

    def __init__(self, facts: Facts):
        self._facts, self._relations = facts, Relations(facts)
        self._given: dict[str, tuple[Evaluated, frozenset[str]]] = {}  # relation → its rows, the tables behind it
        self.given: list[Evaluated] = []  # what sessions on the source have to be given before its queries are asked
        self._shared = {path.stem: _text(path) for path in (FOLDER / "shared").glob("*.sql")}

    def define(self, relations: Mapping[str, str]) -> None:
        """Relations of the source that more than one query names, beside those of files: name → SELECT."""
        self._shared |= relations

    def evaluate(self, name: str, source: psycopg.Connection) -> None:
        """Ask once for the rows of a relation that many laws join, unless they are too many to be given to sessions."""
        query, tables = self.of_source(f"select * from {name}")
        names = column_names(source, query)
        arrays = ", ".join(f"concat(coalesce(array_agg(x.{quoted(column)}), '{{}}'))" for column in names)
        rows, *columns = one_row(
            source, f"select count(*), {arrays} from (select * from ({query}) as y limit {MOST_GIVEN + 1}) as x"
        )
        if rows <= MOST_GIVEN:
            digest = hashlib.md5(query.encode(), usedforsecurity=False).hexdigest()
            found = Evaluated(f"nxtgauge.{name}_{digest}", dict(zip(names, columns, strict=True)), rows)
            self._given[name] = found, tables
            self.given.append(found)

    def of_source(self, query: str) -> tuple[str, frozenset[str]]:
        """(the query with its relations, the legacy tables that it reads)."""
        found: dict[str, str] = {}
        self._gather(query, found)
        tables = frozenset(name for name in found if name in self._facts.mapping.tables)
        return _with(found, query), tables.union(*(self._given[name][1] for name in found if name in self._given))

    def whole(self, source: str, target: str) -> tuple[str, str]:
        """Both queries of a comparison with their relations."""
        return self.of_source(source)[0], self.of_target(target)[0]

    def half(self, source: str, target: str) -> tuple[str, str]:
        """The same where the target's names no relation."""
        return self.of_source(source)[0], target

    def of_target(self, query: str) -> tuple[str, frozenset[str]]:
        """(the query with the books of the run, the product's tables that it reads)."""
        tables = self._facts.target.tables
        found = self._beside([query])
        return _with(found, query, found.keys() & tables.keys()), frozenset(found.keys() & tables.keys())

    def _beside(self, queries: Iterable[str]) -> dict[str, str]:
        """What queries on the target name: the books of the run, the product's tables, and what is made of these."""
        names = set().union(*(named(query) for query in queries))
        extensions = self._facts.mapping.roles if "extension" in names else {}
        names.update(extensions.values())
        run = literal(self._facts.books.run_id)
        found = {
            name: f"select * from {self._facts.book(name)} where run_id = {run}" for name in OF_THE_RUN if name in names
        }
        tables = (names & self._facts.target.tables.keys()) - {*OF_THE_RUN}
        found |= {name: self._worded(name) for name in sorted(tables)}
        if "spelled_otherwise" in names:
            found["spelled_otherwise"] = self._spelled_otherwise()
        if extensions:
            found["extension"] = "\nunion all ".join(
                f"select {literal(role)} as role, {EXTENSION} from {table}" for role, table in extensions.items()
            )
        return found

    def together(self, queries: Sequence[str], *, is_source: bool) -> str:
        """The WITH clause of several queries: each relation once, with the columns that any of them speaks of.

        What is named more than once PostgreSQL makes once. Profile tables are read for `profile`, which is so made, and
        once more for their links.
        """
        bodies = self._beside(queries)
        if is_source:
            bodies = {}
            for query in queries:
                self._gather(query, bodies)
        narrow, readers = dict[str, str](), defaultdict[str, list[str]](list)
        for query in queries:
            _tell(query, readers)
        for name in reversed(bodies):  # whatever names a relation comes after it
            narrow[name] = self._narrowed(name, bodies[name], Words(name, readers[name]), is_source)
            if name not in self._given:
                _tell(narrow[name], readers)
        plain = {name for name in bodies if name in self._facts.mapping.profile_tables}
        return _clause({name: (narrow[name], name in plain) for name in bodies})

    def _narrowed(self, name: str, body: str, words: "Words", is_source: bool) -> str:
        """A relation with the columns that are spoken of; as it is where it has no others."""
        if not is_source:
            is_table = name in self._facts.target.tables and name not in OF_THE_RUN
            return self._worded(name, words) if is_table else body
        if name in self._given:
            return self._given[name][0].relation(words)
        if name == "profile":
            return self._profile(words)
        return self._relations.query(name, words) if name in self._facts.mapping.tables else body

    def _worded(self, table: str, words: Container[str] = EVERY) -> str:
        """A table of the target, its keys and references as words (checks.reading.facts): their own text need not be.

        One that has no id has a null one, as the relations of the source have. words: the columns that are spoken of.
        """
        shape = self._facts.target.table(table)
        held = {"id"}.union(*(c.columns for c in shape.constraints if c.kind == "f"), pointed.references(table))
        held -= pointed.codes(self._facts, table)
        odd = {c.name for c in shape.columns if c.name in held and c.base in WORDED and not c.is_array}
        shown = [
            f"{self._facts.word(c)} as {quoted(c.name)}" if c.name in odd else f"t.{quoted(c.name)}"
            for c in shape.columns
            if c.name in words
        ]
        is_whole = words is EVERY and not odd
        listed = [*(["t.*"] if is_whole else shown), *([] if shape.find_column("id") else ["null::text as id"])]
        return f"select {', '.join(listed)} from {self._facts.target_rows(table)}"

    def _spelled_otherwise(self) -> str:
        """Ids of archived tables that are UUIDs in another form: legacy_table, raw_id, id (the plain form)."""
        parts = ["select null::text as legacy_table, null::text as raw_id, null::text as id where false"]
        for name, table in self._facts.archive.tables.items():
            column = table.find_column("id")
            if column and column.base in TEXTUAL:
                raw, id_ = self._facts.word(column), self._facts.spelled(column)
                of_table = f"{self._facts.archive_rows(name)} where {raw} <> {id_}"
                parts.append(f"select {literal(name)}, {raw}, {id_} from {of_table}")
        return "\nunion all ".join(parts)

    def _gather(self, query: str, found: dict[str, str]) -> None:
        """Add what the query names, and what that names, each after what it needs."""
        for name in dict.fromkeys(named(query)):
            body = None if name in found else self._body(name)
            if body is not None:
                if name not in self._given:
                    self._gather(body, found)
                found[name] = body

    def _body(self, name: str) -> str | None:
        if name in self._given:
            return self._given[name][0].relation()
        if name == "profile":
            return self._profile()
        if name == "forbidden_link":
            return self._forbidden_links()
        if name == "professional_role":
            return f"select unnest({literal(list(self._facts.mapping.professional_roles))}::text[]) as role"
        if name == "run":
            return f"select concat({literal(self._facts.books.instant)}::timestamptz) as instant"
        if name in self._facts.mapping.tables:
            return self._relations.query(name)
        return self._shared.get(name)

    def _profile(self, words: Container[str] = EVERY) -> str:
        """All profile tables as one, by role and rank."""
        listed = ", ".join(name for name in PROFILE.split(", ") if name == "key" or name in words)
        return "\nunion all ".join(
            f"select {literal(role)} as role, {literal(table)} as legacy_table, {rank} as rank, {listed} from {table}"
            for rank, (role, table) in enumerate(self._facts.mapping.roles.items())
        )

    def _forbidden_links(self) -> str:
        """Values that the mapping removes from profiles: id of the profile, legacy_column, legacy_table, url."""
        removed = {table: self._facts.mapping.tables[table].removed for table in self._facts.mapping.profile_tables}
        parts = [
            f"select p.id, v.legacy_column, {literal(table)} as legacy_table, v.url from {table} p "
            f"cross join lateral (values {', '.join(f'({literal(c)}, p.{quoted(c)})' for c in columns)}) "
            "as v (legacy_column, url) where p.rejected is null and v.url is not null"
            for table, columns in removed.items()
            if columns
        ]
        nothing = "select null as id, null as legacy_column, null as legacy_table, null as url where false"
        return "\nunion all ".join(parts) or nothing


def _tell(text: str, readers: dict[str, list[str]]) -> None:
    """Every relation that a text names of it."""
    for name in set(named(text)):
        readers[name].append(text)


class Words:
    """The words in which texts speak of a relation, its columns among them; all of them where one says `alias.*`."""

    def __init__(self, name: str, readers: Iterable[str]):
        self._is_every = any(
            f"{alias}.*" in text
            for text in readers
            for alias in (name, *re.findall(rf"\b(?:from|join)\s+{name}\s+(?:as\s+)?(\w+)", text, re.IGNORECASE))
        )
        self._words = set(re.findall(r"\w+", " ".join(readers)))

    def __contains__(self, word: object) -> bool:
        return self._is_every or word in self._words


def _clause(relations: Mapping[str, tuple[str, bool]]) -> str:
    """A WITH clause; what is plain is read as it stands, however often it is named."""
    listed = ",\n".join(
        f"{name} as {'not materialized ' if is_plain else ''}(\n{body}\n)"
        for name, (body, is_plain) in relations.items()
    )
    return f"with {listed}\n" if listed else ""


def _with(relations: dict[str, str], query: str, tables: Container[str] = ()) -> str:
    """tables: relations that are tables as they stand, beside those of the mapping."""
    if not relations:
        return query
    plain = {name for name in relations if name in tables}
    kept = {name: "not materialized " if name in plain else _kept(name) for name in relations}
    listed = ",\n".join(f"{name} as {kept[name]}(\n{body}\n)" for name, body in relations.items())
    return f"with {listed}\n{query}" if not query.lower().startswith("with ") else f"with {listed},\n{query[5:]}"


def _kept(name: str) -> str:
    """A legacy table is read anew, for the columns that are needed; what a shared file makes of it is made once."""
    return "not materialized " if name == "profile" or name in mapping.load().tables else ""


def comparisons(facts: Facts, prelude: Prelude) -> list[Comparison]:
    """The laws that compare both sides, put together for this database."""
    return [_comparison(law, prelude) for law in planned(facts) if law.target]


def _comparison(law: Law, prelude: Prelude) -> Comparison:
    of_source, of_target = prelude.of_source(law.source)[1], prelude.of_target(law.target)[1]
    return Comparison(
        name_of(law), "law", law.domain, law.table, law.title, law.source, law.target, law.severity, of_source,
        of_target, is_by_row="group by" not in law.source + law.target, whole=prelude.whole, group=law.domain,
    )  # fmt: skip


def name_of(law: Law) -> str:
    return f"law/{law.table}/{law.name}"
