"""What can be typed to see what a corpus is at."""

import sys

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("corpus", metavar="OUT/NAME")
@OUTPUT
def status(corpus: str, output: str) -> None:
    """Show what a corpus is at: the build that runs, or how the last one ended.

    It reads status.json in the folder of the corpus, and says if the build looks dead: its process
    is gone, or gave no sign of life for a while. Exit codes: 0 shown, 1 looks dead, 2 no status.
    """
    from florilegium.pipelines.watch.show import show

    sys.exit(show(corpus, output))


COMMANDS = (status,)
