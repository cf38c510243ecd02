"""Months of a corpus that lies in a store."""

from erasing import florilegium
from test_months_build import CLOSED, FIRST, RECIPE, at, file_of

import florilegium as door
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import find_release
from florilegium.manifests.verify import verify

pytest_plugins = ["servers"]


def test_a_corpus_in_a_store_grows_and_heeds_what_is_opted_out_of(bucket, tmp_path, monkeypatch):
    (tmp_path / "month.toml").write_text(RECIPE)

    def build(name, records=None, code=0):
        warc = tmp_path / f"{name}.warc.gz"
        if records is not None:
            warc.write_bytes(b"".join(records))
        return florilegium("build", tmp_path / "month.toml", "--input", warc, "--out", bucket,
                           "--workers", 1, code=code)  # fmt: skip

    assert "where no key belongs" in build("1", FIRST, code=2).stderr
    monkeypatch.setenv("FLORILEGIUM_ERASURE_KEY", str(tmp_path / "key"))
    build("1", FIRST)
    build("2", [at("d", 5, 1), at("a", 1, 1), file_of("b", CLOSED, 1)])
    month = manifests.read(find_release(f"{bucket}/month/latest")).month
    assert (month.came.documents, month.unchanged, month.opted_out, month.erased) == (1, 1, 1, 1)
    corpus = door.open_corpus(f"{bucket}/month/latest")
    urls = corpus.documents(["url"]).to_arrow()["url"].to_pylist()
    assert len(corpus) == month.whole.documents == len(urls) == 4
    assert "https://b.example/3" not in urls
    assert all(list(verify(one.place)) == [] for one in corpus.releases)
    build("2", code=3)
