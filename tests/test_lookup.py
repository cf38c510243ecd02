import pytest
from msgspec.structs import replace

from florilegium.manifests.document import Document
from florilegium.manifests.identity import identity_of
from florilegium.manifests.lookup import find, find_address
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches, first_rows, parquet


def known(document, number, url, lang="deu_Latn"):
    """A document with the id that its address gives it."""
    made = document(number, lang)
    return replace(made, url=url, id=identity_of(str(number), url, "2026-03-01"))


@pytest.fixture
def release(workshop, document):
    twice = "https://zweimal.example/"
    workshop.add(
        [known(document, n, f"https://seite-{n}.example/") for n in range(200)]
        + [known(document, n, twice) for n in (900, 901)]
        + [known(document, 902, twice, "fra_Latn")]
    )
    workshop.publish()
    return workshop.release, workshop.seal().shards


def test_a_document_is_found_by_its_address(release):
    for number in range(0, 200, 7):
        (found,) = find_address(*release, f"https://seite-{number}.example/")
        assert found.document.url == f"https://seite-{number}.example/"
        assert find(*release, found.document.id).document == found.document


def test_all_captures_of_an_address_are_found_whatever_their_language(release):
    found = [one.document for one in find_address(*release, "https://zweimal.example/")]
    assert sorted(one.lang for one in found) == ["deu_Latn", "deu_Latn", "fra_Latn"]
    assert len({one.id for one in found}) == 3


def test_an_address_that_is_written_otherwise_is_not_found(release):
    assert list(find_address(*release, "https://zweimal.example")) == []


def test_the_first_rows_are_those_of_the_whole_row_group(release):
    folder, shards = release
    for shard in shards:
        for group, whole in enumerate(batches(folder / shard.path)):
            for number in {1, whole.num_rows // 3, whole.num_rows} - {0}:
                with parquet(folder / shard.path) as file:
                    some = first_rows(folder / shard.path, file, group, number)
                    urls = first_rows(folder / shard.path, file, group, number, ["url"])
                assert from_table(some, Document) == from_table(whole, Document)[:number]
                assert urls.column("url") == whole.column("url")[:number]
