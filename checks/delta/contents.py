"""The contents of what was touched: the very checks of a full verification, over the rows that count.

Laws
- A check is made if a table that it is about has rows that count, else left out; both are told.
- What cannot be narrowed is asked of all rows, and named.
"""

from dataclasses import dataclass, replace

import psycopg

from checks.compare import law_files, together
from checks.compare.comparison import Comparison, Look
from checks.delta import closing, known, narrowing
from checks.delta.closing import OF_ARTICLES, OF_PAYMENT, Closed, Keys, by_user
from checks.reading.facts import Facts
from checks.reading.many import Evaluated
from checks.verdict import INFO
from checks.verify import jobs
from checks.verify.jobs import UNMOVED, Compared, Job
from config.postgres.quoting import literal

# Asked of all rows: a gateway is there as long as any payment names it.
WHOLLY = "law/payment_gateway_configs/gateways"
OWNERS = "law/user_role_profiles/owners"  # of tables that keep their shape
ALWAYS = "law/columns/left_behind"  # of the catalogue alone
MONEY = ("payments", *OF_PAYMENT)
OF_DOMAIN = {"audit": ("activity_logs",), "finance": MONEY, "knowledge_base": OF_ARTICLES}


@dataclass(frozen=True)
class Contents:
    """jobs: the checks to be made; closed: the rows that count; left_out: tables none of whose rows is compared.

    given: what sessions on the source have to be given before.
    """

    jobs: tuple[Job, ...]
    closed: Closed
    left_out: tuple[str, ...]
    given: tuple[Evaluated, ...]


def planned(
    facts: Facts, touched: Keys, look: Look, source: psycopg.Connection, target: psycopg.Connection
) -> Contents:
    """The checks about the rows that were touched."""
    closed = narrowing.widened(facts, closing.closed(facts, touched, source))
    narrow = replace(facts, books=known.of_closed(facts, closed, target))
    found = replace(narrow, narrowed=narrowing.narrowed(narrow, closed, source, target))
    prelude = jobs.prelude(found, source)
    wanted = _Wanted(narrow, closed)
    every = jobs.comparisons(found, prelude)
    whole = jobs.comparisons(facts, law_files.Prelude(facts)) if wanted.of_money else []
    picked = [one for one in every if one.name != WHOLLY and wanted.compares(one)]
    picked += [one for one in whole if one.name == WHOLLY]
    groups = together.groups([one for one in picked if one.name != WHOLLY], prelude, look)
    made = [Compared(one, None, look, UNMOVED, groups.get(one.name)).job() for one in picked]
    made += [job for job in jobs.ruled(found, prelude) if wanted.judges(job)]
    noted, mapped = _spoken_of(found, target)
    spoken = replace(found, books=replace(facts.books, noted=noted, mapped=mapped))
    made += [job for job in jobs.booked(spoken, prelude) if wanted.is_booked(job, spoken)]
    names = {one.name for one in picked}
    left_out = sorted({one.table or "" for one in every if one.name not in names and one.kind == "content"})
    return Contents(tuple(made), closed, tuple(left_out), tuple(prelude.given))


SPOKEN_OF = "select distinct {book!r}, legacy_table from {lines} where run_id = {run}"


def _spoken_of(facts: Facts, target: psycopg.Connection) -> tuple[frozenset[str], frozenset[str]]:
    """The tables of whose rows that count the books have notes, and new ids."""
    run, books = literal(facts.books.run_id), ("notes", "id_map")
    parts = [SPOKEN_OF.format(book=book, lines=facts.book(book), run=run) for book in books]
    rows = target.execute("\nunion all\n".join(parts)).fetchall()
    noted, mapped = (frozenset(table for found, table in rows if found == book) for book in books)
    return noted, mapped


class _Wanted:
    """Which checks are about rows that count."""

    def __init__(self, facts: Facts, closed: Closed):
        self.narrow, self._tables = facts, closed.tables
        self._by_user = {*by_user(facts), "submission_documents"}
        self._unkeyed = {
            name for name, table in facts.source.tables.items() if not table.primary_key and name not in closed.whole
        }
        self._owned = {name for name, rule in facts.mapping.tables.items() if rule.becomes}
        self.of_money = bool(self._tables & set(MONEY) & facts.source.tables.keys())

    def compares(self, one: Comparison) -> bool:
        if one.name == ALWAYS:
            return True
        if one.name.startswith("archive/") and one.table in self._unkeyed:
            return False  # its rows stand in other places there
        if one.kind == "law" and one.group:
            return self._touches(one.group) or (one.name == OWNERS and bool(self._tables & self._owned))
        about = one.of_source & self._by_user if one.name.startswith("carried/") else one.of_source
        return bool(self._tables & (about or one.of_source)) or (not one.of_source and bool(self._tables))

    def judges(self, job: Job) -> bool:
        """Whether a law within the target is; findings about the legacy data alone are not."""
        return job.draft.severity != INFO and self._touches(job.draft.domain)

    def is_booked(self, job: Job, facts: Facts) -> bool:
        """Whether the books say anything of rows that count, or should."""
        _, book, table = job.draft.name.split("/", 2)
        if book in ("rejects", "reasons"):
            return bool(self.narrow.books.rejected.get(table)) and table in self._tables
        return table in self._tables

    def _touches(self, domain: str) -> bool:
        return bool(self._tables & set(OF_DOMAIN.get(domain, self._by_user)))
