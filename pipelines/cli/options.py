"""Options that several commands have."""

from pathlib import Path

import click

OUTPUT = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to answer on standard output.",
)
KEY = click.option(
    "--key",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign the finished release with the key in FILE, as `keys make` wrote it.",
)
RECIPE = click.option(
    "--recipe", default="european", show_default=True, help="Recipe by name or path."
)
WORKERS = click.option(
    "--workers",
    type=click.IntRange(1, 512),
    default=1,
    show_default=True,
    help="Worker processes.",
)
