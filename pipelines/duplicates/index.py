"""The index of a release: what a later build must know of its documents to leave copies out.

`index/<format>/<ordinal>.npy` holds a row for each document that an input gave to the release: its
signature by the method of the recipe, its address, what it is ranked by and how many it stands for.
That is 418 bytes, or 178 with `minhash`. Nothing in it is text. The format names the method, so a
release is built only against one with signatures of the same method. The digests of the files are
in the manifest.
"""

import hashlib
import io

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.methods import Method
from florilegium.filters import address
from florilegium.manifests import manifest as manifests
from florilegium.manifests.entries import entry
from florilegium.manifests.location import Location, locate, replacing, stat
from florilegium.manifests.manifest import Earlier, Table
from florilegium.pipelines.files import load_array


class BadIndexError(ValueError):
    """An index that cannot be used; the message names the release and what to do."""


class IndexFile(Struct, frozen=True):
    """One file of the index of a release."""

    path: str
    sha256: str
    release: str


class Published(Struct, frozen=True):
    """An earlier release against which a build is deduplicated."""

    about: Earlier
    files: list[IndexFile]

    @property
    def name(self) -> str:
        """Names of the corpus and of the build, as the ledger cites it."""
        return f"{self.about.name}/{self.about.build_id}"


def format_of(method: Method) -> str:
    """Return the name of every choice that the rows of an index depend on."""
    return f"{method.format}-{address.FORMAT}"


def indexed_by(method: Method) -> np.dtype[np.void]:
    """Return the type of a document of a release: `size` is how many it stands for, with itself."""
    return np.dtype([*stored_by(method).descr, ("size", "<u4")])


def index_path(ordinal: int, method: Method) -> str:
    """Return where in a release the index of the documents of an input is."""
    return f"index/{format_of(method)}/{ordinal:05d}.npy"


def write_index(
    release: Location, ordinal: int, signatures: Location, sizes: list[int], method: Method
) -> Table:
    """Write the index of those documents of a part that stay; return how a manifest names it."""
    stored = load_array(signatures)
    stays = np.array(sizes, np.uint32) > 0
    rows = np.zeros(int(stays.sum()), indexed_by(method))
    for field in stored_by(method).names or ():
        rows[field] = stored[field][stays]
    rows["size"] = np.array(sizes, np.uint32)[stays]
    path = index_path(ordinal, method)
    place = release / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        with draft.open("wb") as stream:
            np.save(stream, rows, allow_pickle=False)
        return entry(path, len(rows), draft)


def open_index(release: Location, method: Method) -> Published:
    """Return an earlier release with its index, from the manifest; no file of it is read.

    BadIndexError if there is no release, if it was made without an index, if a file of that is
    gone or has another size, or if its signatures cannot be compared with those of the method.
    """
    try:
        manifest = manifests.read(release)
    except FileNotFoundError:
        raise BadIndexError(f"{release} is no release: there is no {manifests.NAME}") from None
    except ValueError as error:
        raise BadIndexError(f"{release}: {error}") from error
    name = f"{manifest.name}/{manifest.build_id}"
    tables = [table for table in manifest.tables if table.path.startswith("index/")]
    if not tables:
        raise BadIndexError(f"{name} has no index: it was built with `duplicates.index = false`")
    for table in tables:
        if (found := table.path.split("/")[1]) != format_of(method):
            raise BadIndexError(
                f"the index of {name} has the format {found}, and signatures can only be compared "
                f"with their like: this build makes {format_of(method)}. Choose the `method` of "
                "that release in [duplicates], or build it anew"
            )
    for table in tables:
        _check_there(release / table.path, table.file_bytes, name)
    about = Earlier(
        name=manifest.name,
        build_id=manifest.build_id,
        root=manifest.root,
        documents=manifest.documents,
    )
    files = [IndexFile(str(release / table.path), table.sha256, name) for table in tables]
    return Published(about, files)


def _check_there(file: Location, size: int, name: str) -> None:
    try:
        found = stat(file).st_size
    except FileNotFoundError:
        raise BadIndexError(f"the index of {name} is not whole: {file} is gone") from None
    if found != size:
        raise BadIndexError(
            f"the index of {name} is damaged: {file} has {found} bytes, its manifest says {size}"
        )


def read_index(encoded: str, method: Method) -> NDArray[np.void]:
    """Return the rows of an IndexFile; BadIndexError if the file is missing or damaged."""
    file = msgspec.json.decode(encoded, type=IndexFile)
    rows = read_rows(file)
    if rows.dtype != indexed_by(method):
        raise BadIndexError(f"{file.path}: rows of {rows.dtype}, expected {indexed_by(method)}")
    return rows


def read_rows(file: IndexFile) -> NDArray[np.void]:
    """Return the rows of a file, by whatever method; BadIndexError if it is missing or damaged."""
    try:
        content = locate(file.path).read_bytes()
    except FileNotFoundError:
        raise BadIndexError(
            f"the index of {file.release} is not whole: {file.path} is gone"
        ) from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise BadIndexError(
            f"the index of {file.release} is damaged: {file.path} is not what its manifest says"
        )
    rows: NDArray[np.void] = np.load(io.BytesIO(content), allow_pickle=False)
    return rows
