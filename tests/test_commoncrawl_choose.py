"""What is asked for of a file, at what pace, and by what names the index knows languages."""

from base64 import b32decode

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.language_table import european
from florilegium.pipelines.commoncrawl.choose import requests_for
from florilegium.pipelines.commoncrawl.grouping import digests_of
from florilegium.pipelines.commoncrawl.hosts import Hosts
from florilegium.pipelines.commoncrawl.languages import names_in_index
from florilegium.pipelines.commoncrawl.members import Chosen
from florilegium.pipelines.commoncrawl.pace import Pace
from florilegium.pipelines.commoncrawl.plan import Head, Row, Totals
from florilegium.pipelines.commoncrawl.sources import Place


def choose(records, break_even):
    offsets, lengths = np.array(records, np.int64).T
    mode, starts, stops = requests_for(offsets, lengths, break_even)
    return mode, list(zip(starts.tolist(), stops.tolist(), strict=True))


def test_a_gap_that_costs_more_than_a_request_is_not_read():
    records = [(100, 50), (200, 50), (5_000, 10)]
    assert choose(records, 50) == ("ranges", [(100, 250), (5_000, 5_010)])


def test_a_file_whose_gaps_are_all_small_is_streamed_from_its_first_record_to_its_last():
    assert choose([(100, 50), (200, 50), (5_000, 10)], 4_750) == ("stream", [(100, 5_010)])


def test_a_single_record_is_one_request():
    assert choose([(7, 3)], 0) == ("stream", [(7, 10)])


records = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=9)


def cost(requests, break_even):
    return len(requests) * break_even + sum(stop - start for start, stop in requests)


@given(records, st.integers(0, 40))
def test_no_way_to_join_neighbours_costs_less_and_all_records_come(gaps, break_even):
    placed, position = [], 0
    for gap, length in gaps:
        placed.append((position + gap, length))
        position += gap + length
    _, asked = choose(placed, break_even)
    assert all(any(a <= o and o + n <= z for a, z in asked) for o, n in placed)
    best = None
    for joined in range(1 << (len(placed) - 1)):
        ways = [[placed[0][0], sum(placed[0])]]
        for number, (offset, length) in enumerate(placed[1:]):
            if joined >> number & 1:
                ways[-1][1] = offset + length
            else:
                ways.append([offset, offset + length])
        best = min(cost(ways, break_even), cost(ways, break_even) if best is None else best)
    assert cost(asked, break_even) == best


@given(records, st.integers(0, 40), st.integers(1, 30))
def test_what_is_chosen_comes_whole_however_the_answer_is_cut(gaps, break_even, size):
    placed, position = [], 0
    for gap, length in gaps:
        placed.append((position + gap, length))
        position += gap + length
    file = bytes(number % 251 for number in range(position))
    offsets, lengths = np.array(placed, np.int64).T
    head = Head(snapshot="", place=Place(base=""), requests_per_second=1, totals=Totals())
    requests = requests_for(offsets, lengths, break_even)
    chosen = Chosen(
        Row(head=head, file="", subset="", requests=requests, offsets=offsets, lengths=lengths)
    )
    pieces = [
        bytes(piece)
        for start, stop in zip(requests.starts.tolist(), requests.stops.tolist(), strict=True)
        for at in range(start, stop, size)
        for piece in chosen.of(at, file[at : min(at + size, stop)])
    ]
    assert b"".join(pieces) == b"".join(file[o : o + n] for o, n in placed)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def times(pace, clock, number):
    found = []
    for _ in range(number):
        pace.wait()
        found.append(clock.now)
    return found


def test_requests_are_evenly_spaced_and_none_is_saved_up_for_later():
    clock = Clock()
    pace = Pace(4, clock, clock.sleep)
    assert times(pace, clock, 3) == [0, 0.25, 0.5]
    clock.now = 100
    assert times(pace, clock, 3) == [100, 100.25, 100.5]


def test_an_error_halves_the_pace_and_answers_bring_it_back_slowly():
    clock = Clock()
    pace = Pace(20, clock, clock.sleep)
    pace.slower()
    pace.slower()
    assert pace.per_second == 5
    for _ in range(75):
        pace.faster()
    assert pace.per_second == pytest.approx(20)
    pace.faster()
    assert pace.per_second == 20


def test_no_number_of_errors_brings_the_pace_to_nothing():
    pace = Pace(20)
    for _ in range(1_000):
        pace.slower()
    assert pace.per_second == 20 / 64


def test_languages_have_the_names_that_the_index_has_for_them():
    codes = ["deu_Latn", "nob_Latn", "cnr_Latn", "bar_Latn", "srp_Cyrl"]
    assert names_in_index(codes) == (("deu", "nor", "srp"), ("bar_Latn",))
    named, unnamed = names_in_index(european())
    assert {"mlt", "gle", "fao", "roh", "oss", "tat"} <= set(named)
    assert {code.partition("_")[0] for code in unnamed}.isdisjoint(named)


def test_hosts_are_known_again_with_and_without_www():
    hosts = Hosts()
    hosts.add(pa.chunked_array([["www.a.example", "b.example"], ["b.example"]]))
    asked = pa.chunked_array([["a.example", "www.b.example", "c.example", "a.example"]])
    assert hosts.have(asked).tolist() == [True, True, False, True]
    assert Hosts().have(asked).tolist() == [False] * 4


def test_digests_are_told_apart_and_what_is_none_is_zero():
    one, other = "CH7IV3XAD3M7A42JARKRLJ3T5PGGCGXD", "CH7IV3XAD3M6A42JARKRLJ3T5PGGCGXD"
    found = digests_of(pa.array([one, None, "short", other, one])).tolist()
    assert found[1:3] == [0, 0]
    assert found[0] == found[4] != found[3]
    assert found[0] == int.from_bytes(b32decode(one)[:8]) >> 4
