"""A release of any size, of made-up words, by the functions that decide, publish and seal.

Words are drawn as in natural text, a few of them often, so that texts compress about as pages do.
"""

import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from florilegium.dedup.decisions import DECISION, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY
from florilegium.manifests import domains as domain_table
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Document
from florilegium.manifests.identity import identity_of
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.part import Part, PartWriter
from florilegium.pipelines.harvest.part import load as load_part
from florilegium.pipelines.publishing.publish import PartToPublish, PublishPlaces, publish
from florilegium.pipelines.publishing.seal import Draft, ledger_path, seal
from florilegium.pipelines.publishing.shard_plans import group_into_waves, plan_shards
from florilegium.pipelines.recipe import Recipe, Shards
from florilegium.pipelines.verdicts import domains
from florilegium.pipelines.verdicts.decide import PartToDecide, decide_part
from florilegium.pipelines.verdicts.verdict import Verdict, added

LANGUAGES = ("deu_Latn",) * 6 + ("fra_Latn",) * 3 + ("gle_Latn",)
"""Languages in the shares that they have."""
STORED = stored_by(FAST_SIMILARITY)
PART_DOCUMENTS = 20_000
WAVE_BYTES = 256 << 20
_COUNTS = len(Counts.__struct_fields__)


def make(home: Path, documents: int, row_group_bytes: int, langs: Sequence[str]) -> Path:
    """Make a release below `home` and return its folder; one that is there already is kept."""
    release = home / "release"
    if (release / "manifest.json").exists():
        return release
    shutil.rmtree(home, ignore_errors=True)
    recipe = Recipe(
        name="synthetic",
        languages=tuple(sorted(set(langs))),
        filters=(),
        shards=Shards(row_group_bytes=row_group_bytes),
    )
    (release / "audit" / "losses").mkdir(parents=True)
    (home / "notes").mkdir()
    np.save(home / "decisions.npy", np.zeros(0, DECISION), allow_pickle=False)
    parts, verdicts, to_publish, tables = [], [], [], []
    counted: domains.Counted = {}
    for ordinal, start in enumerate(range(0, documents, PART_DOCUMENTS)):
        numbers = range(start, min(start + PART_DOCUMENTS, documents))
        folder, verdict = home / "parts" / str(ordinal), home / "verdicts" / str(ordinal)
        parts.append(_part(folder, f"{ordinal}.warc.gz", numbers, langs))
        todo = PartToDecide(
            ordinal=ordinal,
            part=str(folder),
            decisions=str(home / "decisions.npy"),
            verdict=str(verdict),
            release=str(release),
            ledger=ledger_path(ordinal),
        )
        verdicts.append(decide_part(todo, recipe))
        counted = domains.added([counted, domains.load(verdict)])
        table = folder / load_part(folder).attempt / "documents.parquet"
        tables.append(table)
        to_publish.append(PartToPublish(documents=str(table), verdict=str(verdict)))
    some = domains.scattered(counted, domain_table.files(len(parts)))
    written = [domains.write_file(number, [packed], release) for number, packed in some]
    # Beam reads the arguments of the program as its own.
    sys.argv[1:] = []
    total, engine = added([*verdicts, Verdict(domains=written)]), Embedded()
    plans = plan_shards(total.kept, recipe.shards)
    places = PublishPlaces(
        release=str(release), notes=str(home / "notes"), slices=str(home / "slices")
    )
    for wave in group_into_waves(plans, WAVE_BYTES, 1):
        engine.run(
            lambda root, wave=wave: publish(
                root, to_publish, [1] * len(to_publish), wave, recipe.shards, places, engine
            )
        )
    seal(Draft(release, "synthetic", recipe, parts, total, plans, home / "notes", tables))
    for folder in ("parts", "slices"):
        shutil.rmtree(home / folder, ignore_errors=True)
    return release


def _part(folder: Path, name: str, numbers: range, langs: Sequence[str]) -> Part:
    writer = PartWriter(folder, STORED)
    rows = sorted(_documents(name, numbers, langs), key=lambda one: (one.lang, one.id))
    for start in range(0, len(rows), 1_000):
        some = rows[start : start + 1_000]
        writer.add(some, np.zeros(len(some), STORED), [])
    part = Part(unit=name, fingerprint="f", bytes=1, sha256="00" * 32, records=len(rows))
    return writer.commit(part)


def _documents(warc: str, numbers: range, langs: Sequence[str]) -> Iterator[Document]:
    random = np.random.default_rng(numbers.start)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = ["".join(random.choice(letters, size)) for size in random.integers(2, 12, 20_000)]
    for number in numbers:
        size = int(random.lognormal(6.0, 0.8)) + 20
        places = np.minimum(random.zipf(1.3, size), len(words)) - 1
        text = "\n".join(
            " ".join(words[place] for place in places[start : start + 60])
            for start in range(0, size, 60)
        )
        counts = random.integers(0, 3_000, _COUNTS).tolist()
        yield _document(number, warc, text, counts, langs[number % len(langs)])


def _document(number: int, warc: str, text: str, counts: list[int], lang: str) -> Document:
    domain = f"site-{number % 2_003}.example"
    url = f"https://www.{domain}/articles/{number % 17}/page-{number}.html"
    digest = hashlib.sha256(url.encode()).digest()
    return Document(
        id=identity_of(str(number), url, "2026-01-01"),
        url=url,
        host=f"www.{domain}",
        domain=domain,
        crawl_time=1_767_225_600 + number,
        title=text[:40],
        lang=lang,
        lang_score=0.99,
        lang_second="nld_Latn",
        foreign_share=0.0,
        chars=len(text),
        text_bytes=len(text.encode()),
        tokens=len(text) // 4,
        counts=Counts(*counts),
        license="CC-BY-4.0" if number % 9 == 0 else None,
        license_tier="A" if number % 9 == 0 else None,
        extractor="synthetic",
        charset="utf-8",
        charset_method="http",
        warc=warc,
        warc_offset=number * 9_000,
        warc_length=8_999,
        payload_digest=digest,
        text=text,
    )
