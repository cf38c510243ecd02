"""What was measured, as tables that a person reads."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(found: dict[str, Any], console: Console) -> None:
    """Print what was measured."""
    console.print(
        f"{found['input']['records']:,} records in {len(found['input']['files'])} files\n"
    )
    for table in (_speeds(found), _jobs(found), _stages(found), _memory(found["memory"])):
        console.print(table)
        console.print()


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _speeds(found: dict[str, Any]) -> Table:
    ours, peer = found["florilegium"], found.get("peer")
    table = _table("end to end", "florilegium", "peer", "ratio")
    for name, key in (
        ("records/s/core", "records_per_second_per_core"),
        ("processor seconds", "cpu_seconds"),
        ("seconds", "wall_seconds"),
        ("peak MiB, all processes", "peak_sum_mib"),
        ("peak MiB, largest process", "peak_largest_mib"),
        ("documents", "documents"),
    ):
        other = f"{peer[key]:,.1f}" if peer else "not installed"
        ratio = f"{ours[key] / peer[key]:.2f}" if peer else ""
        table.add_row(name, f"{ours[key]:,.1f}", other, ratio)
    extracted = found["profile"]["stages"].get("extract, child", {}).get("calls", 0)
    table.add_row("pages extracted", f"{extracted:,}", f"{peer['pages']:,}" if peer else "", "")
    return table


def _jobs(found: dict[str, Any]) -> Table:
    table = _table("job, processor ms a record", "florilegium", "peer", "ratio")
    per_record = 1000 / found["input"]["records"]
    jobs: dict[str, list[float | None]] = found["jobs_cpu_seconds"]
    wholes = (found["profile"]["cpu_seconds"], found.get("peer", {}).get("cpu_seconds"))
    rest = [
        None if whole is None else whole - sum(job[side] or 0.0 for job in jobs.values())
        for side, whole in enumerate(wholes)
    ]
    for job, sides in (*jobs.items(), ("start-up and the rest", rest)):
        ours, peer = (seconds and seconds * per_record for seconds in sides)
        ratio = f"{ours / peer:.2f}" if ours and peer else ""
        table.add_row(job, f"{ours or 0:.2f}", f"{peer:.2f}" if peer else "", ratio)
    return table


def _stages(found: dict[str, Any]) -> Table:
    table = _table("our stages", "ms a record", "calls", "share")
    profile_, per_record = found["profile"], 1000 / found["input"]["records"]
    rows = [(n, s["seconds"], f"{s['calls']:,}") for n, s in profile_["stages"].items()]
    rows += [(n, s, "step") for n, s in profile_["steps"].items() if n != "harvest"]
    rows.append(("imports", profile_["imports"], ""))
    for name, seconds, calls in sorted(rows, key=lambda row: -row[1]):
        share = seconds / profile_["cpu_seconds"]
        table.add_row(name, f"{seconds * per_record:.3f}", calls, f"{share:.1%}")
    return table


def _memory(found: dict[str, Any]) -> Table:
    table = _table("peak MiB", "a quarter", "all pages", "growth")
    for name, (part, whole) in found["peaks_mib"].items():
        table.add_row(
            name, f"{part:,.0f}", f"{whole:,.0f}", f"{found['growth_percent'][name]:+.1f} %"
        )
    return table
