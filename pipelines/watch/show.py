"""The command that shows a status. It returns the exit code of the program."""

from collections.abc import Iterator

import click
import msgspec

from florilegium.manifests.location import locate
from florilegium.pipelines.commands.answers import (
    DONE,
    FAILED,
    USAGE,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.watch import status as statuses
from florilegium.pipelines.watch.status import Status


def show(corpus: str, output: str) -> int:
    """Print the status of a corpus; `FAILED` if its build looks dead."""
    try:
        found = statuses.read(locate(corpus))
    except (FileNotFoundError, NotADirectoryError):
        return ended(USAGE, f"{corpus}: there is no {statuses.NAME}; name the folder OUT/NAME")
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    why = statuses.dead(found, statuses.now())
    if output == "json":
        print_json(msgspec.to_builtins(found) | {"dead": why})
    else:
        for name, said in _lines(found, why):
            click.echo(f"{name:9} {printable(said)}")
    return FAILED if why else DONE


def _lines(status: Status, why: str | None) -> Iterator[tuple[str, str]]:
    yield "corpus", status.recipe
    yield "build", status.build_id or "not known"
    said = f" · {status.step}" if status.step else ""
    yield "state", f"{status.state.replace('_', ' ')}{said}"
    if why:
        yield "dead?", f"{why}; run the same command again to go on"
    yield "started", f"{status.started:%Y-%m-%d %H:%M:%S} UTC"
    yield "updated", f"{status.updated:%Y-%m-%d %H:%M:%S} UTC"
    if status.engine:
        yield "engine", f"{status.engine}, workers: {status.workers}"
    yield "process", f"{status.pid} on {status.host}"
    yield "units", f"{status.units_done:,} of {status.units:,}"
    yield "records", f"{status.records:,}, {status.documents:,} documents"
    if status.losses:
        losses = (f"{stage} {number:,}" for stage, number in sorted(status.losses.items()))
        yield "lost", ", ".join(losses)
    if status.shards:
        yield "shards", f"{status.shards_done:,} of {status.shards:,}"
    if status.seconds:
        yield "seconds", ", ".join(f"{step} {n:,.1f}" for step, n in status.seconds.items())
    if status.forecast_end:
        yield "forecast", f"{status.step} ends {status.forecast_end:%Y-%m-%d %H:%M:%S} UTC"
    if status.exit_code is not None:
        yield "exit code", str(status.exit_code)
    if status.message:
        yield "message", status.message
    if status.release:
        yield "release", status.release.path
    if status.last_success:
        yield "success", f"{status.last_success:%Y-%m-%d %H:%M:%S} UTC"
