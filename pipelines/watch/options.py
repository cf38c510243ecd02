"""Options of commands that can be seen from outside."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What is said while it runs: lines for people, or a JSON object a line on standard "
        "error, progress and warnings included (docs/operations.md).",
    ),
    click.option(
        "--metrics",
        metavar="FILE",
        type=_FILE,
        help="Keep metrics for Prometheus in FILE, whose name ends with .prom if node_exporter is "
        "to find it.",
    ),
    click.option(
        "--metrics-port",
        metavar="PORT",
        type=click.IntRange(1, 65535),
        help="Serve the same metrics on this port of 127.0.0.1 while it runs.",
    ),
    click.option(
        "--lineage",
        metavar="FILE",
        type=_FILE,
        help="Append OpenLineage events to FILE while it runs. If OPENLINEAGE_URL is set, they are "
        "posted there, with or without this.",
    ),
)


def watch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, as one argument `watch`: a `WatchChoice`."""

    @wraps(command)
    def choosing(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        # What can be typed is there before what does it is loaded.
        from florilegium.pipelines.watch.command import WatchChoice

        names = ("log_format", "metrics", "metrics_port", "lineage")
        chosen = WatchChoice(**{name: options.pop(name) for name in names})
        command(*arguments, watch=chosen, **options)

    for option in reversed(_OPTIONS):
        choosing = option(choosing)
    return choosing
