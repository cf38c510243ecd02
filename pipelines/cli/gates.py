"""What can be typed about which release of a corpus is the newest."""

import sys

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("place", metavar="RELEASE")
@click.option(
    "--back", is_flag=True, help="Go back to the release before; name the corpus, or its latest."
)
@click.option(
    "--despite",
    multiple=True,
    metavar="GATE",
    help="Accept that it failed this gate. May be given more than once.",
)
@click.option("--force", is_flag=True, help="Accept every gate that it failed.")
@click.option(
    "--because", default="", metavar="REASON", help="Why that is accepted, for latest.json."
)
@OUTPUT
def promote(
    place: str, back: bool, despite: tuple[str, ...], force: bool, because: str, output: str
) -> None:
    """Let the staged RELEASE be the newest of its corpus, or go back to the one before.

    It must be whole, have passed its gates and hold nothing that was erased since. OUT/NAME/latest
    leads to it from then on, at once for all who read.
    """
    from florilegium.pipelines.gates import command

    if back and (despite or force or because):
        raise click.UsageError("--back accepts nothing: it takes no other option")
    sys.exit(
        command.go_back(place, output)
        if back
        else command.promote(place, despite, force, because, output)
    )


@click.command()
@click.argument("corpus", metavar="OUT/NAME")
@OUTPUT
def releases(corpus: str, output: str) -> None:
    """List the releases of a corpus: the newest, those before it, and those that are staged.

    With documents and tokens, when each was promoted, what its gates said, and when the last
    erasure was that it carries; `behind` is one that does not carry all.
    """
    from florilegium.pipelines.gates import command

    sys.exit(command.releases(corpus, output))


@click.command()
@click.argument("release")
@click.option(
    "--against",
    metavar="RELEASE",
    help="What it is compared with. Default: the newest of its corpus, or the one before if it is "
    "that.",
)
@OUTPUT
def gates(release: str, against: str | None, output: str) -> None:
    """Judge a RELEASE by the gates of its recipe, or by their defaults; exit 4 if one fails.

    Nothing is changed: what a build said of it stays in OUT/NAME/gates/.
    """
    from florilegium.pipelines.gates import command

    sys.exit(command.gates(release, against, output))


COMMANDS: tuple[click.Command, ...] = (promote, releases, gates)
