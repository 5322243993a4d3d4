"""Comparisons over the same relations, asked together: one statement a side, in which each relation is read once.

Laws
- The comparisons of one group are asked by one statement of either side, however many they are.
- What is asked together is what each would ask alone. Where the statement fails each is asked alone, so that only that
  which is at fault fails.
- Whoever asks first asks for all; others wait for what comes of it.
"""

from collections import defaultdict
from collections.abc import Iterable
from threading import Event

import psycopg

from checks.compare.comparison import Comparison, Counted, Look
from checks.compare.hashing import pair, totals, types
from checks.compare.law_files import Prelude


class Together:
    """Comparisons of one group; what both sides add up to is there once they were asked."""

    def __init__(self, members: list[Comparison], prelude: Prelude, look: Look):
        self._members, self._prelude, self._look = members, prelude, look
        self._found: dict[str, Counted] = {}
        self._asked = Event()

    def ask(self, source: psycopg.Connection, target: psycopg.Connection) -> None:
        """Ask both sides for all members. Errors: QueryCanceled, where somebody asked to stop."""
        try:
            with source.transaction(), target.transaction():  # savepoints: an error must not end the snapshot
                self._found = self._answers(source, target)
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.Error:
            pass  # each member is asked alone, and says what is wrong with it
        finally:
            self._asked.set()

    def of(self, name: str) -> Counted | None:
        """What both sides of a comparison add up to, once that is known; None where nobody could tell."""
        self._asked.wait()
        return self._found.get(name)

    def rows(self, name: str) -> int | None:
        """How many rows of the source the comparison has looked at, once that is known."""
        found = self.of(name)
        return found[0][0] if found and self._look.share == 1 else None

    def __len__(self) -> int:
        return len(self._members)

    def _answers(self, source: psycopg.Connection, target: psycopg.Connection) -> dict[str, Counted]:
        left, right = [one.source for one in self._members], [one.target for one in self._members]
        clauses = self._prelude.together(left, is_source=True), self._prelude.together(right, is_source=False)
        columns = zip(types(source, left, clauses[0]), types(target, right, clauses[1]), strict=True)
        hashed = [
            pair((one.source, one.target), both, self._look.hashed)
            for one, both in zip(self._members, columns, strict=True)
        ]
        ranges = self._look.ranges
        answers = zip(
            totals(source, [one for one, _ in hashed], clauses[0], ranges),
            totals(target, [one for _, one in hashed], clauses[1], ranges),
            strict=True,
        )
        return {one.name: found for one, found in zip(self._members, answers, strict=True)}


def groups(found: Iterable[Comparison], prelude: Prelude, look: Look) -> dict[str, Together]:
    """Name of a comparison → what it is asked together with; none where rows are only counted."""
    members: dict[str, list[Comparison]] = defaultdict(list)
    for one in found:
        if one.group and not look.counts_only:
            members[one.group].append(one)
    made = {group: Together(some, prelude, look) for group, some in members.items()}
    return {one.name: made[group] for group, some in members.items() for one in some}
