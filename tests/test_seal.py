import hashlib
import json
from collections import Counter

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests import manifest as manifests
from florilegium.manifests.buckets import Bucket, bucket
from florilegium.manifests.funnel import by_rule
from florilegium.manifests.merkle import EMPTY_ROOT
from florilegium.manifests.verify import verify
from florilegium.pipelines.publishing.seal import ledger_path
from florilegium.pipelines.publishing.shards import PublishedShard, note_path
from florilegium.pipelines.verdicts.verdict import Verdict, added


def rows_of(release):
    return [
        r for p in sorted(release.rglob("data/**/*.parquet")) for r in pq.read_table(p).to_pylist()
    ]


def test_the_manifest_counts_what_is_in_the_shards(sealed):
    rows, manifest = rows_of(sealed.folder), sealed.manifest
    assert manifest.documents == len(rows)
    assert manifest.tokens == sum(row["tokens"] for row in rows)
    assert [x.lang for x in manifest.languages] == sorted({row["lang"] for row in rows})
    for language in manifest.languages:
        mine = [row for row in rows if row["lang"] == language.lang]
        assert language.documents == len(mine)
        assert language.chars == sum(len(row["text"]) for row in mine)
        assert language.text_bytes == sum(len(row["text"].encode()) for row in mine)


def test_the_funnel_counts_what_is_in_the_ledger(sealed):
    lost = Counter()
    for table, source in zip(sealed.manifest.ledger, sealed.manifest.inputs, strict=True):
        rows = pq.read_table(sealed.folder / table.path).to_pylist()
        assert {row["warc"] for row in rows} <= {source.name}
        lost.update((row["stage"], row["rule"]) for row in rows)
    assert by_rule(sealed.manifest.funnel) == lost
    assert lost["duplicates", "exact_duplicate"] == 1
    assert lost["quality", "non_symbol_chars"] == 4


def test_the_buckets_count_what_is_in_the_shards(sealed):
    expected = {}
    for row in rows_of(sealed.folder):
        into = expected.setdefault((row["lang"], bucket(row["id"])), Bucket())
        into.documents += 1
        into.tokens += row["tokens"]
        into.chars += row["chars"]
        into.bytes += row["text_bytes"]
    table = pq.read_table(sealed.folder / "audit" / "buckets.parquet").to_pylist()
    assert [(row["lang"], row["bucket"]) for row in table] == sorted(expected)
    for row in table:
        assert msgspec.structs.asdict(expected[row["lang"], row["bucket"]]).items() <= row.items()


def test_the_manifest_names_all_that_decisions_rest_on(sealed):
    manifest = sealed.manifest
    assert {resource.name for resource in manifest.resources} >= {
        "language model",
        "tokenizer tekken-240911",
    }
    assert all(len(resource.sha256) == 64 for resource in manifest.resources)
    written = json.dumps(
        json.loads(msgspec.json.encode(manifest.recipe)), sort_keys=True, separators=(",", ":")
    )
    assert manifest.recipe_sha256 == hashlib.sha256(written.encode()).hexdigest()
    assert manifest.recipe["filters"][0]["min_chars"] == 40
    assert manifest.recipe["filters"][0]["max_chars"] == 1_000_000


def test_a_release_is_the_same_bytes_when_it_is_made_again(workshop, tmp_path, document, loss):
    def make(place):
        other = type(workshop)(place)
        other.add([document(n) for n in range(30)], [loss(50)])
        other.add([document(n, "fra_Latn") for n in range(60, 70)])
        other.publish()
        other.seal()
        return other.release

    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    assert all((one / path).read_bytes() == (other / path).read_bytes() for path in files)


def test_sealing_again_changes_nothing(workshop, document):
    workshop.add([document(1)])
    workshop.publish()
    manifest = workshop.seal()
    before = (workshop.release / manifests.NAME).read_bytes()
    assert workshop.seal() == manifest
    assert (workshop.release / manifests.NAME).read_bytes() == before


def test_a_release_without_documents_can_be_sealed_and_verified(workshop, loss):
    workshop.add([], [loss(1), loss(2)])
    manifest = workshop.seal()
    assert (manifest.documents, manifest.records) == (0, 2)
    assert manifest.root == EMPTY_ROOT.hex()
    assert list(verify(workshop.release)) == []


def test_a_shard_without_its_note_stops_the_sealing(workshop, document):
    workshop.add([document(1)])
    with pytest.raises(FileNotFoundError, match="deu_Latn-00000-of-00001"):
        workshop.seal()
    assert not (workshop.release / manifests.NAME).exists()


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("rows", "documents kept: 1 expected, 2 counted"),
        ("tokens", "tokens of the shards: "),
        ("first_leaf", "first leaf 1, not 0"),
    ],
)
def test_what_was_counted_twice_must_have_been_counted_alike(workshop, document, field, complaint):
    workshop.add([document(1)])
    workshop.publish()
    (plan,) = workshop.plans
    note = note_path(workshop.notes, plan)
    said = msgspec.json.decode(note.read_bytes(), type=PublishedShard)
    wrong = msgspec.structs.replace(said.shard, **{field: getattr(said.shard, field) + 1})
    note.write_bytes(msgspec.json.encode(msgspec.structs.replace(said, shard=wrong)))
    with pytest.raises(ValueError, match=complaint):
        workshop.seal()
    assert not (workshop.release / manifests.NAME).exists()


def test_a_draft_that_a_killed_worker_left_does_not_get_into_the_release(workshop, document):
    workshop.add([document(1)])
    workshop.publish()
    shard = workshop.release / "data" / workshop.plans[0].label
    for left in (
        shard.with_name(f".{shard.name}-17-0badcafe"),
        workshop.release / "audit" / "losses" / ".00000.parquet-17-0badcafe",
    ):
        left.write_bytes(b"half a file")
    workshop.seal()
    assert list(verify(workshop.release)) == []


def test_losses_lie_where_their_unit_has_its_number():
    assert ledger_path(12) == "audit/losses/00012.parquet"


counts = st.builds(Bucket, *[st.integers(0, 99)] * 4)
kept = st.dictionaries(
    st.sampled_from(["deu_Latn", "fra_Latn"]), st.dictionaries(st.integers(0, 4), counts)
)


@given(st.lists(kept, max_size=4), st.randoms(use_true_random=False))
def test_buckets_merge_to_the_same_sums_in_any_order(parts, chance):
    verdicts = [Verdict(kept=one) for one in parts]
    before = msgspec.json.encode(verdicts)
    merged = added(verdicts).kept
    for lang in ("deu_Latn", "fra_Latn"):
        for number in range(5):
            mine = [one[lang][number] for one in parts if number in one.get(lang, {})]
            rows = [msgspec.structs.astuple(one) for one in (Bucket(), *mine)]
            total = Bucket(*(sum(column) for column in zip(*rows, strict=True)))
            assert merged.get(lang, {}).get(number, Bucket()) == total
    assert msgspec.json.encode(verdicts) == before
    chance.shuffle(verdicts)
    assert added(verdicts).kept == merged
