"""Log lines and error texts: on stderr, and never a password.

Laws
- Every text that leaves the process as an error or a log line passes `redacted`: libraries quote connection strings,
  passwords included, in their errors.
- Logging is set up once a process: by the command line, or by the flow that a Prefect worker runs in it; the other
  modules only call loggers.
- NXTGAUGE_LOG=json makes every line one JSON object: what is said, and where in a run (engine.session.log_context). Its
  texts are redacted one by one, before they are spelled as JSON.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, unquote, urlsplit

from config import printable
from config.errors import ConfigError
from engine.session import log_context
from flows.local import commands, private

Log = logging.Logger | logging.LoggerAdapter[Any]  # a module's, or that of a Prefect flow run
CONNECTIONS = ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_TARGET_URL", "NXTGAUGE_STAGING_URL", "NXTGAUGE_FENCE_URL")
PASSWORDS = (
    "NXTGAUGE_MASKING_KEY", "NXTGAUGE_NOTIFY_URL",
    "PGPASSWORD", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_KEY",
)  # fmt: skip
VARIABLE = "NXTGAUGE_LOG"
FORMATS = ("text", "json")
FIGURES = (
    "rows",
    "rejected",
    "bytes",
    "seconds",
    "percent",
    "seconds_left",
    "done",
    "total",
)  # what our records may say beside their text
OURS = ("nxtgauge", "config", "transforms", "engine", "checks", "flows")
PREFECT_RUNS = ("prefect.flow_runs", "prefect.task_runs")
# Our own messages show a URL's form, with the word password in its place. One that was taken for a path has one slash.
_URL_PASSWORD = re.compile(r"(?P<head>[a-z][a-z0-9+.-]*:/{1,2}[^\s:/@'\"]*:)(?!password@)[^\s'\"]*(?=@)", re.IGNORECASE)
_KEYWORD_PASSWORD = re.compile(
    r"(?P<head>\b\w*(?:passw(?:or)?d|client_secret|scram_\w+_key)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&'\"]+)",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text with every password of a URL, a keyword string or the environment's connections replaced by ***."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _URL_PASSWORD.sub(r"\g<head>***", text)
    return _KEYWORD_PASSWORD.sub(r"\g<head>***", text)


def _secrets() -> set[str]:
    """The environment's passwords, as they are and as a URL writes them."""
    secrets = set().union(*(_passwords(os.environ.get(name, "")) for name in CONNECTIONS))
    secrets |= {os.environ.get(name, "") for name in PASSWORDS}
    secrets |= _address_secrets(os.environ.get("NXTGAUGE_LINEAGE_URL", ""))
    written = secrets | {quote(secret, safe="") for secret in secrets}
    return {secret for secret in written if len(secret) > 2}  # a shorter one would blank out ordinary text


@cache
def _address_secrets(text: str) -> frozenset[str]:
    """Of an http address: the whole, whose path may be a key, and its password or token. A file's path is none."""
    if not text.lower().startswith(("http://", "https://")):
        return frozenset()
    user, _, password = urlsplit(text).netloc.rpartition("@")[0].partition(":")
    return frozenset({text, password or user, unquote(password or user)})


@cache
def _passwords(text: str) -> frozenset[str]:
    """Of a connection string; one that cannot be parsed is secret as a whole."""
    if not text:
        return frozenset()
    from psycopg.conninfo import conninfo_to_dict  # heavy, for who has only mistyped a command

    from config.postgres import connection

    try:
        known = conninfo_to_dict(connection.parse(text, "").conninfo)
    except ConfigError:
        return frozenset({text})
    return frozenset(str(known[name]) for name in connection.SECRETS if known.get(name))


class Formatter(logging.Formatter):
    """Time, level where it is not INFO, message; redacted and fit for a terminal as a whole, traceback included."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        return f"{record.asctime} {level}{record.message}"

    def usesTime(self) -> bool:  # noqa: N802 (logging's own name)
        return True

    def format(self, record: logging.LogRecord) -> str:
        return printable.block(commands.typed(redacted(super().format(record))))


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message; run, stage, table, chunk and figures where they apply.

    An error is named by its type; its traceback is shown to who asked for everything.
    """

    def __init__(
        self, *_: object, is_verbose: bool = False, **__: object
    ):  # logging's own way to make one gives a form of its own
        super().__init__()
        self._is_verbose = is_verbose

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": _utc(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **log_context.here(),
            **{name: getattr(record, name) for name in FIGURES if hasattr(record, name)},
            **self._of_error(record.exc_info[1] if record.exc_info else None),
        }
        return json.dumps({name: redacted(v) if isinstance(v, str) else v for name, v in said.items()}, default=str)

    def _of_error(self, error: BaseException | None) -> dict[str, str]:
        if error is None:
            return {}
        return {"error": type(error).__name__} | ({"traceback": trace(error)} if self._is_verbose else {})


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log_format() -> str:
    """text or json, as the environment says. Errors: ConfigError."""
    found = os.environ.get(VARIABLE) or FORMATS[0]
    if found not in FORMATS:
        raise ConfigError(f"{VARIABLE} is {found!r}; wanted {' or '.join(FORMATS)}")
    return found


def is_json() -> bool:
    return os.environ.get(VARIABLE) == "json"


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what sys.stderr is now: a live display puts its own in place, and lines must go above it."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def set_up(is_verbose: bool = False) -> None:
    """Sends the log to stderr; the project's at INFO (DEBUG with -v), other libraries' from WARNING.

    Prefect sends its runs' INFO lines to its server all the same. It leaves the root logger alone where it finds a
    handler with a formatter, so call this before it is imported. Errors: ConfigError for an unknown NXTGAUGE_LOG.
    """
    wants_json = log_format() == "json"
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter(is_verbose=is_verbose) if wants_json else Formatter(datefmt="%H:%M:%S"))
    logging.captureWarnings(wants_json)  # else they are lines of their own
    handler.addFilter(lambda record: _is_shown(record, is_verbose))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if is_verbose else logging.INFO)


@contextmanager
def into(path: Path, but: str) -> Iterator[None]:
    """Sends the log to a file, which is made anew; what the logger `but` says goes to stderr besides."""
    root, teller = logging.getLogger(), logging.getLogger(but)
    (usual,) = root.handlers
    private.write(path, "")
    detailed = logging.FileHandler(path, encoding="utf-8")
    detailed.setFormatter(usual.formatter)
    detailed.filters[:] = usual.filters
    root.handlers[:], teller.handlers[:] = [detailed], [usual]
    try:
        yield
    finally:
        root.handlers[:], teller.handlers[:] = [usual], []
        detailed.close()


def _is_shown(record: logging.LogRecord, is_verbose: bool) -> bool:
    """Prefect repeats every failed task as an error of its own; the command says it once, in full."""
    if is_verbose or record.name.split(".")[0] in OURS:
        return True
    return record.levelno >= logging.WARNING and not record.name.startswith(PREFECT_RUNS)


def for_prefect() -> dict[str, str]:
    """The environment in which Prefect's processes write their own lines as this one does; empty for text."""
    if not is_json():
        return {}
    return {
        "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": f"{JsonFormatter.__module__}.{JsonFormatter.__name__}",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
    }


def tell_error(error: BaseException, message: str, is_verbose: bool = False) -> None:
    """Says on stderr, as one JSON object, what a command ended with; whether or not logging was set up."""
    record = logging.LogRecord("nxtgauge", logging.ERROR, __file__, 0, "%s", (message,), None)
    record.exc_info = (type(error), error, error.__traceback__)
    print(JsonFormatter(is_verbose=is_verbose).format(record), file=sys.stderr, flush=True)


def trace(error: BaseException) -> str:
    """The error's traceback, redacted."""
    return redacted("".join(traceback.format_exception(error)))
