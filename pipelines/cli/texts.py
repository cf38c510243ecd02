"""What can be typed about texts, rules and recipes, beside building and inspecting."""

import sys
from pathlib import Path

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("recipe")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    required=True,
    metavar="WARC",
    help="A WARC file, or a folder of them, as it was given to build.",
)
@click.option("--out", default="corpora", show_default=True, help="Where corpora are kept.")
@OUTPUT
def calibrate(recipe: str, inputs: tuple[str, ...], out: str, output: str) -> None:
    """Measure certainty of language and quality in what was harvested, and say what to ask for.

    Reads what `build RECIPE --step harvest` left, and writes all filters of the recipe anew: for
    each language and length of text the probability that it must have, and the documents that rests
    on; for each language limits of repetition and of ends of lines, with the shares of texts that
    the recipe's rules keep before and after, and an alarm where a share is far from those of the
    language's family.
    """
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.calibrate(recipe, inputs, out, output))


@click.command()
@click.argument("recipe")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting in place of the recipe's, such as filters.repetition.max_top_bigram=0.25. May "
    "be given more than once.",
)
@click.option("--out", default="corpora", show_default=True, help="Where corpora are kept.")
@click.option(
    "--examples",
    type=click.IntRange(0, 100),
    default=8,
    show_default=True,
    help="How many documents that would be gained or lost are shown.",
)
@OUTPUT
def whatif(recipe: str, settings: tuple[str, ...], out: str, examples: int, output: str) -> None:
    """Say what the last build would gain and lose if limits of its filters were others.

    RECIPE, with the settings given, is compared with the recipe of the last build below OUT.
    Documents and tokens are told by language and by rule. No input is read, nothing is written.
    """
    from florilegium.pipelines.commands import whatif as whatif_command

    sys.exit(whatif_command.ask(recipe, settings, out, examples, output))


@click.command()
@click.option("--jsonl", is_flag=True, help="Read texts as JSON lines from standard input.")
@OUTPUT
def identify(jsonl: bool, output: str) -> None:
    """Tell the language of a text on standard input, and of each of its paragraphs.

    With --jsonl, texts are read a line each: {"id", "text"}, and answered by a JSON line each.
    """
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.identify(jsonl, output))


@click.command()
@click.argument("recipe", required=False)
@OUTPUT
def recipes(recipe: str | None, output: str) -> None:
    """List the recipes that come with the package, or explain RECIPE.

    RECIPE is a shipped one by name, or a TOML file: what it is for, what it follows from, and every
    key that it has otherwise than its base and than the defaults.
    """
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.recipes(recipe, output))


@click.command("train-quality")
@click.option(
    "--good",
    multiple=True,
    required=True,
    metavar="PLACE",
    help="Good examples: a file (.txt, .jsonl, .parquet), a folder of them, or a release. May be "
    "given more than once.",
)
@click.option(
    "--bad",
    multiple=True,
    required=True,
    metavar="PLACE",
    help="Bad examples, or a sample of anything. May be given more than once.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder for the model and its card.",
)
@click.option("--field", default="text", show_default=True, help="Field that holds the text.")
@OUTPUT
def train_quality(
    good: tuple[str, ...], bad: tuple[str, ...], out: str, field: str, output: str
) -> None:
    """Train a scorer of quality on good and bad examples, and say how well it tells them apart.

    A tenth of the domains is held out to say so. The same examples give the same model.
    """
    from florilegium.pipelines.commands import train as train_command

    sys.exit(train_command.train_quality(good, bad, out, field, output))


@click.command("demo-web")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def demo_web(folder: Path) -> None:
    """Write the demonstration's WARC files, pages of our own with known fates, into FOLDER."""
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.demo_web(folder))


COMMANDS: tuple[click.Command, ...] = (
    calibrate, whatif, identify, recipes, train_quality, demo_web,
)  # fmt: skip
