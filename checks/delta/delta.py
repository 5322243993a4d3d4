"""The verification of a delta, while the source's writers wait: everything that can be done before is done before.

Laws
- Of every table rows are counted and the hashes of their keys add up, on both sides and in the books (balance).
- What was touched is compared by the laws of a full verification, on the rows that count alone (contents).
- Shape is judged before, and seen to stand (shape). All is read anew in the snapshots of this verification: what was
  prepared are open sessions, and a judgement that either stands or is made again.
- The verdict names what was not compared: the contents of all other rows.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import psycopg

from checks.compare import hashing
from checks.compare import law_files as laws
from checks.compare.comparison import Look
from checks.compare.together import Together
from checks.delta import balance, contents, scans, shape
from checks.delta.closing import Keys
from checks.delta.contents import Contents
from checks.reading import addresses, books, catalog, connect
from checks.reading.facts import ASKABLE, Facts
from checks.reading.many import Evaluated
from checks.verdict import DELTA, ERROR, Check, Verdict
from checks.verify import hidden, settling, verify
from checks.verify.jobs import UNMOVED, Job
from checks.verify.steps import Tell, nobody
from config import mapping
from config.errors import MigrateError, SourceError, TargetError
from config.settings import Settings

PAIRS = 2  # sessions on each side
SUITES = "the expectation suites were not run, and findings about the legacy data alone were not made"
Given = TypeVar("Given")
Pair = tuple[psycopg.Connection, psycopg.Connection]  # of source and target
Task = tuple[int, Job] | tuple[int, Together]


class Delta:
    """Verifications of one run's deltas. Close it: it holds sessions."""

    def __init__(self, settings: Settings, reaching: connect.Reaching = connect.unreached):
        self._settings, self._reaching = settings, reaching
        self._stack = contextlib.ExitStack()
        self._pairs: list[Pair] = []
        self._before: shape.Judged | None = None
        self._pool = ThreadPoolExecutor(PAIRS * 2, thread_name_prefix="delta")

    def __enter__(self) -> "Delta":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sessions."""
        self._pairs.clear()
        self._stack.close()
        self._pool.shutdown()

    def prepare(self, run_id: str, schema: str, archive: str) -> None:
        """Open the sessions and judge the shape, so that `judge` need not. Errors: as of judge."""
        with self._reading(None):
            source, target = self._pairs[0]
            self._before = shape.judged(self._facts(run_id, schema, archive)[0], source, target)

    def judge(
        self, run_id: str, schema: str, archive: str, *, snapshot: str | None, touched: Keys, tell: Tell = nobody
    ) -> Verdict:
        """The verdict on what is there now, the source as the exported snapshot shows it.

        touched: legacy table → legacy keys as text, as the books' rejects have them; None: the whole table.
        Errors: ConfigError, SourceError, TargetError (unreachable, or a session was lost).
        """
        began = time.monotonic()
        with self._reading(snapshot):
            facts, look = self._facts(run_id, schema, archive)
            found, missed = self._judged(facts, look, touched, tell)
        return Verdict(
            run_id, schema, DELTA, None, tuple(hidden.KeyRedactor(facts).hide(found)),
            tuple(dict.fromkeys(missed)), seconds=round(time.monotonic() - began, 2),
        )  # fmt: skip

    # Sessions

    @contextlib.contextmanager
    def _reading(self, snapshot: str | None) -> Iterator[None]:
        """Within the block all sessions read in one snapshot of either side."""
        self._open()
        of_target: str | None = None
        try:
            for source, target in self._pairs:
                connect.begin(source, snapshot, SourceError)
                connect.begin(target, of_target, TargetError)
                snapshot, of_target = snapshot or connect.exported(source), of_target or connect.exported(target)
            yield
        except psycopg.Error as fault:
            raise self._failed(fault) from None
        finally:
            for conn in (conn for pair in self._pairs for conn in pair):
                with contextlib.suppress(psycopg.Error):
                    conn.rollback()

    def _open(self) -> None:
        if self._pairs and not any(conn.broken or conn.closed for pair in self._pairs for conn in pair):
            return
        self._pairs.clear()
        self._stack.close()
        for _ in range(PAIRS):
            source = self._stack.enter_context(connect.waiting(self._settings.source, SourceError, self._reaching))
            target = self._stack.enter_context(connect.waiting(self._settings.target, TargetError, self._reaching))
            self._pairs.append((source, target))

    def _failed(self, fault: psycopg.Error) -> MigrateError:
        is_source = any(connect.is_of(source) for source, _ in self._pairs)
        if is_source:
            return connect.failed(SourceError, self._settings.source, fault)
        return connect.failed(TargetError, self._settings.target, fault)

    def _beside(self, work: Callable[..., Given], *given: object) -> "Future[Given]":
        return self._pool.submit(work, *given)

    # Facts

    def _facts(self, run_id: str, schema: str, archive: str) -> tuple[Facts, Look]:
        """Both catalogues and the books, read at once."""
        (source, target), (other_source, other) = self._pairs
        is_askable = source.info.server_version >= ASKABLE
        run = self._beside(lambda: books.read(other, run_id, is_askable=is_askable))
        hashed = self._beside(hashing.hash_of, other_source, target)
        of_target = self._beside(lambda: (hashed.result(), catalog.read(target, schema)))
        archived = self._beside(lambda: (run.result(), catalog.read(other, archive)))
        rules, kept = mapping.load(), run.result()
        under = verify.profile_of(self._settings, kept)
        facts = Facts(
            settings=under,
            mapping=rules,
            source=catalog.named(catalog.legacy(source, kept.source_schema), rules),
            target=of_target.result()[1],
            archive=archived.result()[1],
            books=kept,
            time_zone=under.time_zone,
        )
        for said in kept.many:
            said.give(target, source, other_source)
        return replace(facts, addresses=addresses.accepted(source, facts)), Look(hashed.result())

    # Judgement

    def _judged(self, facts: Facts, look: Look, touched: Keys, tell: Tell) -> tuple[list[Check], list[str]]:
        (source, target), (other_source, other_target) = self._pairs
        plan = balance.planned(facts, look.hashed)
        of_source = self._beside(scans.totals, other_source, plan.source.statements())
        of_target = self._beside(scans.totals, other_target, plan.target.statements())
        found = contents.planned(facts, touched, look, source, target)
        planned = [*found.jobs, *shape.planned(facts, self._before)]
        tell(0, len(planned), 0.0)
        pending = _pending(planned)
        later = self._beside(_after, [of_source, of_target], pending, self._pairs[1], found.given)
        made = _in_one_session(pending, (source, target), found.given) | later.result()
        figures = target.execute(balance.FIGURES, [facts.books.run_id])
        booked = {table: (rows, rejected, bool(is_balanced)) for table, rows, rejected, is_balanced in figures}
        checks = [
            made.get(number, replace(job.draft, status=ERROR, detail="was not executed"))
            for number, job in enumerate(planned)
        ]
        gone = settling.Gone(frozenset(), frozenset())
        checks = [
            job.compared.settled(check, gone) if job.compared else check
            for job, check in zip(planned, checks, strict=True)
        ]
        tell(len(planned), len(planned), 1.0)
        balanced = list(balance.judged(plan, of_source.result(), of_target.result(), booked))
        return [*balanced, *checks], list(_missed(facts, plan, found, self._before))


def _pending(planned: list[Job]) -> "deque[Task]":
    """What several ask together comes first, and of the others what joins most."""
    groups = dict.fromkeys(group for job in planned if (group := job.group))
    alone = sorted(enumerate(planned), key=lambda one: (one[1].group is not None, one[1].draft.kind != "catalog"))
    return deque([*((-1, each) for each in groups), *alone])


def _after(
    waited: "list[Future[balance.Totals]]", pending: "deque[Task]", pair: Pair, given: Sequence[Evaluated]
) -> dict[int, Check]:
    for one in waited:
        one.result()
    return _in_one_session(pending, pair, given)


def _in_one_session(pending: "deque[Task]", pair: Pair, given: Sequence[Evaluated]) -> dict[int, Check]:
    source, target = pair
    made: dict[int, Check] = {}
    try:
        for rows in given:
            rows.give(target, source)
        while True:
            try:
                number, task = pending.popleft()
            except IndexError:
                return made
            if isinstance(task, Job):
                made[number] = verify.result(task, source, target, UNMOVED)
            else:
                task.ask(source, target)
    except BaseException:
        pending.clear()  # nobody begins another one
        raise


def _missed(facts: Facts, plan: balance.Plan, found: Contents, before: shape.Judged | None) -> Iterator[str]:
    """What was not compared, in sentences."""
    count, tables = sum(map(len, found.closed.keys.values())), sorted(found.closed.tables)
    yield (
        f"level delta: contents were compared of {count:,} legacy rows in {len(tables)} tables, which the last rounds "
        "touched or which belong to these; of all others it was seen that they are there, and not what they hold"
    )
    if found.left_out:
        yield f"of these tables no row's contents were compared: {', '.join(found.left_out)}"
    if found.closed.whole:
        yield f"compared whole, because a whole table was touched: {', '.join(sorted(found.closed.whole))}"
    if plan.untold:
        yield f"rows were counted, and their keys not told: {', '.join(plan.untold)}"
    if uncounted := sorted(facts.target.tables.keys() - plan.tables(facts)):
        yield f"rows were not counted, for no key tells how many there are: {', '.join(uncounted)}"
    if before and before.stands(facts):
        yield f"types, functions, comments and grants stand as they were judged at {before.at}, and were not read again"
    yield SUITES
    yield from facts.gaps
    yield from laws.left_out(facts)
