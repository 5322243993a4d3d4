"""docs/rejections.md: every reason for which a row may be rejected, and every kind of note."""

from collections.abc import Iterator

from checks.compare.law_files import FOLDER
from config import mapping, note_kinds, reasons
from config.reasons import Reason
from docs.generator import markdown

HEAD = """\
A row that cannot stand in the target is not lost: it is kept whole in `migration.rejects`, with a reason, a sentence
(`detail`) and its legacy key. How many rows a reason may cost without ending the run says the profile, under
`[tolerance]` (see [README](../README.md)). `nxtgauge-migrate explain TABLE` names the reasons of one table, the report
those that occurred. A row is mended in the source, and the next run takes it.

## The rows themselves

```
nxtgauge-migrate rejects                                       # how many by table and reason, the first rows
nxtgauge-migrate rejects customer_profiles --reason unknown_status
nxtgauge-migrate rejects --csv rejects.csv --show-values       # all of them, each whole
nxtgauge-migrate notes --csv notes.csv                         # what is said of rows that arrived
nxtgauge-migrate links --csv links.csv                         # links that were removed, with their owners
```

They read the books of the latest run into this target that has any, and say which; `--run ID` names another. A
rehearsal whose build is gone, a run that failed and one that was rolled back have their books still. TABLE is a
legacy table, or one of the target. With `--json` they print one object with all rows.

**Who sees what.** A key is shown if it can hold nobody, as in a report ([report.md](report.md)); any other is its
digest. What a sentence quotes of a row is left out (`status '…' is none of the known statuses`). `--show-values`
shows keys, sentences and the rows' values: on a terminal, or with `--csv FILE` in a file that only its owner may read
(mode 0600). To a pipe, and with `--json`, it is refused.

`links --csv FILE` needs no `--show-values`, for its file is made to tell owners of their links: one line for each
link, with `legacy_table`, `legacy_key`, `legacy_column`, `user_role_profile_id`, `role`, `user_id`, `email` (where
the target's `users` has such a column) and `url`. The file has mode 0600 too. Role, user and email are read from what
the run has built, and are empty where that is gone.

**The CSV.** UTF-8, as RFC 4180 has it: commas, CRLF, a line of names first. A text cell that a spreadsheet would take
for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) has an apostrophe in front; numbers such as
`-5` stay as they are. A program that reads the file takes that apostrophe off. Nothing else is changed; `-` in place
of the file is standard output, and control characters are spelled out there if it is a terminal. Millions of rows
take no memory.

In SQL:

```sql
select legacy_table, legacy_key, reason, detail, legacy_row from migration.rejects where run_id = '…';
```
"""
CONSTRAINTS = """\
## Constraints

What violates a constraint of the target is rejected under the constraint's name, such as `users_email_key`; a name in
the table below stands for a kind of constraint. Foreign keys that may be null reject nothing: the reference is set to
null, and noted.
"""
NOTES = """\
## Notes

A note is no rejection: the row arrived, and something is to be said of it. Notes stand in `migration.notes`, with the
table and column of the target and the legacy value. Words in capitals differ from note to note.
"""


def page() -> str:
    return markdown.page(
        "Why rows are rejected",
        "config/reasons.py and config/note_kinds.py",
        HEAD.splitlines(),
        [""],
        _rules(),
        _constraints(),
        _notes(),
    )


def _rules() -> Iterator[str]:
    yield from ("## Rules", "")
    for reason in reasons.ALL:
        yield from (f"### {reason.name}", "", reason.meaning, "")
        yield f"- To do: {reason.remedy}"
        yield f"- Tables: {_tables(reason)}."
        if laws := _laws(reason):
            yield f"- Judged by: {laws}."
        yield ""


def _tables(reason: Reason) -> str:
    known = mapping.load().tables
    ruled = [name for name, rule in known.items() if rule.transform in reason.transforms]
    profiles = [name for name in ruled if known[name].transform == "profiles"]
    named = (["the profile tables"] if profiles else []) + [f"`{name}`" for name in ruled if name not in profiles]
    if not reason.is_general:
        return ", ".join(named)
    return f"any; by a rule of their own {', '.join(named)}" if named else "any"


def _laws(reason: Reason) -> str:
    """The auditor's files that speak of it, as links."""
    texts = {path: path.read_text("utf-8") for path in sorted(FOLDER.rglob("*")) if path.suffix in (".sql", ".py")}
    found = [path.relative_to(FOLDER).as_posix() for path, text in texts.items() if f"'{reason.name}'" in text]
    return ", ".join(f"[{name}](../checks/laws/{name})" for name in found)


def _constraints() -> Iterator[str]:
    yield from CONSTRAINTS.splitlines()
    yield ""
    kinds = ((one.name, one.meaning, one.remedy) for one in reasons.OF_CONSTRAINTS.values())
    yield from markdown.table(("constraint", "it means", "to do"), kinds)


def _notes() -> Iterator[str]:
    yield from NOTES.splitlines()
    yield ""
    rows = ((f"`{kind.form}`", _noted(kind), kind.meaning, kind.remedy) for kind in note_kinds.ALL)
    yield from markdown.table(("note", "tables", "it means", "to do"), rows)


def _noted(kind: note_kinds.NoteKind) -> str:
    """The legacy tables whose rows are noted so."""
    found = []
    for name, rule in mapping.load().tables.items():
        transforms = {rule.transform, rule.derives.transform if rule.derives else None}
        if transforms & set(kind.rules) or any(getattr(rule, key, None) for key in kind.rules):
            found.append(rule.completed_from.table if rule.completed_from else name)
    return markdown.codes(found) or "any"
