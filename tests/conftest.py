"""What several tests make: documents, losses, parts, one small release, pages and loaded tools."""

import copy
import hashlib
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import settings
from msgspec.structs import replace

from florilegium.dedup.decisions import DECISION, Reason, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.filters.length import Length
from florilegium.manifests import domains
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.personal import Personal
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.part import Part, PartWriter
from florilegium.pipelines.harvest.part import load as load_part
from florilegium.pipelines.harvest.stages import Tools
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.publishing.publish import PartToPublish, PublishPlaces, publish
from florilegium.pipelines.publishing.seal import Draft, ledger_path, seal
from florilegium.pipelines.publishing.shard_plans import plan_shards
from florilegium.pipelines.recipe import Recipe, Shards, load
from florilegium.pipelines.verdicts import domains as of_domains
from florilegium.pipelines.verdicts.decide import PartToDecide, decide_part
from florilegium.pipelines.verdicts.verdict import Verdict, added
from florilegium.pipelines.watch.logs import hear

# Time by the clock says nothing of the code on a machine that also does other work.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

STORED = stored_by(FAST_SIMILARITY)
SMALL = Recipe(
    name="small",
    languages=("deu_Latn", "fra_Latn", "gle_Latn"),
    filters=(Length(min_chars=40),),
    reasons="all",
    shards=Shards(size=6_000, row_group_bytes=1_024),
)
"""Shards of a few thousand bytes; a text of less than forty characters is of poor quality."""


@pytest.fixture(scope="module", autouse=True)
def messages_for_people():
    """Begin each module with messages in words: one before it may have asked for JSON."""
    hear("text")


def make_document(number, lang="deu_Latn", **changes):
    """A document all of whose fields follow from its number."""
    digest = hashlib.sha256(str(number).encode()).digest()
    text = changes.pop(
        "text", f"Satz Nummer {number}, so schön wie die anderen. " * (1 + number % 5)
    )
    fields = {
        "id": digest[:16],
        "url": f"https://seite-{number}.example/",
        "host": f"seite-{number}.example",
        "domain": f"seite-{number}.example",
        "crawl_time": 1_773_000_000 + number,
        "title": f"Titel {number}" if number % 2 else None,
        "published": "2026-01-02",
        "lang": lang,
        "lang_score": 0.875,
        "lang_second": "nld_Latn",
        "foreign_share": 0.25,
        "chars": len(text),
        "text_bytes": len(text.encode()),
        "tokens": len(text.split()),
        "counts": Counts(
            chars=len(text), non_symbol_chars=len(text), non_symbol_words=len(text) // 5
        ),
        "license": "CC0-1.0",
        "license_tier": "A",
        "rights": 4,
        "pii": Personal(email=number % 3),
        "extractor": "test 1",
        "extraction_confidence": 0.875 if number % 2 else None,
        "charset": "utf-8",
        "charset_method": "http",
        "warc": "a.warc.gz",
        "warc_offset": 100 * number,
        "warc_length": 90,
        "payload_digest": digest,
        "text": text,
    }
    return Document(**{**fields, **changes})


def make_loss(number, stage="decode", rule="not_html", **changes):
    """The loss of record `number`."""
    identity = hashlib.sha256(str(number).encode()).digest()[:16]
    fields = {"id": identity, "warc": "a.warc.gz", "warc_offset": 100 * number, "size": 5}
    return Loss(**{**fields, "stage": stage, "rule": rule, **changes})


def make_part(folder, documents, losses=(), name="a.warc.gz", records=None):
    """Write a part as harvest does, in several batches."""
    documents = [replace(document, warc=name) for document in documents]
    losses = [replace(loss, warc=name) for loss in losses]
    writer = PartWriter(folder, STORED)
    for start in range(0, len(documents), 100):
        batch = documents[start : start + 100]
        writer.add(batch, np.zeros(len(batch), STORED), [])
    writer.add([], np.zeros(0, STORED), losses)
    records = len(documents) + len(losses) if records is None else records
    part = Part(unit=name, fingerprint="f", bytes=1_000, sha256="00" * 32, records=records)
    return writer.commit(part)


def table_of(folder, name="documents.parquet"):
    """The path of a file of a part."""
    return folder / load_part(folder).attempt / name


def places_in(home):
    """Where the shards of a release go, and what is needed on the way."""
    return PublishPlaces(
        release=str(home / "release"), notes=str(home / "notes"), slices=str(home / "slices")
    )


def in_order(documents):
    """Documents in the order in which a part holds them."""
    return sorted(documents, key=lambda document: (document.lang, document.id))


def make_decisions(path, entries):
    """Write what deduplication decided: (row, reason, kept document or None, copies)."""
    rows = np.zeros(len(entries), DECISION)
    for row, (number, reason, kept, size) in zip(rows, sorted(entries), strict=True):
        row["row"], row["reason"], row["size"] = number, reason, size
        row["similarity"] = 0.9 if reason == Reason.NEAR_DUPLICATE else 1.0
        if kept is not None:
            row["kept_id"] = np.frombuffer(kept, np.uint8)
    np.save(path, rows, allow_pickle=False)


class Workshop:
    """Takes documents and losses through decide, publish and seal, by the functions that build."""

    def __init__(self, home, recipe=SMALL):
        self.home, self.recipe = home, recipe
        self.release, self.notes = home / "release", home / "notes"
        (self.release / "audit" / "losses").mkdir(parents=True)
        self.notes.mkdir()
        self.parts, self.verdicts, self.to_publish, self.todo = [], [], [], []

    def add(self, documents, losses=(), decisions=(), name=None, earlier=()):
        """Make a part and decide on it; decisions name a row by the place in the part."""
        number = len(self.parts)
        name = name or f"{number}.warc.gz"
        folder, verdict = self.home / "parts" / str(number), self.home / "verdicts" / str(number)
        decided = self.home / f"decisions-{number}.npy"
        self.parts.append(make_part(folder, documents, losses, name))
        make_decisions(decided, [(number << 32 | place, *rest) for place, *rest in decisions])
        todo = PartToDecide(
            ordinal=number,
            part=str(folder),
            decisions=str(decided),
            verdict=str(verdict),
            release=str(self.release),
            ledger=ledger_path(number),
            earlier=earlier,
        )
        self.todo.append(todo)
        self.verdicts.append(decide_part(todo, self.recipe))
        self.to_publish.append(PartToPublish(documents=str(table_of(folder)), verdict=str(verdict)))

    @property
    def plans(self):
        return plan_shards(added(self.verdicts).kept, self.recipe.shards)

    def publish(self, plans=None):
        """Write shards by the pipeline itself."""
        plans, shards, engine = plans or self.plans, self.recipe.shards, Embedded()
        sizes = [1] * len(self.to_publish)
        engine.run(
            lambda root: publish(
                root, self.to_publish, sizes, plans, shards, places_in(self.home), engine
            )
        )

    def seal(self, against=()):
        draft = Draft(
            self.release,
            "0123456789ab",
            self.recipe,
            self.parts,
            self.total(),
            self.plans,
            self.notes,
            [Path(one.documents) for one in self.to_publish],
            against,
        )
        return seal(draft)

    def total(self):
        """The sum of verdicts, with the table of domains, which `decide` writes."""
        if any(verdict.domains for verdict in self.verdicts):
            return added(self.verdicts)
        counted = domains.added(of_domains.load(Path(todo.verdict)) for todo in self.todo)
        packed = of_domains.scattered(counted, domains.files(len(self.parts)))
        tables = [of_domains.write_file(number, [some], self.release) for number, some in packed]
        return added([*self.verdicts, Verdict(domains=tables)])


def fill(workshop):
    """Three inputs, two languages and a few, duplicates across inputs, losses at most stages."""
    first = [make_document(n, quality=n / 150) for n in range(150)]
    second = [make_document(n, "fra_Latn") for n in range(200, 240)]
    third = [make_document(n) for n in range(300, 360)] + [make_document(400, "gle_Latn")]
    poor = [make_document(n, text="zu kurz") for n in range(500, 504)]
    kept = in_order([*first, *poor])[7]
    workshop.add(
        [*first, *poor],
        [make_loss(600), make_loss(601, "rights", "tdm_header"), make_loss(602, "read", "empty")],
        [(7, Reason.KEPT, kept.id, 3), (9, Reason.EXACT_DUPLICATE, kept.id, 0)],
    )
    workshop.add(second, [make_loss(610, "identify", "language", value=0.9, detail="tur_Latn")])
    workshop.add(
        third,
        [make_loss(620, "personal", "personal_data", lang="deu_Latn", value=1.0, limit=0.0)],
        [(0, Reason.NEAR_DUPLICATE, kept.id, 0)],
    )


class Sealed(msgspec.Struct, frozen=True):
    """A finished release, not to be touched, and what it is said to hold."""

    folder: Path
    manifest: Manifest

    def copy(self, place):
        """Return a copy to do with as one likes."""
        shutil.copytree(self.folder, place / "copy")
        return place / "copy"


@pytest.fixture(scope="session")
def document():
    """Makes a document of a number, a language and any changed fields."""
    return make_document


@pytest.fixture(scope="session")
def loss():
    """Makes a loss of a number, a stage, a rule and any changed fields."""
    return make_loss


@pytest.fixture(scope="session")
def part():
    """Writes a part into a folder."""
    return make_part


@pytest.fixture(scope="session")
def part_table():
    """Tells where a file of a part is."""
    return table_of


@pytest.fixture(scope="session")
def places():
    """Tells where shards, notes and slices go in a folder."""
    return places_in


@pytest.fixture(scope="session")
def decisions():
    """Writes a file of decisions."""
    return make_decisions


@pytest.fixture
def workshop(tmp_path):
    """Takes documents to a release, step by step."""
    return Workshop(tmp_path / "workshop")


@pytest.fixture(scope="session")
def sealed(tmp_path_factory):
    """A small release, made by the functions that build one."""
    workshop = Workshop(tmp_path_factory.mktemp("sealed"))
    fill(workshop)
    workshop.publish()
    return Sealed(workshop.release, workshop.seal())


PROSE = (
    "In der Werkstatt am Seeufer ticken dreißig Uhren, und keine geht genau wie die andere.",
    "Seit vierzig Jahren setzt der Meister alte Turmuhren instand, Zahnrad um Zahnrad.",
    "Die älteste stammt aus einem Kloster und schlug schon vor den ersten Dampfschiffen.",
    "Wer ihn besucht, bekommt zuerst einen Tee und dann eine Geschichte zu hören.",
    "Im Winter, wenn der See gefriert, hört man das Ticken bis hinaus auf das Eis.",
)


def make_html(*paragraphs, head="", title="Der Uhrmacher"):
    """A plain page of these paragraphs."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or PROSE)
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head>"
        f"<body><main><article>{body}</article></main></body></html>"
    )


def make_page(html, content_type="text/html; charset=utf-8", headers=(), **changes):
    """A captured page with this markup, or these bytes."""
    payload = html if isinstance(html, bytes) else html.encode()
    fields = {
        "id": hashlib.sha256(payload).digest()[:16],
        "url": "https://blog.beispiel.example/uhren",
        "host": "blog.beispiel.example",
        "domain": "beispiel.example",
        "crawl_time": 1_773_000_000,
        "headers": tuple(headers),
        "content_type": content_type,
        "payload": payload,
        "warc": "a.warc.gz",
        "warc_offset": 1_234,
        "warc_length": 567,
    }
    return Page(**{**fields, **changes})


@pytest.fixture(scope="session")
def prose():
    """Five sentences of German."""
    return PROSE


@pytest.fixture(scope="session")
def html():
    """Writes a page of given paragraphs, or of the prose."""
    return make_html


@pytest.fixture(scope="session")
def page():
    """Makes a captured page of markup or bytes."""
    return make_page


@pytest.fixture(scope="session")
def tools():
    """The real tools, loaded once: a recipe of every European language and the default rules."""
    with Tools(load("european")) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def with_recipe(tools):
    """Gives the same tools under another recipe, without loading them anew."""

    def under(**changes):
        other = copy.copy(tools)
        other.recipe = replace(tools.recipe, **changes)
        other.languages = frozenset(other.recipe.languages)
        return other

    return under
