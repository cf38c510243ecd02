"""The commands that promote, go back and list. Each returns the exit code of the program."""

from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
from rich.table import Table

from florilegium.manifests import gate_report, promotion
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location, find_release, locate
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.promotion import Promotion
from florilegium.manifests.verify import verify
from florilegium.pipelines.commands.answers import (
    DONE,
    FAILED,
    LOCKED,
    NOTHING_TO_DO,
    STAGED,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.gates import erased, listing
from florilegium.pipelines.gates.admission import before, settings_of
from florilegium.pipelines.gates.judge import judge
from florilegium.pipelines.gates.listing import Listed
from florilegium.pipelines.gates.promotion import NoReleaseError, back, latest, mend
from florilegium.pipelines.gates.promotion import promote as swap
from florilegium.pipelines.gates.table import show
from florilegium.pipelines.lock import LockedError, lock
from florilegium.pipelines.publishing import derived


class _NotAcceptedError(Exception):
    """Gates that a release failed and nobody accepted."""


def promote(name: str, despite: Iterable[str], force: bool, because: str, output: str) -> int:
    """Let a staged release be the newest of its corpus, if it is whole and passed its gates."""
    accepted = frozenset(despite)
    if bool(accepted or force) != bool(because):
        return ended(USAGE, "--despite and --force need --because, and it needs one of them")
    try:
        release = _resolved(find_release(name))
        manifests.read(release)  # Where there is no release, no lock is left behind.
        with lock(release.parent / "work" / "lock"):
            return _promote(release, accepted, force, because, output)
    except LockedError as error:
        return ended(LOCKED, str(error))
    except _NotAcceptedError as error:
        return ended(STAGED, str(error))
    except FileNotFoundError as error:
        return ended(USAGE, f"{error.filename or error}: there is no such file or release")
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)


def _promote(
    release: Location, accepted: frozenset[str], force: bool, because: str, output: str
) -> int:
    manifest = manifests.read(release)
    if manifest.build_id != release.name:
        raise ValueError(f"{release} is build {manifest.build_id}: a release goes by its build")
    now = latest(release.parent)
    if now is not None and now.current.build_id == release.name:
        mend(release.parent)
        return ended(NOTHING_TO_DO, f"nothing to do: {release} is the newest of its corpus")
    if findings := list(verify(release, depth="tables", by=derived.ours())):
        return ended(FAILED, "\n".join([f"{release} is not whole:", *findings]))
    erased.check(release)
    failed = _failed(release, manifest, accepted, force)
    swap(release, failed, because)
    return _answer(release.parent, output)


def _failed(
    release: Location, manifest: Manifest, accepted: frozenset[str], force: bool
) -> tuple[str, ...]:
    """Return the gates that a release failed, all of which were accepted."""
    report = gate_report.read(release)
    if report is None and manifest.recipe.get("gates"):  # lost, or its build was killed before
        report = judge(release, settings_of(manifest), before(release))
        gate_report.write(release, report)
    failed = report.failed if report else ()
    if unknown := sorted(accepted - set(failed)):
        raise ValueError(f"{release} did not fail {', '.join(unknown)}: say so only of what it did")
    if not force and (left := [name for name in failed if name not in accepted]):
        raise _NotAcceptedError(
            f"{release} failed {', '.join(left)}: see `florilegium gates {release}`; "
            "--despite NAME --because REASON accepts that"
        )
    return failed


def go_back(name: str, output: str) -> int:
    """Let the release before be the newest of its corpus again."""
    try:
        home = _corpus_of(locate(name))
        with lock(home / "work" / "lock"):
            back(home)
            return _answer(home, output)
    except LockedError as error:
        return ended(LOCKED, str(error))
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)


def _corpus_of(place: Location) -> Location:
    """Return the folder of the corpus that a person names, or of which a release."""
    for home in (place, place.parent):
        if (home / promotion.NAME).is_file():
            return home
    raise NoReleaseError(f"{place} has no newest release: name the folder of a corpus, OUT/NAME")


def gates(name: str, against: str | None, output: str) -> int:
    """Judge a release again, against the newest of its corpus or another."""
    try:
        release = _resolved(find_release(name))
        parent = _resolved(find_release(against)) if against else before(release)
        settings = settings_of(manifests.read(release))
        report = judge(release, settings, parent)
    except FileNotFoundError as error:
        return ended(USAGE, f"{error.filename or error}: there is no such file or release")
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(report)
    else:
        show(report, console_for(output))
    return STAGED if report.failed else DONE


def releases(name: str, output: str) -> int:
    """List the releases of a corpus."""
    try:
        found = listing.listed(locate(name))
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if not found:
        return ended(USAGE, f"{name} holds no release: name the folder of a corpus, OUT/NAME")
    if output == "json":
        for one in found:
            print_json(one)
        return DONE
    console_for(output).print(_table(found))
    return DONE


def _answer(home: Location, output: str) -> int:
    now = latest(home)
    assert now is not None
    if output == "json":
        print_json(
            {
                "release": str(home / now.current.build_id),
                **msgspec.to_builtins(now.current),
                "before": now.earlier[0].build_id if now.earlier else None,
            }
        )
        return DONE
    click.echo(f"promoted   {home / now.current.build_id}")
    for line in _remarks(now.current):
        click.echo(line)
    if now.earlier:
        click.echo(f"before     {now.earlier[0].build_id}")
    return DONE


def _remarks(one: Promotion) -> Iterable[str]:
    if one.despite:
        yield f"despite    {', '.join(one.despite)}"
        yield f"because    {printable(one.because)}"


def _table(found: list[Listed]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("release", "state", "documents", "tokens", "promoted", "gates", "erased"):
        table.add_column(name, justify="right" if name in ("documents", "tokens") else "left")
    for one in found:
        table.add_row(
            one.build_id,
            one.state,
            "" if one.documents is None else f"{one.documents:,}",
            "" if one.tokens is None else f"{one.tokens:,}",
            one.promoted or "",
            _gates(one),
            (one.erased or "") + (" (behind)" if one.behind else ""),
        )
    return table


def _gates(one: Listed) -> str:
    if one.failed is None:
        return ""
    if not one.failed:
        return "passed"
    return f"{'accepted' if one.despite else 'failed'}: {', '.join(one.failed)}"


def _resolved(place: Location) -> Location:
    return place.resolve() if isinstance(place, Path) else place
