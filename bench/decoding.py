"""How many pages in old encodings are read right, by us and by single detectors.

    python bench/decoding.py [--texts FILE] [--warc FILE … [--most N]] [--index INDEX.tsv]

Writes pages in every encoding that a language was used with, and reads them back: with nothing
declared, rightly declared and wrongly declared. A page counts as read if every character beyond
ASCII is right. The text comes from the demonstration's own pages; from FILE, JSON lines
`{"lang": "deu_Latn", "text": …}`; or, whole pages and all, from those of WARC files that are in
UTF-8 and declare their language. With the index of the shared sample, the pages that were
transcoded or wrongly declared on purpose are read too.

The detectors beside us see the same bytes in the same run; a name of theirs means what the WHATWG
says. Exits 1 if less than 99 % of undeclared or any of the rightly declared pages are read right.
"""

import argparse
import csv
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import chardet
import chardetng_py
from decoding_samples import (
    Sample,
    captured,
    from_pages,
    from_texts,
    own_texts,
    pages_in,
    texts_in,
)
from resiliparse.parse.encoding import detect_encoding

from florilegium.pipelines.decode import (
    Decoded,
    charset_named,
    content_type,
    decode,
)

LEAST = 0.99
_ASCII = re.compile(r"[\0-\x7f]+")

Reader = Callable[[Sample], str | None]


def _name(label: str | None) -> str | None:
    return charset_named(label)


def _ours(declare: Callable[[Sample], tuple[str | None, str]]) -> Reader:
    """Return our reader of a sample under a declaration: the header's label, a line of head."""

    def read(sample: Sample) -> str | None:
        header, head = declare(sample)
        found = decode(sample.payload(head), header)
        return found.text if isinstance(found, Decoded) else None

    return read


def _alone(detect: Callable[[bytes], str | None]) -> Reader:
    def read(sample: Sample) -> str | None:
        payload = sample.payload()
        charset = charset_named(detect(payload))
        found = decode(payload, charset) if charset else None
        return found.text if isinstance(found, Decoded) else None

    return read
