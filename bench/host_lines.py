"""What stands on many pages of a host, found in the texts of a release whose lines were not cut.

For each host with enough pages and each share of them: how many lines count as repeated, on how
many pages there are some, what part of the text they are, and the most frequent ones.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as pq

from florilegium.dedup.lines import least_pages


def pages_by_host(release: Path) -> dict[str, list[list[str]]]:
    """Return the lines of each page, by host."""
    hosts: dict[str, list[list[str]]] = defaultdict(list)
    table = pq.read_table(release / "data", columns=["host", "text"])
    for host, text in zip(
        *(table.column(name).to_pylist() for name in ("host", "text")), strict=True
    ):
        hosts[host].append([line.strip() for line in text.split("\n") if line.strip()])
    return hosts


def show(host: str, pages: list[list[str]], share: float, min_repeats: int, listed: int) -> None:
    """Print what one share finds on one host."""
    on = Counter(line for lines in pages for line in set(lines))
    least = least_pages(len(pages), share, min_repeats)
    repeated = {line: number for line, number in on.items() if number >= least}
    whole = sum(len(line) for lines in pages for line in lines)
    chars = sum(len(line) for lines in pages for line in lines if line in repeated)
    touched = sum(any(line in repeated for line in lines) for lines in pages)
    print(
        f"{host:28} {len(pages):6,} pages  share {share:.2f}  lines {len(repeated):5,}  "
        f"on {touched:6,} pages  {chars / max(whole, 1):7.3%} of the text"
    )
    for line, number in sorted(repeated.items(), key=lambda one: (-one[1], one[0]))[:listed]:
        print(f"    {number:6,} x {line[:90]}")


def main() -> None:
    """Read the arguments and print a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path, help="folder of a release")
    parser.add_argument("--share", type=float, action="append", help="default: 0.01 0.05 0.2 0.5")
    parser.add_argument("--min-pages", type=int, default=50)
    parser.add_argument("--min-repeats", type=int, default=10)
    parser.add_argument("--lines", type=int, default=5, help="lines to list (default: 5)")
    chosen = parser.parse_args()
    for host, pages in sorted(pages_by_host(chosen.release).items()):
        if len(pages) >= chosen.min_pages:
            for share in chosen.share or (0.01, 0.05, 0.2, 0.5):
                show(host, pages, share, chosen.min_repeats, chosen.lines)


if __name__ == "__main__":
    main()
