"""The parent of a release that was made by erasure."""

from collections.abc import Collection

from msgspec import Struct

from florilegium.manifests import erasures


class Predecessor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The release that this one was made of by erasure; all that is not said here it has from it.

    `audit/erasures.jsonl` says why.
    """

    build_id: str
    """Name of its build."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""
    manifest_sha256: str
    """Digest of its manifest."""
    documents: int
    """Documents in it."""
    erased: int
    """Those of them that are gone."""
    promoted: int
    """Copies of erased documents that took their places."""
    code: dict[str, str]
    """Version of the package that erased, and digest of its source."""
    before: tuple[str, ...] = ()
    """Names of the builds that the parent was made of, oldest first, so that it is known what this
    one stands for when they are removed."""

    @property
    def made_of(self) -> tuple[str, ...]:
        """Names of all builds that this one stands for, oldest first."""
        return (*self.before, self.build_id)

    def check(self, documents: int, tables: Collection[str]) -> None:
        """Raise ValueError unless so many documents are left, and a table says why."""
        if not (0 <= self.erased <= self.documents and self.promoted >= 0):
            raise ValueError(f"parent: {self.erased} erased of {self.documents} documents")
        left = self.documents - self.erased + self.promoted
        if left != documents:
            raise ValueError(f"parent: leaves {left} documents, and there are {documents}")
        if erasures.PATH not in tables:
            raise ValueError(f"parent: there is no {erasures.PATH} that says why")
