"""What can be typed about getting pages: `crawl`."""

import sys
from pathlib import Path

import click

from florilegium.pipelines.cli.options import OUTPUT


@click.command()
@click.argument("seeds", nargs=-1, metavar="[SEEDS]...")
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the crawl: WARC files go to DIR/warc, and what it knows to DIR/state.",
)
@click.option(
    "--contact",
    metavar="URL",
    help="Where people find out what this crawl does, and can complain: a page, or mailto:… "
    "It is told to every host, and there is no crawl without (recipe: crawl.contact).",
)
@click.option("--recipe", metavar="RECIPE", help="Recipe, by name or path, whose [crawl] counts.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of [crawl], such as budget.depth=3. May be given more than once.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Visit all that is known once more: what is unchanged becomes a revisit record.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 512),
    default=1,
    show_default=True,
    help="Worker processes; each serves hosts of its own.",
)
@OUTPUT
def crawl(
    seeds: tuple[str, ...],
    out: Path,
    contact: str | None,
    recipe: str | None,
    changes: tuple[str, ...],
    again: bool,
    workers: int,
    output: str,
) -> None:
    """Fetch sites, politely, from SEEDS on into WARC files: addresses, or files with one a line.

    Robots.txt is obeyed, one page of a host is asked for at a time, and hosts rest in between. A
    crawl that was interrupted goes on where it was when the same command is run again.
    """
    from florilegium.pipelines.commands import crawl as crawl_command

    sys.exit(crawl_command.crawl(seeds, out, contact, recipe, changes, again, workers, output))


@click.command("demo-crawl")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def demo_crawl(folder: Path) -> None:
    """Crawl the demonstration's site, which is served on loopback meanwhile, into FOLDER."""
    from florilegium.pipelines.commands import crawl as crawl_command

    sys.exit(crawl_command.demo_crawl(folder))


COMMANDS: tuple[click.Command, ...] = (crawl, demo_crawl)
