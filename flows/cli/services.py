"""Commands about services: the demo's servers, the Prefect server, deployments and the worker."""

from typing import Any

import click

from flows.cli.command import LOG, NAME, common, pairs, set_up, settings_alone, show


@click.command()
@click.option("--rows", type=click.IntRange(min=1), help="About how many legacy rows; default 100000.")
@click.option("--seed", type=int, help="Another seed makes other rows.")
@click.option("--practice", "is_practice", is_flag=True, help="Only make databases to practise on (docs/tutorial.md).")
@click.option("--status", "wants_status", is_flag=True, help="Say which of its servers run, and do nothing else.")
@click.option("--stop", "is_end", is_flag=True, help="Stop its PostgreSQL and its Prefect server.")
@click.option("--remove", "is_removal", is_flag=True, help="Stop them, and remove the demo's databases.")
@common
def demo(
    context: click.Context,
    rows: int | None,
    seed: int | None,
    is_practice: bool,
    wants_status: bool,
    is_end: bool,
    is_removal: bool,
) -> int:
    """Migrate a legacy database made up for the purpose, on servers of its own."""
    set_up(context)
    if context.obj.profile not in (None, "demo"):
        raise click.UsageError(f"the demo runs with the profile demo, not {context.obj.profile}")

    if wants_status or is_end or is_removal:
        found = _about_demo(is_end, is_removal)
        show(context, found, lambda: pairs(found))
        return 0
    if is_practice:
        return _practise(context, rows, seed)
    given = {name: value for name, value in (("rows", rows), ("seed", seed)) if value is not None}
    summary = _demonstrated(context.obj.is_verbose, given)
    from flows.demo import ending

    show(context, summary, lambda: ending.text(summary))
    return 0


def _demonstrated(is_verbose: bool, given: dict[str, int]) -> dict[str, Any]:
    """The demo's summary. Details go to its log, unless somebody wants to see them; if it fails its end is shown."""
    from flows.demo import run
    from flows.local import logs, processes

    if is_verbose:
        return run.run(**given)
    try:
        with logs.into(run.log_path(), run.LOG.name):
            return run.run(**given)
    except Exception:
        click.echo(f"the demo's log, {run.log_path()}, ends:\n{processes.last_lines(run.log_path(), 12)}\n", err=True)
        raise


def _practise(context: click.Context, rows: int | None, seed: int | None) -> int:
    from flows.demo import practice, run

    found = practice.prepare(rows or practice.DEFAULT_ROWS, run.DEFAULT_SEED if seed is None else seed)
    show(context, found, lambda: pairs(found))
    return 0


def _about_demo(is_end: bool, is_removal: bool) -> dict[str, Any]:
    from flows.demo import run

    if is_removal:
        return run.remove()
    return run.stop() if is_end else run.status()


@click.command()
@common
def deploy(context: click.Context) -> int:
    """Put deployments, work pool and automations on the configured Prefect server; again, to bring them up to date."""
    set_up(context)
    from config.errors import ConfigError
    from flows.local import prefect_server

    url = prefect_server.answering_url()
    if url is None:
        raise ConfigError(f"{prefect_server.silence()}; `{NAME} server start` starts one here")
    if why := prefect_server.refused(url):
        raise ConfigError(why)
    done = _deployed(url)
    show(context, done, lambda: pairs({name: _listed(value) for name, value in done.items()}))
    return 0


def _deployed(url: str) -> dict[str, Any]:
    from flows.local import prefect_server

    prefect_server.use(url)
    from flows.local.progress import every
    from flows.service.deploy import deploy as apply

    what = f"putting deployments, work pool and automations on {url}"
    LOG.info("%s", what)
    with every(prefect_server.SAY_SECONDS, lambda: LOG.info("still %s", what)):
        return apply()


def _listed(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value


@click.command()
@common
def worker(context: click.Context) -> int:
    """Pick up runs from the Prefect server and run them here, with this environment's connections, until stopped."""
    settings = settings_alone(context)
    from flows.service import worker as prefect_worker

    prefect_worker.run(settings)
    return 0


@click.group()
@common
def server(context: click.Context) -> None:
    """The local Prefect server with its worker: start, stop, status."""


@server.command("start")
@click.option("--bare", is_flag=True, help="Only the server: no deployments, no worker.")
@common
def server_start(context: click.Context, bare: bool) -> int:
    """Start it with deployments and a worker, or find it running; both stay up until they are stopped."""
    set_up(context)
    from flows.local import prefect_server
    from flows.service import worker as prefect_worker

    if not bare:
        prefect_worker.check(
            settings_alone(context)
        )  # what is wrong with the environment is said before anything starts
    url = prefect_server.start().api_url
    if not bare:
        _deployed(url)
        prefect_worker.start(url)
    return _show_server(context)


@server.command("stop")
@click.option("--remove", "is_removal", is_flag=True, help="Remove, too, what they have recorded of runs.")
@common
def server_stop(context: click.Context, is_removal: bool) -> int:
    """Stop the server that was started here, and its worker."""
    set_up(context)
    from flows.local import prefect_server
    from flows.service import worker as prefect_worker

    prefect_worker.stop()
    prefect_server.stop()
    if is_removal:
        prefect_server.remove()
        show(context, {"removed": True}, lambda: "stopped, and removed what they had recorded of runs")
        return 0
    return _show_server(context)


@server.command("status")
@common
def server_status(context: click.Context) -> int:
    """Say whether they run, and where the server answers."""
    set_up(context)
    return _show_server(context)


def _show_server(context: click.Context) -> int:
    from flows.local import prefect_server
    from flows.service import worker as prefect_worker

    process = prefect_worker.running()
    found = prefect_server.status() | {"worker": process and process.pid, "worker_log": str(prefect_worker.log_path())}
    show(context, found, lambda: pairs(found))
    return 0
