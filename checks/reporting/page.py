"""The frame of every page that the project writes: one self-contained HTML file, no network, no script, no second file.

Laws
- A content security policy in the page itself forbids every request, so that a reader's machine stays silent.
- Every foreign text passes `text`, so that names never become markup.
"""

import html
from pathlib import Path

from checks.reporting import model

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MARKS = {"good": "✓", "attention": "!", "bad": "✗"}


def text(value: object) -> str:
    return html.escape(model.shown(value))


def document(title: str, body: str, *styles: Path) -> str:
    """title: plain text; body: HTML; styles: files beside the report's own."""
    style = "\n".join(path.read_text(encoding="utf-8") for path in (STYLE, *styles))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">',
            f"<title>{text(title)}</title>",
            f"<style>\n{style}</style>\n</head>\n<body>",
            body,
            "</body>\n</html>\n",
        )
    )
