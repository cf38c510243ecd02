"""What can be typed to know what a build takes before it begins."""

from typing import Any

import click

_OF_BUILDS = {"step", "key", "dry_run", "max_hours", "max_cost"}
_TO_WATCH = {"metrics", "metrics_port", "lineage"}


def like(build: click.Command) -> click.Command:
    """Return the command that plans what `build` would do, with the options that bear on it."""

    @click.command()
    @click.pass_context
    def plan(context: click.Context, /, **given: Any) -> None:  # noqa: ANN401
        """Say what a build by RECIPE would do and what it takes; do nothing.

        About a hundredth of the input that is still to be harvested is read, at many places: at
        least 4 MiB, and for at most a few minutes. Documents, tokens by language, hours, gigabytes,
        euros and watt-hours are given with a margin. Exit code 3: there is nothing to do.
        """
        context.invoke(build, dry_run=True, **given)

    plan.params = [one for one in build.params if one.name not in _OF_BUILDS | _TO_WATCH]
    return plan
