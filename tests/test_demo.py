import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from florilegium.manifests import manifest as manifests
from florilegium.manifests.lookup import find
from florilegium.pipelines.blocks.model import shipped_model
from florilegium.pipelines.demo.web import FILES, captures, pack
from florilegium.pipelines.research.lineage import drawn, lineage

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]


def florilegium(*arguments, **options):
    return subprocess.run(
        [*FLORILEGIUM, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demonstration, built once: its folder and what the build answered."""
    folder = tmp_path_factory.mktemp("demo")
    pack(folder / "warc")
    done = florilegium(
        "build", "demo", "--input", folder / "warc", "--out", folder, "--output", "json"
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture(scope="module")
def kept(demo):
    rows = pq.read_table(f"{demo[1]['release']}/data").to_pylist()
    return {row["url"]: row for row in rows}


@pytest.fixture(scope="module")
def lost(demo):
    rows = pq.read_table(f"{demo[1]['release']}/audit/losses").to_pylist()
    return {row["id"]: row for row in rows if row["rule"] != "record_type"}


@pytest.fixture(scope="module")
def places(demo):
    """Where each capture ended: its address and its id, by way of the files themselves."""
    from florilegium.manifests.identity import identity_of
    from florilegium.pipelines.harvest.warc import Record, read

    found = {}
    for name in FILES:
        for item in read(demo[0] / "warc" / name):
            if isinstance(item, Record) and item.kind == "response":
                url = item.headers["warc-target-uri"]
                record = item.headers["warc-record-id"]
                found[url] = identity_of(record, url, item.headers["warc-date"])
    return found


@pytest.mark.parametrize("capture", captures(), ids=lambda capture: f"{capture.page} {capture.url}")
def test_every_planted_page_meets_its_fate(capture, kept, lost, places):
    if capture.fate == "kept":
        assert capture.url in kept, lost[places[capture.url]]
        assert kept[capture.url]["lang"] == capture.reason
        return
    assert capture.url not in kept
    loss = lost[places[capture.url]]
    assert f"{loss['stage']}:{loss['rule']}" == capture.reason


def test_the_demonstration_speaks_every_official_language_of_the_union_and_ten_more(kept):
    official = {
        *("bul", "ces", "dan", "deu", "ell", "eng", "est", "fin", "fra", "gle", "hrv", "hun"),
        *("ita", "lav", "lit", "mlt", "nld", "pol", "por", "ron", "slk", "slv", "spa", "swe"),
    }
    spoken = {row["lang"][:3] for row in kept.values()}
    assert official <= spoken
    assert len(spoken - official) >= 10
    assert len({row["lang"] for row in kept.values() if row["lang"].startswith("srp")}) == 2


def test_every_record_is_in_a_shard_or_in_the_ledger(demo, kept):
    _, answer = demo
    manifest = json.loads(Path(answer["release"], "manifest.json").read_bytes())
    ledger = pq.read_table(f"{answer['release']}/audit/losses")
    responses = len(captures())
    kinds = Counter(row["detail"] for row in ledger.to_pylist() if row["rule"] == "record_type")
    assert kinds == {"request": responses, "warcinfo": len(FILES)}
    assert manifest["records"] == 2 * responses + len(FILES)
    assert len(kept) + ledger.num_rows == manifest["records"]


def test_the_manifest_is_the_golden_one(demo):
    """What a release says of its content; digests of code, libraries and files vary with those."""
    manifest = json.loads(Path(demo[1]["release"], "manifest.json").read_bytes())
    kept = ("root", "records", "documents", "inputs", "funnel", "languages", "recipe")
    golden = Path(__file__).parent / "golden" / "demo.json"
    assert {key: manifest[key] for key in kept} == json.loads(golden.read_text("utf-8"))


def test_copies_name_the_document_that_was_kept(kept, lost):
    copies = [row for row in lost.values() if row["stage"] == "duplicates"]
    ids = {row["id"] for row in kept.values()}
    assert copies
    assert all(row["dup_of"] in ids for row in copies)
    assert all(row["value"] >= row["limit"] for row in copies if row["limit"] is not None)
    assert {row["rule"] for row in copies if row["limit"] is None} == {"same_address"}
    assert sum(row["dup_size"] - 1 for row in kept.values()) == len(copies)


def test_personal_data_is_masked_and_counted(kept):
    marked = [row for row in kept.values() if sum(row["pii"].values())]
    assert {row["lang"] for row in marked} >= {"pol_Latn", "ces_Latn"}
    for row in marked:
        for kind in ("email", "phone", "iban", "ip"):
            assert row["text"].count(f"<{kind}-pii>") == row["pii"][kind], (row["url"], kind)
        assert "@" not in row["text"]


def test_licences_are_recorded_with_their_evidence(kept):
    marks = {row["license"]: row["license_tier"] for row in kept.values() if row["license"]}
    assert marks.keys() >= {"CC-BY-SA-4.0", "CC-BY-4.0", "CC0-1.0"}


def test_legacy_charsets_are_read_and_recorded(kept):
    charsets = Counter(row["charset"] for row in kept.values())
    assert charsets.keys() >= {
        "windows-1251", "iso-8859-2", "windows-1250", "iso-8859-7", "koi8-u", "utf-16le"
    }  # fmt: skip
    assert {row["charset_method"] for row in kept.values()} >= {"http", "meta", "bom", "utf-8"}


def test_every_document_says_who_found_its_text_and_how_sure_that_is(kept):
    blocks = f"blocks {version('florilegium')} {shipped_model().digest[:8]}"
    assert blocks in {row["extractor"] for row in kept.values()}
    for row in kept.values():
        if row["extractor"] == blocks:
            confidence = row["extraction_confidence"]
            assert 0 < confidence <= 1
            assert confidence == np.float32(round(confidence, 4))
        else:
            assert row["extractor"] == f"trafilatura {version('trafilatura')}"
            assert row["extraction_confidence"] is None


def test_no_furniture_comes_with_the_texts(kept):
    walls = {c.url for c in captures() if "cookie-wall" in c.page}  # nothing else is on it
    for url in kept.keys() - walls:
        assert "cookie" not in kept[url]["text"].lower(), url


def test_the_release_verifies(demo):
    done = florilegium("verify", demo[1]["release"])
    assert (done.returncode, done.stdout.strip()[-8:]) == (0, "verified")


def test_building_again_finds_nothing_to_do(demo):
    folder, _ = demo
    again = florilegium("build", "demo", "--input", folder / "warc", "--out", folder)
    assert again.returncode == 3
    assert "finished already" in again.stderr


def test_packing_twice_gives_the_same_bytes(tmp_path, demo):
    for path in pack(tmp_path):
        assert path.read_bytes() == (demo[0] / "warc" / path.name).read_bytes()


def test_documents_can_be_made_again_from_their_records(demo, tmp_path):
    release = Path(demo[1]["release"])
    warcs = {path.name: path for path in (demo[0] / "warc").iterdir()}
    assert list(lineage(release, demo[1]["documents"], warcs)) == []
    for finding in (found := list(lineage(release, 15, dict.fromkeys(warcs, Path(__file__))))):
        assert "holds no record at byte" in finding
    assert len(found) == 15
    (finding,) = lineage(release, 1, {})
    assert finding.endswith(" is not there")


def test_a_document_that_its_record_does_not_give_is_found(demo, tmp_path):
    release = Path(shutil.copytree(demo[1]["release"], tmp_path / "copy"))
    warcs = {path.name: path for path in (demo[0] / "warc").iterdir()}
    (document,) = drawn(release, manifests.read(release), 1)
    shard = release / find(release, manifests.read(release).shards, document.id).shard.path
    table = pq.read_table(shard)
    place = table.schema.get_field_index("title")
    titles = pa.array(["Another title"] * table.num_rows, pa.large_string())
    pq.write_table(table.set_column(place, table.schema.field(place), titles), shard)
    (finding,) = lineage(release, 1, warcs)
    assert "title is 'Another title', its record gives " in finding
