"""A command that ends before its work is done: by a signal, or because its budget is used up.

The first SIGTERM, and the end of the budget, end all worker processes and give up what they have in
hand; engines on a cluster cancel their job. Whatever is finished stays, and is not made again. A
second SIGTERM is left to the system, which ends the process at once.

Signals belong to a process and not to an object of it, and so does what is kept here.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from florilegium.pipelines.runs.children import descendants, end_descendants
from florilegium.pipelines.runs.codes import INTERRUPTED, TERMINATED, TRY_AGAIN

LAST: Final = 25.0
"""Seconds after which a process ends that was told to, whatever holds it up: Kubernetes and others
give it 30."""
LAST_AT_BUDGET: Final = 120.0
"""The same where nobody waits for it."""
_LONGEST: Final = 1e9


class Stopped(KeyboardInterrupt):
    """The command was told to end. An interrupt, since what undoes one has to undo this too."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why, code)
        self.why = why
        """As in "stopped at its budget"."""
        self.code = code
        """The exit code that says so."""
        # Or else Beam makes another one of it, with words of its own.
        self._tagged_with_step = True


class _Asked:
    """What this process was told."""

    stop: Stopped | None = None
    budget: str = ""
    others: frozenset[int] = frozenset()
    """Processes that were there before and are none of ours to end."""


def code_of(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of a command that an interrupt ended."""
    return interrupt.code if isinstance(interrupt, Stopped) else INTERRUPTED


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn signals into interrupts meanwhile; in another thread than the first, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hear: dict[int, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: _terminate,
        signal.SIGALRM: _alarm,
    }
    # A shell lets what it runs in the background ignore the keyboard.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        hear[signal.SIGINT] = _interrupt
    _Asked.stop, _Asked.others = None, frozenset(descendants(os.getpid()))
    before: dict[int, Any] = {number: signal.signal(number, do) for number, do in hear.items()}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_after(seconds: float, budget: str) -> None:
    """Stop the command in so many seconds, as one that used up a budget of these words."""
    _Asked.budget = budget
    # A timer takes neither 0 nor much more than a lifetime.
    signal.setitimer(signal.ITIMER_REAL, min(max(seconds, 1e-3), _LONGEST))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let whatever goes wrong because the command was stopped be Stopped, and no error.

    When nothing went wrong the work is done, and no budget stops what is left to say of it.
    """
    try:
        yield
    except Exception as error:
        # Beam makes other errors of an interrupt, and workers that were ended are a failure to it.
        if _Asked.stop is None:
            raise
        logging.getLogger(__name__).debug("while stopping: %s", error)
        raise _Asked.stop from error
    else:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _stop(Stopped("told to end", TERMINATED), LAST)


def _alarm(number: int, frame: FrameType | None) -> None:
    if _Asked.stop is None:
        _stop(Stopped(f"stopped at its budget of {_Asked.budget}", TRY_AGAIN), LAST_AT_BUDGET)
    else:
        end_descendants(_Asked.others)
        os._exit(_Asked.stop.code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Beam would wait for what its workers have in hand, which may take hours.
    end_descendants(_Asked.others)
    raise KeyboardInterrupt


def _stop(stop: Stopped, seconds: float) -> None:
    first, _Asked.stop = _Asked.stop is None, stop
    end_descendants(_Asked.others)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if first:
        raise stop
