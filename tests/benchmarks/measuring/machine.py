"""What the figures were measured on: the machine, the versions, the server's settings."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.measuring.server import Server

PACKAGES = ("nxtgauge-migrate", "psycopg", "adbc-driver-postgresql", "pyarrow", "pandas", "sqlalchemy", "prefect",
            "great-expectations")  # fmt: skip
TOLD = "fsync,synchronous_commit,full_page_writes,data_checksums,shared_buffers,max_wal_size,wal_level,autovacuum"
SETTINGS = f"select name, current_setting(name) from pg_settings where name = any('{{{TOLD}}}') order by 1"


def facts(server: Server) -> dict[str, Any]:
    ((version,),) = server.rows("show server_version")
    packages = {"PostgreSQL": version, "Python": platform.python_version()}
    packages |= {name: metadata.version(name) for name in PACKAGES}
    return {"machine": _machine(), "versions": packages, "settings": dict(server.rows(SETTINGS))}


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "python": sys.implementation.name,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
