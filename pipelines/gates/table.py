"""What gates said, as a table for people."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.manifests.gate_report import Gate, GateReport
from florilegium.pipelines.commands.answers import printable


def show(report: GateReport, console: Console) -> None:
    """Print what each gate said of a release, and which planted pages went astray."""
    against = f"against {report.parent}" if report.parent else "no release before"
    table = Table(title=f"Gates ({against})", title_justify="left", box=None, pad_edge=False)
    for name in ("gate", "", "value", "limit", "n"):
        table.add_column(name, justify="right" if name in ("value", "limit", "n") else "left")
    table.add_column("", overflow="fold")
    for gate in report.gates:
        table.add_row(
            gate.name,
            _outcome(gate),
            _number(gate.value),
            _number(gate.limit),
            f"{gate.n:,}",
            Text(printable(gate.said)),
        )
    console.print(table)
    for fate in report.canaries:
        if not fate.passed:
            console.print(Text(f"CANARY {fate.canary}: {fate.said}", style="red"), soft_wrap=True)


def _outcome(gate: Gate) -> Text:
    if not gate.passed:
        return Text("FAILED", style="red")
    return Text("" if gate.value is None else "passed")  # else `said` tells why it was not judged


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
