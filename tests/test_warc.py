"""WARC files: every byte is a record or damage, and damage to one record costs no other."""

import errno
import os
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastwarc import warc as fastwarc
from fastwarc.stream_io import (
    GzipWriter,
    Lz4Writer,
    ZstdWriter,
    zstd_train_dictionary_from_samples,
)
from fastwarc.warc import WarcRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florilegium.pipelines.harvest import warc
from florilegium.pipelines.harvest.warc import Damage, Record, read

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "warc" / "real"
CODINGS: dict[str, Callable[[BytesIO], Any] | None] = {
    "gzip": GzipWriter,
    "zstd": ZstdWriter,
    "lz4": Lz4Writer,
    "plain": None,
}
CODED = ["gzip", "zstd", "lz4"]
BLOCKS = [
    b"HTTP/1.1 200 OK\r\n\r\n<p>prvn\xc3\xad, prvn\xc3\xad, prvn\xc3\xad</p>",
    b"",
    b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n quoted",
    b"\x1f\x8b\x08\x00 and \x28\xb5\x2f\xfd and \x04\x22\x4d\x18: " + bytes(range(256)),
    b"last of the five " * 40,
]
# A test that damages a file looks at many files: let it use one path again and again.
DAMAGING = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(block: bytes, number: int = 0) -> bytes:
    """Return a record as it stands in a plain file."""
    record = WarcRecord()
    record.init_headers(fastwarc.response, f"{number}".encode())
    record.headers["WARC-Target-URI"] = f"https://page{number}.example/"
    record.headers["WARC-Date"] = "2026-02-03T04:05:06Z"
    record.set_bytes_content(block)
    stream = BytesIO()
    record.write(stream)
    return stream.getvalue()


def coded(data: bytes, coding: str) -> bytes:
    """Return the data as one frame of a compressed file."""
    writer = CODINGS[coding]
    if writer is None:
        return data
    stream = BytesIO()
    frames = writer(stream)
    frames.write(data)
    frames.close()
    return stream.getvalue()


def archive(coding: str, blocks: list[bytes] = BLOCKS) -> list[bytes]:
    return [coded(written(block, number), coding) for number, block in enumerate(blocks)]


def items(data: bytes, folder: Path) -> list[Record | Damage]:
    """Return what is read from a file of these bytes, which it must tile."""
    path = folder / "some.warc"
    path.write_bytes(data)
    found = list(read(path))
    position = 0
    for item in found:
        assert item.offset == position
        position += item.length
    assert position == len(data)
    return found


def records(found: list[Record | Damage]) -> list[Record]:
    return [item for item in found if isinstance(item, Record)]


def blocks(found: list[Record | Damage]) -> list[bytes]:
    return [record.block for record in records(found)]


def spans(found: list[Record | Damage], kind: type) -> list[tuple[int, int]]:
    return [(item.offset, item.length) for item in found if isinstance(item, kind)]


def watch_memory() -> Callable[[], int]:
    """Return a function that says by how many bytes the process has grown at most since now."""

    def resident(name: str) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) << 10

    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        pytest.skip("this system does not tell the peak of memory")
    before = resident("VmRSS")
    return lambda: resident("VmHWM") - before


@pytest.mark.parametrize("coding", CODINGS)
def test_records_come_out_whole_and_in_order(coding, tmp_path):
    frames = archive(coding)
    found = records(items(b"".join(frames), tmp_path))
    assert [record.block for record in found] == BLOCKS
    assert [record.length for record in found] == [len(frame) for frame in frames]
    assert [record.declared for record in found] == [len(block) for block in BLOCKS]
    assert {record.kind for record in found} == {"response"}
    assert found[3].headers["warc-target-uri"] == "https://page3.example/"
    assert found[3].headers["warc-record-id"] == "<urn:3>"


@pytest.mark.parametrize("coding", CODED)
def test_a_file_compressed_as_one_whole_is_read_too(coding, tmp_path):
    whole = [os.urandom(40_000).hex().encode() for _ in range(4)]
    plain = b"".join(written(block) for block in whole)
    assert blocks(items(coded(plain, coding), tmp_path)) == whole


def test_a_file_of_nothing_holds_nothing(tmp_path):
    assert items(b"", tmp_path) == []


def test_a_file_of_garbage_is_damage_from_end_to_end(tmp_path):
    assert spans(items(b"garbage " * 50_000, tmp_path), Damage) == [(0, 400_000)]


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read(tmp_path / "absent.warc"))


def test_a_disk_that_fails_is_an_error_and_not_damage(tmp_path, monkeypatch):
    path = tmp_path / "some.warc"
    path.write_bytes(b"".join(archive("gzip", [os.urandom(90_000)] * 3)))

    class Failing(BytesIO):
        """A file on a disk that cannot be read from the second block on."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 65_000:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(path.read_bytes()))
    monkeypatch.setattr(Path, "read_bytes", lambda path: os.pread(os.open(path, 0), 1 << 20, 0))
    with pytest.raises(OSError, match="Input/output error"):
        list(read(path))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("garbage", [b"\0" * 10, b"WARC/1", b"\x1f\x8b\x08", b"<html>" * 9])
def test_garbage_between_records_is_damage_and_costs_no_record(coding, garbage, tmp_path):
    frames = archive(coding)
    for place in range(6):
        head, tail = b"".join(frames[:place]), b"".join(frames[place:])
        found = items(head + garbage + tail, tmp_path)
        assert blocks(found) == BLOCKS
        assert spans(found, Damage) == [(len(head), len(garbage))]


@pytest.mark.parametrize("coding", CODINGS)
def test_blank_lines_before_the_first_record_are_accounted_for(coding, tmp_path):
    found = items(b"\r\n\r\n" + b"".join(archive(coding)), tmp_path)
    assert spans(found, Damage) == [(0, 4)]
    assert blocks(found) == BLOCKS


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_byte_changed_in_a_checked_frame_costs_that_record_alone(coding, tmp_path):
    frames = archive(coding)
    starts = [sum(len(frame) for frame in frames[:number]) for number in range(6)]
    for number in range(5):
        rest = BLOCKS[:number] + BLOCKS[number + 1 :]
        # The last bytes are the checksum: what they no longer vouch for is not passed on.
        for at in (starts[number] + 40, starts[number + 1] - 7, starts[number + 1] - 2):
            data = bytearray(b"".join(frames))
            data[at] ^= 0x55
            found = items(bytes(data), tmp_path)
            assert blocks(found) in (rest, BLOCKS) if at < starts[number] + 50 else rest
            assert [item.offset for item in records(found) if item.block in rest] == [
                start for other, start in enumerate(starts[:5]) if other != number
            ]


@DAMAGING
@given(
    coding=st.sampled_from(sorted(CODINGS)),
    at=st.integers(0, 3_000),
    length=st.integers(1, 40),
    with_bytes=st.binary(max_size=40) | st.sampled_from([b"WARC/1.0\r\n", b"\x1f\x8b\x08", b"\n"]),
)
def test_whatever_a_stretch_is_overwritten_with_earlier_records_come_out(
    coding, at, length, with_bytes, tmp_path
):
    frames = archive(coding)
    data = b"".join(frames)
    at %= len(data)
    found = items(data[:at] + with_bytes + data[at + length :], tmp_path)
    sound = [n for n in range(5) if len(b"".join(frames[: n + 1])) <= at]
    assert blocks(found)[: len(sound)] == BLOCKS[: len(sound)]
    # Where frames are checked, those that begin after it come out too, unless what was written in
    # passes for a record itself.
    if coding in ("gzip", "zstd") and b"WARC/" not in with_bytes:
        later = [n for n in range(5) if len(b"".join(frames[:n])) >= at + length]
        assert blocks(found)[len(records(found)) - len(later) :] == BLOCKS[5 - len(later) :]


@DAMAGING
@given(coding=st.sampled_from(sorted(CODINGS)), keep=st.integers(0, 3_000))
def test_a_file_cut_off_anywhere_gives_all_that_stands_before_the_cut(coding, keep, tmp_path):
    frames = archive(coding)
    data = b"".join(frames)
    keep %= len(data)
    found = items(data[:keep], tmp_path)
    whole = [n for n in range(5) if len(b"".join(frames[: n + 1])) <= keep]
    assert blocks(found)[: len(whole)] == BLOCKS[: len(whole)]
    for record in records(found)[len(whole) :]:
        # Only blank lines or a checksum were cut off, or the loss shows.
        assert record.block in BLOCKS or len(record.block) < record.declared or not record.kind


@DAMAGING
@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from([b"WARC/1.0\r\n", b"\r\n", b"Content-Length: 9", b"\x1f\x8b\x08", b"x"])
    ).map(b"".join)
)
def test_any_bytes_are_tiled(tmp_path, data):
    items(data, tmp_path)


@pytest.mark.parametrize("coding", CODED)
def test_text_that_looks_like_a_record_is_not_one_even_in_a_broken_frame(coding, tmp_path):
    # Random bytes do not compress, so a frame holds the quoted record as it stands.
    quoting = os.urandom(3_000) + written(b"not a record of this file") + os.urandom(3_000)
    frames = archive(coding, [b"first", quoting, b"third"])
    broken = bytes(4) + frames[1][4:]
    found = items(frames[0] + broken + frames[2], tmp_path)
    assert blocks(found) == [b"first", b"third"]


def test_files_of_two_codings_one_after_the_other_are_both_read(tmp_path):
    both = b"".join(archive("plain") + archive("gzip"))
    assert blocks(items(both, tmp_path)) == BLOCKS * 2


def test_a_zstd_file_with_a_dictionary_is_read_to_its_last_record(tmp_path):
    pages = [
        b"".join(b"<p>strana %d, odstavec %d</p>" % (n, k) for k in range(9)) for n in range(99)
    ]
    dictionary = zstd_train_dictionary_from_samples(pages, 2_048)
    stream = BytesIO()
    frames = ZstdWriter(stream, dictionary=dictionary)
    for number in range(4):
        frames.write(written(pages[number], number))
        frames.flush()
        frames.finish()
    frames.close()
    found = items(stream.getvalue(), tmp_path)
    assert blocks(found) == pages[:4]
    assert spans(found, Damage) == [(0, 8 + len(dictionary))]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("length", ["", "Content-Length: many\r\n", "Content-Length: -1\r\n"])
def test_a_record_without_a_length_costs_no_other(coding, length, tmp_path):
    broken = written(b"some block").replace(b"Content-Length: 10\r\n", length.encode())
    assert broken != written(b"some block")
    frames = archive(coding)
    found = items(b"".join([*frames[:2], coded(broken, coding), *frames[2:]]), tmp_path)
    assert blocks(found) == [*BLOCKS[:2], b"", *BLOCKS[2:]]


@pytest.mark.parametrize("coding", CODINGS)
def test_a_length_beyond_all_bounds_shows_what_there_is(coding, tmp_path):
    boundless = written(b"some block").replace(b"Length: 10\r\n", b"Length: %d\r\n" % (1 << 63))
    (record,) = records(items(coded(boundless, coding), tmp_path))
    assert record.block.startswith(b"some block")
    assert record.declared == 1 << 63


@pytest.mark.parametrize("coding", CODINGS)
def test_a_block_is_cut_off_at_the_limit_and_the_next_record_comes_out(
    coding, tmp_path, monkeypatch
):
    monkeypatch.setattr(warc, "MAX_BLOCK", 1_000)
    large = os.urandom(200_000)
    found = records(items(b"".join(archive(coding, [b"a", large, b"b"])), tmp_path))
    assert [record.block for record in found] == [b"a", large[:1_000], b"b"]
    assert found[1].declared == 200_000


@pytest.mark.parametrize("coding", CODED)
def test_a_bomb_takes_no_more_memory_than_a_block_may(coding, tmp_path, monkeypatch):
    monkeypatch.setattr(warc, "MAX_BLOCK", 1 << 20)
    bomb = coded(written(bytes(100 << 20)), coding)
    path = tmp_path / "bomb.warc"
    path.write_bytes(bomb)
    del bomb
    growth, start = watch_memory(), time.process_time()
    (record,) = read(path)
    assert isinstance(record, Record)
    assert (len(record.block), record.declared) == (1 << 20, 100 << 20)
    assert growth() < 40 << 20
    assert time.process_time() - start < 20


def test_headers_beyond_all_bounds_are_damage(tmp_path):
    endless = b"WARC/1.0\r\n" + b"X-Filler: %s\r\n" % (b"x" * (warc.MAX_HEADERS + 9)) + b"\r\n"
    found = items(coded(endless, "gzip") + b"".join(archive("gzip")), tmp_path)
    assert blocks(found) == BLOCKS
    assert spans(found, Damage) == [(0, len(coded(endless, "gzip")))]


def test_what_has_no_type_is_no_record(tmp_path):
    untyped = written(b"some block").replace(b"WARC-Type", b"Warp-Type")
    found = items(untyped + written(b"next"), tmp_path)
    assert spans(found, Damage) == [(0, len(untyped))]
    assert blocks(found) == [b"next"]


def test_records_of_old_drafts_of_the_standard_are_read_after_damage_too(tmp_path):
    old = written(b"old").replace(b"WARC/1.1", b"WARC/0.17").replace(b"WARC/1.0", b"WARC/0.17")
    assert b"WARC/0.17" in old
    assert blocks(items(old + b"garbage" + old, tmp_path)) == [b"old", b"old"]


def test_the_first_of_two_equal_headers_counts(tmp_path):
    twice = written(b"x").replace(b"WARC-Date:", b"WARC-Type: request\r\nWARC-Date:")
    (record,) = records(items(twice, tmp_path))
    assert record.kind == "response"


@pytest.mark.skipif(not REAL.is_dir(), reason="no real WARC files in ../shared/data/warc/real")
def test_real_files_are_tiled_and_their_records_counted(tmp_path):
    """Counted apart from this reader: `WARC/1.x` lines in the decompressed files, by hand for two.

    A record of one file ends early (its file is cut off), and in one the header lines end in
    CR CR LF. Two plain files have a few bytes more in a block than they declare.
    """
    kinds: Counter[str] = Counter()
    short, damaged, files = [], [], sorted(REAL.iterdir())
    for path in files:
        for item in items(path.read_bytes(), tmp_path):
            if isinstance(item, Damage):
                damaged.append((path.name, item.length))
            else:
                kinds[item.kind] += 1
                if len(item.block) < item.declared:
                    short.append(path.name)
    assert len(files) == 47
    assert kinds == {
        "request": 781,
        "response": 615,
        "revisit": 146,
        "resource": 69,
        "warcinfo": 52,
        "metadata": 9,
    }
    assert short == [
        "archivesunleashed_aut__example.docs.warc.gz",
        "webrecorder_pywb__missing-status-text.warc",
    ]
    assert damaged == [
        ("webrecorder_pywb__example.warc", 7),
        ("webrecorder_warcio__example-trunc.warc", 6),
    ]
