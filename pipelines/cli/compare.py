"""What can be typed to compare recipes."""

import sys

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("recipe_a", metavar="RECIPE")
@click.argument("recipe_b", metavar="RECIPE")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    required=True,
    metavar="WARC",
    help="A WARC file, a folder of them, or a plan of `select`. May be given more than once.",
)
@click.option(
    "--out",
    default="corpora",
    show_default=True,
    help="Where corpora are kept: both releases and what they are made of go to OUT/_compare.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting in place of that of both recipes, such as 'languages=[\"deu_Latn\"]'. May be "
    "given more than once.",
)
@click.option(
    "--set-b",
    "settings_of_b",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting in place of that of the second recipe only. May be given more than once.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 512),
    help="Worker processes. Default: one for every 16 MiB of input, at most one a core.",
)
@click.option(
    "--examples",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="How many documents are shown for each of the rules on which they disagree most.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Languages shown, those on which they disagree most.",
)
@OUTPUT
def compare(
    recipe_a: str,
    recipe_b: str,
    inputs: tuple[str, ...],
    out: str,
    settings: tuple[str, ...],
    settings_of_b: tuple[str, ...],
    workers: int | None,
    examples: int,
    most: int,
    output: str,
) -> None:
    """Build two recipes from the same input and say what each keeps, by language, and why.

    A is the first RECIPE, B the second; both may be the same, with settings that differ. The input
    is harvested once if both read it alike, and for each if not. Of what only one keeps, the ledger
    of the other says by which rule it was lost. Run again, it does only what is not done.
    """
    from florilegium.pipelines.compare.command import compare_recipes

    sys.exit(
        compare_recipes(
            (recipe_a, recipe_b),
            inputs,
            out,
            settings,
            settings_of_b,
            workers,
            examples,
            most,
            output,
        )
    )


COMMANDS = (compare,)
