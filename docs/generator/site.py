"""What the site of docs/ has beyond the pages there (a hook of MkDocs, see mkdocs.yml).

Laws
- Pages link files of the repository as they lie there, so that they can be read in any repository browser too. What
  lies outside of docs/ and is linked gets a page of its own here: Markdown as it is, code as a block of code.
- A diagram is drawn here: MkDocs Material would fetch what draws it from another host.
- So it would what lets the search work from the disk; docs/scripts/worker.js does that.
"""

import itertools
import re
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
WORKER = "scripts/worker.js"
STRANGER = "https://unpkg.com/iframe-worker/shim"
ELSEWHERE = "project"  # the site's folder for what lies outside of docs/
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)((?:#[^)\s]*)?)(?=\))")
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page for each file outside of docs/ that a page links, and for what these link."""
    waiting = [DOCS / file.src_uri for file in files.documentation_pages()]
    seen = set(waiting)
    while waiting:
        for path in _linked(waiting.pop()) - seen:
            seen.add(path)
            if not path.is_relative_to(DOCS):
                files.append(_made(path, config))
                waiting.append(path)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its links as the site has them."""
    del config, files
    here = _path(page.file.src_uri)
    if here.suffix != ".md":
        return markdown
    return _outside_of_code(_drawn(markdown), lambda text: _relinked(text, here, page))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The page with our own file in place of the one on another host."""
    del config
    return output.replace(STRANGER, _relative(WORKER, page.file.dest_uri))


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page of addresses that lead nowhere."""
    del config
    return output.replace(STRANGER, _relative(WORKER, template_name))


def _linked(path: Path) -> set[Path]:
    """The files that a page links; only Markdown links anything."""
    if path.suffix != ".md":
        return set()
    text = FENCED.sub("", path.read_text("utf-8"))
    found = {(path.parent / link).resolve() for link, _ in LINK.findall(text)}
    return {one for one in found if one.is_file()}


def _made(path: Path, config: MkDocsConfig) -> File:
    name = path.relative_to(PROJECT).as_posix()
    text = path.read_text("utf-8")
    if path.suffix != ".md":
        text = f"# {name}\n\n````{path.suffix.removeprefix('.') or 'text'}\n{text.rstrip()}\n````\n"
    return File.generated(config, _uri(path), content=text, inclusion=InclusionLevel.NOT_IN_NAV)


def _uri(path: Path) -> str:
    """Where the site keeps a file of the repository."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = f"{ELSEWHERE}/{path.relative_to(PROJECT).as_posix()}"
    return name if path.suffix == ".md" else f"{name}.md"


def _path(uri: str) -> Path:
    """The file of the repository that the site keeps there."""
    place = PurePosixPath(uri)
    if place.parts[0] != ELSEWHERE:
        return DOCS / uri
    path = PROJECT / place.relative_to(ELSEWHERE)
    return path if path.is_file() else path.with_suffix("")


def _drawn(markdown: str) -> str:
    """The page with its diagrams as drawings; the line before each says of what."""
    if not DIAGRAM.search(markdown):
        return markdown
    sys.path.insert(0, str(PROJECT))  # MkDocs loads this file by its path
    from docs.generator import drawings

    numbers = itertools.count(1)

    def draw(found: re.Match[str]) -> str:
        return drawings.drawn(found[1], f"schema-{next(numbers)}", "Tables and references")

    return DIAGRAM.sub(draw, markdown)


def _outside_of_code(markdown: str, change: Callable[[str], str]) -> str:
    """Changes what stands outside of blocks of code."""
    kept = FENCED.findall(markdown)
    parts = [change(part) for part in FENCED.split(markdown)]
    return parts[0] + "".join(block + part for block, part in zip(kept, parts[1:], strict=True))


def _relinked(text: str, here: Path, page: Page) -> str:
    def relink(match: re.Match[str]) -> str:
        path = (here.parent / match[1]).resolve()
        known = path.is_file() and path.is_relative_to(PROJECT)
        return (_relative(_uri(path), page.file.src_uri) if known else match[1]) + match[2]

    return LINK.sub(relink, text)


def _relative(target: str, origin: str) -> str:
    up = "../" * (len(PurePosixPath(origin).parts) - 1)
    return up + target
