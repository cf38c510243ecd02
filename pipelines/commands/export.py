"""The command that exports. It returns the exit code of the program."""

import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import cast

import click

from florilegium.manifests import envelope, exports, publication
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location, find_release, locate, replacing
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.publication import FORMATS, Format
from florilegium.pipelines.commands.answers import DONE, USAGE, ended, print_json, stopped
from florilegium.pipelines.publishing import derived


def export(release: str, form: str, out: str | None, output: str) -> int:
    """Write a release's description in one format or all, into it or elsewhere."""
    chosen: Sequence[Format] = FORMATS if form == "all" else (cast(Format, form),)
    if out == "-" and (form == "all" or output == "json"):
        return ended(USAGE, "--out - is for one --format, as text")
    try:
        place = find_release(release)
        manifest = manifests.read(place)
        names = derived.named(chosen)
        if out == "-":
            names = [exports.FILES[chosen[0]][0]]
        by = derived.ours()
        made = {name: by.made(place, manifest, name) for name in names}
        if out is None:
            _refuse_to_break_signature(place, made)
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    unsaid = _not_stated(manifest, chosen)
    if unsaid:
        click.echo(f"florilegium: not stated in the recipe: {', '.join(unsaid)}", err=True)
    if out == "-":
        sys.stdout.buffer.write(made[names[0]])
        return DONE
    return _write(made, place if out is None else locate(out), release, unsaid, output)


def _write(
    made: dict[str, bytes], into: Location, release: str, unsaid: list[str], output: str
) -> int:
    try:
        for name, content in made.items():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(into / name) as draft:
                draft.write_bytes(content)
    except OSError as error:
        return stopped(error)
    if output == "json":
        digests = {name: sha256(content).hexdigest() for name, content in made.items()}
        print_json({"release": release, "files": digests, "not_stated": unsaid})
    else:
        for name in made:
            click.echo(str(into / name))
    return DONE


def _not_stated(manifest: Manifest, chosen: Sequence[Format]) -> list[str]:
    """Return the keys of the recipe that the formats ask for and that are not there."""
    stated = publication.of(manifest.recipe)
    return list(dict.fromkeys(key for form in chosen for key in publication.missing(stated, form)))


def _refuse_to_break_signature(release: Location, made: dict[str, bytes]) -> None:
    """Raise ValueError if a signed file would become another."""
    if (signed := envelope.read(release)) is None:
        return
    for subject in envelope.statement_of(signed).subject:
        content = made.get(subject.name)
        if content is not None and sha256(content).hexdigest() != subject.digest.get("sha256"):
            raise ValueError(
                f"{subject.name} is signed, and this program writes another: use --out"
            )
