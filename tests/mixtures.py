"""What tests of mixtures share: documents of parts, measured, and a workshop that mixes them."""

from collections import Counter

from conftest import SMALL, Workshop, table_of
from msgspec.structs import replace

from florilegium.manifests.mixture import STAGE
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.mixture.mix import PartToMix, mix
from florilegium.pipelines.mixture.results import LIMITS, read_mixed
from florilegium.pipelines.mixture.whole import Whole
from florilegium.pipelines.named.texts import Scorer
from florilegium.pipelines.publishing.seal import Draft, seal
from florilegium.pipelines.verdicts.decide import decide_part
from florilegium.pipelines.verdicts.verdict import added

SCORER = Scorer(path="none", sha256="0" * 64)
"""A scorer that is never loaded: documents of tests have their scores."""


def recipe_with(mixture, **changes):
    """The small recipe with a mixture."""
    return replace(SMALL, mixture=mixture, scorers=(SCORER,), **changes)


def whole_of(parts, mixture):
    """The ids of documents that a mixture leaves in, of those of some parts, with those it lost."""
    recipe = recipe_with(mixture)
    whole = Whole(recipe)
    for number, documents in enumerate(parts):
        for row, one in enumerate(documents):
            whole.add(row, one)
        whole.end_part(number)
    whole.settle()
    kept, lost = [], {}
    for number, documents in enumerate(parts):
        for row, one in enumerate(documents):
            loss = whole.loss(number, row, one)
            if loss is None:
                kept.append(one)
            else:
                lost[one.id] = loss
    return kept, lost


def tokens_of(documents):
    """Tokens by language."""
    counted = Counter()
    for one in documents:
        counted[one.lang] += one.tokens
    return counted


class MixedWorkshop(Workshop):
    """Takes documents through mix as well, by the pipeline itself."""

    def mix(self, engine=None):
        """Decide again on all parts, now by the mixture; return what was found of languages."""
        out, engine = self.home / "mixed", engine or Embedded()
        todo = [
            PartToMix(
                ordinal=one.ordinal,
                documents=str(table_of(self.home / "parts" / str(one.ordinal))),
                decisions=one.decisions,
            )
            for one in self.todo
        ]
        engine.run(lambda root: mix(root, todo, self.recipe, out))
        assert (out / LIMITS).is_file()
        self.todo = [replace(one, mixed=str(out)) for one in self.todo]
        self.verdicts = [decide_part(one, self.recipe) for one in self.todo]
        return {one.lang: one for one in read_mixed(out)}

    def seal(self, against=()):
        return seal(
            Draft(
                self.release,
                "0123456789ab",
                self.recipe,
                self.parts,
                self.total(),
                self.plans,
                self.notes,
                [table_of(self.home / "parts" / str(one.ordinal)) for one in self.todo],
                against,
                mixed=self.home / "mixed",
            )
        )

    @property
    def losses(self):
        """Losses of the mixture by rule and language."""
        counted = Counter()
        for stage, rule, lang, number in added(self.verdicts).losses:
            if stage == STAGE:
                counted[rule, lang] += number
        return counted
