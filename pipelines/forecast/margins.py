"""How far a forecast may be off: what its pieces differ by, and what its constants do.

What pieces differ by is told by the delete-one jackknife (Efron and Tibshirani, An Introduction to
the Bootstrap, chapter 11), with Student's t for 95 % and less the more of the input was read. What
constants do is a factor for each kind of figure.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from florilegium.pipelines.forecast.estimate import Estimate

TIME: Final = 2.0
"""Assumed: hours, and what is paid for by them, may be so many times more or less. The same code on
the same files took up to twice as long on other days."""
SIZE: Final = 1.5
"""Assumed: the same for bytes on disk, in memory and between workers."""
COPIES: Final = 0.5
"""Assumed: the share of what passes the rules that may go yet, as copies or by opt-outs of hosts;
whether there are any shows when all documents meet."""
_T: Final = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14)
_T_OF_MORE: Final = 2.13
"""Of 15 degrees of freedom; 2.04 of 30."""
_TIMES = {"core_hours", "wall_hours", "euros", "watt_hours"}
_SIZES = {"shuffled_bytes", "disk_bytes", "worker_memory_bytes", "parts_bytes", "release_bytes",
          "euros_a_month"}  # fmt: skip
_PUBLISHED = {"published", "published_text_bytes", "tokens", "languages", "shards", "release_bytes",
              "euros_a_month"}  # fmt: skip


class Margins(Struct, frozen=True):
    """The least and the most that each figure may be."""

    least: Estimate
    most: Estimate


def margins(
    made: Estimate,
    others: Sequence[Estimate],
    read: float,
    may_go: float = COPIES,
    places: Mapping[str, int] | None = None,
) -> Margins:
    """Return the margins of an estimate.

    `others` are the same without one piece of the sample each, `read` is the share of the input
    that was read, `may_go` that of what passes the rules that may not be published, and `places` is
    the number of pieces in which a language stands.
    """
    figures = [msgspec.to_builtins(one) for one in (made, *others)]
    ends = (_End(sign, read, may_go, places or {}) for sign in (-1, 1))
    return Margins(*(msgspec.convert(_joined(figures, end), Estimate) for end in ends))


class _End(Struct, frozen=True):
    """The lower (-1) or the upper (1) end of the range of a figure."""

    sign: int
    read: float
    may_go: float
    places: Mapping[str, int]

    def of(self, kind: str, values: Sequence[float]) -> float:
        """Return it for a figure, of which the first value is the estimate."""
        made, *others = values
        name, _, lang = kind.partition("/")
        pieces = min(self.places.get(lang, len(others)) + 1, len(others))
        end = max(0.0, made + self.sign * _spread(made, others, pieces, self.read))
        factor = TIME if name in _TIMES else SIZE if name in _SIZES else 1.0
        if self.sign < 0:
            return end / factor * (1.0 - self.may_go if name in _PUBLISHED else 1.0)
        return end * factor


def _joined(figures: Sequence[Any], end: _End, kind: str = "") -> Any:  # noqa: ANN401
    """Return a tree like the first of some, with one number in place of those of all."""
    first = figures[0]
    if not isinstance(first, dict):
        found = end.of(kind, [float(one) for one in figures])
        return (math.ceil(found) if end.sign > 0 else int(found)) if kind == "shards" else found
    return {
        key: _joined([one.get(key, _nothing(below)) for one in figures], end, _kind(kind, key))
        for key, below in first.items()
    }


def _nothing(like: Any) -> Any:  # noqa: ANN401
    return dict.fromkeys(like, 0.0) if isinstance(like, dict) else 0.0


def _kind(above: str, key: str) -> str:
    """Return what kind of figure stands below a key: its own, or that of all beside it."""
    if above.startswith("languages"):
        return above if "/" in above else f"{above}/{key}"
    return key if key in _TIMES | _SIZES | _PUBLISHED else above


def _spread(made: float, others: Sequence[float], pieces: int, read: float) -> float:
    """Return by how much pieces say that a figure may be off; all of it if there is only one.

    Few of `pieces` tell little: one degree of freedom less than there are.
    """
    if read >= 1.0:
        return 0.0
    if (number := len(others)) < 2:
        return made
    mean = sum(others) / number
    variance = (number - 1) / number * sum((one - mean) ** 2 for one in others)
    t = _T[pieces - 2] if pieces - 2 < len(_T) else _T_OF_MORE
    return t * math.sqrt(variance * (1.0 - read))
