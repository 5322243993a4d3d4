"""The documents name every command, setting, exit code, make target and table there is, and none that is not."""

import re

import click
import pytest

from config import errors, origins, settings
from flows.cli import main as cli
from tests.support.places import PROJECT

README = (PROJECT / "README.md").read_text()
ELSEWHERE = [PROJECT / "checks" / "laws" / "README.md", PROJECT / "tests" / "README.md"]
PLACES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *ELSEWHERE]
DOCUMENTS = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in sorted(PLACES)}
PAST = "CHANGELOG.md"  # it may speak of what there is no more


def _rows(head: str) -> list[list[str]]:
    """The rows of the README's table whose first column has this heading, cell by cell."""
    lines = README.split(f"| {head} |", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def _command(cells: list[str]) -> str:
    """The command of a row, without its arguments, which are in capitals."""
    return re.sub(r"( [A-Z]+)*$", "", cells[0].strip("`"))


def _commands(group: click.Group, prefix: str = "") -> dict[str, click.Command]:
    found = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= _commands(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = command
    return found


COMMANDS = _commands(cli.cli)


def _options(command: click.Command) -> set[str]:
    return {text for parameter in command.params for text in parameter.opts if text.startswith("--")}


def test_every_command_is_documented_and_every_documented_one_exists():
    documented = {_command(cells) for cells in _rows("command")}
    assert documented == set(COMMANDS)


def test_every_option_of_a_command_is_documented():
    rows = {_command(cells): cells[1] for cells in _rows("command")}
    shared = _options(COMMANDS["status"])
    for name, command in COMMANDS.items():
        for option in _options(command) - shared:
            assert option in rows[name], f"{name} {option}"
    for option in shared - {"--verbose"}:
        assert option in README


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {PAST}))
def test_commands_in_the_text_exist_with_their_options(name):
    for line in re.findall(r"nxtgauge-migrate((?: +[^`\n#;,]+)?)", DOCUMENTS[name]):
        words = line.split()
        options = {word for word in words if word.startswith("--")}
        plain = [word for word in words if not word.startswith("-") and word not in origins.profiles()]
        command = next((COMMANDS[key] for key in (" ".join(plain[:2]), *plain[:1]) if key in COMMANDS), None)
        if not plain or not plain[0].isalpha() or plain[0] not in cli.cli.commands:
            continue
        assert command is not None, line
        assert options <= _options(command), line


def test_every_variable_is_documented_with_its_default():
    rows = {cells[0].strip("`"): cells[2].strip("`") for cells in _rows("variable")}
    assert set(rows) == {*settings.VARIABLES.values(), *origins.VARIABLES.values()}
    assert rows[origins.VARIABLES["profile"]] == settings.DEFAULT_PROFILE
    for field, variable in settings.VARIABLES.items():
        assert rows[variable] == str(settings.Settings.model_fields[field].default or "")


def test_every_key_of_a_profile_is_documented_with_its_default():
    rows = {cells[0].strip("`"): cells[2].strip("`") for cells in _rows("key")}
    fields = settings.Profile.model_fields
    assert set(rows) == set(fields)
    shown = {"True": "true", "False": "false", "": "none", str(64 << 20): "64 MiB", str(4 << 20): "4 MiB"}
    for name, field in fields.items():
        if name not in ("workers", "tolerance"):
            assert rows[name] == shown.get(str(field.default), str(field.default)), name


def test_every_profile_is_documented():
    for name in origins.profiles():
        assert f"`{name}`" in README


def test_every_exit_code_is_documented():
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {kind.exit_code for kind in classes if issubclass(kind, errors.MigrateError)} | {0}
    assert {int(cells[0]) for cells in _rows("exit code")} == codes


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_exists(name):
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", DOCUMENTS[name], re.MULTILINE)) <= targets


def test_make_help_lists_every_target():
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) - {"help"}
    assert set(re.findall(r'@echo "make ([a-z]+)', makefile)) == targets


def test_every_folder_is_documented():
    skipped = {"docs", "build", "reports"}
    folders = {path.name for path in PROJECT.iterdir() if path.is_dir() and path.name[0].isalpha()} - skipped
    folders = {name for name in folders if not name.endswith("egg-info")}
    assert {cells[0].strip("`/") for cells in _rows("folder")} == folders


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", DOCUMENTS[name]):
        assert ((PROJECT / name).parent / link).exists(), link


def _prose(name: str) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", DOCUMENTS[name], flags=re.MULTILINE | re.DOTALL)


def _anchors(name: str) -> set[str]:
    """What a repository browser makes of the headings: small letters, hyphens for blanks, no other signs."""
    heads = re.findall(r"^#+ (.*)", _prose(name), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_anchor_is_a_heading(name):
    for page, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", DOCUMENTS[name]):
        path = ((PROJECT / name).parent / page).resolve().relative_to(PROJECT).as_posix() if page else name
        assert anchor in _anchors(path), f"{page}#{anchor}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_table_has_as_many_cells_in_each_row(name):
    for block in re.findall(r"(?:^\|.*\n?)+", _prose(name), re.MULTILINE):
        widths = [len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()]
        assert len(widths) > 2 and len({*widths}) == 1, block
        assert re.fullmatch(r"[|: -]+", block.splitlines()[1]), block


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_of_code_ends(name):
    assert len(re.findall(r"^ *```", DOCUMENTS[name], re.MULTILINE)) % 2 == 0


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {PAST}))
def test_every_file_that_is_named_exists(name):
    """In code style, with a folder of ours before it; what stands for something is in capitals or angle brackets."""
    folders = "config|transforms|engine|checks|flows|tests|docs"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", DOCUMENTS[name]):
        assert (PROJECT / path).exists(), path


def _refused_lines(diagram: str) -> list[str]:
    """What mermaid would not parse as a diagram of tables from left to right."""
    name = r"(?!(?:class|classDef|style|end|subgraph|one|many|to|erDiagram|accTitle|accDescr) )[A-Za-z_]\w*"
    relation = rf"{name} (?:\|\||\|o)(?:--|\.\.)(?:o\||o{{) {name} : (?:{name}|\"[^\"]+\")"
    first, second, *lines = diagram.splitlines()
    heads = [line for line, wanted in ((first, "erDiagram"), (second, "    direction LR")) if line != wanted]
    return heads + [line for line in lines if not re.fullmatch(rf"    (?:{relation}|{name}) ?", f"{line} ")]


def test_mermaid_can_parse_every_diagram():
    diagrams = [one for text in DOCUMENTS.values() for one in re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)]
    assert diagrams
    assert [line for diagram in diagrams for line in _refused_lines(diagram)] == []


@pytest.mark.parametrize("line", [
    "users ||--o{ Full Name : user_id", "users ||--o{ orders", "users ||--o{ orders : a, b", "users ||-o{ orders : a",
    "users ||--o{ class : a", "to ||--o{ orders : a", "users ||--o{ orders : style", "end", "9lives", "a.b{",
])  # fmt: skip
def test_a_line_that_mermaid_refuses_is_found(line):
    assert _refused_lines(f"erDiagram\n    direction LR\n    {line}\n") == [f"    {line}"]


def test_code_cites_what_the_contract_has():
    """By section and number; a word behind it stands in bold there."""
    rules = re.findall(r"^## (\d)|^(?:(\d+)\.|-) (.*)", DOCUMENTS["docs/contract.md"], re.MULTILINE)
    section, said = "", {}
    for head, number, text in rules:
        section = head or section
        place = f"{section}.{number}" if number else section
        said[place] = f"{said.get(place, '')} {text}".lower()
    cited = set()
    for path in [path for folder in ("engine", "transforms", "checks") for path in (PROJECT / folder).rglob("*.py")]:
        for place, last, word in re.findall(r"\(contract, ([\d.]+)(?: to ([\d.]+))?(?:: ([\w ]+))?", path.read_text()):
            assert place in said and (last or place) in said, path
            assert f"**{word}" in said[place] or not word, path
            cited.add(place)
    assert len(cited) > 5


def test_every_picture_is_shown_and_small():
    shown = {(PROJECT / "docs" / link).resolve() for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", "".join(
        text for name, text in DOCUMENTS.items() if name.startswith("docs/")))}  # fmt: skip
    pictures = set((PROJECT / "docs" / "images").iterdir())
    assert pictures and pictures <= shown
    assert [path.name for path in pictures if path.stat().st_size > 150_000] == []


def test_the_index_leads_to_every_document():
    linked = set(re.findall(r"\]\(([^)#:]+)\)", DOCUMENTS["docs/index.md"]))
    ours = {name.removeprefix("docs/") for name in DOCUMENTS if name.startswith("docs/")} - {"index.md"}
    assert ours <= linked


def test_ci_runs_the_commands_of_the_readme():
    script = (PROJECT / ".ci" / "run").read_text()
    assert "make test" in README and re.search(r"^make test$", script, re.MULTILINE)
    assert "make demo" in README and re.search(r"^make demo ROWS=\d+$", script, re.MULTILINE)


def test_the_forms_of_prefect_have_no_other_profile_than_the_command_line():
    assert not re.search(r"^ +parameters:", (PROJECT / "flows/service/prefect.yaml").read_text(), re.MULTILINE)


def test_the_toml_of_prefect_keeps_the_server_to_this_machine():
    import tomllib

    values = tomllib.loads((PROJECT / "prefect.toml").read_text())
    assert "api" not in values  # whatever answers at an address that nobody has chosen may be another project's
    assert values["server"]["api"]["host"] == "127.0.0.1"
    assert values["server"]["ephemeral"]["enabled"] is False
    assert values["server"]["analytics_enabled"] is False
    assert values["server"]["ui"]["api_url"] == "/api"
