"""datatrove's verdicts on texts, given the same words: the oracle of bench/parity.py.

    build/peer/bin/python bench/datatrove_verdicts.py < REQUESTS > VERDICTS

Runs in the peer's environment (`peer-requirements.txt`). A request is a line of JSON: `text`, its
`words`, the number of `sentences` by line, and the `stop_words` of its language. The answer has
the reason of each of datatrove's four classes, their limits untouched, null to keep.
"""

import json
import sys
from typing import Any

import datatrove.pipeline.filters.c4_filters as c4
import datatrove.pipeline.filters.fineweb_quality_filter as fineweb
import datatrove.pipeline.filters.gopher_quality_filter as quality
import datatrove.pipeline.filters.gopher_repetition_filter as repetition
from datatrove.data import Document


def verdicts(request: dict[str, Any]) -> dict[str, str | None]:
    """Return the reason by class."""
    for module in (repetition, quality, fineweb):
        module.split_into_words = lambda *_: request["words"]
    c4.split_into_sentences = lambda line, _: [line] * request["sentences"][line]
    classes = {
        "gopher-repetition": repetition.GopherRepetitionFilter(),
        "gopher-quality": quality.GopherQualityFilter(stop_words=request["stop_words"]),
        "c4": c4.C4QualityFilter(),
        "fineweb": fineweb.FineWebQualityFilter(),
    }
    found = {}
    for name, each in classes.items():
        each.stat_update = lambda *_, **__: None
        kept = each.filter(Document(text=request["text"], id="0"))
        found[name] = None if kept is True else kept[1]
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(verdicts(json.loads(line))), flush=True)
