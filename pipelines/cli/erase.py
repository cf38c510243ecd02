"""What can be typed to erase."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from florilegium.manifests.erasures import BASES, Basis, Promote
from florilegium.pipelines.cli.options import KEY, OUTPUT, WORKERS

_FILE = click.Path(dir_okay=False, path_type=Path)


def _many(name: str, into: str, metavar: str, about: str) -> Callable[[Any], Any]:
    return click.option(name, into, multiple=True, metavar=metavar, help=about)


@click.command()
@click.argument("release")
@_many("--url", "urls", "URL", "An address, however it is written.")
@_many("--domain", "domains", "DOMAIN", "A host and all hosts below it.")
@_many("--id", "ids", "HEX", "Id of a document.")
@_many("--pattern", "patterns", "GLOB", "Whole addresses; * stands for anything.")
@_many("--regex", "regexes", "RE2", "Whole addresses, by a regular expression.")
@_many(
    "--list",
    "lists",
    "FILE",
    "A line each: an address, a host, *.example.org for all below that host, an id, or what "
    "`opt-outs` printed; - is standard input.",
)
@_many("--records", "records", "WARC", "Later captures of what hosts say, as for `opt-outs`.")
@click.option(
    "--basis", type=click.Choice(BASES), required=True, help="Why, as the log and the ledger say."
)
@click.option("--note", default="", help="For the log, such as the number of a case; no names.")
@click.option(
    "--promote",
    type=click.Choice(["none", "copy"]),
    default="none",
    show_default=True,
    help="What takes the place of a document: nothing, so that its copies go too, or the best copy "
    "that is not erased.",
)
@click.option(
    "--erasure-key",
    "secret",
    type=_FILE,
    metavar="FILE",
    envvar="FLORILEGIUM_ERASURE_KEY",
    help="Key of the hashes in the log. Default: erasures.key beside the release, which is made if "
    "it is not there.",
)
@KEY
@click.option(
    "--keep-out", is_flag=True, help="Note what is named even if the release holds none of it."
)
@click.option("--everywhere", is_flag=True, help="Erase in all releases of the corpus.")
@click.option(
    "--remove-parent", is_flag=True, help="Remove each old release once its successor is whole."
)
@click.option("--dry-run", is_flag=True, help="Say what would be erased; do nothing.")
@WORKERS
@OUTPUT
def erase(
    release: str,
    urls: tuple[str, ...],
    domains: tuple[str, ...],
    ids: tuple[str, ...],
    patterns: tuple[str, ...],
    regexes: tuple[str, ...],
    lists: tuple[str, ...],
    records: tuple[str, ...],
    basis: Basis,
    note: str,
    promote: Promote,
    secret: Path | None,
    key: Path | None,
    keep_out: bool,
    everywhere: bool,
    remove_parent: bool,
    dry_run: bool,
    workers: int,
    output: str,
) -> None:
    """Make a release without some documents of the one in folder RELEASE, and keep them out.

    The new release lies beside the old one and names it. What is erased is noted in the log of the
    corpus by keyed hashes, taken out of the parts in the work folder, and kept out of later builds.
    If nothing is named, what the log says already is done to RELEASE.
    """
    from florilegium.pipelines.commands import erase as erase_command

    sys.exit(
        erase_command.erase(
            release,
            erase_command.Named(urls, domains, ids, patterns, regexes, lists, records),
            erase_command.Options(
                basis=basis,
                note=note,
                promote=promote,
                secret=secret,
                key=key,
                keep_out=keep_out,
                everywhere=everywhere,
                remove_parent=remove_parent,
                dry_run=dry_run,
                workers=workers,
                output=output,
            ),
        )
    )


COMMANDS: tuple[click.Command, ...] = (erase,)
