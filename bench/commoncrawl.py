"""What choosing by the index saves: requests, bytes and processor time, for shares of a snapshot.

    python bench/commoncrawl.py [--warcs WARC…]

First a file of Common Crawl's proportions on paper: 32,000 captures, 930 MB. Then WARC files (the
demonstration's, or those named) really packed as a snapshot, chosen from, and read over HTTP from
this machine; the server counts. Inflating only what is chosen is held against reading all of a
file, turn by turn.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from archive_web import ArchiveWeb, archive_web
from crawl_archive import SNAPSHOT, pack_archive

from florilegium.pipelines import recipe as recipes
from florilegium.pipelines.commoncrawl.choose import Integers, requests_for
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.commoncrawl.plan import listed
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.commoncrawl.settings import CommonCrawl
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.harvest.warc import read

SHARES = (1, 5, 15, 28, 40)
CAPTURES, FILE_BYTES, BETWEEN = 32_000, 930_000_000, 900
ROUNDS = 3


def main() -> None:
    """Print what was found on paper, over HTTP and by the processor's clock."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warcs", nargs="*", type=Path, default=[], metavar="WARC")
    arguments = parser.parse_args()
    on_paper()
    with tempfile.TemporaryDirectory(prefix="florilegium-") as folder:
        warcs = arguments.warcs or pack(Path(folder, "warcs"))
        archive = pack_archive(Path(folder, "archive"), warcs, code_of, rows_in_a_group=512)
        with archive_web(archive) as web:
            over_http(web, Path(folder))
        by_the_clock(archive, Path(folder))


def on_paper() -> None:
    """Print what the ways to read a file cost at the default pace, on the default line."""
    said = CommonCrawl()
    print(
        f"On paper: {CAPTURES:,} captures in {FILE_BYTES / 1e6:,.0f} MB, "
        f"{said.requests_per_second:g} requests and {said.megabytes_per_second:g} MB a second\n"
        "(requests / bytes over those that are wanted / seconds)"
    )
    print(f"{'share':>6} {'each record':>25} {'as planned':>25} {'whole file':>25}  mode")
    for share in (0.05, 0.2, *SHARES):
        offsets, lengths = captures(share / 100)
        each = requests_for(offsets, lengths, 0)
        planned = requests_for(offsets, lengths, said.break_even)
        ways = ((len(one.starts), one.bytes) for one in (each, planned))
        costs = [cost(*way, lengths, said) for way in (*ways, (1, FILE_BYTES))]
        print(f"{share:>5}% " + " ".join(f"{one:>25}" for one in costs) + f"  {planned.mode}")


def captures(share: float) -> tuple[Integers, Integers]:
    """Return offsets and lengths of a share of the captures, in sizes as diverse as pages are."""
    random = np.random.default_rng(20_261_018)
    sizes = random.lognormal(0, 1, CAPTURES)
    sizes = (sizes * (FILE_BYTES - BETWEEN * CAPTURES) / sizes.sum()).astype(np.int64)
    offsets = np.concatenate(([0], (sizes + BETWEEN).cumsum()[:-1]))
    chosen = random.random(CAPTURES) < share
    chosen[0] = True
    return offsets[chosen], sizes[chosen]


def cost(requests: int, came: int, lengths: Integers, said: CommonCrawl) -> str:
    """Return requests, bytes over those wanted, and seconds, in words."""
    seconds = requests / said.requests_per_second + came / 1e6 / said.megabytes_per_second
    return f"{requests:,} / x{came / lengths.sum():.2f} / {seconds:,.1f} s"


def code_of(url: str) -> str:
    """Return one of a hundred codes for an address, each as frequent as the others."""
    return code(int.from_bytes(hashlib.sha256(url.encode()).digest()[:4]) % 100)


def code(number: int) -> str:
    """Return the code of a number below a hundred, in the form of a language's."""
    return f"q{chr(97 + number // 10)}{chr(97 + number % 10)}"


def shares_of(archive: Path) -> list[int]:
    """Return the shares of which an archive has anything."""
    parts = sorted(archive.rglob("subset=warc/*.parquet"))
    found = {one for part in parts for one in pq.read_table(part)["content_languages"].to_pylist()}
    return [share for share in SHARES if found & {code(number) for number in range(share)}]


def planned(folder: Path, base: str, share: int, break_even: int) -> Path:
    """Write the plan for a share of an archive, given the gap that costs as much as a request."""
    codes = ", ".join(f'"{code(number)}"' for number in range(share))
    text = f"""
        name = "share"
        languages = ["european"]
        [commoncrawl]
        snapshot = "{SNAPSHOT}"
        base = "{base}"
        languages = [{codes}]
        robots = false
        requests_per_second = 1000
        megabytes_per_second = {break_even / 1000}
    """
    select(recipes.parse(text.encode(), "bench"), folder / "plan.parquet")
    return folder / "plan.parquet"


def over_http(web: ArchiveWeb, folder: Path) -> None:
    """Choose shares of an archive, read them, and print what the server sent."""
    whole = sum(file.stat().st_size for file in web.folder.rglob("segments/*/warc/*.gz"))
    print(f"\nOver HTTP, of a snapshot of {whole / 1e6:,.1f} MB in WARC files")
    print("share   pages  gap over which  requests  MB wanted  MB read  saved  MB of index")
    for share in shares_of(web.folder):
        for gap in (1_000, 64_000, 1 << 40):
            before = web.sent
            plan = planned(folder, web.address, share, gap)
            index, before, asked = web.sent - before, web.sent, len(web.asked)
            pages = wanted = 0
            for row, _ in enumerate(listed(plan)):
                with fetched_row(plan, row, 1) as chosen:
                    pages += len(chosen.row.offsets)
                    wanted += chosen.path.stat().st_size
            came = web.sent - before
            print(
                f"{share:>4}% {pages:>7,} {_gap(gap):>15} {len(web.asked) - asked:>9,} "
                f"{wanted / 1e6:>10.1f} {came / 1e6:>8.1f} {1 - came / whole:>6.0%} "
                f"{index / 1e6:>12.2f}"
            )


def _gap(size: int) -> str:
    return f"{size // 1000} kB" if size < 1 << 30 else "whole files"


def by_the_clock(archive: Path, folder: Path) -> None:
    """Print how long chosen records take, whole files streamed, against all records of them."""
    print("\nProcessor seconds to read the chosen records of whole files, by those for all records")
    for share in shares_of(archive):
        plan = planned(folder, str(archive), share, 1 << 40)
        files = [archive / one.file for one in listed(plan)]
        ratios = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for row, _ in enumerate(files):
                with fetched_row(plan, row, 1) as chosen:
                    for _item in chosen.items():
                        pass
            between = time.process_time()
            for file in files:
                for _item in read(file):
                    pass
            ratios.append((between - begun) / (time.process_time() - between))
        middle, ends = statistics.median(ratios), (min(ratios), max(ratios))
        print(f"{share:>4}%  {middle:.2f} (from {ends[0]:.2f} to {ends[1]:.2f})")


if __name__ == "__main__":
    main()
