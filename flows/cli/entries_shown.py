"""How `rejects`, `notes` and `links` show what the books say of single rows: for a terminal, as CSV and as JSON.

Laws
- A value of a row is shown where it may be seen and nowhere else: the caller says where. Elsewhere keys that may
  identify somebody are digests, as in a report, and what a sentence quotes is left out.
- A list is short on a terminal and says how to see the rest. Nothing there is wider than 100 columns, but for a name
  that is.
"""

import itertools
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checks.verify import hidden
from config import note_kinds, printable, reasons
from config.printable import line
from config.reasons import Reason
from engine.books.entries import Entries, without_values
from flows.local import report

WIDTH = 100
MOST_COUNTS = 40  # lines of the figures; there are as many reasons as constraints

HEADS = {
    "rejects": ("legacy_table", "legacy_key", "target_table", "reason", "meaning", "remedy", "detail"),
    "notes": ("legacy_table", "legacy_key", "target_table", "target_column", "note", "meaning", "remedy"),
    "links": ("legacy_table", "legacy_key", "legacy_column", "user_role_profile_id", "role", "user_id"),
}
KEY_OF = {"legacy_key": "", "user_id": "users"}  # cells that are keys: of which table; blank: the entry's own
VALUES = {"rejects": ("legacy_row",), "notes": ("legacy_value",), "links": ("email", "url")}


@dataclass(frozen=True)
class Shown:
    """Entries as somebody may see them. state: the run's, in a word; secret: what digests are made with."""

    entries: Entries
    state: str
    has_values: bool
    types: dict[str, set[str]]
    secret: bytes
    counts: list[dict[str, Any]]
    known: dict[str, Reason]

    @property
    def name(self) -> str:
        return self.entries.kind.name

    @property
    def total(self) -> int:
        return sum(row["rows"] for row in self.counts)

    @property
    def counted(self) -> str:
        kind = self.entries.kind
        return f"{self.total or 'no'} {kind.one}" if self.total < 2 else f"{self.total:,} {kind.many}"

    @property
    def head(self) -> tuple[str, ...]:
        return (*HEADS[self.name], *(VALUES[self.name] if self.has_values else ()))

    def rows(self, most: int | None = None) -> Iterator[dict[str, Any]]:
        """The entries, the head's cells of each by name."""
        for row in self.entries.rows(most):
            told = row | self._told(row)
            yield {name: self._cell(told, name) for name in self.head}

    def cells(self) -> Iterator[tuple[Any, ...]]:
        return (tuple(row.values()) for row in self.rows())

    def _told(self, row: dict[str, Any]) -> dict[str, str]:
        """What an entry means, and what to do."""
        if self.name == "links":
            return {}
        if self.name == "notes":
            return _of_note(row["note"])
        reason = self.known[row["reason"]]
        return {"meaning": reason.meaning, "remedy": reason.remedy}

    def _cell(self, row: dict[str, Any], name: str) -> Any:
        if self.has_values or row[name] is None:
            return row[name]
        if name in KEY_OF:
            return self._key(KEY_OF[name] or row["legacy_table"], row[name])
        return without_values(row[name]) if name in ("detail", "note") else row[name]

    def _key(self, table: str, key: str) -> str:
        is_nobodys = hidden.is_nobodys(key, self.types.get(table, set()))
        return key if is_nobodys else hidden.digest(self.secret, key)


def _of_note(note: str) -> dict[str, str]:
    """What a note means, and what to do; of what was not made, what its reason asks for."""
    kind = note_kinds.of_note(note)
    if kind is None:  # an older program wrote it
        return {"meaning": "", "remedy": ""}
    said = kind.pattern.fullmatch(note)
    remedy = reasons.of_name(said[1]).remedy if kind is note_kinds.NOT_MADE and said else kind.remedy
    return {"meaning": kind.meaning, "remedy": remedy}


def counted(counts: Iterable[dict[str, Any]], group: str) -> list[dict[str, Any]]:
    """The counts without values: what differs in these alone is one."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in counts:
        sums[row["legacy_table"], without_values(row[group])] += row["rows"]
    return [{"legacy_table": table, group: said, "rows": rows} for (table, said), rows in sums.items()]


def text(shown: Shown, most: int) -> str:
    """For a terminal: figures, what they mean, the first rows, and how to see the others."""
    parts = [_headline(shown)]
    if shown.total:
        listed = min(most, shown.total)
        parts += [_figures(shown), _meanings(shown), _first_rows(shown, most) if listed else "", _rest(shown, listed)]
    return "\n\n".join(filter(None, parts))


def _headline(shown: Shown) -> str:
    run = shown.entries.run
    which = ", the latest with books" if shown.entries.is_default else ""
    what = "rehearsal" if run.dry_run else "migration"
    asked = [*filter(None, [shown.entries.table]), *shown.entries.named]
    of = f" ({', '.join(asked)} alone)" if asked else ""
    return _wrapped(f"run {run.run_id} ({what} under profile {run.profile}, {shown.state}{which}): {shown.counted}{of}")


def _figures(shown: Shown) -> str:
    """How many rows by table and group: as a table, or as sentences where that would be too wide."""
    group = shown.entries.kind.group
    rows = [(row["legacy_table"], row[group], row["rows"]) for row in shown.counts]
    lines = report.columns(("table", group, "rows"), rows[:MOST_COUNTS])
    if max(map(len, lines.splitlines())) > WIDTH:
        lines = "\n".join(_wrapped(f"{table}, {what}: {count:,}", "    ") for table, what, count in rows[:MOST_COUNTS])
    more = len(rows) - MOST_COUNTS
    return f"{lines}\nand {more:,} lines more; name a table to see its own" if more > 0 else lines


def _meanings(shown: Shown) -> str:
    return "\n".join(_wrapped(f"{name}: {said}", "    ") for name, said in _said(shown))


def _said(shown: Shown) -> Iterator[tuple[str, str]]:
    """What each reason, or kind of note, means and what to do."""
    if shown.name == "rejects":
        yield from ((name, f"{reason.meaning} {reason.remedy}") for name, reason in shown.known.items())
    elif shown.name == "notes":
        kinds = {kind.form: kind for row in shown.counts if (kind := note_kinds.of_note(row["note"]))}
        yield from ((form, f"{kind.meaning} {kind.remedy}") for form, kind in sorted(kinds.items()))


def _first_rows(shown: Shown, most: int) -> str:
    return "\n".join(_grouped(shown, shown.rows(most)))


def _grouped(shown: Shown, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The keys of rows of which the same is said, below that; with their values, if these may be seen."""
    for said, alike in itertools.groupby(rows, lambda row: f"{row['legacy_table']}, {_about(shown, row)}"):
        yield _wrapped(said, "  ")
        for row in alike:
            yield _wrapped(f"    {row['legacy_key']}{_owner(row) if shown.name == 'links' else ''}", "      ")
            yield from (_wrapped(f"        {name}: {value}", " " * 10) for name, value in _values(shown, row))


def _about(shown: Shown, row: dict[str, Any]) -> str:
    """What is said of an entry, beside its key."""
    if shown.name == "rejects":
        return f"{row['reason']}: {row['detail']}"
    if shown.name == "notes":
        return f"{'.'.join(filter(None, (row['target_table'], row['target_column'])))}: {row['note']}"
    return f"{row['legacy_column']}:"


def _owner(row: dict[str, Any]) -> str:
    profile = f"profile {row['user_role_profile_id']} of " if row["user_role_profile_id"] != row["legacy_key"] else ""
    return f" ({profile}user {row['user_id']})" if row["user_id"] else " (owner not known)"


def _values(shown: Shown, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of what may be seen of the row; a whole legacy row has many."""
    for name in VALUES[shown.name] if shown.has_values else ():
        if name == "legacy_row":
            yield from _columns(row[name])
        else:
            yield name, "null" if row[name] is None else row[name]


def _columns(legacy_row: str) -> Iterable[tuple[str, str]]:
    try:
        found = json.loads(legacy_row)
    except ValueError:  # what JSON cannot hold was written down as text
        return [("legacy_row", legacy_row)]
    return [(name, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)) for name, one in found.items()]


def _rest(shown: Shown, listed: int) -> str:
    """How many are shown, and the commands that show the others."""
    command = " ".join(("nxtgauge-migrate", shown.name, *_asked(shown)))
    file = f"{shown.name}.csv"
    which = f"{listed:,} of {shown.total:,} are shown. All of them, as a" if listed < shown.total else "As a"
    lines = [f"{which} file that only you may read:"]
    lines.append(f"    {command} --csv {file}{'' if shown.name == 'links' else ' --show-values'}")
    if not shown.has_values:
        lines += ["with the values of the rows, here:", f"    {command} --show-values"]
    if not shown.entries.table and len({row["legacy_table"] for row in shown.counts}) > 1:
        table = printable.word(shown.counts[0]["legacy_table"])
        lines += ["of one table:", f"    {command.replace(shown.name, f'{shown.name} {table}', 1)}"]
    return "\n".join(lines)


def _asked(shown: Shown) -> Sequence[str]:
    """The words that ask for the same entries once more."""
    entries = shown.entries
    option = {"rejects": "--reason", "notes": "--note"}.get(shown.name, "")
    words = [*filter(None, [entries.table]), *(word for name in entries.named for word in (option, name))]
    run = () if entries.is_default else ("--run", entries.run.run_id)
    return [*map(printable.word, words), *run]


def _wrapped(sentence: str, indent: str = "") -> str:
    return textwrap.fill(
        line(sentence), WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
        replace_whitespace=False, drop_whitespace=True,
    )  # fmt: skip


def print_json(shown: Shown, write: Callable[[str], object]) -> None:
    """One JSON object, its rows one by one: run_id, state, dry_run, profile, counts, reasons, rows.

    It is of ASCII alone, so that no terminal's encoding ends it half way and nothing in it moves a cursor.
    """
    run = shown.entries.run
    head = {
        "run_id": run.run_id,
        "state": shown.state,
        "dry_run": run.dry_run,
        "profile": run.profile,
        "counts": shown.counts,
        "reasons": [reason.told for reason in shown.known.values()],
    }
    write(json.dumps(head)[:-1] + ', "rows": [')
    for number, row in enumerate(shown.rows()):
        write((",\n" if number else "\n") + json.dumps(row))
    write("\n]}\n")
