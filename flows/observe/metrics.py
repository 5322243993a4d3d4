"""Metrics for Prometheus, read from the target's books when it asks.

Laws
- The books are the only source: so runs by hand and by a worker count alike, and neither a crash nor a restart of this
  process loses or doubles anything.
- A scrape reads; it changes nothing, waits for no lock, and gives up after some seconds.
- If the target does not answer, or its books are not ours, nxtgauge_up is 0 and the only metric.
- Labels are few: profiles, modes, stages, tables, reasons. Never a run's id, never a value of a row.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

import psycopg

from config import origins
from config import settings as configuration
from config.errors import ConfigError, MigrateError
from config.settings import Settings
from engine.books import bookkeeping, lease, totals
from engine.books.totals import Total
from engine.session import connect

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

PATIENCE = "set local statement_timeout = '5s'"  # Prometheus itself gives up after ten
CONNECT_SECONDS = 3
MODES = ("migration", "rehearsal")
OUTCOMES = ("published", "discarded", "failed", "interrupted", "refused", "rolled_back")
SUCCESSES = ("published", "discarded")

# Name in the books → name for Prometheus (a counter's gets _total), what it says, its labels.
COUNTERS = {
    "rows": ("nxtgauge_rows", "Legacy rows moved.", ("profile", "stage", "table")),
    "bytes": ("nxtgauge_bytes", "Bytes read of legacy tables.", ("profile", "stage", "table")),
    "rejects": ("nxtgauge_rejects", "Legacy rows rejected.", ("profile", "stage", "table", "reason")),
    "seconds": ("nxtgauge_table_seconds", "Seconds of work on a table, of all threads.", ("profile", "stage", "table")),
    "stage_seconds": ("nxtgauge_stage_seconds", "Seconds from a stage's begin to its end.", ("profile", "stage")),
    "runs": ("nxtgauge_runs", "Runs, and attempts at one, that ended so.", ("profile", "mode", "outcome")),
}
OF_A_KIND = ("profile", "mode")
GAUGES = {
    "in_progress": ("nxtgauge_run_in_progress", "Whether a run is under way."),
    "died": ("nxtgauge_run_died", "Whether the latest run ended without a word, and nobody has resumed it."),
    "closed_gates": ("nxtgauge_closed_gates", "Closed gates of the latest run, if it failed."),
    "awaits_approval": ("nxtgauge_run_awaits_approval", "Whether a run waits for a person's approval."),
}


@dataclass(frozen=True)
class MetricsServer:
    """Metrics over HTTP, from a thread of this process. address: where they are."""

    address: str
    _server: WSGIServer = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(port: int, host: str | None = None) -> MetricsServer | None:
    """Shows the metrics of the environment's target on this port; None where it is 0.

    host: by default what NXTGAUGE_METRICS_HOST says. Errors: ConfigError if the target is not set, or the port taken.
    """
    if port == 0:
        return None
    from prometheus_client import start_http_server

    settings = configuration.load()
    host = host or settings.metrics_host
    try:
        server, thread = start_http_server(port, host, registry(settings))
    except OSError as error:
        wanted = "wanted an address of this machine and a free port, or NXTGAUGE_METRICS_PORT=0 for no metrics"
        raise ConfigError(f"metrics cannot be shown at {host}:{port}: {error.strerror}; {wanted}") from None
    return MetricsServer(f"http://{host}:{port}/metrics", server, thread)


def registry(settings: Settings) -> "CollectorRegistry":
    """What start_http_server and generate_latest take. Errors: ConfigError if the target is not set."""
    from prometheus_client.registry import CollectorRegistry

    found = CollectorRegistry(auto_describe=False)
    found.register(BooksCollector(settings))
    return found


class BooksCollector:
    """Collects the metrics of one target, for one asker at a time."""

    def __init__(self, settings: Settings):
        # One whose packets go nowhere is told as down, before Prometheus takes the worker for down.
        self._target = settings.target.with_defaults(connect_timeout=CONNECT_SECONDS)
        self._schema, self._lock = settings.target_schema, threading.Lock()

    def collect(self) -> "Iterator[Metric]":
        with self._lock:
            found = self._read()
        yield _gauge(
            "nxtgauge_up", "Whether the target answers, and its books could be read.", (), [((), found is not None)]
        )
        yield from _told(*found) if found is not None else ()

    def _read(self) -> tuple[list[Total], list[dict[str, Any]], bookkeeping.Run | None] | None:
        """Every total, the latest run of each kind, and the run that is at work; None if they cannot be had."""
        try:
            with connect.target(self._target) as conn, conn.transaction():
                conn.execute("set transaction isolation level repeatable read, read only")
                conn.execute(PATIENCE)
                if not bookkeeping.is_present(conn) or not totals.are_kept(conn):
                    return [], [], None
                at_work = lease.at_work(bookkeeping.runs(conn), lease.is_held(conn))
                return totals.read(conn), totals.latest_runs(conn, self._schema), at_work
        except (MigrateError, psycopg.Error):
            return None


def _told(found: list[Total], latest: list[dict[str, Any]], at_work: bookkeeping.Run | None) -> "Iterator[Metric]":
    for name, (metric, text, labels) in COUNTERS.items():
        yield _counter(metric, text, labels, [total for total in found if total.name == name])
    successes = [(_kind(t.labels), t.changed_at.timestamp()) for t in found if _is_success(t)]
    yield _gauge(
        "nxtgauge_last_success_timestamp_seconds", "When a run last ended well.", OF_A_KIND, _latest(successes)
    )
    states = [
        (
            _kind(run | {"mode": MODES[run["dry_run"]]}),
            _state(run, at_work is not None and run["run_id"] == at_work.run_id),
        )
        for run in latest
    ]
    for name, (metric, text) in GAUGES.items():
        yield _gauge(metric, text, OF_A_KIND, [(kind, state[name]) for kind, state in states])


def _kind(labels: dict[str, Any]) -> tuple[str, str]:
    return labels["profile"], labels["mode"]


def _is_success(total: Total) -> bool:
    return total.name == "runs" and total.labels["outcome"] in SUCCESSES


def _latest(pairs: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(dict(sorted(pairs)).items())


def _state(run: dict[str, Any], is_alive: bool) -> dict[str, int]:
    """A run that says it is running and is not at work has died."""
    is_open = run["state"] in lease.OPEN
    return {
        "in_progress": is_open and is_alive,
        "died": is_open and not is_alive,
        "closed_gates": run["closed_gates"] if run["state"] == "failed" else 0,
        "awaits_approval": run["awaits_approval"] and is_open and is_alive,
    }


def _counter(name: str, text: str, labels: tuple[str, ...], found: list[Total]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, text, labels=labels)
    values = {tuple(total.labels.get(label, "") for label in labels): total.value for total in found}
    if name == "nxtgauge_runs":  # whoever asks for an increase needs the zero before it
        values = {(p, m, o): 0 for p in origins.profiles() for m in MODES for o in OUTCOMES} | values
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[Any, ...], float]]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values:
        family.add_metric(key, float(value))
    return family
