"""Work is shared out evenly, done once, watched over, and talked about on loopback only."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.engines.engine import balanced

ITEMS = list(range(9))

# What workers do is made by functions, since they cannot import this file but take a closure.


def run(workers: int, work: Callable[[int], Iterator[Any]]) -> None:
    engine = Embedded(workers)

    def lay_out(root: beam.Pipeline) -> None:
        spread = engine.spread(root, "items", ITEMS, [1 + item for item in ITEMS])
        _ = spread | "work" >> beam.FlatMap(work)

    engine.run(lay_out)


def leaving_notes(folder: Path, driver: int) -> Callable[[int], Iterator[int]]:
    """Leave a note for each item: which process took it, and where it and the driver listen."""

    def work(item: int) -> Iterator[int]:
        heard = []
        listening = [
            line.split()
            for table in ("tcp", "tcp6")
            if Path("/proc/net", table).exists()
            for line in Path("/proc/net", table).read_text().splitlines()[1:]
        ]
        for process in (os.getpid(), driver):
            for handle in Path("/proc", str(process), "fd").glob("*"):
                try:
                    target = str(handle.readlink())
                except FileNotFoundError:
                    continue
                heard += [
                    columns[1].partition(":")[0]
                    for columns in listening
                    if columns[3] == "0A" and target == f"socket:[{columns[9]}]"
                ]
        with (folder / str(item)).open("a") as note:
            note.write(f"{os.getpid()} {' '.join(heard)}\n")
        yield item

    return work


def notes(folder: Path) -> dict[int, list[list[str]]]:
    """Return for each item a list of words for each time it was taken."""
    return {
        int(note.name): [line.split() for line in note.read_text().splitlines()]
        for note in folder.iterdir()
    }


@pytest.fixture(scope="module")
def noted_by_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    run(2, leaving_notes(folder, os.getpid()))
    return notes(folder)


def test_one_worker_does_every_item_once_in_this_very_process(tmp_path):
    run(1, leaving_notes(tmp_path, os.getpid()))
    assert sorted(notes(tmp_path)) == ITEMS
    assert [taken[0][0] for taken in notes(tmp_path).values()] == [str(os.getpid())] * len(ITEMS)
    assert {len(taken) for taken in notes(tmp_path).values()} == {1}


def test_two_workers_do_every_item_once_each_in_a_process_of_its_own(noted_by_two):
    assert sorted(noted_by_two) == ITEMS
    assert {len(taken) for taken in noted_by_two.values()} == {1}
    processes = {taken[0][0] for taken in noted_by_two.values()}
    assert len(processes) == 2
    assert str(os.getpid()) not in processes


def test_two_workers_take_the_shares_that_were_balanced(noted_by_two):
    shares: dict[str, set[int]] = {}
    for item, taken in noted_by_two.items():
        shares.setdefault(taken[0][0], set()).add(item)
    expected = [set(share) for share in balanced(ITEMS, [1 + item for item in ITEMS], 2)]
    assert sorted(shares.values(), key=min) == sorted(expected, key=min)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no table of sockets in /proc")
def test_no_one_listens_to_the_network_while_workers_run(noted_by_two):
    addresses = {address for taken in noted_by_two.values() for address in taken[0][1:]}
    assert addresses  # Beam's own servers, at the least
    assert addresses <= {
        "0100007F",
        "00000000000000000000000001000000",
        "0000000000000000FFFF00000100007F",
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_stage_raises_comes_out_with_its_message(workers):
    def work(item: int) -> Iterator[int]:
        if item == 3:
            raise ValueError(f"item {item} cannot be done")
        yield item

    with pytest.raises((ValueError, RuntimeError), match="item 3 cannot be done"):
        run(workers, work)


# Beam's threads that served the killed worker end with errors of their own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_is_killed_ends_the_run_with_an_error(tmp_path):
    def work(item: int) -> Iterator[int]:
        (tmp_path / str(item)).touch()
        if item == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        yield item

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="a worker process ended before its work was done"):
        run(2, work)
    assert time.monotonic() - start < 60
    # The other worker did its whole share.
    share = next(share for share in balanced(ITEMS, [1 + i for i in ITEMS], 2) if 3 not in share)
    assert {int(path.name) for path in tmp_path.iterdir()} >= set(share)


@given(
    sizes=st.lists(st.integers(0, 3) | st.integers(0, 1 << 40), max_size=60),
    shares=st.integers(1, 9),
)
def test_items_are_shared_out_once_each_and_nearly_evenly(sizes, shares):
    items = list(range(len(sizes)))
    lists = balanced(items, sizes, shares)
    assert len(lists) == shares
    assert sorted(item for share in lists for item in share) == items
    for share in lists:
        assert [sizes[item] for item in share] == sorted((sizes[i] for i in share), reverse=True)
    loads = [sum(sizes[item] + 1 for item in share) for share in lists]
    # Graham's bound for handing each item to whoever has least.
    largest = max(sizes, default=0) + 1
    assert max(loads) * shares <= sum(loads) + (shares - 1) * largest


def test_the_largest_items_are_handed_out_first():
    assert balanced(["a", "b", "c", "d"], [1, 9, 5, 5], 2) == [["b", "a"], ["c", "d"]]


def test_items_of_no_size_are_shared_out_too():
    assert [len(share) for share in balanced(list("abcdef"), [0] * 6, 3)] == [2, 2, 2]
