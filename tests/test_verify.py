import hashlib
import json
import os
import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florilegium.manifests import manifest as manifests
from florilegium.manifests.leaves import leaves
from florilegium.manifests.merkle import span
from florilegium.manifests.personal import KINDS
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.verify import verify

reused = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def findings_match(release, *patterns):
    found = list(verify(release))
    assert len(found) == len(patterns), found
    for finding, pattern in zip(found, patterns, strict=True):
        assert re.search(pattern, finding), (finding, pattern)


def stated(release):
    return json.loads((release / manifests.NAME).read_bytes())


def state(release, manifest):
    (release / manifests.NAME).write_text(json.dumps(manifest))


def entries(manifest):
    return {e["path"]: e for kind in ("shards", "ledger", "tables") for e in manifest[kind]}


def restate(release):
    """Put the digest and the size of every file as it now is into the manifest."""
    manifest = stated(release)
    for path, entry in entries(manifest).items():
        content = (release / path).read_bytes()
        entry["sha256"], entry["file_bytes"] = hashlib.sha256(content).hexdigest(), len(content)
    state(release, manifest)


def rewrite(release, path, change):
    """Change the rows of a file, and the digests in the manifest with it."""
    table = pq.read_table(release / path)
    pq.write_table(change(table), release / path)
    restate(release)


def with_value(column, row, value):
    """Returns a change of one value of a table."""

    def change(table):
        place = table.schema.get_field_index(column)
        values = table.column(column).to_pylist()
        values[row] = value
        field = table.schema.field(place)
        return table.set_column(place, field, pa.array(values, field.type))

    return change


def first_shards(release):
    """Paths of the first two shards, of one language."""
    one, other = stated(release)["shards"][:2]
    assert one["lang"] == other["lang"]
    return one["path"], other["path"]


@pytest.fixture
def release(sealed, tmp_path):
    """A copy of a good release."""
    return sealed.copy(tmp_path)


def test_a_release_as_it_was_made_gives_no_findings(release):
    assert list(verify(release)) == []


def test_the_release_has_what_the_other_tests_count_on(sealed):
    shards = sealed.manifest.shards
    assert len({shard.lang for shard in shards}) == 3
    assert len(shards) > 5
    assert len(sealed.manifest.inputs) == 3
    assert {step.stage for step in sealed.manifest.funnel if step.lost} == {
        "read", "decode", "rights", "identify", "personal", "duplicates", "quality",
    }  # fmt: skip


@reused
@given(st.data())
def test_a_byte_flipped_in_a_shard_is_found(release, data):
    path = release / data.draw(st.sampled_from(stated(release)["shards"]))["path"]
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    before = path.read_bytes()
    path.write_bytes(whole)
    found = list(verify(release))
    path.write_bytes(before)
    name = path.relative_to(release).as_posix()
    assert re.match(f"{name}: SHA-256 is [0-9a-f]{{64}}, the manifest says", found[0])
    assert not any(" bytes, the manifest says" in finding for finding in found)
    assert all(x.startswith((name, "root: ", path.parent.name, *INPUTS)) for x in found)


INPUTS = ("0.warc.gz", "1.warc.gz", "2.warc.gz")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "Another title"),
        ("url", "https://other.example/"),
        ("lang_score", 0.5),
        ("dup_size", 77),
        ("license_evidence", "link CC-BY-4.0"),
        ("pii", dict.fromkeys(KINDS, 0) | {"email": 9}),
        ("payload_digest", b"?" * 32),
    ],
)
def test_a_value_changed_with_all_digests_put_right_is_found_by_the_root(release, column, value):
    path, _ = first_shards(release)
    rewrite(release, path, with_value(column, 3, value))
    findings_match(release, "^root: the rows of the shards give")


def test_a_text_changed_to_one_of_the_same_length_is_found_by_the_root(release):
    path, _ = first_shards(release)
    text = pq.read_table(release / path).column("text")[3].as_py()
    rewrite(release, path, with_value("text", 3, text[:-3] + "..."))
    findings_match(release, "^root: ")


def test_a_text_cut_short_is_found_by_its_length_as_well(release):
    path, _ = first_shards(release)
    text = pq.read_table(release / path).column("text")[3].as_py()
    rewrite(release, path, with_value("text", 3, text[:-7]))
    findings_match(
        release,
        "states lengths that its texts do not have",
        rf"^{path}: \d+ text_bytes, the manifest says",
        r"^deu_Latn: \d+ chars in its shards",
        r"^deu_Latn: \d+ text_bytes in its shards",
        "^root: ",
    )


def test_tokens_that_do_not_add_up_are_found(release):
    path, _ = first_shards(release)
    rewrite(release, path, with_value("tokens", 0, 1_000))
    findings_match(
        release, rf"^{path}: \d+ tokens, the", r"^deu_Latn: \d+ tokens in its shards", "^root: "
    )


def test_rows_that_change_places_are_found(release):
    path, _ = first_shards(release)
    order = pa.array([1, 0])
    rewrite(release, path, lambda t: pa.concat_tables([t.take(order), t.slice(2)]))
    findings_match(release, "not in ascending order of distinct ids", "^root: ")


def test_a_row_said_twice_is_found(release):
    """The last row takes the place of the one before it, so that all counts stay as they were."""
    path, _ = first_shards(release)
    rewrite(release, path, lambda t: pa.concat_tables([t.slice(0, 2), t.slice(1, 1), t.slice(3)]))
    found = list(verify(release))
    assert any("not in ascending order of distinct ids" in finding for finding in found)
    assert any(finding.startswith("root: ") for finding in found)


def test_a_document_moved_to_another_shard_is_found_though_the_root_stays(release):
    """The first row of a shard at the end of the one before: same rows, in the same order."""
    one, other = first_shards(release)
    first, second = (pq.read_table(release / path) for path in (one, other))
    pq.write_table(pa.concat_tables([first, second.slice(0, 1)]), release / one)
    pq.write_table(second.slice(1), release / other)
    manifest = stated(release)
    moved = second.slice(0, 1).to_pylist()[0]
    for shard, sign in zip(manifest["shards"], (1, -1), strict=False):
        shard["rows"] += sign
        shard["tokens"] += sign * moved["tokens"]
        shard["text_bytes"] += sign * moved["text_bytes"]
    manifest["shards"][1]["first_leaf"] += 1
    state(release, manifest)
    restate(release)
    findings_match(
        release,
        f"^{one}: holds ids outside its range$",
        "^audit/tree.parquet: holds other subtrees than those of the shards$",
    )


def test_a_document_of_another_language_is_found(release):
    path, _ = first_shards(release)
    rewrite(release, path, with_value("lang", 0, "fra_Latn"))
    findings_match(release, f"^{path}: holds documents of another language", "^root: ")


def test_a_document_left_out_is_found(release):
    path, _ = first_shards(release)
    rewrite(release, path, lambda table: table.slice(1))
    findings_match(
        release,
        rf"^{path}: \d+ rows, the manifest says",
        rf"^{path}: \d+ tokens, the manifest says",
        rf"^{path}: \d+ text_bytes, the manifest says",
        r"^deu_Latn: \d+ rows in its shards",
        r"^deu_Latn: \d+ tokens in its shards",
        r"^deu_Latn: \d+ chars in its shards",
        r"^deu_Latn: \d+ text_bytes in its shards",
        r"^CC0-1\.0 \(tier A\): \d+ documents in its shards",
        "^root: ",
        r"^0\.warc\.gz: 155 documents and losses, the manifest says 156 records"
        r"|^2\.warc\.gz: 61 documents and losses, the manifest says 62 records",
    )


@pytest.mark.parametrize("kind", ["shards", "ledger", "tables"])
def test_a_missing_file_is_found_and_said_once(release, kind):
    path = stated(release)[kind][0]["path"]
    (release / path).unlink()
    findings_match(release, f"^{path}: missing$")


def test_a_missing_folder_is_found_file_by_file(release):
    paths = [shard["path"] for shard in stated(release)["shards"]]
    for path in (release / "data").rglob("*.parquet"):
        path.unlink()
    findings_match(release, *(f"^{path}: missing$" for path in paths))


@pytest.mark.parametrize("kind", ["shards", "ledger"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"not Parquet", b"PAR1" + bytes(99) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_found_and_said_once(release, kind, content):
    path = stated(release)[kind][0]["path"]
    (release / path).write_bytes(content)
    restate(release)
    findings_match(release, f"^{path}: cannot be read: ")


def test_a_text_that_is_no_text_is_found(release):
    path, _ = first_shards(release)

    def spoil(table):
        place = table.schema.get_field_index("text")
        texts = table.column("text").cast(pa.large_binary()).to_pylist()
        spoilt = pa.array([b"\xff" * len(text) for text in texts], pa.large_binary())
        return table.set_column(place, table.schema.field(place), spoilt.view(pa.large_string()))

    rewrite(release, path, spoil)
    findings_match(release, f"^{path}: cannot be read: .*utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.drop_columns(["rights"]),
        lambda t: t.append_column("more", pa.array([1] * len(t))),
        lambda t: t.rename_columns(["identity", *t.column_names[1:]]),
        lambda t: t.set_column(0, "id", pa.array(range(len(t)))),
        lambda t: t.set_column(0, "id", pa.nulls(len(t), pa.binary(16))),
        lambda t: t.set_column(len(t.schema) - 1, "text", pa.nulls(len(t), pa.large_string())),
    ],
)
def test_other_columns_than_those_of_a_document_are_found_and_said_once(release, change):
    path, _ = first_shards(release)
    rewrite(release, path, change)
    findings_match(release, f"^{path}: its columns are not those of a document$")


def test_another_time_than_whole_seconds_is_found(release):
    path, _ = first_shards(release)
    place = DOCUMENT_SCHEMA.get_field_index("crawl_time")
    field = DOCUMENT_SCHEMA.field(place)
    rewrite(
        release,
        path,
        lambda t: t.set_column(place, field, pa.array([1_773_000_000_123] * len(t), field.type)),
    )
    findings_match(release, f"^{path}: cannot be read: ")


def test_a_loss_taken_out_of_the_ledger_is_found(release):
    path = "audit/losses/00000.parquet"
    rewrite(release, path, lambda table: table.slice(1))
    ledger = r"^ledger: \d+ losses at \w+ by \w+( in \w+)?, the funnel says \d+"
    reasons = rf"^audit/reasons/00000.parquet: what decides is not what {path}"
    findings_match(release, rf"^{path}: 7 rows, the manifest says 8", ledger, reasons)


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        (
            "rule",
            "other",
            ["at decode by not_html, the funnel says 1", "at decode by other, the funnel says 0"],
        ),
        (
            "stage",
            "read",
            ["at decode by not_html, the funnel says 1", "at read by not_html, the funnel says 0"],
        ),
        (
            "stage",
            "brew",
            ["at brew by not_html, the funnel says 0", "at decode by not_html, the funnel says 1"],
        ),
        ("warc", "z.warc.gz", ["holds losses of other inputs than 0.warc.gz"]),
    ],
)
def test_a_loss_that_says_something_else_is_found(release, column, value, complaint):
    path = "audit/losses/00000.parquet"
    rules = pq.read_table(release / path).column("rule").to_pylist()
    rewrite(release, path, with_value(column, rules.index("not_html"), value))
    findings_match(release, *complaint)


def test_a_loss_put_down_to_another_language_is_found(release):
    path = "audit/losses/00002.parquet"
    rules = pq.read_table(release / path).column("rule").to_pylist()
    rewrite(release, path, with_value("lang", rules.index("personal_data"), "fra_Latn"))
    findings_match(
        release,
        "^ledger: 0 losses at personal by personal_data in deu_Latn, the funnel says 1",
        "^ledger: 1 losses at personal by personal_data in fra_Latn, the funnel says 0",
    )


def test_a_record_that_changes_its_input_is_found(release):
    manifest = stated(release)
    manifest["inputs"][0]["records"] -= 1
    manifest["inputs"][1]["records"] += 1
    state(release, manifest)
    findings_match(
        release,
        r"^0\.warc\.gz: 157 documents and losses, the manifest says 156 records",
        r"^1\.warc\.gz: 41 documents and losses, the manifest says 42 records",
    )


def test_a_ledger_with_other_columns_is_found(release):
    path = "audit/losses/00000.parquet"
    rewrite(release, path, lambda table: table.drop_columns(["limit"]))
    findings_match(release, f"^{path}: its columns are not those of a loss$")


@pytest.mark.parametrize("path", ["data/more.parquet", "data/deu_Latn/.x", "audit/losses/x/y/z"])
def test_a_stray_file_is_found(release, path):
    (release / path).parent.mkdir(exist_ok=True, parents=True)
    (release / path).write_bytes(b"")
    findings_match(release, f"^{path}: not in the manifest$")


def test_a_link_to_more_data_is_found(release, sealed):
    (release / "data" / "more").symlink_to(sealed.folder / "data" / "deu_Latn")
    findings_match(release, "^data/more: not in the manifest$")


def test_a_pipe_in_place_of_a_shard_does_not_hold_up_the_check(release):
    path, _ = first_shards(release)
    (release / path).unlink()
    os.mkfifo(release / path)
    findings_match(release, f"^{path}: missing$")


def test_other_files_with_the_same_rows_have_the_same_root(release):
    shards = [shard["path"] for shard in stated(release)["shards"]]
    for path in shards:
        table = pq.read_table(release / path)
        pq.write_table(
            table, release / path, compression="snappy", row_group_size=7, use_dictionary=False
        )
    found = list(verify(release))
    assert all(re.search(r"( bytes|: SHA-256 is \w+), the manifest says", x) for x in found)
    assert {x.partition(":")[0] for x in found} == set(shards)
    restate(release)
    assert list(verify(release)) == []


def test_the_root_is_that_of_all_documents_by_language_and_id(sealed):
    """Put together again from the shards by one sort, without the manifest."""
    paths = sorted((sealed.folder / "data").rglob("*.parquet"))
    tables = [pq.ParquetFile(path).read() for path in paths]
    whole = pa.concat_tables(tables).sort_by([("lang", "ascending"), ("id", "ascending")])
    assert span(leaves(whole)).root().hex() == sealed.manifest.root
    assert pc.count_distinct(whole.column("id")).as_py() == sealed.manifest.documents
