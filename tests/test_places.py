"""Where a sample is taken, and what is found there, in files and in stores."""

import gzip
import itertools
import threading

import msgspec
import pytest
from werkzeug.serving import make_server

from florilegium.manifests.location import locate
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.forecast import places as sampling
from florilegium.pipelines.forecast.places import PLACES, Place, places, there
from florilegium.pipelines.harvest.inputs import find_files, plan_units
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.warc import Damage, Record, read

MIB = 1 << 20


@pytest.fixture(scope="module")
def warcs(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("demo"))


def unit(name, size, path=""):
    return Unit(name=name, path=str(path), bytes=size, fingerprint=name * 64)


def units_of(*names):
    return plan_units(find_files(map(str, names)), "")


def items(units, place):
    return [item for _, item in there(units, place)]


def test_small_input_is_read_as_a_whole():
    units = [unit("a", 3 * MIB), unit("b", 0), unit("c", MIB)]
    assert places(units, 4 * MIB) == [Place(0, 0, 3 * MIB), Place(2, 0, MIB)]


def test_places_are_spread_over_all_bytes_and_the_same_for_the_same_input():
    units = [unit(str(n), 100 * MIB) for n in range(9)]
    found = places(units, 900 * MIB)
    assert found == places(units, 900 * MIB)
    assert len(found) == PLACES
    at = [100 * MIB * place.unit + place.byte for place in found]
    stretch = 900 * MIB / PLACES
    for turn, start in enumerate(at):
        assert turn * stretch - 1 <= start
        assert start + found[turn].bytes <= (turn + 1) * stretch + 1
    # Not at even distances: what comes back in the input at some distance is not met each time.
    assert len({round((after - before) / MIB) for before, after in itertools.pairwise(at)}) > 5
    others = [msgspec.structs.replace(one, fingerprint="f" * 64) for one in units]
    assert places(others, 900 * MIB) != found


@pytest.mark.parametrize(
    ("pending", "each"),
    [(0, 4 * MIB // 32), (400 * MIB, 4 * MIB // 32), (3_200 * MIB, MIB), (10**15, 16 * MIB)],
)
def test_a_hundredth_of_what_is_pending_is_read_within_limits(pending, each):
    units = [unit("a", 10**15)]
    assert {place.bytes for place in places(units, pending)} == {each}


def test_large_files_have_more_places_than_small_ones():
    units = [unit(str(n), 1) for n in range(50)] + [unit("x", 1_000 * MIB)]
    assert {place.unit for place in places(units, 0)} == {50}


@pytest.mark.parametrize("number", range(4))
def test_what_stands_at_a_place_begins_with_the_next_record(number, warcs):
    units = units_of(warcs[number])
    whole = list(read(warcs[number]))
    for before, record in itertools.pairwise(whole[:40]):
        for byte in (record.offset, before.offset + 1, record.offset - 1):
            if byte <= before.offset or record.offset - byte > sampling.SEARCHED:
                continue
            assert items(units, Place(0, byte, 1)) == [record]
    place = Place(0, whole[10].offset, sum(item.length for item in whole[10:13]) - 1)
    assert items(units, place) == whole[10:13]


def test_after_a_file_comes_the_next_and_after_the_last_the_first(warcs):
    units = units_of(*warcs)
    all_of = [list(read(path)) for path in warcs]
    rest = units[3].bytes - all_of[3][-2].offset
    found = items(units, Place(3, all_of[3][-2].offset, rest + 1))
    assert found == [*all_of[3][-2:], all_of[0][0]]


def test_all_of_a_file_is_read_if_a_place_is_all_of_it(warcs):
    units = units_of(*warcs)
    for number, path in enumerate(warcs):
        assert items(units, Place(number, 0, units[number].bytes)) == list(read(path))


def test_a_file_in_which_no_record_begins_is_read_from_its_beginning(tmp_path, warcs):
    plain = warcs[3].read_bytes()
    (tmp_path / "one-member.warc.gz").write_bytes(gzip.compress(plain, mtime=0))
    units = units_of(tmp_path)
    found = items(units, Place(0, units[0].bytes // 2, 1_000))
    assert isinstance(found[0], Record)
    assert found[0].offset == 0


def test_garbage_is_damage_no_larger_than_its_place(tmp_path):
    (tmp_path / "a.warc").write_bytes(b"x" * 300_000)
    units = units_of(tmp_path)
    (found,) = items(units, Place(0, 1_000, 5_000))
    assert isinstance(found, Damage)
    assert (found.offset, found.length) == (0, 5_000)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of a bucket on a server of S3 in this process."""
    server = pytest.importorskip("moto.server")
    app = server.DomainDispatcherApplication(server.create_backend_app)
    served = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    import boto3

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{served.server_port}",
            "AWS_ACCESS_KEY_ID": "a-key-for-tests",
            "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="crawl")
        yield "s3://crawl"
    served.shutdown()
    thread.join()


def test_what_stands_at_a_place_is_the_same_in_a_store(warcs, bucket):
    for warc in warcs:
        locate(f"{bucket}/places/{warc.name}").upload(warc)
    local, remote = units_of(*warcs), units_of(f"{bucket}/places")
    for number, byte in itertools.product(range(4), (0, 1, 5_000, 30_000)):
        place = Place(number, byte, 20_000)
        assert items(local, place) == items(remote, place) != []
