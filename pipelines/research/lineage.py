"""Lineage: documents of a release made again from the records they came from, and compared."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from random import Random

import msgspec

from florilegium.manifests import manifest as manifests
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Shard
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table, to_table
from florilegium.manifests.tables import parquet
from florilegium.pipelines.assessment.assessors import Assessor, assessors
from florilegium.pipelines.commoncrawl.members import Archived
from florilegium.pipelines.harvest.harvest import measured
from florilegium.pipelines.harvest.recut import Recutter
from florilegium.pipelines.harvest.stages import Tools, harvest_page, page_of
from florilegium.pipelines.harvest.warc import Record, read_stream
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rows import group_of

SETTLED_LATER = ("dup_size", "host_line_share", "rights", "rights_crawl", "rights_build")
"""Columns that depend on other records, and so cannot be made from one alone."""
BY_HOST = ("license_tier", "license_flags")
"""Columns that do if the pages of a host bear on the licence of each."""


def lineage(
    release: Location, count: int, warcs: Mapping[str, Location | Archived]
) -> Iterator[str]:
    """Make some documents of a release again from their WARC records; yield what differs.

    `warcs` are the inputs by name. The documents are drawn by the root, so nobody chooses them.
    What an extraction may take by the clock alone can differ on a much slower machine. ValueError
    or OSError if the release, its shards or the inputs cannot be read.
    """
    manifest = manifests.read(release)
    recipe = msgspec.convert(manifest.recipe, Recipe)
    looking = assessors(recipe)
    with Tools(recipe) as tools:
        for document in drawn(release, manifest, count):
            name = f"{document.id.hex()}, {document.url}"
            if document.warc not in warcs:
                yield f"{name}: its input {document.warc} is not there"
                continue
            made = _made(document, warcs[document.warc], tools)
            if isinstance(made, Document):
                yield from (
                    f"{name}: {one}" for one in _differences(document, made, recipe, looking)
                )
            else:
                yield f"{name}: {made}"


def drawn(release: Location, manifest: Manifest, count: int) -> Iterator[Document]:
    """Yield so many documents, or all there are, in their order, drawn by the root."""
    chance = Random(manifest.root)
    numbers = sorted(chance.sample(range(manifest.documents), min(count, manifest.documents)))
    shards = iter(manifest.shards)
    shard = next(shards, None)
    for number in numbers:
        while shard is not None and number >= shard.first_leaf + shard.rows:
            shard = next(shards, None)
        assert shard is not None
        yield _row(release, shard, number - shard.first_leaf)


def _row(release: Location, shard: Shard, row: int) -> Document:
    with parquet(release / shard.path) as file:
        if row >= file.metadata.num_rows:
            raise ValueError(f"{shard.path}: has fewer rows than the manifest says")
        group, first = group_of(file, row)
        table = file.read_row_group(group, use_threads=False).slice(row - first, 1)
    return from_table(table, Document)[0]


def _made(document: Document, warc: Location | Archived, tools: Tools) -> Document | str:
    """Return the document as its record gives it now, or why it gives none."""
    page = _page(document, warc, tools)
    if not isinstance(page, Page):
        return page if isinstance(page, str) else f"its record is lost at {page.stage}/{page.rule}"
    found = harvest_page(page, tools)
    if isinstance(found, Loss):
        return f"its record is lost at {found.stage} by {found.rule}"
    (found,) = measured([found])
    return _stored(found)


def _page(document: Document, warc: Location | Archived, tools: Tools) -> Page | Loss | str:
    with warc.open("rb") as stream:
        stream.seek(document.warc_offset)
        piece = stream.read(document.warc_length) or b""
    items = list(read_stream(BytesIO(piece), len(piece)))
    if len(items) != 1 or not isinstance(items[0], Record):
        return f"{warc.name} holds no record at byte {document.warc_offset}"
    record = msgspec.structs.replace(items[0], offset=document.warc_offset)
    return page_of(record, document.warc, tools.recipe)


def _stored(document: Document) -> Document:
    """Return a document as it is after it was written and read."""
    return from_table(to_table([document], DOCUMENT_SCHEMA), Document)[0]


def _differences(
    document: Document, made: Document, recipe: Recipe, looking: list[Assessor]
) -> Iterator[str]:
    if document.text != made.text and recipe.lines.repeated == "cut":
        if not _is_part(document.text, made.text):
            yield "its text has lines that its record does not"
            return
        made = _stored(Recutter(recipe).recut(made, document.text))
    for one in looking:
        made = _stored(msgspec.structs.replace(made, **one.assess(made)))
    later = SETTLED_LATER + (BY_HOST if recipe.licences.consensus == "apply" else ())
    if made.rights & ~document.rights:
        yield f"rights are {document.rights}, its record alone gives {made.rights}"
    for column in Document.__struct_fields__:
        stated, found = getattr(document, column), getattr(made, column)
        if column not in later and stated != found:
            yield f"{column} is {_short(stated)}, its record gives {_short(found)}"


def _is_part(text: str, whole: str) -> bool:
    lines = iter(whole.split("\n"))
    return all(line in lines for line in text.split("\n"))


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}…"
