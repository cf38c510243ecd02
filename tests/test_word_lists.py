"""Word lists: the share of a text that their words make up, by language, measured and no more."""

import hashlib

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.bad_words import BadWords
from florilegium.filters.catalogue import DEFAULTS
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.assessment.word_lists import WordLists
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.files import NamedFileError
from florilegium.pipelines.named.texts import WordList
from florilegium.pipelines.recipe import load


def listed(path, text, **changes):
    path.write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return WordList(**{"path": str(path), "sha256": digest, **changes})


def test_words_and_phrases_count_in_any_case_and_only_in_their_language(tmp_path, document):
    mine = listed(tmp_path / "de", "# Liste\nmist\ndoofer Hund\n", languages=("deu_Latn",))
    lists = WordLists([mine, listed(tmp_path / "all", "spam\n")])
    text = "So ein Mist, du doofer HUND: Spam!"
    assert lists.assess(document(1, text=text)) == {"bad_word_share": 4 / 7}
    assert lists.assess(document(1, "fra_Latn", text=text)) == {"bad_word_share": 1 / 7}
    assert WordLists([mine]).assess(document(1, "fra_Latn", text=text)) == {}


def test_a_word_within_another_is_none(tmp_path, document):
    lists = WordLists([listed(tmp_path / "x", "sex\n")])
    assert lists.assess(document(1, text="Sussex and Essex"))["bad_word_share"] == 0


def test_a_share_lies_between_nothing_and_all(tmp_path, document):
    lists = WordLists([listed(tmp_path / "x", "a\nb\na b\n")])

    @given(st.text() | st.text("ab ,", max_size=30))
    def holds(text):
        assert 0 <= lists.assess(document(1, text=text))["bad_word_share"] <= 1

    holds()


def test_what_is_no_word_list_is_refused(tmp_path):
    with pytest.raises(NamedFileError, match="there is no word in it"):
        WordLists([listed(tmp_path / "x", "# only a remark\n...\n")])
    with pytest.raises(NamedFileError, match="has more than 10 words"):
        WordLists([listed(tmp_path / "x", "this is a sentence of some text and no entry at all\n")])
    with pytest.raises(NamedFileError, match="is not the word list of the recipe"):
        WordLists([listed(tmp_path / "x", "a", sha256="0" * 64)])


def test_a_build_measures_and_drops_nothing_unless_a_limit_says_so(tmp_path):
    warcs = find_files(map(str, pack(tmp_path / "warcs")))
    words = listed(tmp_path / "words", "og\nund\nhet\n")

    def build(**changes):
        plan = builds.plan(replace(load("demo"), **changes), warcs, tmp_path / "out")
        return plan, builds.build(plan, Embedded(), Display(console_for("json")))

    _, before = build()
    plan, after = build(word_lists=(words,))
    assert list(verify(plan.release)) == []
    assert after.documents == before.documents
    shares = pq.read_table(plan.release / "data", columns=["bad_word_share"]).column(0).to_pylist()
    assert max(shares) > 0.01
    filters = (*(f for f in DEFAULTS if not isinstance(f, BadWords)), BadWords(max_bad_words=0))
    _, strict = build(word_lists=(words,), filters=filters)
    assert before.documents - strict.documents == sum(share > 0 for share in shares)
