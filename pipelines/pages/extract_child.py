"""The child process that parses pages, so that a page can kill no more than the child.

It reads one request after another from standard input and answers each on standard output.
It ends when its input ends, that is also when its parent was killed. Run by `Extractor`.
"""

import importlib.metadata
import logging
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

import msgspec
import trafilatura
from msgspec import Struct
from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

from florilegium.pipelines.pages.metadata import Metadata, parse, read

HEADER: Final = struct.Struct(">I")
"""What stands before every message: the number of its bytes."""

if TYPE_CHECKING:
    from florilegium.pipelines.blocks.extract import MainText

_GLANCE_IS_SHORT: Final = 250

_FLORILEGIUM: Final = importlib.metadata.version("florilegium")
_WARM_UP: Final = (
    "<h1>t</h1><p>text</p><ol><li>a</ol><pre>b</pre><table><tr><td>c<td>d<tr><td>e<td>f</table>"
)
"""A page that calls all compiled code."""

_TRAFILATURA: Final = importlib.metadata.version("trafilatura")

Policy = Literal["blocks", "trafilatura", "trafilatura-fast"]
Format = Literal["text", "markdown"]
Task = Literal["look", "extract"]


class Request(Struct, frozen=True, array_like=True):
    """A page, and what to make of it within how many seconds of processor time."""

    task: Task
    policy: Policy
    cpu_seconds: float
    html: str
    min_chars: int = 0
    """Where `blocks` finds less, trafilatura is asked."""
    format: Format = "text"


class Reply(Struct, frozen=True, array_like=True):
    """The text found, or how the attempt ended and by which exception."""

    ending: Literal["text", "memory", "crash"]
    text: str
    metadata: Metadata | None = None
    """What the page declares, if the task was to look at it."""
    extractor: str = ""
    """Program and version that found the text; empty if it is but a glance."""
    confidence: float | None = None
    """The F1 that `blocks` expects of its text, to four decimals; None by others."""


def glance(html: str) -> str:
    """Return a first text of a page, some furniture in it: enough to tell the language."""
    main = extract_plain_text(html, main_content=True, alt_texts=False, list_bullets=False)
    if len(main) >= _GLANCE_IS_SHORT:
        return str(main)
    return str(extract_plain_text(html, alt_texts=False, list_bullets=False))


def look(request: Request) -> Reply:
    """Return what a page declares and a text of it: the main text, if that costs little."""
    tree = parse(request.html)
    metadata = read(request.html, tree)
    if request.policy != "blocks":
        return Reply("text", glance(request.html), metadata)
    found = extract(request, tree)
    return msgspec.structs.replace(found, metadata=metadata)


def extract(request: Request, tree: LexborHTMLParser | None = None) -> Reply:
    """Return the main text as the policy finds it, in the form asked for, and who found it.

    `tree` is that of the page, if it is parsed already.
    """
    policy, html = request.policy, request.html
    if policy == "blocks":
        find, extractor = _blocks()
        found = find(html, markdown=request.format == "markdown", tree=tree)
        ours = Reply("text", found.text, None, extractor, round(found.confidence, 4))
        if len(ours.text) >= request.min_chars:
            return ours
        theirs = _by_trafilatura("trafilatura", html, request.format)
        # Where both are too short, the ledger says how much there was at most.
        return theirs if len(theirs.text) >= len(ours.text) else ours
    return _by_trafilatura(policy, html, request.format)


def _by_trafilatura(policy: Policy, html: str, form: Format) -> Reply:
    text = main_text(html, fast=policy == "trafilatura-fast", form=form)
    return Reply("text", text, extractor=f"{policy} {_TRAFILATURA}")


def main_text(html: str, fast: bool, form: Format = "text") -> str:
    """Return the main text by trafilatura, tables in, comments out."""
    text = trafilatura.extract(
        html,
        output_format="markdown" if form == "markdown" else "txt",
        fast=fast,
        include_comments=False,
        include_tables=True,
        deduplicate=False,
        with_metadata=False,
    )
    return text or ""


@cache
def _blocks() -> "tuple[Callable[..., MainText], str]":
    """Return the classifier, ready to run, and its name with version and digest of its model.

    It brings a compiler along, which only a child that is asked for it should load, and no page
    should be charged with.
    """
    from florilegium.pipelines.blocks.extract import main_text
    from florilegium.pipelines.blocks.model import shipped_model

    for markdown in (False, True):
        main_text(_WARM_UP, markdown=markdown)
    return main_text, f"blocks {_FLORILEGIUM} {shipped_model().digest[:8]}"


def answer(request: Request) -> Reply:
    """Do what the request asks. The kernel ends this process when the time is used up."""
    if request.policy == "blocks":
        _blocks()
    # ITIMER_PROF counts the processor time of the process, native code too, and its signal
    # kills: no busy machine and no loop in a library can change when that is.
    signal.setitimer(signal.ITIMER_PROF, request.cpu_seconds)
    try:
        if request.task == "extract":
            return extract(request)
        return look(request)
    except MemoryError:
        return Reply("memory", "MemoryError")
    except Exception as error:
        return Reply("crash", type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def read_exactly(stream: BinaryIO, size: int) -> bytes | None:
    """Return the next bytes of a stream, or None if it ends before."""
    data = stream.read(size)
    return data if len(data) == size else None


def main(memory_bytes: int) -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the replies
    decoder = msgspec.msgpack.Decoder(Request)
    while (header := read_exactly(requests, HEADER.size)) is not None:
        message = read_exactly(requests, *HEADER.unpack(header))
        if message is None:
            return
        reply = answer(decoder.decode(message))
        payload = msgspec.msgpack.encode(reply)
        replies.write(HEADER.pack(len(payload)) + payload)
        replies.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
