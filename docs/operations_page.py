"""The page on builds that are seen from outside: status, metrics, logs and lineage."""

from collections.abc import Iterator

from wording import field_rows, table

from florilegium.pipelines.watch.logs import EVENTS
from florilegium.pipelines.watch.metrics import METRICS
from florilegium.pipelines.watch.status import Release, Status


def operations_page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from ("# Operations", "")
    yield "What a build tells while it runs, for those who run it every week and sleep at night."
    yield "[deploy/](../deploy/README.md) has the schedulers. Nothing that is told here can stop a"
    yield "build: what cannot be written is a warning."
    yield from ("", "## Status", "")
    yield "`OUT/NAME/status.json` is always written: when a build begins, every two seconds (in a"
    yield "store every thirty), with every step, and when it ends. `florilegium status OUT/NAME`"
    yield "shows it. A process that is killed with -9 leaves `running` behind; `status` then exits"
    yield "with 1, because the process is gone (on the same machine) or because `updated` is more"
    yield "than a minute old, or five times `pace`. On a local disk the lock tells as well:"
    yield "`flock --nonblock OUT/NAME/work/lock true` fails only while a build is at work. The same"
    yield "build goes on when its command is run again, and so does one that is `stopped`: at its"
    yield "budget, or by SIGTERM. A build that fails before its recipe is"
    yield "read has no corpus, and no status."
    yield ""
    yield from field_rows(Status)
    yield from ("", "`release` has:", "")
    yield from field_rows(Release)
    yield from ("", "## Metrics", "")
    yield "`--metrics FILE.prom` keeps a file for the textfile collector of node_exporter;"
    yield "`--metrics-port PORT` serves the same on 127.0.0.1 while the build runs. All metrics"
    yield "have the label `corpus`. [rules.yml](../deploy/prometheus/rules.yml) has alerts."
    yield ""
    rows = [
        (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels), one.about)
        for one in METRICS
    ]
    yield from table(("metric", "type", "further labels", "meaning"), rows)
    yield from ("", "## Logs", "")
    yield "`--log-format json` writes a JSON object a line to standard error in place of progress:"
    yield "`time` (RFC 3339, UTC), `level` (`info`, `warning` or `error`), `event`, `message`, and"
    yield "fields of the event. Whatever names and errors hold, an object stays on its line."
    yield ""
    yield from table(("event", "meaning"), [(f"`{name}`", said) for name, said in EVENTS.items()])
    yield from ("", "## Lineage", "")
    yield "`--lineage FILE` appends OpenLineage events, a line each: START, RUNNING after each"
    yield "step, then COMPLETE; FAIL if it failed or a gate held it back; or ABORT if it was"
    yield "stopped. Job and datasets have the names that the events in a release have"
    yield "([exports](exports.md))."
    yield "`OPENLINEAGE_URL` posts them too, with `OPENLINEAGE_ENDPOINT`, `OPENLINEAGE_API_KEY`,"
    yield "`OPENLINEAGE_NAMESPACE`, `OPENLINEAGE_DISABLED` and `OPENLINEAGE_PARENT_ID` as in"
    yield "OpenLineage's own clients. A server that does not answer costs a build at most ten"
    yield "seconds."
