"""A corpus that grew by several releases, to be read as one."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from florilegium.manifests.chain import chain_of
from florilegium.manifests.document import Document
from florilegium.manifests.location import Location, find_release
from florilegium.manifests.manifest import NAME
from florilegium.manifests.release import Documents, Release


class Corpus:
    """The releases of a corpus, oldest first, each holding what no other does."""

    def __init__(self, releases: Sequence[Release]) -> None:
        self.releases = tuple(releases)

    def __repr__(self) -> str:
        about = f"{len(self):,} documents in {len(self.releases)} releases"
        return f"<{self.releases[-1].manifest.name}: {about}>"

    def __len__(self) -> int:
        return sum(len(one) for one in self.releases)

    @property
    def tokens(self) -> int:
        """Tokens of all documents."""
        return sum(language.tokens for one in self.releases for language in one.languages.values())

    @property
    def files(self) -> list[Location]:
        """Where the shards of all releases are, for programs that read Parquet."""
        return [one.place / shard.path for one in self.releases for shard in one.manifest.shards]

    def documents(
        self,
        columns: Sequence[str] | None = None,
        languages: Iterable[str] = (),
        where: ds.Expression | None = None,
    ) -> Documents:
        """Return documents, release by release; as `Release.documents`.

        ValueError for a column that is not there, or a language that no release has.
        """
        wanted = tuple(languages)
        known = {lang for one in self.releases for lang in one.languages}
        if unknown := [lang for lang in wanted if lang not in known]:
            raise ValueError(f"no release holds anything in {unknown[0]!r}")

        def rows(names: list[str] | None) -> Iterator[pa.Table]:
            for one in self.releases:
                mine = [lang for lang in wanted if lang in one.languages]
                if mine or not wanted:
                    some = one.documents(names, mine, where)
                    yield from (pa.Table.from_batches([batch]) for batch in some)

        return Documents(rows, columns)

    def get(self, wanted: str | bytes) -> Document | None:
        """Return the document of an id, or the latest of an address; None if there is none."""
        found = (document for one in self.releases for document in one.find(wanted))
        return max(found, key=lambda one: (one.crawl_time, one.id), default=None)


def open_corpus(path: str | Path) -> Corpus:
    """Return the corpus that a release is the newest of: with all that it was built on.

    `path` is that of a release, or `…/latest`. Of each release the newest version is taken: one
    that was made anew by erasure stands for the old one. Releases elsewhere, that it was built
    against as well, are no part of it. FileNotFoundError if there is none, ValueError if an earlier
    release of the corpus is missing, or is no release.
    """
    try:
        chain = chain_of(find_release(path))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is no release: there is no {NAME}") from None
    return Corpus([Release(link.place) for link in chain.links])
