"""Data Docs that can be read offline: the pages as Great Expectations writes them, without what they would fetch.

Laws
- A page fetches nothing: foreign styles, scripts, fonts and pictures are removed, and one small stylesheet of ours is
  added. Parts that a script would unfold are open.
- The first page is ours, for the original is made by a script. It has a line for each table, with severities, which the
  other pages lack. Nothing else is changed.
- The pages have counts and the texts of expectations, never a value of a row: the results they are made from have none.
"""

import html
import re
from pathlib import Path
from urllib.parse import quote, unquote

from checks.verdict import PASS, Check

# Scripts all lean on one from elsewhere; without it they only fail.
GONE = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*\bhref\s*=\s*[\"']?(?:https?:)?//[^>]*>"
    r"|<img\b[^>]*\bsrc\s*=\s*[\"']?(?:https?:)?//[^>]*>|<footer\b.*?</footer>",
    re.IGNORECASE | re.DOTALL,
)
UNUSED = ("*.gif", "*.otf")  # a tour that a script would show, and fonts of 4 MB in all
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; color: #222; }
h1, h2, h3, h4, h5, h6 { margin: 1rem 0 .25rem; }
ol, ul { padding-left: 1.2rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
td, th { border: 1px solid #ccc; padding: .35rem .6rem; text-align: left; vertical-align: top; }
a { color: #0b57d0; }
nav ul, .ge-breadcrumbs { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0; }
.modal, .btn-group, .card-text, .card-header, .ge-walkthrough-modal, .navbar-brand, [class*=modal] { display: none; }
.fa-check-circle::before { content: "passed"; color: #137333; font-weight: 600; font-style: normal; }
.fa-times::before { content: "failed"; color: #b3261e; font-weight: 600; font-style: normal; }
.fa-exclamation-triangle::before { content: "error"; color: #b06000; font-weight: 600; font-style: normal; }
.fas { font-style: normal; }
code, pre { font-size: 13px; white-space: pre-wrap; }
@media print { a { color: inherit; } }
</style>"""


INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Expectation suites</title></head><body>
<h1>Expectation suites</h1>
<p>{total} checks; only critical ones that failed or could not be made keep a schema from being published.</p>
<table><thead><tr><th>domain</th><th>table</th><th>checks</th><th>what did not pass</th></tr></thead><tbody>
{lines}
</tbody></table></body></html>
"""


def finish(folder: Path, checks: list[Check]) -> int:
    """Make every page under the folder readable offline, and write the first one; returns how many there are."""
    pages = sorted(folder.rglob("*.html"))
    for page in pages:
        page.write_text(offline(page.read_text("utf-8")), "utf-8")
    for picture in (found for pattern in UNUSED for found in (folder / "static").rglob(pattern)):
        picture.unlink()
    (folder / "index.html").write_text(offline(index(checks, _links(folder))), "utf-8")
    return len(pages)


def offline(page: str) -> str:
    """The page without what it would fetch, with a stylesheet of ours at the end of its head."""
    return GONE.sub("", page).replace("</head>", STYLE + "\n</head>", 1)


def index(checks: list[Check], links: dict[str, str]) -> str:
    """The first page. links: table → its page, relative to the folder."""
    tables: dict[str, list[Check]] = {}
    for check in checks:
        tables.setdefault(check.table or "", []).append(check)
    lines = "\n".join(_line(table, found, links.get(table)) for table, found in tables.items())
    return INDEX.format(total=len(checks), lines=lines)


def _line(table: str, checks: list[Check], link: str | None) -> str:
    name = f'<a href="{html.escape(quote(link))}">{html.escape(table)}</a>' if link else html.escape(table)
    wrong = [check for check in checks if check.status != PASS]
    said = "<br>".join(html.escape(f"{c.severity} {c.status}: {c.title} — {c.detail}") for c in wrong)
    return f"<tr><td>{checks[0].domain}</td><td>{name}</td><td>{len(checks)}</td><td>{said}</td></tr>"


def _links(folder: Path) -> dict[str, str]:
    """Table → its page of results: validations/<suite>/<run name>/<run time>/<batch>.html."""
    pages = (page.relative_to(folder) for page in sorted((folder / "validations").rglob("*.html")))
    return {unquote(page.parts[1]): page.as_posix() for page in pages}
