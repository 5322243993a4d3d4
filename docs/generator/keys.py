"""docs/mapping.md: every key of the mapping's and the masks' files, with an example that stands in them."""

import json
import re
import types
import typing
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config import mapping, masks, rules
from config.rules import Common, Completion, Derivation, ReferenceRule, Split, TableRule
from config.transforms import TRANSFORMS
from docs.generator import markdown

HEAD = """\
What becomes of every legacy table stands in `config/mapping/`: one TOML file a domain, a block a table, and
`common.toml` for what holds for all of them. `masks.toml` says what staging copies mask. The files are read into frozen
values when a command begins; an unknown key or a wrong type is an error (exit code 2) that names file, table and key.

A mapping names tables, columns and reasons, never expressions. Where one would be needed, it names a function of
`transforms/`. A list of legacy columns is a list of variants: the first that the legacy table has is the one in use.
What the dispositions mean: [contract.md](contract.md), section 2. How to change one: [changing.md](changing.md).
"""
MODELS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("A table: `[table]` in the file of its domain", TableRule, "tables"),
    ("Rows made beside: `[table.derives]`", Derivation, "derives"),
    ("Columns that leave: `split`", Split, "split"),
    ("Columns that come: `completed_from`", Completion, "completed_from"),
    ("All tables: `common.toml`", Common, "common"),
    ("A reference: `[references]` in `common.toml`", ReferenceRule, "references"),
    ("Masks of staging copies: `masks.toml`", masks.Masks, "masks"),
)
ROLES = """\
## All roles: `["*_profiles"]` in `profiles.toml`

One block stands for a profile table of each role, the star being the role. What a table has of its own stands in a
block of its name, and goes before it; `*_profiles` among another table's targets means all of them. Beside the keys of
a table it has `roles`: each role, in order of rank, as `"professional"` or `"other"`. Where two tables hold one profile
id, the earlier keeps it; a row that names no role may be taken for a professional one.
"""
READS = """\
## What transforms read

The rule columns and lookups that `columns` and `lookups` of a table with this transform may name. All may read `id`,
`user_id`, `created_at` and `updated_at`.
"""
SHORT = 90  # letters of an example


def page() -> str:
    *rules, of_copies = ([*_section(*section)] for section in MODELS)
    parts = [HEAD.splitlines(), [""], *rules, ROLES.splitlines(), [""], _reads(), of_copies, _kinds()]
    return markdown.page("The mapping's keys", "config/rules.py and config/masks.py", *parts)


def _section(title: str, model: type[BaseModel], name: str) -> Iterator[str]:
    yield from (f"## {title}", "")
    if model.__doc__:
        yield from (" ".join(model.__doc__.split()), "")
    rows = [_row(name, key, field) for key, field in model.model_fields.items()]
    yield from markdown.table(("key", "type", "default", "meaning", "example"), rows)


def _row(model: str, key: str, field: FieldInfo) -> tuple[str, ...]:
    assert field.description, f"{model}.{key} is not described; wanted a sentence under the field"
    default = "required" if field.is_required() else markdown.code(_toml(field.default))
    key = field.alias or key
    return markdown.code(key), _type(field.annotation), default, field.description, _example(model, key)


def _type(annotation: object) -> str:
    """A type as somebody who writes TOML calls it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return _type(next(one for one in arguments if one is not type(None)))
    if origin is typing.Annotated:
        return "name" if arguments[0] is str else _type(arguments[0])
    if origin is typing.Literal:
        return "mask" if annotation == masks.Rule else " or ".join(markdown.code(_toml(one)) for one in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}s"
    if origin is dict:
        return f"table: {_type(arguments[0])} = {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table, see below"
    return {str: "text", bool: "true or false", int: "number"}[typing.cast(type, annotation)]


def _toml(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{rules.toml_key(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, BaseModel):
        return _toml(value.model_dump(by_alias=True, exclude_defaults=True))
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _example(model: str, key: str) -> str:
    """The shortest value in use, and where it stands."""
    found = sorted(_values(model, key), key=lambda pair: (len(pair[1]), pair[0]))
    if not found:
        return "none in use"
    place, text = found[0]
    shown = text if len(text) <= SHORT else re.sub(r"[^,]*$", "", text[:SHORT]) + " …"
    return f"{markdown.code(shown)} ({place})"


def _values(model: str, key: str) -> Iterator[tuple[str, str]]:
    """(where, value as TOML) of everything in the files that says something under the key."""
    known = mapping.load()
    holders: dict[str, dict[str, BaseModel | None]] = {
        "tables": dict(known.tables),
        "derives": {name: rule.derives for name, rule in known.tables.items()},
        "split": {name: rule.split for name, rule in known.tables.items()},
        "completed_from": {name: rule.completed_from for name, rule in known.tables.items()},
        "references": dict(known.common.references),
        "common": {"common.toml": known.common},
        "masks": {"masks.toml": masks.load()},
    }
    for name, holder in holders[model].items():
        said = holder.model_dump(by_alias=True, exclude_defaults=True) if holder else {}
        if key in said:
            yield name, _toml(said[key])


def _kinds() -> Iterator[str]:
    yield from ("### Masks", "", "Of `names` and `tables`, what a column may be masked as:", "")
    yield f"{markdown.codes(typing.get_args(masks.Rule))}."
    yield ""
    yield "What each does, and in which order a column is looked up, stands at the head of `config/mapping/masks.toml`."
    yield from ("What a staging copy is: [staging.md](staging.md).", "")


def _reads() -> Iterator[str]:
    yield from (*READS.splitlines(), "")
    rows = [(f"`{name}`", markdown.codes(one.columns), markdown.codes(one.lookups)) for name, one in TRANSFORMS.items()]
    yield from markdown.table(("transform", "columns", "lookups"), rows)
