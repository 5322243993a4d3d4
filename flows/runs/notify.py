"""Notices to people, as a Prefect flow that automations start.

The address, which holds a secret as a rule, comes from the worker's environment alone; so the Prefect server, which
starts the notice, never knows it.
"""

from typing import Literal
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.utilities.urls import url_for

from config import settings as configuration
from config.errors import MigrateError

HAPPENED = {
    "failed": "failed",
    "crashed": "crashed: its process is gone, or no heartbeat came from it",
    "gate": "may not publish: a gate is closed",
    "approval": "waits for approval before it publishes",
}


class NoticeFailed(MigrateError):
    """Nobody could be told."""


@flow(name="notify", flow_run_name="{what} {run_name}", persist_result=False)
def notify(
    what: Literal["failed", "crashed", "gate", "approval"], flow_name: str, run_name: str, flow_run_id: UUID
) -> None:
    """Tells people what has happened to a run.

    Args:
        what: What has happened.
        flow_name: The flow that it has happened to.
        run_name: The flow run, by its name in Prefect.
        flow_run_id: Its id, which leads to its page.
    """
    title = f"nxtgauge-migrate: {flow_name} {run_name} {HAPPENED[what]}"
    url = configuration.load().notify_url
    if url is None:
        get_run_logger().warning("%s; nobody is told, for NXTGAUGE_NOTIFY_URL is not set", title)
        return
    _tell(url.get_secret_value(), title, url_for("flow-run", obj_id=flow_run_id) or "")


def _tell(url: str, title: str, body: str) -> None:
    """Errors: NoticeFailed, without the address."""
    from apprise import Apprise

    notices = Apprise()
    if not notices.add(url):
        raise NoticeFailed("NXTGAUGE_NOTIFY_URL is no address that Apprise knows; see its list of services")
    if not notices.notify(title=title, body=body):
        raise NoticeFailed("the service behind NXTGAUGE_NOTIFY_URL did not take the notice")
