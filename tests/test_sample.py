import json
from collections import Counter, defaultdict

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.manifests import json_lines
from florilegium.manifests import manifest as manifests
from florilegium.manifests.allotment import shares
from florilegium.manifests.document import Document
from florilegium.manifests.sample_files import write
from florilegium.manifests.samples import Asked, Sample, contents
from florilegium.manifests.schema import from_table
from florilegium.manifests.selection import DamagedError, EmptySampleError, plan, selected
from florilegium.manifests.verify import verify
from florilegium.manifests.verify_sample import verify_sample

LICENCES = ("CC0-1.0", "CC-BY-4.0", None)


@pytest.fixture(scope="module")
def release(tmp_path_factory, document):
    """Three languages of different size, a few domains and licences, many row groups."""
    from conftest import Workshop

    workshop = Workshop(tmp_path_factory.mktemp("sampled"))
    langs = ["deu_Latn"] * 6 + ["fra_Latn"] * 3 + ["gle_Latn"]
    workshop.add(
        [
            replace(
                document(n, langs[n % 10]),
                domain=f"{'abcde'[n % 5 if n % 3 else 0]}.example",
                license=LICENCES[n % 3],
                license_tier="A" if n % 3 < 2 else None,
            )
            for n in range(1_000)
        ]
    )
    workshop.publish()
    workshop.seal()
    return workshop.release


@pytest.fixture(scope="module")
def everything(release):
    rows = [one for c in selected(release, contents(release), Asked(fraction=1)) for one in
            from_table(c.rows, Document)]  # fmt: skip
    assert len(rows) == contents(release).documents > 900
    return rows


def drawn(release, **asked):
    chosen = selected(release, contents(release), Asked(**asked))
    return [document for one in chosen for document in from_table(one.rows, Document)]


ASKED = [
    {"fraction": 0.2}, {"documents": 150}, {"tokens": 5_000},
    *({"fraction": 0.2, "by": by} for by in ("language", "domain", "licence")),
    *({"documents": 150, "by": by} for by in ("language", "domain", "licence")),
    *({"tokens": 5_000, "by": by} for by in ("language", "domain", "licence")),
    {"documents": 100, "languages": ("fra_Latn", "gle_Latn")},
]  # fmt: skip
for_each_question = pytest.mark.parametrize(
    "asked", ASKED, ids=lambda a: "-".join(map(str, a.values()))
)


@for_each_question
def test_a_sample_holds_documents_of_the_release_in_its_order(release, everything, asked):
    found = drawn(release, **asked)
    known = {one.id: one for one in everything}
    assert [known[one.id] for one in found] == found
    assert [(one.lang, one.id) for one in found] == sorted((one.lang, one.id) for one in found)


@for_each_question
def test_a_smaller_sample_lies_in_a_larger_one(release, asked):
    (amount, value), *rest = asked.items()
    larger = {one.id for one in drawn(release, **{amount: value * 2, **dict(rest)})}
    smaller = {one.id for one in drawn(release, **asked)}
    assert smaller < larger


def test_a_fraction_is_a_range_of_ids(release, everything):
    limit = (1 << 128) // 5
    expected = [one for one in everything if int.from_bytes(one.id) < limit]
    assert drawn(release, fraction=0.2) == expected


def test_a_budget_is_met_by_the_documents_of_least_id(release, everything):
    ordered = sorted(everything, key=lambda one: one.id)
    assert {x.id for x in drawn(release, documents=150)} == {x.id for x in ordered[:150]}
    taken, total = set(), 0
    for one in ordered:
        if (total := total + one.tokens) > 5_000:
            break
        taken.add(one.id)
    assert {one.id for one in drawn(release, tokens=5_000)} == taken


PART = {
    "language": lambda one: one.lang,
    "domain": lambda one: (one.lang, one.domain),
    "licence": lambda one: (one.lang, one.license or ""),
}


@pytest.mark.parametrize("by", PART)
def test_by_parts_a_fraction_is_that_of_each_part(release, everything, by):
    sizes = Counter(map(PART[by], everything))
    found = Counter(map(PART[by], drawn(release, fraction=0.2, by=by)))
    assert found == {part: -(-size // 5) for part, size in sizes.items()}


@pytest.mark.parametrize("by", PART)
def test_by_parts_a_budget_is_divided_alike(release, everything, by):
    parts = defaultdict(list)
    for one in sorted(everything, key=lambda one: one.id):
        parts[PART[by](one)].append(one)
    targets = shares(
        Asked(tokens=5_000), {p: sum(o.tokens for o in held) for p, held in parts.items()}
    )
    assert sum(targets.values()) == 5_000
    expected = set()
    for part, held in parts.items():
        total = 0
        for one in held:
            if (total := total + one.tokens) > targets[part]:
                break
            expected.add(one.id)
    assert {one.id for one in drawn(release, tokens=5_000, by=by)} == expected


@given(st.dictionaries(st.text("abc"), st.integers(1, 30), min_size=1), st.integers(1, 200))
def test_shares_are_alike_unless_a_part_has_less_and_grow_with_what_is_asked(sizes, amount):
    found = shares(Asked(documents=amount), sizes)
    assert sum(found.values()) == min(amount, sum(sizes.values()))
    unmet = [found[part] for part in sizes if found[part] < sizes[part]]
    assert not unmet or max(found.values()) <= min(unmet) + 1
    more = shares(Asked(documents=amount + 1), sizes)
    assert all(more[part] >= found[part] for part in sizes)


@for_each_question
@pytest.mark.parametrize("written", ["parquet", "jsonl"])
def test_a_sample_that_was_written_verifies_by_itself_and_against_its_parent(
    release, tmp_path, asked, written
):
    made = write(release, contents(release), Asked(**asked), tmp_path / "one", written)
    assert contents(tmp_path / "one") == made
    assert list(verify(tmp_path / "one")) == []
    assert list(verify_sample(tmp_path / "one", release)) == []
    again = write(release, contents(release), Asked(**asked), tmp_path / "two", written)
    assert made == again
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(names) > 3
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_sample_can_be_sampled(release, tmp_path):
    write(release, contents(release), Asked(fraction=0.5), tmp_path / "half", "parquet")
    half = contents(tmp_path / "half")
    write(tmp_path / "half", half, Asked(documents=40), tmp_path / "some", "parquet")
    assert drawn(tmp_path / "some", fraction=1) == drawn(release, documents=40)
    assert list(verify_sample(tmp_path / "some", tmp_path / "half")) == []
    (finding,) = verify_sample(tmp_path / "some", release)
    assert finding.startswith("parent: drawn from small/")


def test_json_lines_hold_what_parquet_holds(release, tmp_path):
    made = write(release, contents(release), Asked(documents=40), tmp_path / "lines", "jsonl")
    found = [
        document
        for shard in made.shards
        for table in json_lines.read(tmp_path / "lines" / shard.path)
        for document in from_table(table, Document)
    ]
    assert found == drawn(release, documents=40)
    first = json.loads((tmp_path / "lines" / made.shards[0].path).read_text().splitlines()[0])
    assert first["id"] == found[0].id.hex()
    assert first["text"] == found[0].text
    assert first["crawl_time"].endswith("Z")


def test_tenths_by_quality_are_sampled_each_for_itself(workshop, document):
    scored = [
        replace(document(n, ("deu_Latn", "fra_Latn")[n % 2]), quality=(n * 7 % 400) / 1_000)
        for n in range(400)
    ]
    workshop.add([*scored, *(document(n, "gle_Latn") for n in range(400, 440))])
    workshop.publish()
    manifest = workshop.seal()
    edges = {one.lang: one.quality_deciles for one in manifest.languages if one.quality_deciles}
    assert set(edges) == {"deu_Latn", "fra_Latn"}

    def parts(documents):
        scores = ((one.lang, round(one.quality or 0, 3)) for one in documents)
        return Counter(
            (lang, sum(score > edge for edge in edges.get(lang, ())[1:-1]))
            for lang, score in scores
        )

    whole = parts(drawn(workshop.release, fraction=1))
    assert len(whole) == 21
    fifth = parts(drawn(workshop.release, fraction=0.2, by="quality"))
    assert fifth == {part: -(-size // 5) for part, size in whole.items()}
    assert set(parts(drawn(workshop.release, documents=63, by="quality")).values()) == {3}


def test_columns_can_be_chosen_and_come_alone(release):
    (first, *_) = selected(release, contents(release), Asked(fraction=0.1), ["text", "url"])
    assert first.rows.column_names == ["text", "url"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "ask for one of these"),
        ({"fraction": 0.1, "tokens": 5}, "ask for one of these"),
        ({"fraction": 1.5}, "above 0 and at most 1, not 1.5"),
        ({"fraction": 0.0}, "above 0"),
        ({"documents": 0}, "one document or token at least"),
        ({"tokens": -3}, "one document or token at least"),
        ({"tokens": 3, "languages": ("deu_Latn", "deu_Latn")}, "named more than once"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        Asked(**asked)


def test_what_is_not_there_is_said(release):
    with pytest.raises(ValueError, match="it holds nothing in nld_Latn: there is deu_Latn, fra"):
        drawn(release, fraction=0.5, languages=("nld_Latn",))
    with pytest.raises(ValueError, match="no document has a score of quality"):
        drawn(release, fraction=0.5, by="quality")
    with pytest.raises(EmptySampleError):
        drawn(release, tokens=1)
    with pytest.raises(EmptySampleError):
        drawn(release, fraction=1e-9)


def test_nothing_is_left_of_a_sample_that_failed_and_nothing_is_written_over(release, tmp_path):
    with pytest.raises(EmptySampleError):
        write(release, contents(release), Asked(tokens=1), tmp_path / "none", "parquet")
    assert not (tmp_path / "none").exists()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="there is something already"):
        write(release, contents(release), Asked(tokens=99), tmp_path / "there", "parquet")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]


def test_a_release_that_has_lost_rows_is_found_out(sealed, tmp_path):
    release = sealed.copy(tmp_path)
    path = release / contents(release).shards[0].path
    table = pq.read_table(path)
    pq.write_table(table.slice(3), path)
    with pytest.raises(DamagedError, match="documents were read, where the table of buckets has"):
        drawn(release, fraction=1)


def test_a_plan_says_what_comes_out(release):
    for asked in ({"documents": 150}, {"fraction": 0.25}, {"fraction": 0.2, "by": "language"}):
        planned = plan(release, contents(release), Asked(**asked))
        found = Counter(one.lang for one in drawn(release, **asked))
        assert planned.keys() == found.keys()
        for lang, one in planned.items():
            assert one.least.documents <= found[lang] <= one.most.documents
            assert abs(one.expected.documents - found[lang]) <= 1


def change(folder, **fields):
    stated = json.loads((folder / manifests.NAME).read_bytes())
    (folder / manifests.NAME).write_text(json.dumps(stated | fields))


@pytest.mark.parametrize("written", ["parquet", "jsonl"])
def test_what_is_done_to_a_sample_is_found(release, tmp_path, written):
    made = write(release, contents(release), Asked(documents=99), tmp_path / "s", written)
    shard = tmp_path / "s" / made.shards[0].path
    whole = shard.read_bytes()
    shard.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    assert any("SHA-256 is" in finding for finding in verify(tmp_path / "s"))
    shard.write_bytes(whole)
    change(tmp_path / "s", asked={"documents": 98})
    assert list(verify(tmp_path / "s")) == []
    (finding,) = verify_sample(tmp_path / "s", release)
    assert finding.startswith("documents: the parent gives 98 of root")
    change(tmp_path / "s", documents=98)
    (finding,) = verify(tmp_path / "s")
    assert "rows of the shards: 98 expected, 99 counted" in finding
    change(tmp_path / "s", documents=99, format=1)
    (finding,) = verify(tmp_path / "s")
    assert "a sample of format 1" in finding


def test_a_line_that_is_no_document_is_a_finding(release, tmp_path):
    made = write(release, contents(release), Asked(documents=20), tmp_path / "s", "jsonl")
    shard = tmp_path / "s" / made.shards[0].path
    for line in (b"{}\n", b"[1]\n", b"nonsense\n", b'{"id": 3}\n', b"[" * 10_000):
        shard.write_bytes(line)
        assert any((shard.name in finding and "columns" in finding) or "cannot be read" in finding
                   for finding in verify(tmp_path / "s"))  # fmt: skip


def test_a_release_is_no_sample_and_a_sample_is_no_release(release, tmp_path):
    made = write(release, contents(release), Asked(documents=20), tmp_path / "s", "parquet")
    assert isinstance(made, Sample)
    assert "not a sample" in next(verify_sample(release, release))
    with pytest.raises(ValueError, match="a sample, not a release"):
        manifests.read(tmp_path / "s")
