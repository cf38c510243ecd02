"""What can be typed to describe a release in the formats of others."""

import sys

import click

from florilegium.manifests.publication import FORMATS
from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("release")
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS, "all"]),
    default="all",
    show_default=True,
    help="Croissant, the card of the Hugging Face Hub, the summary of training content that the AI "
    "Act asks for, OpenLineage, SPDX, or all of them.",
)
@click.option(
    "--out",
    metavar="FOLDER|-",
    help="Where to write; - is standard output, for one format. Default: into the release.",
)
@OUTPUT
def export(release: str, form: str, out: str | None, output: str) -> None:
    """Describe the release in folder RELEASE in other formats.

    What is written follows from the manifest and its tables alone. What only the publisher can say
    stands in the recipe, under [release]; what is missing there is named on standard error, and
    the export says that it is not stated.
    """
    from florilegium.pipelines.commands import export as export_command

    sys.exit(export_command.export(release, form, out, output))


COMMANDS: tuple[click.Command, ...] = (export,)
