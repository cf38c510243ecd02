"""Answers pages by readability-lxml, one after the other, for `extractors.Readability`.

    build/quality/bin/python bench/readability_pages.py

Runs in an environment of its own (`quality-requirements.txt`). Reads JSON strings from standard
input, a page a line, and writes an object for each: the text, "" if there is none, the seconds of
processor time of this process that it took, and the name of the exception if it ended in one.
"""

import json
import logging
import sys
import time

import html_text
from readability import Document


def answer(html: str) -> dict[str, object]:
    """Return the text of a page, what it cost and how it failed."""
    begun = time.process_time()
    text, error = "", None
    try:
        text = html_text.extract_text(Document(html).summary())
    except Exception as failure:
        error = type(failure).__name__
    return {"text": text, "seconds": time.process_time() - begun, "error": error}


def main() -> None:
    """Answer until there are no more pages."""
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
