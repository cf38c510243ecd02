from collections import Counter

import pytest
from conftest import Workshop
from msgspec.structs import replace

from florilegium.manifests import differences as module
from florilegium.manifests.differences import WAYS, Amount, Reason, differences
from florilegium.manifests.identity import identity_of
from florilegium.manifests.sample_files import write
from florilegium.manifests.samples import Asked, contents


def capture(document, number, date="2026-03", lang="deu_Latn", **changes):
    url = f"https://seite-{number}.example/"
    made = replace(document(number, lang), url=url, id=identity_of("", url, date))
    return replace(made, **changes)


def released(home, documents, losses=()):
    workshop = Workshop(home)
    workshop.add(documents, losses)
    workshop.publish()
    workshop.seal()
    return workshop.release, contents(workshop.release)


@pytest.fixture(scope="module")
def two(tmp_path_factory, document, loss):
    """Releases between which every tenth document does something else."""
    home = tmp_path_factory.mktemp("two")
    before = [capture(document, n) for n in range(300)]
    after, losses = [], []
    for number, one in enumerate(before):
        match number % 10:
            case 0:
                losses.append(loss(0, "decode", "not_html", id=one.id))
            case 1:
                pass
            case 2:
                after.append(replace(one, license="CC-BY-4.0", warc_offset=7))
            case 3:
                after.append(capture(document, number, "2026-04"))
            case 4:
                after.append(replace(one, lang="gle_Latn"))
            case 5:
                after.append(replace(one, warc_offset=1_000_000 + number))
            case _:
                after.append(one)
    after += [capture(document, n, lang="fra_Latn") for n in range(300, 320)]
    return released(home / "a", before), released(home / "b", after, losses)


def documents(ways):
    return {way: ways.get(way, Amount()).documents for way in WAYS}


def test_every_document_came_went_changed_was_renewed_or_is_the_same(two):
    found = differences(*two)
    total = found.total
    expected = {"same": 150, "changed": 60, "renewed": 30, "came": 20, "went": 60}
    assert documents(total) == expected
    assert sum(expected.values()) - 20 == two[0][1].documents
    assert sum(expected.values()) - 60 == two[1][1].documents
    assert documents(found.languages["gle_Latn"]) == dict.fromkeys(WAYS, 0) | {"changed": 30}
    assert documents(found.languages["fra_Latn"]) == dict.fromkeys(WAYS, 0) | {"came": 20}
    assert found.columns == {"license": 30, "lang": 30}
    tokens = {way: amount.tokens for way, amount in total.items()}
    held = sum(tokens[way] for way in ("same", "changed", "renewed", "came"))
    assert held == two[1][1].tokens
    assert documents(found.domains["seite-0.example"])["went"] == 1
    assert "seite-5.example" not in found.domains


def test_the_ledger_says_why_documents_went(two):
    assert differences(*two).reasons == [
        Reason("went", "deu_Latn", "", "", 30),
        Reason("went", "deu_Latn", "decode", "not_html", 30),
        Reason("came", "fra_Latn", "", "", 20),
    ]


def test_what_was_erased_is_told_though_the_ledger_does_not_name_it(tmp_path, document, loss):
    before = [capture(document, n) for n in range(20)]
    gone = [loss(0, "erase", "gdpr_17", id=bytes([n] * 16), lang="deu_Latn") for n in range(3)]
    one = released(tmp_path / "a", before)
    other = released(tmp_path / "b", before[3:], gone)
    expected = ("deu_Latn", "erase", "gdpr_17", 3)
    assert differences(one, other).reasons == [Reason("went", *expected)]
    assert differences(other, one).reasons == [Reason("came", *expected)]
    also = [*gone[:2], loss(0, "erase", "copyright", id=bytes([9] * 16), lang="deu_Latn")]
    other = released(tmp_path / "c", before[3:], also)
    assert differences(one, other).reasons == [Reason("went", "deu_Latn", "erase", "", 3)]


def test_what_another_input_held_is_not_told_to_be_erased(tmp_path, document, loss):
    before = [capture(document, n) for n in range(20)]
    gone = [loss(0, "erase", "gdpr_17", id=bytes([1] * 16), lang="deu_Latn")]
    place, held = released(tmp_path / "a", before)
    inputs = tuple(replace(one, sha256="11" * 32) for one in held.inputs)
    one, other = (place, replace(held, inputs=inputs)), released(tmp_path / "b", before[3:], gone)
    assert differences(one, other).reasons == [Reason("went", "deu_Latn", "", "", 3)]


def test_the_other_way_round_what_came_went(two):
    there, back = documents(differences(*two).total), documents(differences(*two[::-1]).total)
    assert back == there | {"came": there["went"], "went": there["came"]}


def test_it_comes_to_the_same_in_many_ranges(two, monkeypatch):
    whole = differences(*two)
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 7)
    assert differences(*two) == whole


def test_between_a_release_and_itself_nothing_is_read(two, monkeypatch):
    monkeypatch.setattr(module, "parquet", None)
    found = differences(two[0], two[0])
    assert documents(found.total) == dict.fromkeys(WAYS, 0) | {"same": 300}
    assert found.reasons == []


def test_a_text_that_counts_do_not_tell_apart_is_compared_if_asked(tmp_path, document):
    before = [capture(document, n) for n in range(50)]
    after = [replace(before[0], text=before[0].text.replace("Satz", "Zats")), *before[1:]]
    pair = released(tmp_path / "a", before), released(tmp_path / "b", after)
    assert differences(*pair).total["changed"].documents == 0
    found = differences(*pair, texts=True)
    assert (found.total["changed"].documents, found.columns) == (1, {"text": 1})


def test_a_sample_differs_from_its_release_by_what_it_leaves_out(two, tmp_path):
    release, held = two[0]
    write(release, held, Asked(documents=100), tmp_path / "s", "parquet")
    found = differences(two[0], (tmp_path / "s", contents(tmp_path / "s")))
    assert Counter(documents(found.total)) == Counter(same=100, went=200)
    assert found.reasons == []
