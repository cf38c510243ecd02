"""A second opinion on languages: heeded where the second identifier knows the language."""

from importlib import metadata
from importlib.util import find_spec

import pytest

from florilegium.filters import language_second
from florilegium.filters.certainty import Certainty
from florilegium.filters.language_second import SecondIdentifier, agrees
from florilegium.pipelines import provenance
from florilegium.pipelines.build import plan
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.named.language_models import LanguageModelError, used
from florilegium.pipelines.named.texts import LanguageModel
from florilegium.pipelines.recipe import RecipeError, parse
from florilegium.pipelines.research.inspection import inspect_text

HELIPORT = LanguageModel(second="heliport")
RECIPE = b'name = "a"\nlanguages = ["deu_Latn"]\n'
ASKING = RECIPE + b'[language_model]\nsecond = "heliport"\n'

installed = pytest.mark.skipif(find_spec("heliport") is None, reason="heliport is not installed")

SENTENCES = {
    "deu_Latn": "Gestern haben wir im Garten die letzten Äpfel geerntet und Saft gepresst.",
    "nob_Latn": "I går plukket vi de siste eplene i hagen og presset saft av dem hjemme.",
    "srp_Cyrl": "Јуче смо у башти обрали последње јабуке и код куће цедили сок за децу.",
    "hrv_Latn": "Jučer smo u vrtu obrali posljednje jabuke i kod kuće cijedili sok za djecu.",
    "bel_Cyrl": "Учора мы сабралі ў садзе апошнія яблыкі і дома зрабілі сок для дзяцей.",
}


@pytest.mark.parametrize(
    ("lang", "evidence", "score", "lost"),
    [
        ("deu_Latn", "heliport deu", 0.1, None),
        ("deu_Latn", "heliport bar", 0.99, "lang_second_opinion"),
        ("deu_Latn", "heliport bar, declared de", 0.99, "lang_second_opinion"),
        ("hrv_Latn", "heliport hbs, domain hr", 0.1, None),
        ("hbs_Latn", "heliport hbs", 0.1, None),
        ("nor_Latn", "heliport nno", 0.1, None),
        ("nob_Latn", "heliport nno", 0.99, "lang_second_opinion"),
        ("szl_Latn", "", 0.5, None),
        ("szl_Latn", "", 0.49, "lang_score"),
        ("szl_Latn", "domain pl", 0.49, "lang_score"),
        ("szl_Latn", "declared x, heliport szl", 0.49, "lang_score"),
    ],
)
def test_it_decides_where_it_was_heard_and_the_limit_elsewhere(
    document, lang, evidence, score, lost
):
    found = document(1, lang, lang_score=score, lang_evidence=evidence)
    failed = Certainty(min_score=0.5)(found)
    assert (failed.rule if failed else None) == lost
    if lost == "lang_second_opinion":
        assert (failed.value, failed.limit, failed.detail) == (0, 1, evidence)


def test_another_second_model_is_unknown():
    with pytest.raises(RecipeError, match=r"did you mean 'heliport'\?"):
        parse(ASKING.replace(b"heliport", b"helipot"), "a.toml")


def test_a_build_does_not_start_without_the_package(monkeypatch, tmp_path):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(language_second.metadata, "version", missing)
    (tmp_path / "a.warc").write_bytes(b"WARC/1.1\r\n")
    with pytest.raises(LanguageModelError) as refused:
        plan(parse(ASKING, "a.toml"), find_files([str(tmp_path)]), tmp_path)
    assert "pip install 'florilegium[heliport]'" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nobody_is_asked_whom_the_recipe_does_not_name(tools, page, html, prose, monkeypatch):
    monkeypatch.setattr(language_second, "_loaded", pytest.fail)
    assert harvest_page(page(html(*prose)), tools).lang_evidence == ""
    assert not any("heliport" in one.name for one in used(LanguageModel()))


@installed
@pytest.mark.parametrize("lang", SENTENCES)
def test_heliport_agrees_with_what_is_so_and_contradicts_what_is_not(lang):
    second = SecondIdentifier()
    assert agrees(lang, second.evidence(SENTENCES[lang], lang)) is True
    other = "fra_Latn"
    assert agrees(other, second.evidence(SENTENCES[lang], other)) is False


@installed
@pytest.mark.parametrize("lang", ["szl_Latn", "dsb_Latn", "fur_Latn", "bel_Latn", "mis_Latn"])
def test_heliport_is_not_heard_on_languages_it_does_not_know(lang):
    assert SecondIdentifier().evidence(SENTENCES["deu_Latn"], lang) == ""


@installed
@pytest.mark.parametrize("text", ["", "\n", "\x00", "\ud800", "12 + 30", "x" * 100_000])
def test_any_text_can_be_asked_about(text):
    said = SecondIdentifier().evidence(text, "deu_Latn")
    assert said.startswith("heliport ")
    assert said == SecondIdentifier().evidence(text, "deu_Latn")


@installed
def test_it_is_loaded_when_first_asked_and_once(monkeypatch):
    language_second._loaded.cache_clear()
    one, other = SecondIdentifier(), SecondIdentifier()
    assert language_second._loaded.cache_info().misses == 0
    for second in (one, other, one):
        second.evidence(SENTENCES["deu_Latn"], "deu_Latn")
    assert language_second._loaded.cache_info().misses == 1


@installed
def test_its_word_goes_with_the_page_and_is_inspected(page, html, prose):
    with Tools(parse(ASKING, "a.toml")) as tools:
        assert harvest_page(page(html(*prose)), tools).lang_evidence == "heliport deu"
        found = inspect_text("a", None, "\n".join(prose), tools)
    (judged,) = (one for one in found.measures if one.rule == "lang_second_opinion")
    assert (judged.value, judged.low, judged.holds) == (1, 1, True)


@installed
def test_its_version_and_models_are_in_the_manifest_and_in_what_harvest_rests_on(monkeypatch):
    (named,) = (one for one in used(HELIPORT) if "heliport" in one.name)
    assert named.name == f"language model heliport {metadata.version('heliport')}"
    assert len(bytes.fromhex(named.sha256)) == 32
    recipe = parse(ASKING, "a.toml")
    before = provenance.harvest_fingerprint(recipe)
    assert before != provenance.harvest_fingerprint(parse(RECIPE, "a.toml"))
    monkeypatch.setattr(language_second, "digest", lambda: "0" * 64)
    assert provenance.harvest_fingerprint(recipe) != before
