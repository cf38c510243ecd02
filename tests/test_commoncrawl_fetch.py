"""Reading an archive over the net: its manners, what it survives, what it says when it cannot."""

import os
import time
from contextlib import ExitStack

import pytest
from archive_web import archive_web
from archives import demo_archive, recipe

from florilegium.manifests import s3
from florilegium.manifests.location import files
from florilegium.pipelines import recipe as recipes
from florilegium.pipelines.commoncrawl import fetch
from florilegium.pipelines.commoncrawl.fetch import Fetcher, RefusedError
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.commoncrawl.pace import Pace
from florilegium.pipelines.commoncrawl.plan import listed, read_row
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.commoncrawl.sources import Place, source_of
from florilegium.pipelines.harvest.inputs import find_files

pytest_plugins = ["servers"]

RANGES = "megabytes_per_second = 0.001"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return demo_archive(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(fetch, "FIRST_PAUSE", 0.001)


@pytest.fixture
def web(archive):
    with archive_web(archive) as server:
        yield server


@pytest.fixture
def planned(tmp_path):
    """Selects from an archive; gives the plan."""

    def run(base, *lines):
        chosen = recipes.load(str(recipe(tmp_path, base, 'languages = ["deu", "fra"]', *lines)))
        select(chosen, tmp_path / "plan.parquet")
        return tmp_path / "plan.parquet"

    return run


def contents(plan):
    found = []
    for number, _ in enumerate(listed(plan)):
        with fetched_row(plan, number, 1) as chosen:
            found.append(chosen.path.read_bytes())
    return found


@pytest.fixture
def expected(archive, planned):
    return contents(planned(archive))


def test_over_the_web_comes_what_lies_in_the_folder(web, planned, expected):
    assert contents(planned(web.address)) == expected
    assert {agent.partition("/")[0] for agent in web.agents} == {"florilegium"}


def test_only_ranges_are_asked_for_of_warc_files(web, planned, expected):
    plan = planned(web.address, RANGES, 'contact = "https://example.org/bot"')
    web.asked.clear()
    assert contents(plan) == expected
    asked = web.ranges("/warc/")
    rows = [read_row(plan, number) for number, _ in enumerate(listed(plan))]
    assert len(asked) == sum(len(r.requests.starts) for r in rows if r.subset == "warc")
    assert len(asked) > len(rows)
    assert any("(+https://example.org/bot)" in agent for agent in web.agents)


@pytest.mark.parametrize("wrong", ["slow", "cut", "reset", "deny"])
def test_what_goes_wrong_now_and_then_is_asked_for_again(wrong, web, planned, expected):
    plan = planned(web.address)
    web.asked.clear()
    web.fault = lambda path, number: wrong if number % 2 else None
    assert contents(plan) == expected
    assert len(web.asked) > len(expected)


def test_an_answer_that_breaks_off_is_taken_up_where_it_did(web, planned, expected):
    plan = planned(web.address)
    web.asked.clear()
    web.fault = lambda path, number: "cut" if number == 1 else None
    assert contents(plan) == expected
    first, second = (span.removeprefix("bytes=").split("-") for _, span in web.asked[:2])
    assert first[1] == second[1]
    assert int(first[0]) < int(second[0])


def errors_of(web, plan):
    with pytest.raises(OSError) as raised:  # noqa: PT011
        contents(plan)
    return raised.value


def test_a_lasting_403_is_believed_after_a_few_requests(web, planned):
    plan = planned(web.address)
    web.asked.clear()
    web.fault = lambda path, number: "deny"
    error = errors_of(web, plan)
    assert isinstance(error, RefusedError)
    assert "wait a day" in str(error)
    assert len(web.asked) == fetch.DENIALS


def test_a_server_that_stays_overloaded_is_left_for_later(web, planned):
    plan = planned(web.address)
    web.asked.clear()
    web.fault = lambda path, number: "slow"
    error = errors_of(web, plan)
    assert error.errno == 11  # EAGAIN: the command ends with "try again"
    assert len(web.asked) == fetch.ATTEMPTS


def test_a_file_that_was_moved_is_not_asked_for_again_and_a_new_plan_is_advised(web, planned):
    plan = planned(web.address)
    web.asked.clear()
    web.fault = lambda path, number: "gone"
    error = errors_of(web, plan)
    assert isinstance(error, FileNotFoundError)
    assert "`florilegium select` again" in str(error)
    assert len(web.asked) == 1


def test_a_file_that_ends_too_soon_is_not_the_one_of_the_index(web, archive, planned, tmp_path):
    plan = planned(web.address)
    row = read_row(plan, 0)
    web.folder = tmp_path / "cut"
    short = web.folder / row.file
    short.parent.mkdir(parents=True)
    for kept in (int(row.offsets[0]) - 1, int(row.offsets[0]) + 5):
        short.write_bytes((archive / row.file).read_bytes()[:kept])
        error = errors_of(web, plan)
        assert "unlike the index says" in str(error)


def test_a_server_without_ranges_is_not_streamed_from_its_beginning(web, planned):
    plan = planned(web.address)
    web.fault = lambda path, number: "whole"
    assert "does not answer ranges" in str(errors_of(web, plan))


def test_a_trickle_of_bytes_between_failures_does_not_go_on_for_ever(web, tmp_path):
    fetcher = Fetcher(source_of(Place(base=web.address)), Pace(10_000))
    web.folder = tmp_path
    (tmp_path / "big").write_bytes(b"x" * 1_000_000)
    web.fault = lambda path, number: "cut"
    with pytest.raises(OSError, match="broke off, 8 times"):
        fetcher.read("big", 0, 1_000_000)
    assert len(web.asked) == fetch.ATTEMPTS


@pytest.mark.parametrize(
    ("wrong", "error"), [("deny", RefusedError), ("slow", OSError), ("gone", FileNotFoundError)]
)
def test_an_index_that_cannot_be_read_says_the_same(wrong, error, web, planned, tmp_path):
    web.fault = lambda path, number: wrong if path.endswith(".parquet") else None
    with pytest.raises(error, match=r"again|select|8 times"):
        planned(web.address)
    assert not (tmp_path / "plan.parquet").exists()


def test_an_index_over_a_bad_line_gives_the_same_plan(web, archive, planned):
    rows = [row.version for row in listed(planned(archive))]
    web.fault = lambda path, number: ("slow", "cut", "reset", None)[number % 4]
    assert [row.version for row in listed(planned(web.address))] == rows


def test_requests_keep_the_pace_and_errors_slow_it_down(web, planned):
    plan = planned(web.address, RANGES)
    row = read_row(plan, 0)
    web.asked.clear()
    web.times.clear()
    pace = Pace(50)
    fetcher = Fetcher(source_of(Place(base=web.address)), pace)
    for _ in range(5):
        for start, stop in zip(row.requests.starts, row.requests.stops, strict=True):
            fetcher.read(row.file, int(start), int(stop))
    seconds = web.times[-1] - web.times[0]
    assert seconds >= (len(web.times) - 1) / 50 * 0.9
    web.fault = lambda path, number: "slow" if number % 2 else None
    fetcher.read(row.file, 0, 10)
    fetcher.read(row.file, 0, 10)
    assert pace.per_second < 50


def test_workers_share_the_pace(web, planned):
    plan = planned(web.address, "requests_per_second = 40")
    begun = time.monotonic()
    web.asked.clear()
    with ExitStack() as at_hand:
        for _ in range(9):
            at_hand.enter_context(fetched_row(plan, 0, 4))
    assert len(web.asked) == 9
    assert time.monotonic() - begun >= 8 / 10 * 0.9


@pytest.fixture
def bucket(archive, any_s3_address, new_bucket):
    """A bucket that holds the archive."""
    made = new_bucket(any_s3_address)
    for path, _ in files(archive):
        (made / str(path.relative_to(archive))).write_bytes(path.read_bytes())
    return made


def test_from_s3_comes_what_lies_in_the_folder(bucket, any_s3_address, planned, expected):
    assert contents(planned(str(bucket), f'endpoint = "{any_s3_address}"')) == expected


def test_a_plan_may_lie_in_a_store_itself(bucket, any_s3_address, planned, expected):
    plan = planned(str(bucket), f'endpoint = "{any_s3_address}"')
    stored = bucket / "plans" / "plan.parquet"
    stored.write_bytes(plan.read_bytes())
    assert contents(stored) == expected
    assert [file.row for file in find_files([str(stored)])] == list(range(len(expected)))


def test_s3_that_slows_down_and_breaks_off_makes_no_difference(
    bucket, any_s3_address, stumbling, planned, expected
):
    proxy = stumbling(any_s3_address)
    proxy.refuses = lambda method, path, number: number % 3 == 0
    proxy.cuts = lambda method, path, number: method == "GET" and number % 7 == 0
    plan = planned(str(bucket), f'endpoint = "{proxy.address}"', RANGES)
    assert contents(plan) == expected
    assert proxy.refused > 5
    assert proxy.cut > 0


def test_s3_that_goes_on_refusing_is_believed(bucket, any_s3_address, stumbling, planned):
    proxy = stumbling(any_s3_address)
    plan = planned(str(bucket), f'endpoint = "{proxy.address}"')
    proxy.asked.clear()
    proxy.denies = lambda method, path, number: True
    with pytest.raises(RefusedError, match="again and again"):
        contents(plan)
    assert len(proxy.asked) == fetch.DENIALS


def test_s3_without_credentials_says_where_to_put_them_or_how_to_do_without(
    bucket, any_s3_address, s3_at, planned
):
    s3_at(any_s3_address, key=None)
    # Clients are kept for each place; this one has another name.
    with pytest.raises(PermissionError, match=r"AWS_ACCESS_KEY_ID.*data\.commoncrawl\.org"):
        planned(f"{bucket}/", f'endpoint = "{any_s3_address}"', 'contact = "nobody"')


def test_s3_is_read_without_credentials_where_that_is_allowed(
    archive, moto_address, new_bucket, s3_at, planned, expected
):
    made = new_bucket(moto_address)
    for path, _ in files(archive):
        key = str(path.relative_to(archive))
        s3._client(os.getpid()).put_object(
            Bucket=made._bucket, Key=key, Body=path.read_bytes(), ACL="public-read"
        )
    s3_at(moto_address, key=None)
    assert (
        contents(planned(str(made), f'endpoint = "{moto_address}"', "anonymous = true")) == expected
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('base = "ftp://x"', "name a folder, s3://BUCKET or https://HOST"),
        ('base = "s3://"', "names no bucket"),
        ('base = "http://example.org"', "name it by https://"),
        ('endpoint = "localhost"', "name it by https://"),
        ("requests_per_second = 0", "requests_per_second"),
        ('contact = "a\\nb"', "contact"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_the_recipe(line, said):
    text = f'name = "x"\nlanguages = ["deu_Latn"]\n[commoncrawl]\n{line}\n'
    with pytest.raises(recipes.RecipeError, match=said):
        recipes.parse(text.encode(), "x.toml")
