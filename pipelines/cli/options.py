"""Options that several commands have."""

import math
from pathlib import Path
from typing import Any

import click


class Positive(click.ParamType[float]):
    """A number above 0 that is none of the endless ones."""

    name = "number"

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number; usage error if it is none, or not positive."""
        found = click.FLOAT.convert(value, param, ctx)
        if not (math.isfinite(found) and found > 0):
            self.fail(f"{value!r} is not a positive number.", param, ctx)
        return found


POSITIVE = Positive()

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
