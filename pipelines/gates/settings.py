"""What a release must pass before it is promoted: the table `[gates]` of a recipe."""

from typing import Annotated, Literal, TypeAlias, get_args

from msgspec import Meta, Struct

from florilegium.manifests.personal import KINDS
from florilegium.pipelines.spelling import nearest

GateName: TypeAlias = Literal[
    "keep_rate",
    "language_keep_rate",
    "keep_rate_change",
    "language_keep_rate_change",
    "documents",
    "tokens",
    "languages",
    "language_documents",
    "language_tokens",
    "top_domain",
    "duplicate_rate",
    "duplicate_rate_change",
    "opt_out_rate",
    "opt_out_rate_change",
    "personal",
    "personal_change",
    "psi",
    "unaccounted",
    "alarms",
    "canaries",
]
"""Gates, in the order of a report."""
NAMES: tuple[GateName, ...] = get_args(GateName)

_Share = Annotated[float, Meta(ge=0, le=1)]
_Least = Annotated[float, Meta(ge=0)]


class Gates(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a release must pass before it is promoted; one that fails stays staged.

    Without this table every release is promoted. Changes are against the release that is the newest
    when this one is judged; without one they are not judged. A share is from 0 to 1, and a change
    of 0.3 is one by 30 %, or of rates that say so by 30 points.
    """

    off: tuple[GateName, ...] = ()
    """Gates that are not asked."""
    canaries: bool = False
    """Whether pages with known fates are planted in the input of every build: personal data, an
    opt-out, copies, spam and the like. None of them is published."""
    min_documents: Annotated[int, Meta(ge=1)] = 200
    """Rates and distributions of fewer documents, here or in the release before, are not judged."""
    min_keep_rate: _Share = 0.01
    """Of the pages read, those that are kept."""
    min_language_keep_rate: _Share = 0.01
    """Of the documents found in a language, those that are kept."""
    max_keep_rate_change: _Least = 0.3
    """By how much the first of these may have changed."""
    max_language_keep_rate_change: _Least = 0.5
    """By how much the second may have changed, of any language."""
    max_fall: _Share = 0.3
    """By how much documents or tokens may have become fewer."""
    max_rise: _Least = 2.0
    """By how much they may have become more."""
    max_language_fall: _Share = 0.5
    """By how much those of a language may have become fewer. None may be gone altogether."""
    max_language_rise: _Least = 4.0
    """By how much they may have become more."""
    max_top_domain: _Share = 0.1
    """Of all tokens, those from a single registrable domain."""
    max_duplicate_rate: _Share = 0.8
    """Of the documents that were compared, those removed as copies."""
    max_duplicate_rate_change: _Share = 0.2
    """By how many points that may have changed."""
    max_opt_out_rate: _Share = 0.8
    """Of the pages that were asked, those that are opted out."""
    max_opt_out_rate_change: _Share = 0.1
    """By how many points that may have changed: none at all may mean that no robots.txt came."""
    max_personal_per_mb: dict[str, _Least] = {}
    """Items of personal data in a million bytes of text, by kind, as in `{ iban = 0.5 }`. They are
    counted before they are masked."""
    max_personal_change: _Least = 1.0
    """By how much items in a million bytes may have become more, of any kind with fifty."""
    max_psi: _Least = 0.25
    """Population stability index of scores of language, quality and extraction, and of lengths, in
    any language."""
    max_alarms: Annotated[int, Meta(ge=0)] = 0
    """Alarms, as in `[alarms]`."""

    def __post_init__(self) -> None:
        for kind in self.max_personal_per_mb:
            if kind not in KINDS:
                raise ValueError(f"unknown kind of personal data {kind!r}{nearest(kind, KINDS)}")
