"""What can be typed about Common Crawl: which part of a snapshot is to be read."""

import sys

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("recipe")
@click.option(
    "--out",
    required=True,
    metavar="PLAN",
    help="Where the plan is written: a Parquet file, local, s3:// or gs://.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="PLAN",
    help="An earlier plan: pages that have the digest of one of its pages are not chosen. May be "
    "given more than once.",
)
@OUTPUT
def select(recipe: str, out: str, without: tuple[str, ...], output: str) -> None:
    """Choose, by its index, what a build by RECIPE needs of a snapshot of Common Crawl.

    [commoncrawl] in the recipe says which snapshot, and how fast. Nothing but the index is
    downloaded. The plan is input to a build: `florilegium build RECIPE --input PLAN`.
    """
    from florilegium.pipelines.commoncrawl import select_command

    sys.exit(select_command.select(recipe, out, without, output))


COMMANDS: tuple[click.Command, ...] = (select,)
