"""Keeps `status.json` of a corpus up to date."""

import time

from florilegium.pipelines.watch import status as statuses
from florilegium.pipelines.watch.watch import Moment


class StatusFile:
    """Writes the status when something happens, and at its pace in between."""

    def __init__(self) -> None:
        self._written = 0.0

    def tell(self, moment: Moment) -> None:
        """Write it; OSError if that fails."""
        if moment.event == "started":
            moment.home.mkdir(parents=True, exist_ok=True)
        # A first build that fails before it begins leaves nothing behind.
        if moment.event == "ended" and not moment.home.is_dir():
            return
        if moment.event == "progress" and not self._due(moment.status.pace):
            return
        self._written = time.monotonic()
        statuses.write(moment.home, moment.status)

    def _due(self, pace: float) -> bool:
        # A beat that comes a moment early counts.
        return time.monotonic() - self._written > 0.9 * pace
