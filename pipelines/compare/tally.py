"""What is found of two releases, range by range of ids, added up."""

from collections import defaultdict
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from florilegium.pipelines.compare.contents import Kept, Reason

Fate: TypeAlias = Literal["both", "other_language", "another_copy", "only"]
Rule: TypeAlias = tuple[str, str]
"""Stage and rule."""


class Tally:
    """What one side keeps, by what the other does with it."""

    def __init__(self, examples: int) -> None:
        """Take the number of documents that are picked for each rule."""
        self.kept: defaultdict[str, Kept] = defaultdict(Kept)
        self.picked: defaultdict[Rule, list[dict[str, Any]]] = defaultdict(list)
        """Rows of the documents with the least ids, by rule; ids are as good as drawn by lot."""
        self._reasons: dict[tuple[str, str, str], Reason] = {}
        self._examples = examples

    def count(self, fate: Fate, rows: pa.Table) -> None:
        """Count documents; `rows` has `lang` and `tokens`."""
        for lang, documents, tokens in _sums(rows, "lang"):
            amount = getattr(self.kept[lang], fate)
            amount.documents += documents
            amount.tokens += tokens

    def count_lost(self, rows: pa.Table, by_copy: bool = False) -> None:
        """Count why the other has not these documents; `rows` has the rule beside them."""
        for lang, stage, rule, documents, tokens in _sums(rows, "lang", "stage", "rule"):
            key = lang, stage, rule
            reason = self._reasons.setdefault(key, Reason(*key))
            reason.documents += documents
            reason.tokens += tokens
            reason.by_copy += documents * by_copy
        if self._examples:
            for stage, rule, *_ in _sums(rows, "stage", "rule"):
                self._pick((stage, rule), rows)

    def reasons(self) -> list[Reason]:
        """Return why the other has not what this one keeps: the most frequent rules first."""
        of_rule = self.rules()
        return sorted(
            self._reasons.values(),
            key=lambda one: (of_rule.index((one.stage, one.rule)), -one.documents, one.lang),
        )

    def rules(self) -> list[Rule]:
        """Return the rules by which the other lost documents, the most frequent first."""
        documents: defaultdict[Rule, int] = defaultdict(int)
        for one in self._reasons.values():
            documents[one.stage, one.rule] += one.documents
        return sorted(documents, key=lambda key: (-documents[key], key))

    def _pick(self, key: Rule, rows: pa.Table) -> None:
        mine = self.picked[key]
        some = rows.filter(pc.and_(pc.equal(rows["stage"], key[0]), pc.equal(rows["rule"], key[1])))
        order = pc.sort_indices(some, sort_keys=[("id", "ascending")])[: self._examples]
        mine += some.take(order).to_pylist()
        mine.sort(key=itemgetter("id"))
        del mine[self._examples :]


def _sums(rows: pa.Table, *by: str) -> list[tuple[Any, ...]]:
    """Return documents and tokens after each value of some columns."""
    found = rows.group_by(list(by), use_threads=False).aggregate(
        [([], "count_all"), ("tokens", "sum")]
    )
    columns = (found[name].to_pylist() for name in (*by, "count_all", "tokens_sum"))
    return list(zip(*columns, strict=True))
