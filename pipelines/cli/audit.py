"""What can be typed about finished releases: keys, signatures, checks, proofs and opt-outs."""

import sys
from pathlib import Path
from typing import Literal

import click

from florilegium.pipelines.cli.options import OUTPUT, WORKERS

_FILE = click.Path(dir_okay=False, path_type=Path)
_PUBLIC = click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FILE",
    type=_FILE,
    help="Public key that must have signed it. May be given more than once.",
)


@click.group()
def keys() -> None:
    """Make and show the keys that sign releases."""


@keys.command("make")
@click.argument("file", type=_FILE)
@click.option(
    "--passphrase/--no-passphrase",
    default=False,
    help="Lock the key with a passphrase, asked for or in FLORILEGIUM_KEY_PASSPHRASE.",
)
@OUTPUT
def make_key(file: Path, passphrase: bool, output: str) -> None:
    """Write a new key to FILE and its public half to FILE.pub.

    Keep the first to yourself and hand out the second. Both are PEM files, Ed25519.
    """
    from florilegium.pipelines.commands import audit

    sys.exit(audit.make_key(file, passphrase, output))


@keys.command("show")
@click.argument("file", type=_FILE)
@OUTPUT
def show_key(file: Path, output: str) -> None:
    """Show the name of the public key in FILE, as signatures and `verify` give it."""
    from florilegium.pipelines.commands import audit

    sys.exit(audit.show_key(file, output))


@click.command()
@click.argument("release")
@click.option(
    "--key", required=True, metavar="FILE", type=_FILE, help="Key, as `keys make` wrote it."
)
@OUTPUT
def sign(release: str, key: Path, output: str) -> None:
    """Sign the release in folder RELEASE: its manifest, and with it all that is in it.

    The signature goes to manifest.dsse.json. Several keys may sign the same release.
    """
    from florilegium.pipelines.commands import audit

    sys.exit(audit.sign(release, key, output))


@click.command()
@click.argument("release", required=False)
@click.option(
    "--depth",
    type=click.Choice(["tables", "files", "rows"]),
    default="rows",
    show_default=True,
    help="How deep to look: at the manifest and its tables, at the digest of every file, at every "
    "document.",
)
@_PUBLIC
@click.option("--root", metavar="HEX", help="Root that the release, or the proof, must have.")
@click.option(
    "--lineage",
    "traced",
    metavar="N",
    type=click.IntRange(min=1),
    help="Also make N documents, drawn by the root, again from the inputs and compare.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="WARC",
    help="The inputs of the release, for --lineage: WARC files, or folders of them.",
)
@click.option(
    "--parent",
    metavar="RELEASE",
    help="What it was made of, also checked: a release without what was erased and otherwise the "
    "same, or a sample, which is drawn again in memory.",
)
@click.option(
    "--erasure-key",
    metavar="FILE",
    type=_FILE,
    help="Also check, with the key of erasures, that nothing is left of what its log names.",
)
@click.option("--proof", metavar="FILE", type=_FILE, help="Check the proof of one document.")
@OUTPUT
def verify(
    release: str | None,
    depth: Literal["tables", "files", "rows"],
    keys: tuple[Path, ...],
    root: str | None,
    traced: int | None,
    inputs: tuple[str, ...],
    parent: str | None,
    erasure_key: Path | None,
    proof: Path | None,
    output: str,
) -> None:
    """Check the release in folder RELEASE from its files alone; exit 1 with every finding.

    A sample is checked likewise, and with --parent against what it was drawn from.

    With --proof, no release is needed: what `prove` wrote is checked by itself.
    """
    from florilegium.pipelines.commands import audit

    if (release is None) == (proof is None):
        raise click.UsageError("give either a RELEASE or --proof")
    if (traced is None) != (not inputs):
        raise click.UsageError("--lineage needs --input, and the other way round")
    if proof is not None and parent is not None:
        raise click.UsageError("--parent is for a sample, not for --proof")
    if proof is not None:
        sys.exit(audit.verify_proof(proof, keys, root, output))
    assert release is not None
    sys.exit(
        audit.verify(release, depth, keys, root, traced or 0, inputs, parent, output, erasure_key)
    )


@click.command()
@click.argument("release")
@click.option("--id", "wanted", required=True, metavar="HEX", help="Id of the document.")
def prove(release: str, wanted: str) -> None:
    """Print a proof that a document is in the release in folder RELEASE, for `verify --proof`."""
    from florilegium.pipelines.commands import audit

    sys.exit(audit.prove(release, wanted))


@click.command("opt-outs")
@click.argument("release")
@click.option(
    "--records",
    multiple=True,
    metavar="WARC",
    help="Captures of what hosts say: a WARC file, or a folder of them. May be given more than "
    "once.",
)
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="FILE",
    help="Hosts and addresses, one a line; *.example.org is all below that host. May be given more "
    "than once.",
)
@click.option(
    "--recipe",
    help="Recipe whose [rights] count, alone or with captures. Default: what the release was built "
    "with.",
)
@WORKERS
@OUTPUT
def opt_outs(
    release: str,
    records: tuple[str, ...],
    lists: tuple[str, ...],
    recipe: str | None,
    workers: int,
    output: str,
) -> None:
    """List the documents of a RELEASE that are opted out of by now; nothing is changed.

    Each is a line: its id, the SHA-256 of its address, the rule, what says so, where that stands,
    and the shard that holds it. As text, tabs are between them; as JSON, each is an object.
    """
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.opt_outs(release, records, lists, recipe, workers, output))


COMMANDS: tuple[click.Command, ...] = (keys, sign, verify, prove, opt_outs)
