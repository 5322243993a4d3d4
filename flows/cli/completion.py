"""`completion`: what a shell has to read so that it completes commands, options and names of tables."""

import click
from click.shell_completion import CompletionItem, get_completion_class

from flows.cli.command import NAME, common, set_up

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_NXTGAUGE_MIGRATE_COMPLETE"  # by which a shell asks the program


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@common
def completion(context: click.Context, shell: str) -> int:
    """Print what a shell reads to complete commands, options, profiles and tables.

    \b
    bash: add to ~/.bashrc   eval "$(nxtgauge-migrate completion bash)"
    zsh:  add to ~/.zshrc    eval "$(nxtgauge-migrate completion zsh)"
    fish: nxtgauge-migrate completion fish > ~/.config/fish/completions/nxtgauge-migrate.fish
    """
    set_up(context)
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    group = context.find_root().command
    # The method that click itself calls looks at the installed bash before, and fails where there is none.
    made = kind(group, {}, NAME, VARIABLE)
    click.echo(made.source_template % made.source_vars())
    return 0


def profiles(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of profiles; a file is completed by the shell."""
    from config import origins

    found = [CompletionItem(name) for name in origins.profiles() if name.startswith(begun)]
    return found or [CompletionItem(begun, type="file")]


def tables(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of tables, old and new, as far as they are known without a database."""
    from config import mapping, target

    known = {*mapping.load().tables, *target.load()}
    return [CompletionItem(name) for name in sorted(known) if name.startswith(begun)]
