"""What a recipe says of the mixture."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

from florilegium.filters.language_table import LANGUAGES
from florilegium.filters.rule import Share
from florilegium.manifests.mixture import DEFAULT, WHOLE
from florilegium.pipelines.spelling import nearest

Tokens: TypeAlias = Annotated[int, Meta(ge=0)]
Weight: TypeAlias = Annotated[float, Meta(gt=0)]


class Domains(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much less large domains weigh, so that rare ones weigh more.

    Of a registrable domain with n documents in a language, some `max_whole`^(1 - `exponent`)
    n^`exponent` are drawn at random; of one with no more than `max_whole`, all.
    """

    max_whole: Annotated[int, Meta(ge=1)]
    """A domain with at most so many documents in a language is left whole."""
    exponent: Share = 0.5
    """How fast what is left of larger domains grows: 0 leaves `max_whole` documents of each, 1
    leaves all."""


class Mixture(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which share of what passed the rules is published. What is left out is in the ledger.

    The keys apply one after the other, in this order. Tables are by language, as in
    `tokens = { deu_Latn = 5_000_000, default = 1_000_000 }`; without `default`, a language that is
    not named is left as it is. What is drawn at random follows from ids alone: the same documents
    on every machine, and a larger share or budget holds all of a smaller one.
    """

    quality: dict[str, Share] = field(default_factory=dict)
    """Share of the documents of a language that have a `quality`: the best ones. Scores are
    compared by thousandths; of those on the border, as many as are missing are drawn."""
    unscored: Share = WHOLE
    """Share of the documents without a `quality`, in languages of which `quality` wants a share,
    that is drawn at random."""
    share: dict[str, Share] = field(default_factory=dict)
    """Share of the documents of a language that is drawn at random."""
    domains: Domains | None = None
    """How much less large domains weigh; not at all if it is not given."""
    tokens: dict[str, Tokens] = field(default_factory=dict)
    """The most tokens of a language. It is met from below: the documents of the next range of lots,
    which is 1/4096 of the budget wide and often holds but one document, would be too much."""
    weights: dict[str, Weight] = field(default_factory=dict)
    """How the tokens of languages stand to each other: `{ deu_Latn = 2, fra_Latn = 1 }` wants twice
    as much German as French. Of the languages that are named, the one that has least for its weight
    is left whole, the others are cut, and nothing is repeated. A language of the weight `default`
    gets no more than this, and may have less."""

    def __post_init__(self) -> None:
        for name in ("quality", "share", "tokens", "weights"):
            _check_languages(name, getattr(self, name))
        if self.unscored < WHOLE and not self.quality:
            raise ValueError("`unscored` needs `quality`: else no document is asked for a score")
        if self.weights.keys() == {DEFAULT}:
            raise ValueError("`weights` must name the languages to which others are compared")


def _check_languages(name: str, table: Mapping[str, object]) -> None:
    known = [*LANGUAGES, DEFAULT]
    for lang in table:
        if lang not in known:
            raise ValueError(f"`{name}` for an unknown language {lang!r}{nearest(lang, known)}")
