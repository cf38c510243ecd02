"""Writing a report, with an answer for whoever asked for it."""

from pathlib import Path

import click

from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import find_release, replacing
from florilegium.manifests.verify_files import UNREADABLE
from florilegium.pipelines.commands.answers import DONE, USAGE, ended, stopped
from florilegium.pipelines.report.render import report


def write_report(release: str, parent: str | None, out: Path) -> int:
    """Write the report on a release to a file; return the exit code of the program."""
    named = parent or release
    try:
        place = find_release(named)
        before = (place, manifests.read(place)) if parent else None
        named = release
        page = report(find_release(release), before)
        if str(out) == "-":
            click.echo(page.decode(), nl=False)
            return DONE
        with replacing(out) as draft:
            draft.write_bytes(page)
    except OSError as error:
        return stopped(error)
    except UNREADABLE as error:
        return ended(USAGE, f"{named}: {error}; florilegium verify tells what is wrong with it")
    click.echo(f"{out} written: {len(page):,} bytes")
    return DONE
