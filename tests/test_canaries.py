"""Planted pages meet the fates that the recipe has for them, and leave no trace in what is kept."""

import json

import pytest
from erasing import RECORDS, florilegium, holding, losses, root, rows
from hosts import CRAWLED, capture

from florilegium.filters.catalogue import DEFAULTS
from florilegium.filters.language_table import european
from florilegium.manifests import gate_report
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.pipelines.gates import canaries, canary_pages
from florilegium.pipelines.gates.canary_pages import ITEMS
from florilegium.pipelines.harvest.harvest import measured
from florilegium.pipelines.harvest.stages import harvest_page, page_of
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.recipe import parse
from florilegium.pipelines.verdicts.judgement import failed

pytest_plugins = ["erasing"]

PLAIN = 'name = "garten"\nlanguages = ["deu_Latn"]\nreasons = "all"\n'
LENGTH = PLAIN + '[[filters]]\nuse = "length"\n'
"""Keeps the garden, which is too monotonous for the default rules."""
PLANTED = "[gates]\ncanaries = true\n"
NAMES = ["good", "copy", "near", "personal", "meta", "header", "robots", "spam", "foreign",
         "benchmark"]  # fmt: skip
HTML = {"Content_Type": "text/html; charset=utf-8"}


class Place:
    """An input, and what is built of it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "crawl").mkdir()
        copy = canary_pages.pages(parse(PLAIN.encode(), "here"))[0].html
        records = [*RECORDS, capture("https://wirklich.example/", copy, at=CRAWLED, **HTML)]
        (folder / "crawl" / "0.warc.gz").write_bytes(b"".join(records))

    def build(self, recipe, code=0, out="corpora"):
        """Build by a recipe; return the release and what its report says of canaries."""
        (self.folder / "recipe.toml").write_text(recipe)
        done = florilegium(
            "build", self.folder / "recipe.toml", "--input", self.folder / "crawl", "--out",
            self.folder / out, "--workers", 1, "--output", "json", code=code,
        )  # fmt: skip
        place = self.folder / out / "garten" / json.loads(done.stdout)["build_id"]
        report = gate_report.read(place)
        return place, {one.canary: one for one in report.canaries} if report else {}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("canaries"))


@pytest.fixture(scope="module")
def plain(place):
    return place.build(LENGTH, out="plain")[0]


@pytest.fixture(scope="module")
def planted(place):
    return place.build(LENGTH + PLANTED)


def test_all_meet_their_fates(place):
    _, fates = place.build(PLAIN + PLANTED)
    assert {name for name, one in fates.items() if not one.passed} == set()
    assert [*fates] == NAMES
    assert fates["benchmark"].expected == ""
    assert fates["personal"].found == "published"
    assert fates["foreign"].found == "lost at identify by language"
    assert fates["spam"].found.startswith("lost at quality")


def test_the_root_is_that_of_a_build_without_them(plain, planted):
    release, _ = planted
    assert root(release) == root(plain)
    bare, full = (manifests.read(one) for one in (plain, release))
    assert full.documents == bare.documents > 40
    assert (full.languages, full.captured, full.licences) == (
        bare.languages, bare.captured, bare.licences
    )  # fmt: skip
    assert [shard.sha256 for shard in full.shards] == [shard.sha256 for shard in bare.shards]
    index = [[(t.path, t.sha256) for t in one.tables if t.path.startswith("index/")]
             for one in (bare, full)]  # fmt: skip
    assert index[0] == index[1]
    same = {t.path: t.sha256 for t in bare.tables} | {t.path: t.sha256 for t in full.tables}
    assert set(same) >= {"audit/distributions.parquet", "audit/examples.parquet"}
    for name in ("audit/distributions.parquet", "audit/examples.parquet", "audit/buckets.parquet"):
        assert (release / name).read_bytes() == (plain / name).read_bytes()
    assert full.opt_outs.origins == bare.opt_outs.origins


def test_none_is_in_a_shard_and_all_are_in_the_ledger(planted):
    release, _ = planted
    assert list(verify(release)) == []
    assert {name.split("/")[1] for name in holding(release, ".invalid")} <= {
        "losses", "domains", "reasons"
    }  # fmt: skip
    assert not any(row["host"].endswith(".invalid") for row in rows(release))
    assert "https://wirklich.example/" in {row["url"] for row in rows(release)}
    caught = losses(release, "canary")
    assert {row["warc"] for row in caught} == {canaries.NAME}
    assert {row["rule"] for row in caught} == {"published"}
    assert sorted(row["host"].partition(".")[0] for row in caught) == ["near", "personal", "spam"]
    (step,) = [one for one in manifests.read(release).funnel if one.stage == "canary"]
    assert step.lost == {"published": 3}
    assert manifests.read(release).inputs[-1].name == canaries.NAME


def test_a_release_is_asked_again_from_its_files_alone(planted):
    release, fates = planted
    again = florilegium("gates", release, "--output", "json")
    assert {one["canary"] for one in json.loads(again.stdout)["canaries"]} == set(fates)


@pytest.mark.parametrize(
    ("recipe", "name", "found"),
    [
        ('[rights]\nhonour = ["tdm"]', "robots", "not applicable"),
        ('[rights]\nregime = "research_60d"', "meta", "not applicable"),
        ("[duplicates]\nnear = false", "near", "not applicable"),
        ("[duplicates]\nexact = false", "copy", "not applicable"),
        ('[duplicates]\nmethod = "minhash"', "near", "near_duplicate"),
        ('[duplicates]\nscope = "snapshot"', "copy", "exact_duplicate"),
        ('[[filters]]\nuse = "length"', "spam", "not applicable"),
    ],
)
def test_fates_follow_from_the_recipe(place, recipe, name, found):
    made = PLAIN.replace('reasons = "all"', "") + recipe + "\n" + PLANTED
    _, fates = place.build(made)
    assert [one.said for one in fates.values() if not one.passed] == []
    assert found in fates[name].said + fates[name].found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ('personal = "count"', "published"),
        ('personal = "drop"', "lost at personal by personal_data"),
        ('personal_kinds = { iban = "drop" }', "lost at personal by personal_data"),
        ('personal_kinds = { email = "count" }', "published"),
    ],
)
def test_personal_data_is_treated_as_the_recipe_says(place, keys, found):
    _, fates = place.build(PLAIN + keys + "\n" + PLANTED)
    assert fates["personal"].found == found
    assert fates["personal"].passed


def test_a_text_of_a_benchmark_is_found(place):
    lines = ["Wer von den vier Wanderern kam zuerst am alten Brunnen hinter der Mühle an, wenn der "
             "Müller schon seit dem frühen Morgen dort auf sie gewartet hatte?"]  # fmt: skip
    (place.folder / "tests.txt").write_text("\n\n".join(["zu kurz", *lines]))
    named = f'[[benchmarks]]\nname = "rätsel"\npath = "{place.folder / "tests.txt"}"\n'
    recipe = PLAIN + named.replace("rätsel", "riddles") + PLANTED
    _, fates = place.build(recipe)
    assert fates["benchmark"].found == "lost at quality by benchmark_ngrams"
    assert all(one.passed for one in fates.values())


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        ("florilegium.pipelines.harvest.stages.mask", "personal"),
        ("florilegium.pipelines.harvest.stages.verdict", "meta"),
        ("florilegium.pipelines.verdicts.decide.refusals_of", "robots"),
        ("florilegium.pipelines.verdicts.decide.removed", "copy"),
        ("florilegium.pipelines.verdicts.decide.failed", "spam"),
    ],
)
def test_a_step_that_does_not_work_fails_the_gate(place, monkeypatch, broken, wrong):
    instead = {
        "mask": lambda text, *_: text,
        "verdict": lambda *_: None,
        "refusals_of": lambda *_: {},
        "removed": lambda *_: None,
        "failed": lambda *_: None,
    }
    monkeypatch.setattr(broken, instead[broken.rpartition(".")[2]])
    release, fates = place.build(PLAIN + PLANTED, code=4, out=f"broken-{wrong}")
    assert not fates[wrong].passed
    assert gate_report.read(release).failed[-1] == "canaries"
    assert not (release.parent / "latest.json").exists()


def test_a_rule_that_no_text_passes_fails_the_gate(place):
    rule = '[[filters]]\nuse = "length"\nmax_chars = 300\n'
    release, fates = place.build(PLAIN + rule + PLANTED, code=4)
    assert not fates["good"].passed
    assert "canaries" in gate_report.read(release).failed


def test_an_input_of_their_name_is_refused(place, tmp_path):
    (tmp_path / canaries.NAME).write_bytes(b"".join(RECORDS))
    (tmp_path / "recipe.toml").write_text(PLAIN + PLANTED)
    done = florilegium("build", tmp_path / "recipe.toml", tmp_path / canaries.NAME, code=2)
    assert "rename it" in done.stderr


def test_pages_are_the_same_each_time_and_carry_all_that_is_planted():
    recipe = parse((PLAIN + PLANTED).encode(), "here")
    assert canaries.packed(recipe, "c0") == canaries.packed(recipe, "c0")
    assert canaries.packed(recipe, "c0") != canaries.packed(recipe, "c1")
    (page,) = [one for one in canary_pages.pages(recipe) if one.name == "personal"]
    assert all(item in page.html for item in ITEMS.values())


def test_there_is_prose_for_most_languages_of_europe():
    def has_prose(lang):
        return canary_pages.prose_for(parse(f'name = "x"\nlanguages = ["{lang}"]'.encode(), "x"))

    assert sum(has_prose(lang) is not None for lang in european()) >= 39


def test_ordinary_texts_pass_the_default_rules_in_every_language(tools, tmp_path):
    wrong = []
    for prose in canary_pages._prose():
        recipe = parse(f'name = "x"\nlanguages = ["{prose.lang}"]'.encode(), "here")
        (file := tmp_path / f"{prose.lang}.warc").write_bytes(canaries.packed(recipe, "c0"))
        for item in read(file):
            host = item.headers["warc-target-uri"].split("/")[2].partition(".")[0]
            page = page_of(item, file.name, tools.recipe)
            if host not in ("good", "near", "personal", "spam") or page.url.endswith("robots.txt"):
                continue
            (document,) = measured([harvest_page(page, tools)])
            loss = failed(document, DEFAULTS)
            if (loss is not None) != (host == "spam") or document.lang != prose.lang:
                wrong.append((prose.lang, host, document.lang, loss and loss.rule))
            left = [kind for kind, one in ITEMS.items() if one in document.text]
            wrong += [(prose.lang, host, kind) for kind in left]
    assert wrong == []


def test_what_if_knows_nothing_of_them(place):
    release, _ = place.build(LENGTH + PLANTED, out="asked")
    words = (
        "whatif",
        place.folder / "recipe.toml",
        "--out",
        release.parents[1],
        "--output",
        "json",
    )
    done = florilegium(*words, "--set", "filters.length.min_chars=100000")
    (change,) = json.loads(done.stdout)["changes"]
    assert change["lost"]["documents"] == manifests.read(release).documents
    assert ".invalid" not in done.stdout


def test_an_erasure_of_a_release_with_canaries_is_whole(place):
    release, _ = place.build(LENGTH + PLANTED, out="erased")
    done = florilegium("erase", release, "--url", "https://wirklich.example/", "--basis", "other",
                       "--output", "json")  # fmt: skip
    made = release.parent / json.loads(done.stdout)["build_id"]
    assert list(verify(made)) == []
    assert len(losses(made, "canary")) == 3
    florilegium("gates", made, "--against", release)
    again, fates = place.build(LENGTH + PLANTED, out="erased")
    assert again != made
    assert root(again) == root(made)
    assert all(one.passed for one in fates.values())
