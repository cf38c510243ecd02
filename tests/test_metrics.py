"""Metrics of a build, read by Prometheus' own parser."""

import socket
from pathlib import Path

import promql_parser
import pytest
import requests
import yaml
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from florilegium.pipelines.watch.metrics import METRICS, Metrics
from florilegium.pipelines.watch.status import Release, fresh, now
from florilegium.pipelines.watch.watch import Moment

ROOT = Path(__file__).parent.parent
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"


def told(metrics, home, **changes):
    status = replace(fresh("x", 2.0), build_id="b", engine="embedded", **changes)
    metrics.tell(Moment(event="progress", status=status, home=home))


def samples(text):
    return {
        (one.name, *sorted(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_file_says_what_the_status_says(tmp_path):
    file = tmp_path / "f.prom"
    release = Release(path="p", root="r", documents=3, tokens=9, alarms=1)
    told(
        Metrics(file, None),
        tmp_path,
        state="failed",
        records=7,
        losses={"read": 4},
        exit_code=1,
        seconds={"harvest": 1.5},
        units=5,
        units_done=2,
        last_success=now(),
        release=release,
        forecast_end=now(),
    )
    found = samples(file.read_text())
    corpus = ("corpus", "x")
    assert found["florilegium_records_total", corpus] == 7
    assert found["florilegium_losses_total", corpus, ("stage", "read")] == 4
    assert found["florilegium_build_exit_code", corpus] == 1
    assert found["florilegium_step_duration_seconds", corpus, ("step", "harvest")] == 1.5
    assert found["florilegium_units", corpus, ("state", "pending")] == 3
    states = {key[2][1]: n for key, n in found.items() if key[0] == "florilegium_build_state"}
    assert [state for state, n in states.items() if n] == ["failed"]
    assert len(states) == 8
    assert {key[0] for key in found} == {metric.name for metric in METRICS}
    assert list(tmp_path.iterdir()) == [file]


def test_a_running_build_has_no_exit_code(tmp_path):
    file = tmp_path / "f.prom"
    told(Metrics(file, None), tmp_path)
    assert not [key for key in samples(file.read_text()) if key[0].endswith("exit_code")]


def test_the_port_serves_the_same_on_loopback(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    metrics = Metrics(None, port)
    told(metrics, tmp_path, records=11)
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    assert samples(text)["florilegium_records_total", ("corpus", "x")] == 11
    with pytest.raises(OSError, match="in use"):
        Metrics(None, port)


def rules():
    return [one for group in yaml.safe_load(RULES.read_text())["groups"] for one in group["rules"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_is_promql_on_metrics_that_there_are(rule):
    parsed = promql_parser.parse(rule["expr"])
    names = {word for word in rule["expr"].replace("(", " ").replace("{", " ").split()
             if word.startswith("florilegium_")}  # fmt: skip
    assert parsed
    assert names
    assert names <= {metric.name for metric in METRICS}
    assert rule["annotations"]["summary"]


def test_every_metric_is_in_the_page_of_operations():
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [one.name for one in METRICS if f"| `{one.name}` |" not in page] == []
