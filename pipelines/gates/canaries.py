"""Canaries: pages with known fates, planted in the input of a build to check it.

They are one more unit, which is read, judged and compared like all others. What would be published
of them is lost at a stage of its own instead, so that no shard, index or sum knows of them. Their
hosts are below `.invalid`, under a name that follows from the input, so that no page of the web can
lie there. What copies are found by is mixed with the group that a canary is of: a canary has copies
in its group only, never displaces a page, and does not connect two.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final, Protocol

import numpy as np
from fastwarc import warc
from fastwarc.warc import WarcRecord

from florilegium.manifests.document import Document
from florilegium.manifests.location import Location
from florilegium.manifests.tables import batches
from florilegium.pipelines.gates.canary_pages import ITEMS, Planted, pages
from florilegium.pipelines.harvest.inputs import InputError
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.overlay import Folders, overlay_of
from florilegium.pipelines.recipe import Recipe

NAME: Final = "florilegium-canaries.warc"
"""The unit, by which the ledger cites it."""
FATE: Final = ("canary", "published")
"""Stage and rule of those that would be published."""
_CAPTURED: Final = "2026-01-15T12:00:00Z"
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://florilegium.example/canaries")


class _Part(Folders, Protocol):
    """What is known of a part where it is decided on."""


def planted(units: list[Unit], recipe: Recipe, made_by: str) -> list[Unit]:
    """Return the units of a build with that of the canaries, which is the last.

    InputError if a file has its name. NamedFileError if a benchmark cannot be read.
    """
    if any(unit.name == NAME for unit in units):
        raise InputError(f"an input is named {NAME}, as the canaries are: rename it")
    content = packed(recipe, _tag(units))
    made_of = f"{NAME}\n{hashlib.sha256(content).hexdigest()}\n{made_by}"
    fingerprint = hashlib.sha256(made_of.encode()).hexdigest()
    one = Unit(name=NAME, path="", bytes=len(content), fingerprint=fingerprint, content=content)
    return [*units, one]


def packed(recipe: Recipe, tag: str) -> bytes:
    """Return the canaries of a recipe as a WARC file, with a robots.txt for each host."""
    content = BytesIO()
    for page in pages(recipe):
        host = f"{page.name}.{page.group}.{tag}.invalid"
        for record in _records(page, host):
            record.write(content)
    return content.getvalue()


def set_apart(documents: Sequence[Document], stored: np.ndarray) -> None:
    """Mix what copies of canaries are found by with the group that each is of."""
    for row, document in enumerate(documents):
        group = document.host.partition(".")[2]
        digest = hashlib.blake2b(group.encode(), digest_size=8).digest()
        salt = np.uint64(int.from_bytes(digest))
        for field in ("text", "bands"):
            stored[field][row] ^= salt


def left_in(part: _Part, files: Location) -> list[str | None]:
    """Return for each document of the part what planted personal data would be published in it."""
    found: list[str | None] = []
    with overlay_of(part) as overlay:
        for table in batches(files / "documents.parquet"):
            texts = overlay.applied(table, len(found)).column("text").to_pylist()
            found += (" ".join(k for k, item in ITEMS.items() if item in t) or None for t in texts)
    return found


def _tag(units: Sequence[Unit]) -> str:
    """Return a name that follows from the input, but not from when it was written."""
    named = "\n".join(f"{unit.name} {unit.bytes}" for unit in units)
    return "c" + hashlib.sha256(named.encode()).hexdigest()[:16]


def _records(page: Planted, host: str) -> Iterator[WarcRecord]:
    robots = "User-agent: *\nAllow: /\n" if page.robots is None else page.robots
    yield _record(f"https://{host}/robots.txt", robots, "text/plain", ())
    kind = "text/html; charset=utf-8"
    yield _record(f"https://{host}/{page.name}", page.html, kind, page.headers)


def _record(url: str, text: str, kind: str, more: Sequence[str]) -> WarcRecord:
    body = text.encode()
    lines = ("HTTP/1.1 200 OK", f"Content-Type: {kind}", *more, f"Content-Length: {len(body)}")
    record = WarcRecord()
    record.init_headers(warc.response, str(uuid.uuid5(_NAMESPACE, url)).encode())
    record.headers["WARC-Target-URI"] = url
    record.headers["WARC-Date"] = _CAPTURED
    record.headers["Content-Type"] = "application/http; msgtype=response"
    record.set_bytes_content("\r\n".join([*lines, "", ""]).encode() + body)
    return record
