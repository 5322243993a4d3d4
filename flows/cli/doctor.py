"""`doctor`: what stands in the way of a migration on this machine and these servers."""

import click

from flows.cli.command import common, settings_of, show


@click.command()
@common
def doctor(context: click.Context) -> int:
    """Look at files, servers, privileges, room, clocks and Prefect; say of each what to do. Writes nothing."""
    settings = settings_of(context)
    from flows.local import doctor as examination

    found = examination.examine(settings)
    show(context, examination.to_json(found), lambda: examination.text(found))
    return examination.exit_code(found)
