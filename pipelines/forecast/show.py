"""A forecast for people."""

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.text import Text

from florilegium.pipelines.forecast.estimate import Step
from florilegium.pipelines.forecast.forecast import Forecast

LANGUAGES = 12
"""Those with most tokens are shown; all are in JSON."""


def show(found: Forecast, console: Console) -> None:
    """Print it."""
    for name in ("recipe", "units", "units_done", "bytes", "engine", "workers", "release"):
        console.print(f"{name.replace('_', ' '):11} {getattr(found, name)}", soft_wrap=True)
    read = found.read
    console.print(
        f"\nEstimated from {read.records:,} records at {read.places:,} place{_s(read.places)} in "
        f"{read.files:,} of the files, {read.bytes / found.bytes:.2%} of all bytes.",
        soft_wrap=True,
    )
    if not read.records:
        console.print("No whole record was found in them: nothing can be said.")
        return
    for table in (
        _table(_WHAT, _figures(found)),
        _table(_LANGUAGE, _languages(found)),
        _table(_STEP, _steps(found)),
    ):
        console.print()
        for line in table:
            console.print(Text(line), soft_wrap=True)
    console.print("\nMargins, prices and watts: docs/scale.md", soft_wrap=True)


_WHAT = ("", "about", "from", "to", "")
_LANGUAGE = ("language", "tokens", "from", "to", "documents")
_STEP = ("step", "core time", "time", "shuffled", "on disk", "euros", "watt-hours")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table: what has a head stands to the right, but for the first."""
    cells = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        placed = (
            one.rjust(width) if number and name else one.ljust(width)
            for number, (name, one, width) in enumerate(zip(head, row, widths, strict=True))
        )
        yield "  ".join(placed).rstrip()


def _figures(found: Forecast) -> Iterator[tuple[str, ...]]:
    made, least, most = found.estimate, found.least, found.most

    def row(name: str, of: Callable[[float], str], note: str, said: str = "") -> tuple[str, ...]:
        ends = (of(getattr(one, name)) for one in (made, least, most))
        return (said or name.replace("_", " "), *ends, note)

    yield row("records", _number, "")
    yield row("pages", _number, "HTML")
    yield row("documents", _number, "before rules and copies")
    left_out = "copies" + ", and what the mixture leaves out," * found.mixture
    yield row("published", _number, f"{left_out} counted in; fewer if there are many")
    yield row("tokens", _number, "of these")
    yield row("published_text_bytes", size, "before it is compressed", "text")
    yield row("parts_bytes", size, "of disk, for the time of the build", "parts")
    yield row("release_bytes", size, f"in about {made.shards:,} shards", "release")
    memory = made.worker_memory_bytes
    step = max(memory, key=memory.__getitem__)
    ends = (size(one.worker_memory_bytes[step]) for one in (made, least, most))
    yield ("memory", *ends, f"of a worker, in {step}")
    yield row("core_hours", time, "", "core time")
    on = f"on {found.workers:,} worker{_s(found.workers)} ({found.engine})"
    yield row("wall_hours", time, on, "time")
    yield row("euros", _little, f"at {found.prices.core_hour:.3f} a core hour")
    yield row("watt_hours", _little, f"at {found.prices.core_watts:.2f} W a core", "watt-hours")
    yield row("euros_a_month", _little, "for keeping the release", "a month")


def _languages(found: Forecast) -> Iterator[tuple[str, ...]]:
    made = sorted(found.estimate.languages.items(), key=lambda named: (-named[1].tokens, named[0]))
    for lang, one in made[:LANGUAGES]:
        ends = (one, found.least.languages[lang], found.most.languages[lang])
        tokens = (_number(end.tokens) for end in ends)
        yield lang, *tokens, _number(one.documents)
    if more := made[LANGUAGES:]:
        tokens_of_more = sum(one.tokens for _, one in more)
        documents = sum(one.documents for _, one in more)
        yield f"{len(more)} more", _number(tokens_of_more), "", "", _number(documents)


def _steps(found: Forecast) -> Iterator[tuple[str, ...]]:
    for name, step in found.estimate.steps.items():
        yield name, *_cells(step)
    for name, one in (("all", found.estimate), ("from", found.least), ("to", found.most)):
        disk = one.parts_bytes + one.release_bytes
        yield (
            name,
            *_cells(
                Step(
                    core_hours=one.core_hours,
                    wall_hours=one.wall_hours,
                    shuffled_bytes=one.shuffled_bytes,
                    disk_bytes=disk,
                    euros=one.euros,
                    watt_hours=one.watt_hours,
                )
            ),
        )


def _cells(step: Step) -> tuple[str, ...]:
    moved, left = (size(one) if one else "" for one in (step.shuffled_bytes, step.disk_bytes))
    spent = (_little(step.euros), _little(step.watt_hours))
    return time(step.core_hours), time(step.wall_hours), moved, left, *spent


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def _little(value: float) -> str:
    if value >= 0.1 or not value:
        return f"{value:,.2f}"
    return f"{value:.4f}" if value >= 0.0001 else "<0.0001"


def time(hours: float) -> str:
    """Return a time in the largest unit of which there are two."""
    for unit, one in (("h", 1.0), ("min", 1 / 60)):
        if hours >= 2 * one:
            return f"{hours / one:,.0f} {unit}"
    seconds = hours * 3600
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1g} s"


def size(bytes_: float) -> str:
    """Return a number of bytes in the largest unit of which there is one."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= one:
            return f"{bytes_ / one:,.1f} {unit}"
    return f"{bytes_ / 1e3:,.1f} kB"
