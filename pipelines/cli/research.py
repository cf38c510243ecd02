"""What can be typed by those who read releases: samples, documents, numbers, differences."""

import sys
from typing import Literal

import click

from florilegium.pipelines.cli.options import OUTPUT

_LANGUAGES = click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="LANG",
    help="A language, such as deu_Latn; all if none is named. May be given more than once.",
)
_MOST = click.option(
    "--most", type=click.IntRange(min=1), default=20, show_default=True, help="Rows shown."
)


@click.command()
@click.argument("release")
@click.option("--fraction", type=float, metavar="SHARE", help="Share of the documents: 0.01.")
@click.option("--tokens", type=int, metavar="N", help="Tokens at most.")
@click.option("--documents", type=int, metavar="N", help="Documents at most.")
@click.option(
    "--by",
    type=click.Choice(["language", "quality", "domain", "licence"]),
    help="Draw from each part for itself. A fraction is that of every part; tokens and documents "
    "are divided among parts alike. Parts by quality, domain or licence are those of a language.",
)
@_LANGUAGES
@click.option("--out", metavar="FOLDER", help="Where the sample goes: a local folder or a store.")
@click.option(
    "--format",
    "written",
    type=click.Choice(["parquet", "jsonl"]),
    default="parquet",
    show_default=True,
    help="How documents are written.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come out, by the table of buckets.")
@OUTPUT
def sample(
    release: str,
    fraction: float | None,
    tokens: int | None,
    documents: int | None,
    by: Literal["language", "quality", "domain", "licence"] | None,
    languages: tuple[str, ...],
    out: str | None,
    written: Literal["parquet", "jsonl"],
    dry_run: bool,
    output: str,
) -> None:
    """Draw a sample of the documents in folder RELEASE, with a manifest that `verify` accepts.

    It holds the documents with the least ids, which are hashes. So the same question gets the same
    answer, and 1 % lies within 10 %. Only the row groups that it needs are read; with --by quality,
    domain or licence, also that column and the tokens of all documents.
    """
    from florilegium.pipelines.commands import research

    if dry_run == (out is not None):
        raise click.UsageError("give either --out or --dry-run")
    question = {"fraction": fraction, "tokens": tokens, "documents": documents, "by": by}
    sys.exit(research.sample(release, question, languages, out, written, output))


@click.command()
@click.argument("release")
@click.argument("wanted", metavar="ID_OR_URL")
@click.option("--text", "text_only", is_flag=True, help="Print nothing but the text.")
@OUTPUT
def get(release: str, wanted: str, text_only: bool, output: str) -> None:
    """Show a document of the folder RELEASE by its id or its address.

    All captures of an address are shown, in the order of their ids. The address must be written as
    it was captured. Exits 1 if there is no such document.
    """
    from florilegium.pipelines.commands import research

    sys.exit(research.get(release, wanted, text_only, output))


@click.command()
@click.argument("release")
@click.option(
    "--by",
    type=click.Choice(["language", "domain", "licence"]),
    default="language",
    show_default=True,
    help="What documents are counted by.",
)
@click.option(
    "--measure",
    metavar="NAME",
    help="How a column of numbers is spread in each language instead: tokens, quality, "
    "counts.words; or a share, as counts.sentence_lines/counts.lines.",
)
@_LANGUAGES
@_MOST
@OUTPUT
def stats(
    release: str,
    by: Literal["language", "domain", "licence"],
    measure: str | None,
    languages: tuple[str, ...],
    most: int,
    output: str,
) -> None:
    """Count what is in the folder RELEASE, or say how a measure is spread."""
    from florilegium.pipelines.commands import research

    sys.exit(research.stats(release, by, measure, languages, most, output))


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--texts", is_flag=True, help="Also compare texts letter by letter.")
@_MOST
@OUTPUT
def diff(before: str, after: str, texts: bool, most: int, output: str) -> None:
    """Say what came, went and changed from the release in folder BEFORE to the one in AFTER.

    By language, by domain, by column, and, from their ledgers, by reason. A page that was captured
    anew is renewed. Shards that are the same file in both are not read.
    """
    from florilegium.pipelines.commands import research

    sys.exit(research.diff(before, after, texts, most, output))


COMMANDS: tuple[click.Command, ...] = (sample, get, stats, diff)
