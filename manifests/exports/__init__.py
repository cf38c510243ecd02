"""Exports: a release described in the formats of others, each a pure function of its manifest."""

from typing import Final

from florilegium.manifests.derived import Maker
from florilegium.manifests.exports import ai_act, croissant, dataset_card, openlineage, spdx
from florilegium.manifests.publication import Format

MAKERS: Final[dict[str, Maker]] = {
    "README.md": dataset_card.card,
    "croissant.json": croissant.croissant,
    "export/ai-act-summary.md": ai_act.summary,
    "export/ai-act-domains.csv": ai_act.domain_list,
    "export/openlineage.jsonl": openlineage.events,
    "export/spdx.json": spdx.document,
}
"""What makes each file, by where it is in a release."""

FILES: Final[dict[Format, tuple[str, ...]]] = {
    "croissant": ("croissant.json",),
    "card": ("README.md",),
    "ai-act": ("export/ai-act-summary.md", "export/ai-act-domains.csv"),
    "openlineage": ("export/openlineage.jsonl",),
    "spdx": ("export/spdx.json",),
}
"""The files of each format, the first of which can be read by itself."""
