"""Builds on a parent: what new input says of earlier releases is carried forward and told."""

import json
import shutil

import pyarrow.parquet as pq
import pytest
from erasing import florilegium, page, rows, text, urls
from hosts import CRAWLED, DAY, capture
from msgspec.structs import replace

import florilegium as door
from florilegium.manifests import manifest as manifests
from florilegium.manifests.carried import PATH
from florilegium.manifests.schema import CARRIED_SCHEMA
from florilegium.manifests.verify import verify

RECIPE = """
name = "month"
languages = ["deu_Latn"]
parent = "latest"
[[filters]]
use = "length"
min_chars = 200
"""
HTML = "text/html; charset=utf-8"
CLOSED = "User-agent: *\nDisallow: /"


def at(host, number, month=0, lines=None, **headers):
    """A capture of a page."""
    html = page(lines or text(number))
    return capture(
        f"https://{host}.example/{number}", html, at=CRAWLED + 30 * DAY * month,
        Content_Type=HTML, **headers,
    )  # fmt: skip


def file_of(host, body, month=0, name="robots.txt"):
    return capture(f"https://{host}.example/{name}", body, at=CRAWLED + 30 * DAY * month)


FIRST = [at("a", 1), at("a", 2), at("b", 3), at("c", 4), file_of("b", "User-agent: *\nAllow: /")]


class Months:
    """A corpus that grows."""

    def __init__(self, folder):
        self.folder, self.home = folder, folder / "corpora" / "month"
        self.recipe(RECIPE)

    def recipe(self, text):
        (self.folder / "month.toml").write_text(text)

    def build(self, name, records=None, *words, code=0):
        """Build from a file; return the newest release and what it says of its month."""
        warc = self.folder / f"{name}.warc.gz"
        if records is not None:
            warc.write_bytes(b"".join(records))
        done = florilegium(
            "build", self.folder / "month.toml", "--input", warc, "--out",
            self.folder / "corpora", "--workers", 1, *words, code=code,
        )  # fmt: skip
        return done if code else manifests.read(self.latest).month

    @property
    def latest(self):
        return (self.home / "latest").resolve()

    @property
    def corpus(self):
        return door.open_corpus(self.home / "latest")

    @property
    def held(self):
        """Addresses in the whole corpus."""
        return set(self.corpus.documents(["url"]).to_arrow()["url"].to_pylist())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    months = Months(tmp_path_factory.mktemp("months"))
    months.build("1", FIRST)
    return months.folder


@pytest.fixture
def months(built, tmp_path):
    """A corpus of one release, to do with as one likes."""
    shutil.copytree(built, tmp_path / "months", symlinks=True)
    return Months(tmp_path / "months")


def test_the_first_build_has_no_parent_and_all_of_it_came(months):
    month = manifests.read(months.latest).month
    assert (month.came, month.earlier) == (month.whole, ())
    assert month.came.documents == 4
    assert manifests.read(months.latest).against == ()


def test_the_same_again_is_nothing_to_do_even_after_an_erasure(months):
    first = months.latest
    assert "nothing to do" in months.build("1", code=3).stderr
    florilegium("erase", first, "--url", "https://a.example/1", "--basis", "gdpr-17")
    assert months.latest != first
    months.build("1", code=3)
    assert len(list(months.home.glob("*/manifest.json"))) == 3  # latest is one of them


def test_a_month_says_what_came_went_and_changed(months):
    new = [at("a", 1, 1), at("a", 2, 1, lines=text(20)), at("d", 5, 1), at("e", 6, 1, text(4)),
           capture("https://b.example/3", "", status=404, at=CRAWLED + 30 * DAY)]  # fmt: skip
    month = months.build("2", new)
    told = (month.came.documents, month.unchanged, month.changed, month.copies, month.gone)
    assert told == (1, 1, 1, 1, 1)
    assert (month.whole.documents, len(month.earlier)) == (5, 1)
    (carried,) = pq.read_table(months.latest / PATH).to_pylist()
    assert (carried["fate"], carried["detail"]) == ("gone", "404")
    assert months.corpus.get(carried["id"]).url == "https://b.example/3"
    assert "https://b.example/3" in months.held
    assert "".join(text(2)).split()[0] in months.corpus.get("https://a.example/2").text
    assert list(verify(months.latest)) == []


def test_a_page_that_is_gone_and_there_in_the_same_input_is_there(months):
    gone = capture("https://b.example/3", "", status=404, at=CRAWLED + 30 * DAY)
    assert months.build("2", [at("d", 5, 1), gone, at("b", 3, 1)]).gone == 0


@pytest.mark.parametrize(
    ("records", "out"),
    [
        ([file_of("a", CLOSED, 1)], {"a/1", "a/2"}),
        ([file_of("b", CLOSED, 1)], {"b/3"}),
        (
            [file_of("c", '[{"location": "/", "tdm-reservation": 1}]', 1,
                     ".well-known/tdmrep.json")],
            {"c/4"},
        ),
        ([at("a", 1, 1, TDM_Reservation="1")], {"a/1"}),
        ([at("a", 1, 1, X_Robots_Tag="noai")], {"a/1"}),
        ([file_of("a", "User-agent: *\nDisallow: /2", 1)], {"a/2"}),
        ([file_of("b", "User-agent: *\nAllow: /", 1)], set()),
    ],
)  # fmt: skip
def test_what_is_opted_out_of_since_is_erased_from_earlier_releases(records, out, months):
    first = months.latest
    before = months.held
    month = months.build("2", [at("d", 5, 1), *records])
    named = {f"https://{one.replace('/', '.example/')}" for one in out}
    assert before - months.held == named
    assert month.opted_out == month.erased == len(out)
    assert month.came.documents == 1
    assert {row["rule"] for one in months.corpus.releases for row in rows(one.place, "audit/losses")
            if row["stage"] == "erase"} == ({"tdm_opt_out"} if out else set())  # fmt: skip
    assert urls(first) == before
    assert all(list(verify(one.place)) == [] for one in months.corpus.releases)
    assert not (months.latest / PATH).exists()


def test_a_page_that_opted_out_stays_out_and_its_text_may_come_from_elsewhere(months):
    months.build("2", [at("a", 1, 1, TDM_Reservation="1"), at("d", 9, 1, text(1))])
    assert {"https://d.example/9"} == months.held - {f"https://{one}.example/{n}" for one, n in (
        ("a", 2), ("b", 3), ("c", 4))}  # fmt: skip


def test_what_a_host_said_holds_for_its_later_pages_until_it_says_something_else(months):
    months.build("2", [at("a", 9, 1), file_of("a", CLOSED, 1), at("d", 5, 1)])
    third = months.build("3", [at("a", 10, 2), at("d", 15, 2)])
    assert not any(url.startswith("https://a.example/") for url in months.held)
    assert third.came.documents == 1
    assert list(verify(months.latest)) == []
    months.build("4", [at("a", 11, 3), file_of("b", CLOSED, 3)])
    months.build("4b", [at("b", 13, 3)])
    assert not {"https://a.example/11", "https://b.example/3", "https://b.example/13"} & months.held
    months.build("5", [at("a", 12, 4), file_of("a", "User-agent: *\nAllow: /", 4)])
    assert "https://a.example/12" in months.held
    assert all(list(verify(one.place)) == [] for one in months.corpus.releases)


def test_opt_outs_can_be_listed_and_left_to_somebody(months):
    months.recipe(RECIPE + '[months]\nopt_outs = "list"\n')
    month = months.build("2", [at("d", 5, 1), file_of("a", CLOSED, 1)])
    assert (month.opted_out, month.erased) == (2, 0)
    listed = pq.read_table(months.latest / PATH)
    assert listed.schema.equals(CARRIED_SCHEMA)
    found = listed.to_pylist()
    assert {months.corpus.get(one["id"]).url for one in found} == {
        "https://a.example/1", "https://a.example/2"
    }  # fmt: skip
    said = "*, line 2: Disallow: / (at build)"
    assert {(one["rule"], one["detail"]) for one in found} == {("robots_txt", said)}
    assert all("2.warc.gz" in one["source"] for one in found)
    assert {one["release"] for one in found} == {month.earlier[0].build_id}
    assert not (months.home / "erasures.jsonl").exists()
    assert list(verify(months.latest)) == []


def test_lists_take_pages_out_and_keep_them_out(months):
    letters = months.folder / "letters.txt"
    letters.write_text("c.example\nhttps://a.example/2\n*.z.example\n")
    months.recipe(RECIPE + f'[months]\nlists = ["{letters}"]\nbasis = "contract"\n')
    month = months.build("2", [at("d", 5, 1), at("c", 8, 1), at("y.z", 10, 1)])
    assert month.opted_out == 2
    assert months.held == {
        f"https://{one}" for one in ("a.example/1", "b.example/3", "d.example/5")
    }
    log = (months.home / "erasures.jsonl").read_bytes()
    months.build("3", [at("d", 11, 2)])
    assert (months.home / "erasures.jsonl").read_bytes() == log


def test_lists_hold_from_the_first_build_on_and_a_new_letter_is_something_to_do(tmp_path):
    months, letters = Months(tmp_path), tmp_path / "letters.txt"
    letters.write_text("c.example\n")
    months.recipe(RECIPE + f'[months]\nlists = ["{letters}"]\n')
    assert months.build("1", FIRST).came.documents == 3
    assert "https://c.example/4" not in months.held
    assert list(verify(months.latest)) == []
    months.build("1", code=3)
    letters.write_text("c.example\nhttps://a.example/2\n")
    again = months.build("1")
    assert (again.came.documents, again.opted_out, again.erased) == (0, 1, 1)
    assert months.held == {"https://a.example/1", "https://b.example/3"}
    assert all(list(verify(one.place)) == [] for one in months.corpus.releases)
    months.build("1", code=3)


def test_a_list_that_is_none_is_an_error_and_nothing_is_done(months):
    months.recipe(RECIPE + '[months]\nlists = ["nowhere.txt"]\n')
    assert "nowhere.txt" in months.build("2", [at("d", 5, 1)], code=2).stderr
    (months.folder / "letters.txt").write_text("a b\n")
    months.recipe(RECIPE + f'[months]\nlists = ["{months.folder}/letters.txt"]\n')
    assert "line 1" in months.build("2", code=2).stderr


def test_what_vanished_can_be_erased(months):
    months.recipe(RECIPE + '[months]\nvanished = "erase"\n')
    gone = capture("https://b.example/3", "", status=410, at=CRAWLED + 30 * DAY)
    month = months.build("2", [at("d", 5, 1), gone])
    assert (month.gone, month.erased) == (1, 1)
    assert "https://b.example/3" not in months.held


def test_an_erasure_by_command_is_counted_in_the_next_month_and_holds_in_all(months):
    second = months.build("2", [at("d", 5, 1)])
    assert second.erased == 0
    florilegium("erase", months.home / second.earlier[0].build_id, "--url", "https://a.example/1",
                "--basis", "gdpr-17")  # fmt: skip
    third = months.build("3", [at("a", 1, 2), at("f", 12, 2)])
    assert (third.erased, third.came.documents) == (1, 1)
    assert [one.documents for one in third.earlier] == [3, 1]
    assert third.whole.documents == len(months.corpus) == 5
    assert "https://a.example/1" not in months.held


def test_a_copy_of_something_erased_is_counted_no_more_once_its_release_is_made_anew(months):
    months.build("2", [at("a", 1, 1), at("a", 2, 1), at("d", 5, 1)])
    words = ("--basis", "gdpr-17", "--everywhere")
    florilegium("erase", months.latest, "--url", "https://a.example/1", *words)
    florilegium("erase", months.latest, "--url", "https://d.example/5", *words)
    copies = rows(months.latest, "audit/copies")
    assert [one["copies"] for one in copies] == [1]
    assert list(verify(months.latest)) == []


def test_a_parent_is_named_by_build_or_place_or_on_the_command_line(months, tmp_path):
    first = months.latest
    months.build("2", [at("d", 5, 1)])
    third = months.build("3", [at("e", 6, 2)], "--parent", first.name)
    assert [one.build_id for one in third.earlier] == [first.name]
    months.recipe(RECIPE.replace('"latest"', f'"{first}"'))
    fourth = months.build("4", [at("f", 7, 2)])
    assert [one.build_id for one in fourth.earlier] == [first.name]


@pytest.mark.parametrize("name", ["month", "other"])
def test_a_corpus_may_begin_on_a_release_elsewhere_that_is_no_part_of_it(name, months, tmp_path):
    first, elsewhere = months.latest, Months(tmp_path)
    elsewhere.home = tmp_path / "corpora" / name
    elsewhere.recipe(RECIPE.replace('"month"', f'"{name}"'))
    month = elsewhere.build("1", [at("a", 1, 1), at("a", 7, 1)], "--parent", first)
    assert (month.came.documents, month.unchanged, month.earlier) == (1, 1, ())
    assert elsewhere.held == {"https://a.example/7"}
    said = elsewhere.build("2", [at("a", 2, 2), at("a", 8, 2)], code=2).stderr
    assert f"month/{first.name} is not there" in said
    again = elsewhere.build("2", None, "--against", first)
    assert (again.came.documents, again.unchanged, len(again.earlier)) == (1, 1, 1)
    assert elsewhere.held == {"https://a.example/7", "https://a.example/8"}
    assert all(list(verify(one.place)) == [] for one in elsewhere.corpus.releases)


def test_what_was_erased_from_a_parent_elsewhere_is_kept_out_as_well(months, tmp_path):
    florilegium("erase", months.latest, "--url", "https://a.example/1", "--basis", "gdpr-17")
    elsewhere, words = Months(tmp_path), ("--parent", months.latest)
    said = elsewhere.build("2", [at("a", 1, 1), at("d", 5, 1)], *words, code=2).stderr
    assert "copy erasures.jsonl and erasures.key" in said
    elsewhere.home.mkdir(parents=True, exist_ok=True)
    for name in ("erasures.jsonl", "erasures.key"):
        shutil.copy(months.home / name, elsewhere.home / name)
    elsewhere.build("2", None, *words)
    assert elsewhere.held == {"https://d.example/5"}
    assert list(verify(elsewhere.latest)) == []


def test_a_damaged_index_of_a_parent_ends_the_build_before_anything_is_carried_on(months):
    (index,) = months.latest.glob("index/*/*.npy")
    whole = index.read_bytes()
    index.write_bytes(whole[:-1] + bytes([whole[-1] ^ 255]))
    gone = capture("https://b.example/3", "", status=404, at=CRAWLED + 30 * DAY)
    assert "is damaged" in months.build("2", [at("d", 5, 1), gone], code=1).stderr
    index.write_bytes(whole)
    assert months.build("2").gone == 1


def test_releases_in_another_folder_are_left_as_they_are(months, tmp_path):
    first, elsewhere = months.latest, Months(tmp_path)
    words = ("--parent", first)
    month = elsewhere.build("2", [at("d", 5, 1), file_of("a", CLOSED, 1)], *words)
    assert (month.opted_out, month.erased) == (2, 0)
    assert len(list(months.home.glob("*/manifest.json"))) == 2
    assert len(pq.read_table(elsewhere.latest / PATH)) == 2


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (RECIPE.replace("latest", "nowhere"), "nowhere is no release"),
        (RECIPE + '[duplicates]\nscope = "release"\n', "it cannot be built against another"),
        (RECIPE + '[months]\nopt_outs = "maybe"\n', "opt_outs"),
    ],
)
def test_a_parent_that_cannot_be_is_refused(recipe, said, months):
    months.recipe(recipe)
    assert said in months.build("2", [at("d", 5, 1)], code=2).stderr


def test_a_chain_with_a_release_missing_is_refused(months):
    first = months.latest
    months.build("2", [at("d", 5, 1)])
    shutil.move(first, months.folder / "away")
    assert f"month/{first.name} is not there" in months.build("3", [at("e", 6)], code=2).stderr
    with pytest.raises(ValueError, match="put it back"):
        door.open_corpus(months.home / "latest")
    assert "is not there" not in months.build(
        "3", None, "--against", months.folder / "away", code=0
    ).made_of  # fmt: skip


def test_without_a_parent_nothing_is_said_of_a_month(months):
    months.recipe(RECIPE.replace('parent = "latest"\n', ""))
    months.build("2", [at("d", 5, 1)])
    said = json.loads((months.latest / "manifest.json").read_bytes())
    assert "month" not in said
    assert not {"parent", "months"} & said["recipe"].keys()


def test_a_corpus_is_read_as_one(months):
    months.build("2", [at("d", 5, 1)])
    corpus = months.corpus
    assert len(corpus) == corpus.documents(["id"]).to_arrow().num_rows == 5
    assert len(pq.ParquetDataset([str(one) for one in corpus.files]).read(["id"])) == 5
    assert corpus.tokens == manifests.read(months.latest).month.whole.tokens
    assert corpus.get("https://d.example/5").url == "https://d.example/5"
    assert corpus.get("https://d.example/6") is None
    with pytest.raises(ValueError, match="fra_Latn"):
        corpus.documents(languages=["fra_Latn"])
    with pytest.raises(FileNotFoundError, match="is no release"):
        door.open_corpus(months.folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unchanged": 2}, "1 documents in the ledger are unchanged, 2 are stated"),
        ({"changed": 1}, "0 documents in the ledger are changed, 1 are stated"),
        ({"gone": 3}, "1 documents gone, the manifest says 3"),
    ],
)
def test_verify_finds_a_month_that_is_not_so(change, said, months):
    gone = capture("https://b.example/3", "", status=404, at=CRAWLED + 30 * DAY)
    months.build("2", [at("d", 5, 1), at("a", 1, 1), gone])
    made = manifests.read(months.latest)
    forged = replace(made, month=replace(made.month, **change))
    (months.latest / "manifest.json").write_bytes(manifests.encode(forged))
    assert any(said in one for one in verify(months.latest))


def test_a_month_whose_sums_do_not_agree_is_no_manifest(months):
    made = manifests.read(months.latest)
    whole = replace(made.month.whole, documents=9)
    with pytest.raises(ValueError, match=r"9 documents of .* in all, and 4 documents"):
        replace(made, month=replace(made.month, whole=whole))
