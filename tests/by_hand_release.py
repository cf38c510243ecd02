"""A release written by hand, none of whose numbers changes with the code."""

from hashlib import sha256

import msgspec

from florilegium.manifests import domains
from florilegium.manifests.derived import Source, Tongue
from florilegium.manifests.domains import Domain
from florilegium.manifests.funnel import funnel
from florilegium.manifests.manifest import (
    Input,
    Language,
    Licence,
    Manifest,
    OptOuts,
    Protocol,
    Resource,
    Shard,
    Table,
)

TONGUES = {
    "deu_Latn": Tongue("German", "de"),
    "hsb_Latn": Tongue("Upper Sorbian", "hsb"),
    "srp_Cyrl": Tongue("Serbian", "sr-Cyrl"),
}
STATED = {
    "title": "Small | by hand",
    "description": "A corpus that was written by hand.",
    "version": "1.0.0",
    "license": "CC-BY-4.0",
    "url": "https://corpora.example/small",
    "published": "2026-04-30",
    "citation": "Small, by hand (2026)",
    "maintenance": "None.",
    "uses": "Tests, and nothing else.",
    "reservations": "Letters are answered within a week.",
    "illegal_content": "Reports are acted upon within a day.",
    "licensed_data": "no",
    "private_data": "no",
    "user_data": "no",
    "synthetic_data": "no",
    "other_data": "no",
    "other": "Nothing.",
    "publisher": {
        "name": "Verein für Beispiele",
        "contact": "korpus@verein.example",
        "representative": "not applicable",
        "sme": True,
        "code_of_practice": True,
    },
    "model": {
        "names": ["Beispiel-1B-v1"],
        "based_on": "not applicable",
        "placed_on_market": "2026-05-02",
    },
    "crawlers": [
        {
            "name": "Beispielbot",
            "agent": "beispielbot/1.0",
            "purpose": "Texts for the corpus.",
            "behaviour": "Heeds robots.txt; goes round no captcha, password or paywall.",
        }
    ],
}
DOMAINS = {
    f"seite-{n:02d}.example": Domain(1 + n % 3, 10 + n, 100 + 7 * n, n % 2) for n in range(22)
}
DOMAINS["nur-verluste.example"] = Domain(lost=3)
LOSSES = {
    ("read", "http_status", None): 4,
    ("rights", "robots_txt", None): 2,
    ("rights", "tdm_header", None): 1,
    ("personal", "personal_data", "deu_Latn"): 1,
    ("duplicates", "near_duplicate", "deu_Latn"): 3,
    ("quality", "alpha_word_share", "hsb_Latn"): 3,
}


def digest(name):
    return sha256(name.encode()).hexdigest()


def by_hand(folder, release=STATED, **changes):
    """Write the tables that exports read, and return what they are made from."""
    place = folder / domains.path_of(0)
    place.parent.mkdir(parents=True)
    rows = domains.write(DOMAINS, place)
    total = domains.added({"all": one} for one in DOMAINS.values())["all"]
    lost = sum(LOSSES.values())
    kept = {"deu_Latn": total.documents - 6, "hsb_Latn": 4, "srp_Cyrl": 2}
    tokens = {"deu_Latn": total.tokens - 60, "hsb_Latn": 40, "srp_Cyrl": 20}
    sizes = {"deu_Latn": total.bytes - 600, "hsb_Latn": 400, "srp_Cyrl": 200}
    recipe = {
        "name": "small",
        "tokenizer": "tekken-240911",
        "personal": "mask",
        "personal_kinds": {"ip": "count"},
        "duplicates": {"exact": True, "addresses": True, "near": True},
        "filters": [{"use": "length"}, {"use": "words"}],
        "blocklists": [{"name": "adult"}],
        "rights": {
            "regime": "commercial_art4",
            "retroactive": "all",
            "missing": "allow",
            "unreachable": "drop",
            "honour": ["robots-txt", "tdm"],
        },
        "release": release,
    }
    first_leaf, shards = 0, []
    for lang, number in kept.items():
        shards.append(
            Shard(
                path=f"data/{lang}/00000-of-00001.parquet", lang=lang, index=0, of=1, rows=number,
                first_leaf=first_leaf, tokens=tokens[lang], text_bytes=sizes[lang],
                file_bytes=1000 + number, sha256=digest(lang),
            )
        )  # fmt: skip
        first_leaf += number
    names = ("robots-txt", "noai", "tdm")
    specifications = ("RFC 9309", "robots meta", "TDMRep 2024-05-10")
    manifest = Manifest(
        name="small",
        build_id="0123456789ab",
        root=digest("root"),
        records=total.documents + lost,
        documents=total.documents,
        recipe=recipe,
        recipe_sha256=sha256(msgspec.json.encode(recipe, order="sorted")).hexdigest(),
        code={"version": "0.1.0", "sha256": digest("code")},
        environment={"python": "3.11.9", "apache-beam": "2.77.0"},
        resources=(Resource(name="language model", sha256=digest("model")),),
        tokens_counted="exactly",
        inputs=(
            Input(
                name="a.warc.gz", bytes=9000, sha256=digest("a"), records=total.documents + lost
            ),
        ),
        funnel=funnel(LOSSES, kept),
        opt_outs=OptOuts(
            regime="commercial_art4",
            retroactive="all",
            missing="allow",
            unreachable="drop",
            protocols=tuple(
                Protocol(name=name, specification=said, honoured=name != "noai")
                for name, said in zip(names, specifications, strict=True)
            ),
            agents=("*", "florilegium"),
            removed={"robots_txt": 2, "tdm_header": 1},
            origins={"present": 20, "none": 2},
        ),
        languages=tuple(
            Language(
                lang=lang, documents=kept[lang], tokens=tokens[lang], chars=sizes[lang],
                text_bytes=sizes[lang],
            )
            for lang in kept
        ),
        captured={"2026-02": 2, "2026-03": total.documents - 2},
        licences=(
            Licence(
                license=None, tier=None, documents=total.documents - 5, tokens=total.tokens - 50
            ),
            Licence(license="CC-BY-SA-4.0", tier="A", documents=5, tokens=50),
        ),
        shards=tuple(shards),
        ledger=(
            Table(path="audit/losses/00000.parquet", rows=lost, file_bytes=700, sha256=digest("l")),
        ),
        tables=(
            Table(path=domains.path_of(0), rows=rows, file_bytes=800, sha256=digest("domains")),
        ),
    )  # fmt: skip
    return Source(folder, msgspec.structs.replace(manifest, **changes), TONGUES)
