"""Pages to text: the limits, and the child process behind which the parsers work."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta, Struct

from florilegium.pipelines.pages.extract_child import HEADER, Format, Policy, Reply, Request, Task
from florilegium.pipelines.pages.metadata import Metadata

_Some = Annotated[int, Meta(ge=1)]
_Time = Annotated[float, Meta(gt=0)]


class Extraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a recipe wants text to be found, and what a page may cost at most."""

    policy: Policy = "blocks"
    """`blocks` is the classifier of this package, with trafilatura where it finds too little;
    `trafilatura-fast` leaves out the second opinions of readability and justext."""
    format: Format = "text"
    """`markdown` tells headings, lists, quotations, tables and code by CommonMark with the tables
    of GFM; `text` gives each block a line, items a dash or a number, cells a bar between them."""
    min_chars: Annotated[int, Meta(ge=0)] = 150
    """A page with less main text is lost, as too short or as empty."""
    max_chars: _Some = 5_000_000
    """Characters of a page, its markup included."""
    max_depth: _Some = 250
    """Elements open at once. libxml2, under trafilatura, gives up at 256 without a word."""
    max_attributes: _Some = 1_000
    """Attributes of one tag."""
    cpu_seconds: _Time = 10.0
    """Processor time for one page."""
    wall_seconds: _Time = 300.0
    """Time after which a child that does not even use its processor time is given up."""
    memory_bytes: Annotated[int, Meta(ge=1 << 26)] = 2 << 30
    """Address space of the child."""
    pages_per_child: _Some = 5_000
    """Pages after which a new child takes over."""


class Failure(Struct, frozen=True):
    """Why a page gave no text: the rule, what it measured and the bound that was crossed."""

    rule: Literal[
        "too_large",
        "too_deep",
        "too_many_attributes",
        "timeout",
        "memory",
        "crash",
        "empty",
        "too_short",
    ]
    value: float | None = None
    limit: float | None = None
    detail: str | None = None
    """What ended the child, as in "SIGSEGV"; for crashes only."""


class Extracted(Struct, frozen=True):
    """The main text of a page."""

    text: str
    extractor: str
    """Program and version that found it, as in "trafilatura 2.3.1" or "blocks 0.1.0 1a2b3c4d"."""
    confidence: float | None = None
    """The F1 that the model expects of it, 0 to 1; None if no model found it."""


class Glance(Struct, frozen=True):
    """A first look at a page: good for its rights and its language, not for a corpus."""

    text: str
    metadata: Metadata
    main_text: Extracted | Failure | None = None
    """The main text, if the look was thorough enough to find it."""


def check_structure(html: str, limits: Extraction) -> Failure | None:
    """Say what about a page would be too much for a parser, or None.

    Takes time linear in the length. It is an estimate that a page written for the purpose can
    deceive: only the child may parse a page that no parser has survived yet.
    """
    if len(html) > limits.max_chars:
        return Failure("too_large", len(html), limits.max_chars)
    # Recipes need this module, and have no use for a compiler, which is slow to import.
    from florilegium.pipelines.pages.structure import structure

    found = structure(html.encode("utf-8", "replace"), limits.max_depth)
    if found.depth > limits.max_depth:
        return Failure("too_deep", found.depth, limits.max_depth)
    if found.attributes > limits.max_attributes:
        return Failure("too_many_attributes", found.attributes, limits.max_attributes)
    return None


class Extractor:
    """Finds the text of pages in a child process. For one thread at a time.

    The child is started with the first page, and again whenever a page has ended it. A page
    that passes `check_structure` gives a text or a named failure, never an exception.
    """

    def __init__(self, extraction: Extraction | None = None) -> None:
        self._extraction = extraction or Extraction()
        self._child: subprocess.Popen[bytes] | None = None
        self._pages = 0

    def look(self, html: str) -> Glance | Failure:
        """Return what a page declares and a first text of it, at a fraction of the cost.

        Where the policy is cheap enough, that text is the page's main text already.
        """
        reply = self._ask("look", html)
        if isinstance(reply, Failure):
            return reply
        main_text = self._judged(reply) if reply.extractor else None
        return Glance(reply.text, reply.metadata or Metadata(), main_text)

    def extract(self, html: str) -> Extracted | Failure:
        """Return the main text, or why there is none."""
        reply = self._ask("extract", html)
        return reply if isinstance(reply, Failure) else self._judged(reply)

    def _judged(self, reply: Reply) -> Extracted | Failure:
        if (size := len(reply.text)) < self._extraction.min_chars:
            return Failure("too_short" if size else "empty", size, self._extraction.min_chars)
        return Extracted(reply.text, reply.extractor, reply.confidence)

    def close(self) -> None:
        """End the child. The next page would start another."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, task: Task, html: str) -> Reply | Failure:
        page = html.encode("utf-8", "replace").decode()  # lone surrogates cannot travel
        wanted = self._extraction
        request = msgspec.msgpack.encode(
            Request(task, wanted.policy, wanted.cpu_seconds, page, wanted.min_chars, wanted.format)
        )
        answer = self._exchange(request)
        if isinstance(answer, Failure) and answer.rule == "crash":
            # Once may be chance, as when the machine is short of memory; twice is the page.
            answer = self._exchange(request)
        return answer

    def _exchange(self, request: bytes) -> Reply | Failure:
        child = self._running_child()
        assert child.stdin is not None
        try:
            child.stdin.write(HEADER.pack(len(request)) + request)
            child.stdin.flush()
            reply = self._receive(child)
        except (BrokenPipeError, EOFError):
            failure = self._cause_of_death(child)
            self.close()
            return failure
        except TimeoutError:
            self.close()
            return Failure("timeout", limit=self._extraction.wall_seconds)
        except BaseException:
            self.close()  # an answer still under way must not be taken for the next page's
            raise
        if reply.ending == "text":
            return reply
        self.close()
        if reply.ending == "memory":
            return Failure("memory", limit=self._extraction.memory_bytes)
        return Failure("crash", detail=reply.text)

    def _running_child(self) -> subprocess.Popen[bytes]:
        if self._pages >= self._extraction.pages_per_child or (
            self._child is not None and self._child.poll() is not None
        ):
            self.close()
        if self._child is None:
            self._child = _start_child(self._extraction.memory_bytes)
            self._pages = 0
        self._pages += 1
        return self._child

    def _receive(self, child: subprocess.Popen[bytes]) -> Reply:
        assert child.stdout is not None
        deadline = time.monotonic() + self._extraction.wall_seconds
        source = child.stdout.fileno()
        (size,) = HEADER.unpack(_read_until(source, HEADER.size, deadline))
        return msgspec.msgpack.decode(_read_until(source, size, deadline), type=Reply)

    def _cause_of_death(self, child: subprocess.Popen[bytes]) -> Failure:
        try:
            status = child.wait(timeout=self._extraction.wall_seconds)
        except subprocess.TimeoutExpired:
            return Failure("timeout", limit=self._extraction.wall_seconds)
        if status == -signal.SIGPROF:
            return Failure("timeout", limit=self._extraction.cpu_seconds)
        return Failure("crash", detail=signal.Signals(-status).name if status < 0 else str(status))


def _start_child(memory_bytes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "florilegium.pipelines.pages.extract_child",
            str(memory_bytes),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # An interrupt from the keyboard is for the parent, which then lets the child end.
        start_new_session=True,
        # Sets of strings keep one order, should the order ever show in a text.
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def _read_until(source: int, size: int, deadline: float) -> bytes:
    """Read so many bytes; EOFError if there are fewer, TimeoutError if they are late."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    data = bytearray()
    while len(data) < size:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        chunk = os.read(source, min(1 << 20, size - len(data)))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
