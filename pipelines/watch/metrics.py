"""A build in the text format of Prometheus, for a file that node_exporter reads, or a scrape.

Names follow https://prometheus.io/docs/practices/naming/. Counters begin anew with every build.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from florilegium.manifests.location import replacing
from florilegium.pipelines.watch.status import State, Status
from florilegium.pipelines.watch.watch import Moment

LOOPBACK: Final = "127.0.0.1"
_STATES: Final[tuple[State, ...]] = get_args(State)

Sample: TypeAlias = tuple[tuple[str, ...], float]
"""Values of the labels after `corpus`, and the value."""


class Metric(Struct, frozen=True):
    """One metric: what it is called, what it means, and how it follows from a status."""

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    read: Callable[[Status], Iterable[Sample]]
    labels: tuple[str, ...] = ()
    """Labels after `corpus`, which all metrics have."""


def _one(value: float | None) -> Iterator[Sample]:
    if value is not None:
        yield (), float(value)


def _time(value: datetime | None) -> Iterator[Sample]:
    return _one(None if value is None else value.timestamp())


METRICS: Final = (
    Metric(
        "florilegium_build_info",
        "gauge",
        "1; the labels say which build it is.",
        lambda s: [((s.build_id or "", s.engine or "", s.version), 1.0)],
        ("build_id", "engine", "version"),
    ),
    Metric(
        "florilegium_build_state",
        "gauge",
        "1 for the state of the build, as in status.json, 0 for all others.",
        lambda s: [((state,), float(state == s.state)) for state in _STATES],
        ("state",),
    ),
    Metric(
        "florilegium_build_start_timestamp_seconds",
        "gauge",
        "When the build began.",
        lambda s: _time(s.started),
    ),
    Metric(
        "florilegium_build_update_timestamp_seconds",
        "gauge",
        "When this was written: of a build that runs, a few seconds ago.",
        lambda s: _time(s.updated),
    ),
    Metric(
        "florilegium_build_exit_code",
        "gauge",
        "Exit code of the build; not there while it runs.",
        lambda s: _one(s.exit_code),
    ),
    Metric(
        "florilegium_last_success_timestamp_seconds",
        "gauge",
        "When a release was last made, or was there already; by this build or an earlier one.",
        lambda s: _time(s.last_success),
    ),
    Metric(
        "florilegium_records_total",
        "counter",
        "Records read by this build; of a finished release, all of its input.",
        lambda s: _one(s.records),
    ),
    Metric(
        "florilegium_losses_total",
        "counter",
        "Records lost, by stage.",
        lambda s: [((stage,), float(n)) for stage, n in sorted(s.losses.items())],
        ("stage",),
    ),
    Metric(
        "florilegium_input_bytes_total",
        "counter",
        "Bytes of input that this build has read.",
        lambda s: _one(s.bytes),
    ),
    Metric(
        "florilegium_documents",
        "gauge",
        "Documents found by harvest; of a finished release, those in it.",
        lambda s: _one(s.documents),
    ),
    Metric(
        "florilegium_planned_bytes",
        "gauge",
        "Size of all units of input.",
        lambda s: _one(s.input_bytes),
    ),
    Metric(
        "florilegium_units",
        "gauge",
        "Units of input, by whether they are harvested.",
        lambda s: [
            (("done",), float(s.units_done)),
            (("pending",), float(s.units - s.units_done)),
        ],
        ("state",),
    ),
    Metric(
        "florilegium_shards",
        "gauge",
        "Shards of the release, by whether they are published; 0 until that begins.",
        lambda s: [
            (("done",), float(s.shards_done)),
            (("pending",), float(s.shards - s.shards_done)),
        ],
        ("state",),
    ),
    Metric(
        "florilegium_step_duration_seconds",
        "gauge",
        "How long each step took that this build has run to its end.",
        lambda s: [((step,), seconds) for step, seconds in s.seconds.items()],
        ("step",),
    ),
    Metric(
        "florilegium_forecast_end_timestamp_seconds",
        "gauge",
        "When the step that runs will end, at the pace so far; not there if it cannot be told.",
        lambda s: _time(s.forecast_end),
    ),
    Metric(
        "florilegium_release_documents",
        "gauge",
        "Documents in the release, once there is one.",
        lambda s: _one(s.release.documents if s.release else None),
    ),
    Metric(
        "florilegium_release_tokens",
        "gauge",
        "Tokens in the release, once there is one.",
        lambda s: _one(s.release.tokens if s.release else None),
    ),
    Metric(
        "florilegium_release_alarms",
        "gauge",
        "Alarms in the manifest of the release, once there is one.",
        lambda s: _one(s.release.alarms if s.release else None),
    ),
)
"""Every metric, in the order in which they are written."""


class _Latest(Collector):
    """The metrics of the latest status; none before there is one."""

    def __init__(self) -> None:
        self.status: Status | None = None

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        status = self.status
        if status is None:
            return
        for metric in METRICS:
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.about, labels=("corpus", *metric.labels))
            for labels, value in metric.read(status):
                family.add_metric((status.recipe, *labels), value)
            yield family


class Metrics:
    """Keeps metrics in a file, on a port of the loopback interface, or on both."""

    def __init__(self, file: Path | None, port: int | None) -> None:
        """OSError if nothing can be served on the port."""
        self._file = file
        self._latest = _Latest()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self._latest)
        if port is not None:
            start_http_server(port, LOOPBACK, self._registry)

    def tell(self, moment: Moment) -> None:
        """Replace the file, and serve what is new; OSError if it cannot be written."""
        self._latest.status = moment.status
        if self._file is not None:
            with replacing(self._file) as draft:
                draft.write_bytes(generate_latest(self._registry))
