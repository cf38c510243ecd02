"""What became of each document of one release in another, on releases whose fates are known."""

import pytest
from conftest import Workshop
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason as Copy
from florilegium.manifests import differences
from florilegium.manifests.counts import Counts
from florilegium.manifests.identity import identity_of
from florilegium.manifests.samples import contents
from florilegium.pipelines.compare.contents import Reason
from florilegium.pipelines.compare.dealing import deal
from florilegium.pipelines.compare.join import _LOSSES, join
from florilegium.pipelines.compare.tables import _number

SHORT = {"text": "zu kurz", "chars": 7, "counts": Counts(chars=7, non_symbol_chars=6)}


def capture(document, number, **changes):
    url = f"https://seite-{number}.example/"
    made = document(number)
    return replace(made, url=url, id=identity_of("", url, "2026"), **changes)


def released(home, documents, losses=(), decisions=()):
    """A release of these documents; decisions name them by id: copy, reason, kept, copies."""
    workshop = Workshop(home)
    order = {x.id: n for n, x in enumerate(sorted(documents, key=lambda x: (x.lang, x.id)))}
    workshop.add(
        documents, losses, [(order[one], why, kept, size) for one, why, kept, size in decisions]
    )
    workshop.publish()
    workshop.seal()
    return workshop.release, contents(workshop.release)


def documents(tally):
    return {
        lang: (x.both.documents, x.other_language.documents, x.another_copy.documents,
               x.only.documents)
        for lang, x in tally.kept.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory, document, loss):
    """Releases that agree on every other document, and for each kind of disagreement on some."""
    home = tmp_path_factory.mktemp("two")
    all_of = [capture(document, n) for n in range(200)]
    by = {kind: all_of[kind::20] for kind in range(20)}
    a = [x for kind in range(1, 20) for x in by[kind]]
    b = [x for kind in (0, *range(2, 20)) for x in by[kind]]
    b = [replace(x, **SHORT) if x in by[2] else x for x in b]
    b = [replace(x, lang="gle_Latn") if x in by[3] else x for x in b]
    b = [replace(x, chars=x.chars + 1) if x in by[4] else x for x in b]
    away_a = [loss(0, "identify", "language", id=x.id, value=0.9) for x in by[0]]
    away_b = [loss(0, "decode", "not_html", id=x.id) for x in by[1]]
    # What was found twice is lost twice: it got further the second time.
    away_b += [loss(0, "read", "cut_short", id=x.id) for x in (*by[1], *by[2], *by[5])]
    copies_a = _copies(by[6], by[7])  # A keeps 6 of 6 and 7,
    copies_b = _copies(by[7], by[6])  # and B keeps 7: the same texts
    copies_b += _copies(by[8], by[9])  # only B takes 9 for a copy of 8
    copies_b += _copies(by[2], by[10])  # 10 gives way to 2, which B then loses
    return (
        released(home / "a", a, away_a, copies_a),
        released(home / "b", b, away_b, copies_b),
        by,
    )


def _copies(kept, gone):
    found = []
    for one, other in zip(kept, gone, strict=True):
        found += [(one.id, Copy.KEPT, one.id, 2), (other.id, Copy.EXACT_DUPLICATE, one.id, 0)]
    return found


def test_every_document_has_one_fate_and_they_add_up_to_both_releases(two):
    a, b = join(two[0], two[1], 0).sides
    # both: 4, 5, 8 and 11 to 19; other language: 3; another copy: 6 or 7; only A: 1, 2, 9, 10
    assert documents(a) == {"deu_Latn": (120, 10, 10, 40)}
    assert documents(b) == {"deu_Latn": (120, 0, 10, 10), "gle_Latn": (0, 10, 0, 0)}
    for side, (_, manifest) in zip((a, b), two, strict=False):
        stated = {x.lang: (x.documents, x.tokens) for x in manifest.languages if x.documents}
        found = {lang: (x.all.documents, x.all.tokens) for lang, x in side.kept.items()}
        assert found == stated


def test_the_ledger_of_the_other_says_why(two):
    a, b = join(two[0], two[1], 0).sides
    short, plain = two[2][10], sum(x.tokens for x in two[2][9])
    both = sum(x.tokens for x in (*two[2][2], *short))
    why = {(x.stage, x.rule): (x.documents, x.tokens, x.by_copy) for x in a.reasons()}
    assert why == {
        ("quality", "non_symbol_chars"): (20, both, 10),
        ("decode", "not_html"): (10, sum(x.tokens for x in two[2][1]), 0),
        ("duplicates", "exact_duplicate"): (10, plain, 0),
        ("identify", "other_language"): (10, sum(x.tokens for x in two[2][3]), 0),
    }
    assert a.rules()[0] == ("quality", "non_symbol_chars")
    moved = sum(x.tokens for x in two[2][3])
    assert b.reasons() == [
        Reason("deu_Latn", "identify", "language", 10, sum(x.tokens for x in two[2][0])),
        Reason("gle_Latn", "identify", "other_language", 10, moved),
    ]


def test_texts_of_another_length_are_counted(two):
    assert join(two[0], two[1], 0).lengths_differ == 10


def test_picked_are_the_least_ids_with_value_and_limit(two):
    a, b = join(two[0], two[1], 3).sides
    assert set(a.picked) == set(a.rules())
    of_b = b.picked["identify", "language"]
    assert [x["id"] for x in of_b] == sorted(x.id for x in two[2][0])[:3]
    assert of_b[0]["value"] == pytest.approx(0.9)
    short = a.picked["quality", "non_symbol_chars"]
    assert [x["id"] for x in short] == sorted(x.id for x in (*two[2][2], *two[2][10]))[:3]
    assert {x["limit"] for x in short} == {40.0}
    gave_way = {x.id: y.id for x, y in zip(two[2][10], two[2][2], strict=True)}
    assert [x["dup_of"] for x in short] == [gave_way.get(x["id"]) for x in short]
    (moved, *_) = a.picked["identify", "other_language"]
    assert moved["detail"] == "gle_Latn"


def test_it_comes_to_the_same_in_many_ranges(two, monkeypatch):
    def told():
        found = join(two[0], two[1], 3)
        return found.lengths_differ, [(s.kept, s.reasons(), s.picked) for s in found.sides]

    whole = told()
    monkeypatch.setattr(differences, "ROWS_AT_A_TIME", 9)
    assert len(differences.ranges_of_ids(400)) == 64
    assert told() == whole


def test_the_other_way_round_sides_are_exchanged(two):
    there, back = join(two[0], two[1], 2), join(two[1], two[0], 2)
    for one, other in zip(there.sides, back.sides[::-1], strict=True):
        assert (one.kept, one.reasons(), one.picked) == (other.kept, other.reasons(), other.picked)


def test_a_release_agrees_with_itself(two):
    a, b = join(two[0], two[0], 2).sides
    assert documents(a) == documents(b) == {"deu_Latn": (180, 0, 0, 0)}
    assert not a.reasons()


def test_what_no_ledger_names_has_no_reason(two, tmp_path, document):
    other = released(tmp_path, [capture(document, 500)])
    a, b = join(two[0], other, 0).sides
    assert [(x.stage, x.rule, x.documents) for x in a.reasons()] == [("", "", 180)]
    assert [(x.stage, x.rule, x.documents) for x in b.reasons()] == [("", "", 1)]


def test_rows_are_dealt_to_the_range_in_which_their_id_lies(tmp_path):
    ids = [bytes([n * 8]) * 16 for n in range(32)]
    rows = _LOSSES.empty_table().from_pylist([{"id": x} for x in ids], schema=_LOSSES)
    dealt = deal(iter([rows.slice(0, 5), rows.slice(5)]), _LOSSES, "id", 8, tmp_path / "x")
    for number in range(8):
        assert sorted(dealt.of(number)["id"].to_pylist()) == ids[number * 4 : number * 4 + 4]
    empty = deal(iter([]), _LOSSES, "id", 8, tmp_path / "y")
    assert empty.of(3).num_rows == 0
    assert empty.of(3).schema.names == _LOSSES.names


@pytest.mark.parametrize(
    ("number", "said"), [(703.0, "703"), (0.7936, "0.794"), (12345.5, "12,345.5"), (0.0, "0")]
)
def test_numbers_have_no_decimals_that_say_nothing(number, said):
    assert _number(number) == said
