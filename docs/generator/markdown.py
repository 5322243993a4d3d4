"""Pieces of Markdown. Cells hold text as a person writes it; what would end a cell is escaped here."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and the blank line behind it."""
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(map(cell, line)) + " |" for line in lines), ""]


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    return ", ".join(map(code, texts))


def fenced(language: str, lines: Iterable[str]) -> list[str]:
    return [f"```{language}", *lines, "```", ""]


def page(title: str, source: str, *parts: Iterable[str]) -> str:
    """A page that says what it was made of."""
    head = [f"# {title}", "", f"<!-- made by `make docs` from {source}; edit that, not this -->", ""]
    lines = [line for part in (head, *parts) for line in part]
    return "\n".join(lines).rstrip() + "\n"
