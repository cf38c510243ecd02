"""The closing summary of a build: the funnel, the languages, and what to do next."""

from msgspec import UNSET
from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.manifests import funnel
from florilegium.manifests.funnel import STAGES
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.commands.answers import printable

_MOST_LANGUAGES = 20
_MOST_RULES = 4
_MOST_ALARMS = 5


def print_summary(manifest: Manifest, release: Location, console: Console) -> None:
    """Print what a release holds and what became of the rest."""
    console.print()
    console.print(_funnel(manifest))
    for line in alarm_lines(manifest):
        console.print(Text(line, style="red"), soft_wrap=True)
    console.print(_languages(manifest))
    console.print(
        f"[bold]{manifest.documents:,} documents[/], {manifest.tokens:,} tokens, "
        f"{sum(x.text_bytes for x in manifest.languages):,} bytes of text "
        f"in {len(manifest.shards):,} shards and {len(manifest.languages)} languages",
        soft_wrap=True,
    )
    for line in month_lines(manifest):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"root     {manifest.root}", highlight=False)
    console.print(f"release  {release}", highlight=False, soft_wrap=True)
    console.print()
    console.print("Next:")
    console.print(f"  florilegium verify {release}", highlight=False, soft_wrap=True)
    console.print(
        f"  duckdb -c \"SELECT lang, count(*) FROM '{release}/data/*/*.parquet' GROUP BY lang\"",
        highlight=False,
        soft_wrap=True,
    )


def month_lines(manifest: Manifest) -> list[str]:
    """Return what is to be said of a month: what came, went and changed, and what there is now."""
    if (month := manifest.month) is UNSET:
        return []
    earlier = len(month.earlier)
    return [
        f"month    {month.came.documents:,} came, {month.unchanged:,} unchanged, "
        f"{month.changed:,} changed, {month.copies:,} copies, {month.gone:,} gone, "
        f"{month.opted_out:,} opted out, {month.erased:,} erased",
        f"corpus   {month.whole.documents:,} documents, {month.whole.tokens:,} tokens, "
        f"with {earlier:,} earlier {'release' if earlier == 1 else 'releases'}",
    ]


def alarm_lines(manifest: Manifest) -> list[str]:
    """Return what is to be said of alarms, a line each; of very many only the first of each kind.

    Names of hosts come from the web: nothing of them can steer a terminal.
    """
    lines: list[str] = []
    for kind, number in sorted(manifest.alarms_raised.items()):
        mine = [alarm for alarm in manifest.alarms if alarm.kind == kind][:_MOST_ALARMS]
        lines += ["ALARM " + printable(a) for a in mine]
        if number > len(mine):
            lines.append(f"ALARM {kind}: {number - len(mine):,} more, see manifest.json")
    return lines


def _funnel(manifest: Manifest) -> Table:
    table = Table(title="Funnel", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "received", "lost", "kept"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("lost most to")
    rules = funnel.by_rule(manifest.funnel)
    for stage in STAGES:
        steps = [step for step in manifest.funnel if step.stage == stage]
        if not steps:
            continue
        lost = [(n, rule) for (at, rule), n in rules.items() if at == stage]
        most = sorted(lost, key=lambda pair: (-pair[0], pair[1]))[:_MOST_RULES]
        table.add_row(
            stage,
            f"{sum(step.received for step in steps):,}",
            f"{sum(number for number, _ in lost):,}",
            f"{sum(step.kept for step in steps):,}",
            ", ".join(f"{rule} {number:,}" for number, rule in most),
        )
    return table


def _languages(manifest: Manifest) -> Table:
    table = Table(title="Languages", title_justify="left", box=None, pad_edge=False)
    table.add_column("language")
    for name in ("documents", "tokens", "characters"):
        table.add_column(name, justify="right")
    ordered = sorted(manifest.languages, key=lambda x: (-x.tokens, x.lang))
    for language in ordered[:_MOST_LANGUAGES]:
        table.add_row(
            language.lang, f"{language.documents:,}", f"{language.tokens:,}", f"{language.chars:,}"
        )
    if rest := ordered[_MOST_LANGUAGES:]:
        table.add_row(
            f"{len(rest)} more",
            f"{sum(x.documents for x in rest):,}",
            f"{sum(x.tokens for x in rest):,}",
            f"{sum(x.chars for x in rest):,}",
        )
    return table
