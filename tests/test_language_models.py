"""Language models by setting: any fastText model, if it is the one the recipe names."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fasttext
import msgspec
import pytest

from florilegium.filters.language import Identity
from florilegium.filters.language_other import OtherIdentifier
from florilegium.pipelines import provenance
from florilegium.pipelines.build import plan
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.language_models import LanguageModelError, check, load, used
from florilegium.pipelines.named.texts import LanguageModel
from florilegium.pipelines.recipe import RecipeError, parse

LINES = {
    "deu_Latn": "der Hund und die Katze sind heute im Garten",
    "als_Latn": "qeni dhe macja janë sot në kopsht",
    "sw": "mbwa na paka wako kwenye bustani leo",
    "rus_Cyrl": "собака и кошка сегодня в саду",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    lines = folder / "lines.txt"
    lines.write_text("".join(f"__label__{label} {text}\n" * 50 for label, text in LINES.items()))
    path = folder / "other.bin"
    settings = {"minCount": 1, "dim": 8, "epoch": 20, "lr": 0.5, "minn": 2, "maxn": 3}
    fasttext.train_supervised(str(lines), thread=1, verbose=0, **settings).save_model(str(path))
    return path


def chosen(path, **changes):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    fields = {"path": str(path), "sha256": digest, "labels": {"sw": "swh_Latn"}}
    return LanguageModel(**{**fields, **changes})


def test_another_model_answers_with_our_codes(model):
    other = load(chosen(model))
    assert other.labels == ("deu_Latn", "rus_Cyrl", "sqi_Latn", "swh_Latn")
    told = {label: other.identify(text).lang for label, text in LINES.items()}
    assert told == {"deu_Latn": "deu_Latn", "als_Latn": "sqi_Latn", "sw": "swh_Latn",
                    "rus_Cyrl": "rus_Cyrl"}  # fmt: skip
    assert list(other.identify_all(LINES.values())) == [other.identify(x) for x in LINES.values()]


@pytest.mark.parametrize("text", ["", "\n", "\x00", "\ud800", "12 + 30"])
def test_what_has_no_letters_has_no_language(model, text):
    nothing = Identity("und_Zzzz", 0.0, "und_Zzzz", 0.0, "Zzzz")
    assert load(chosen(model)).identify(text) == nothing


def test_a_label_in_another_script_is_never_answered(model):
    identity = load(chosen(model)).identify("ο σκύλος και η γάτα")
    assert (identity.lang, identity.second) == ("und_Grek", "und_Grek")
    broken = load(chosen(model)).identify("der Hund\nund die\r\nKatze \ud800 sind")
    assert broken.lang == "deu_Latn"


def test_another_file_than_the_recipes_is_refused(model):
    with pytest.raises(LanguageModelError, match="SHA-256"):
        load(chosen(model, sha256="0" * 64))


def test_labels_that_are_no_codes_are_refused_unless_mapped(model):
    with pytest.raises(LanguageModelError, match=r"'sw'.*say which"):
        load(chosen(model, labels={}))
    with pytest.raises(LanguageModelError, match="no label 'swa'"):
        load(chosen(model, labels={"swa": "swh_Latn"}))
    with pytest.raises(ValueError, match="no code"):
        OtherIdentifier(model, {"sw": "Swahili"})


def test_a_file_that_is_no_model_is_refused(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("no model")
    with pytest.raises(LanguageModelError, match=r"lines\.txt"):
        load(chosen(lines))


def test_a_model_by_its_address_is_fetched_and_refused_if_it_is_another(
    model, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(SimpleHTTPRequestHandler, directory=model.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{model.name}"
        there = msgspec.structs.replace(chosen(model), path=address)
        assert load(there).identify(LINES["deu_Latn"]).lang == "deu_Latn"
        with pytest.raises(LanguageModelError, match="SHA-256"):
            load(msgspec.structs.replace(there, sha256="0" * 64))
        with pytest.raises(LanguageModelError, match="404"):
            load(msgspec.structs.replace(there, path=f"{address}.no", sha256="0" * 64))
        server.shutdown()


def test_a_recipe_names_a_model_by_place_and_digest(model):
    recipe = 'name = "a"\nlanguages = ["deu_Latn"]\n[language_model]\npath = "x.bin"\n'
    with pytest.raises(RecipeError, match="sha256"):
        parse(recipe.encode(), "a.toml")
    full = parse(f'{recipe}sha256 = "{"0" * 64}"\n'.encode(), "a.toml")
    assert [resource.sha256 for resource in used(full.language_model)] == ["0" * 64]
    assert provenance.harvest_fingerprint(full) != provenance.harvest_fingerprint(
        parse(b'name = "a"\nlanguages = ["deu_Latn"]\n', "a.toml")
    )


def test_a_build_does_not_start_with_another_model(model, tmp_path):
    (tmp_path / "a.warc").write_bytes(b"WARC/1.1\r\n")
    text = (
        f'name = "a"\nlanguages = ["deu_Latn"]\n[language_model]\npath = "{model}"\n'
        f'sha256 = "{"0" * 64}"\n'
    )
    with pytest.raises(LanguageModelError, match="SHA-256"):
        plan(parse(text.encode(), "a.toml"), find_files([str(tmp_path)]), tmp_path)


def test_the_packaged_models_are_named_in_the_manifest():
    names = [resource.name for resource in used(LanguageModel())]
    assert names[0] == "language model"
    assert "language model serbo-croatian" in names


@pytest.mark.parametrize("code", ["cnr_Latn", "izh_Latn"])
def test_a_language_that_our_model_cannot_tell_is_refused(code):
    with pytest.raises(LanguageModelError, match=f"no label for {code}: leave that out"):
        check(LanguageModel(), ("deu_Latn", code))


def test_languages_and_their_macro_languages_are_told_by_our_model():
    recipe = parse(b'name = "x"\nlanguages = ["european"]', "")
    check(LanguageModel(), (*recipe.languages, "hbs_Cyrl", "hbs_Latn", "nor_Latn", "jpn_Jpan"))


def test_another_model_must_tell_one_of_the_languages(model):
    check(chosen(model), ("deu_Latn", "isl_Latn"))
    with pytest.raises(LanguageModelError, match="has no label for fao_Latn, isl_Latn"):
        check(chosen(model), ("fao_Latn", "isl_Latn"))
