"""Those who look on: Prometheus, and whoever reads lineage events by the library's own classes."""

import socket
import typing
import urllib.request
from collections import Counter
from enum import Enum
from types import ModuleType

import attr
from openlineage.client import facet_v2
from prometheus_client.parser import text_string_to_metric_families

from flows.observe import metrics

FACETS = {
    name: found
    for module in vars(facet_v2).values()
    if isinstance(module, ModuleType)
    for name, found in vars(module).items()
    if isinstance(found, type) and name.endswith("Facet")
}


def rebuilt(kind, value):
    """The value as the library's class. Errors: TypeError for a key that it does not know, or one that is missing."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if type(None) in arguments:
        return None if value is None else rebuilt(next(a for a in arguments if a is not type(None)), value)
    if origin is list:
        return [rebuilt(arguments[0], item) for item in value]
    if origin is dict:
        return {name: rebuilt(_facet(item) or arguments[1], item) for name, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return _built(kind, value) if attr.has(kind) else value


def _facet(value) -> type | None:
    return FACETS[value["_schemaURL"].rsplit("/", 1)[1]] if isinstance(value, dict) and "_schemaURL" in value else None


def _built(kind: type, value: dict):
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in attr.fields(kind)}
    given = {name: rebuilt(hints[name], found) for name, found in value.items() if fields[name].init}
    built = kind(**{fields[name].alias: found for name, found in given.items()})
    assert {name: value[name] for name in value if not fields[name].init} == {
        name: getattr(built, name) for name in value if not fields[name].init
    }
    return built


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scraped(environ: dict[str, str], monkeypatch) -> dict[str, dict[tuple, float]]:
    """What Prometheus is told: name → labels, sorted by name → value."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    server = metrics.serve(free_port())
    try:
        with urllib.request.urlopen(server.address, timeout=20) as answer:
            text = answer.read().decode()
    finally:
        server.close()
    found: dict[str, dict[tuple, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def sums(series: dict[tuple, float], *names: str) -> dict[tuple, float]:
    """Sums by these labels, without zeros."""
    sums = Counter()
    for labels, value in series.items():
        sums[tuple(dict(labels)[name] for name in names)] += value
    return {key: value for key, value in sums.items() if value}
