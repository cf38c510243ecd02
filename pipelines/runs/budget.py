"""Budgets of a run: hours, and euros by what the workers cost while they are held."""

from msgspec import Struct

from florilegium.pipelines.forecast.prices import Prices
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.runs.codes import TRY_AGAIN
from florilegium.pipelines.runs.stopping import Stopped, stop_after


class Budget(Struct, frozen=True, kw_only=True):
    """What one run of a command may take; None where there is no limit."""

    euros: float | None = None
    hours: float | None = None

    def within(self, prices: Prices, workers: int) -> tuple[float, str] | None:
        """Return the hours that so many workers may be held, and the limit in words.

        All workers count from the start to the end, whether they have work or not; a shuffle that
        is charged by itself does not.
        """
        limits: list[tuple[float, str]] = []
        if self.hours is not None:
            limits.append((self.hours, f"{self.hours:g} h"))
        rate = workers * prices.cores_paid * prices.core_hour
        if self.euros is not None and rate:
            limits.append((self.euros / rate, f"{self.euros:g} euros, {rate:.3g} an hour"))
        return min(limits, default=None)

    def begin(self, prices: Prices, workers: int, seconds_so_far: float) -> None:
        """Let the command be stopped when the budget is used up."""
        if (limit := self.within(prices, workers)) is not None:
            hours, words = limit
            stop_after(hours * 3600 - seconds_so_far, words)


def how_far(plan: Plan, stop: Stopped, step: str, before: int) -> str:
    """Return what is to be said of a build that was stopped.

    `before` units were harvested when this run began.
    """
    pending = plan.pending()
    done = len(plan.units) - len(pending)
    left, whole = _bytes(pending), _bytes(plan.units)
    share = f" ({(whole - left) / whole:.0%} of the input)" if whole else ""
    at = f" in {step}" if step else ""
    more = ""
    if stop.code == TRY_AGAIN and step == "harvest" and done == before:
        more = "; no unit was finished in this run, which needs more time than that"
    return (
        f"{stop.why}{at}, with {done} of {len(plan.units)} units harvested{share}{more}; "
        "the same command goes on from there"
    )


def _bytes(units: list[Unit]) -> int:
    return sum(unit.bytes for unit in units)
