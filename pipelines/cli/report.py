"""What can be typed to look at a release."""

import sys
from pathlib import Path

import click


@click.command()
@click.argument("release", metavar="RELEASE")
@click.option(
    "--parent",
    metavar="RELEASE",
    help="An earlier release, to tell the difference to; columns of documents are read for that.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="report.html",
    show_default=True,
    help="The file to write, - for standard output.",
)
def report(release: str, parent: str | None, out: Path) -> None:
    """Write what a release is as one page of HTML, to be opened in any browser.

    Funnel, languages, reasons of losses with examples, rights, licences, personal data, lengths,
    scores and duplicates, and the difference to a parent. The page loads nothing and runs nothing.
    It is made of the manifest and the tables: no document is read.
    """
    from florilegium.pipelines.report.command import write_report

    sys.exit(write_report(release, parent, out))


COMMANDS = (report,)
