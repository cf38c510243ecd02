import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import florilegium
from florilegium.manifests.document import Document
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.verify import verify


@pytest.fixture(scope="module")
def release(sealed):
    return florilegium.open(sealed.folder)


def test_importing_the_package_loads_nothing_else():
    code = "import florilegium, sys; print(*sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "florilegium" in loaded
    assert not {name for name in loaded if name.startswith("florilegium.")}
    assert loaded.isdisjoint({"pyarrow", "numpy", "msgspec", "apache_beam"})


def test_opening_a_release_loads_no_pipeline():
    code = "import florilegium, sys; florilegium.open; print(*sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "florilegium.manifests.release" in loaded
    assert loaded.isdisjoint({"apache_beam", "florilegium.pipelines", "boto3"})


def test_a_name_that_is_not_there_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        florilegium.colour  # noqa: B018


def test_all_documents_come_with_all_columns(release, sealed):
    table = release.documents().to_arrow()
    assert len(release) == table.num_rows == sealed.manifest.documents
    assert table.schema == DOCUMENT_SCHEMA
    assert set(release.languages) == set(table["lang"].to_pylist())


def test_columns_languages_and_conditions_choose(release):
    chosen = release.documents(["url", "tokens"], ["deu_Latn"], where=pc.field("tokens") > 20)
    table, whole = chosen.to_arrow(), release.documents().to_arrow()
    assert table.column_names == ["url", "tokens"]
    wanted = (pc.field("tokens") > 20) & (pc.field("lang") == "deu_Latn")
    expected = whole.filter(wanted).select(["url", "tokens"])
    assert 0 < table.num_rows < whole.num_rows
    assert table == expected.cast(table.schema)
    none = release.documents(["url"], where=pc.field("tokens") > 10_000).to_arrow()
    assert (none.num_rows, none.column_names) == (0, ["url"])


def test_duckdb_reads_documents_by_arrow_without_a_copy(release):
    engine = duckdb.connect()
    engine.register("drawn", release.sample(0.5, columns=["lang", "tokens"]).to_reader())
    ((documents, tokens),) = engine.sql("SELECT count(*), sum(tokens) FROM drawn").fetchall()
    table = release.sample(0.5).to_arrow()
    assert (documents, tokens) == (table.num_rows, pc.sum(table["tokens"]).as_py())


def test_a_sample_can_be_read_or_written(release, tmp_path):
    drawn = release.sample(documents=40, languages=["deu_Latn"])
    made = drawn.write(tmp_path / "sample")
    assert list(verify(tmp_path / "sample")) == []
    again = florilegium.open(tmp_path / "sample")
    assert again.manifest == made
    assert again.documents().to_arrow() == drawn.to_arrow()
    assert repr(again) == f"<small/{made.build_id}: 40 documents>"
    assert pa.table(again.documents(["text"])).num_rows == 40


def test_documents_are_got_by_id_and_by_address(release):
    for document in from_table(release.documents().to_arrow(), Document)[::17]:
        assert release.get(document.id) == release.get(document.id.hex()) == document
    assert release.get("00" * 16) is None
    assert release.get("https://nowhere.example/") is None


def test_a_release_counts_and_compares_what_it_holds(release, tmp_path):
    assert {group.of: group.tokens for group in release.stats()} == {
        lang: about.tokens for lang, about in release.languages.items()
    }
    assert sum(one.documents for one in release.spread("tokens")) == len(release)
    release.sample(documents=30).write(tmp_path / "s")
    total = release.diff(florilegium.open(tmp_path / "s")).total
    assert (total["same"].documents, total["went"].documents) == (30, len(release) - 30)


def test_what_is_not_there_is_said(release, tmp_path):
    with pytest.raises(FileNotFoundError, match="is no release: there is no manifest"):
        florilegium.open(tmp_path)
    with pytest.raises(ValueError, match="no column 'colour'"):
        release.documents(["colour"])
    with pytest.raises(ValueError, match="it holds nothing in nld_Latn"):
        release.documents(languages=["nld_Latn"])
    with pytest.raises(ValueError, match="it holds nothing in nld_Latn"):
        release.sample(0.5, languages=["nld_Latn"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_hold_the_same(release, library):
    pytest.importorskip(library)
    drawn = release.sample(0.5)
    frame = drawn.to_pandas() if library == "pandas" else drawn.to_polars()
    assert list(frame["text"]) == drawn.to_arrow()["text"].to_pylist()
