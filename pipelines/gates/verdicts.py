"""What a gate says of one figure: a rate, or a change of one."""

from collections.abc import Iterable

from florilegium.manifests.gate_report import Gate

LISTED = 20
"""Languages, kinds or measures of a gate that are listed if they fail."""


def nothing(name: str, said: str, n: int = 0, about: str = "") -> Gate:
    """Return a gate that has nothing to judge."""
    return Gate(name=name, about=about, value=None, limit=None, n=n, passed=True, said=said)


def below(
    name: str, some: int, of: int, limit: float, least: int, said: str, about: str = ""
) -> Gate:
    """Return a gate on a share that may not be below a limit; of fewer than `least`, on nothing."""
    return _share(name, (some, of), limit, least, said, about, floor=True)


def above(
    name: str, some: int, of: int, limit: float, least: int, said: str, about: str = ""
) -> Gate:
    """Return a gate on a share that may not be above a limit; of fewer than `least`, on nothing."""
    return _share(name, (some, of), limit, least, said, about, floor=False)


def _share(
    name: str, share: tuple[int, int], limit: float, least: int, said: str, about: str, floor: bool
) -> Gate:
    some, of = share
    if of < max(least, 1):
        return nothing(name, f"not judged: a share of {of:,}", of, about)
    value = some / of
    passed = value >= limit if floor else value <= limit
    right = "" if passed else f", at {'least' if floor else 'most'} {limit:.1%} should be"
    said = f"{value:.1%} {said}{right}"
    return Gate(name=name, about=about, value=value, limit=limit, n=of, passed=passed, said=said)


def moved(
    name: str, before: float, now: float, fall: float, rise: float, n: int, said: str,
    about: str = "",
) -> Gate:  # fmt: skip
    """Return a gate on a figure that may fall and rise by shares of what it was before."""
    if not before:
        return nothing(name, f"not judged: {said} was 0 before", n, about)
    value = now / before - 1
    passed = -fall <= value <= rise
    way = "fell" if value < 0 else "rose"
    limit = fall if value < 0 else rise
    written = f"{said} {way} by {abs(value):.1%}, from {_figure(before)} to {_figure(now)}"
    return Gate(
        name=name,
        about=about,
        value=value,
        limit=-limit if value < 0 else limit,
        n=n,
        passed=passed,
        said=written + ("" if passed else f"; at most {limit:.1%} is right"),
    )


def first_failed(name: str, gates: Iterable[Gate], lowest: bool = False) -> Gate:
    """Return the gate that failed worst, naming the others; or else the one closest to it.

    `lowest` says whether the worst is the smallest value, not the largest in size.
    """
    judged = [gate for gate in gates if gate.value is not None]
    if not judged:
        return nothing(name, "not judged: too little to judge by")
    judged.sort(key=lambda one: (one.passed, _rank(one, lowest), one.about))
    worst = judged[0]
    others = [one.about for one in judged[1:] if not one.passed]
    if not others:
        return worst
    more = ", ".join(others[:LISTED]) + (" …" if len(others) > LISTED else "")
    return Gate(
        name=worst.name,
        about=worst.about,
        value=worst.value,
        limit=worst.limit,
        n=worst.n,
        passed=False,
        said=f"{worst.said}; also failed: {more}",
    )


def _rank(one: Gate, lowest: bool) -> float:
    value = one.value or 0.0
    return value if lowest else -abs(value)


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.4g}"
