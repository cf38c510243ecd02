"""What deduplication takes away from one host, one input or in favour of one document."""

import json
from collections import Counter
from io import StringIO

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.console import Console

from florilegium.dedup.decisions import Reason
from florilegium.manifests.manifest import Alarm, encode
from florilegium.manifests.verify import verify
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.commands.summary import alarm_lines, print_summary
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.verdicts import alarms
from florilegium.pipelines.verdicts.alarms import (
    AlarmError,
    Alarms,
    check,
    first,
    of_hosts,
    scattered,
)
from florilegium.pipelines.verdicts.decide import decide
from florilegium.pipelines.verdicts.verdict import raised, read_total

LOW = Alarms(min_documents=5, max_component=0.2, max_host=0.5, max_source=0.5)


def alarm(kind, name, documents=10, removed=9):
    return Alarm(kind=kind, name=name, documents=documents, removed=removed)


def some(document, host, numbers):
    return [document(n, host=host) for n in numbers]


def in_order(documents):
    return sorted(documents, key=lambda one: (one.lang, one.id))


@pytest.fixture
def crowded(workshop, document):
    """A host that loses 8 of 9 documents over two inputs, one input all but one, to one page."""
    workshop.recipe = replace(workshop.recipe, alarms=LOW)
    first_part = in_order(some(document, "viele.example", range(40)))
    second_part = in_order(some(document, "eine.example", range(100, 105)))
    third_part = in_order(
        [*some(document, "eine.example", range(200, 204)), *some(document, "b.example", [300])]
    )
    kept = second_part[0].id
    workshop.add(first_part)
    workshop.add(
        second_part,
        decisions=[
            (0, Reason.KEPT, kept, 9),
            *((n, Reason.NEAR_DUPLICATE, kept, 0) for n in range(1, 5)),
        ],
    )
    gone = [n for n, one in enumerate(third_part) if one.host == "eine.example"]
    workshop.add(third_part, decisions=[(n, Reason.NEAR_DUPLICATE, kept, 0) for n in gone])
    return workshop


def decided(workshop, tmp_path):
    engine, total = Embedded(), tmp_path / "total.json"
    sizes = [1] * len(workshop.todo)
    engine.run(lambda root: decide(root, workshop.todo, sizes, workshop.recipe, total, engine))
    return read_total(total)


def test_hosts_are_added_up_over_inputs_and_documents_are_measured_by_all(crowded, tmp_path):
    listed, number = raised(decided(crowded, tmp_path), LOW)
    assert [(one.kind, one.documents, one.removed) for one in listed] == [
        ("host", 9, 8),
        ("source", 5, 4),
        ("source", 5, 4),
    ]
    assert [one.name for one in listed] == ["eine.example", "1.warc.gz", "2.warc.gz"]
    assert number == {"host": 1, "source": 2}
    few = replace(LOW, max_component=0.1)
    assert [one.documents for one in raised(decided(crowded, tmp_path), few)[0]][:1] == [50]


def test_no_alarm_for_few_documents_or_for_what_the_recipe_expects(crowded, tmp_path):
    total = decided(crowded, tmp_path)
    assert raised(total, LOW)[0]
    crowded.recipe = replace(crowded.recipe, alarms=Alarms())
    for todo in crowded.todo:
        (crowded.home / "verdicts" / str(todo.ordinal) / "verdict.json").unlink()
    (tmp_path / "total.json").unlink()
    assert raised(decided(crowded, tmp_path), Alarms()) == ([], {})


def test_a_build_that_may_not_have_alarms_ends_with_their_names():
    check([], Alarms(stop=True))
    check([alarm("host", "a.example")], Alarms())
    with pytest.raises(AlarmError, match=r"host a\.example: 9 of 10 removed \(90\.0%\)"):
        check([alarm("host", "a.example")], Alarms(stop=True))


def test_of_each_kind_the_largest_are_listed(monkeypatch):
    monkeypatch.setattr(alarms, "LISTED", 2)
    many = [alarm("host", f"{n}.example", 100, 90 + n) for n in range(5)]
    found = first([alarm("source", "a"), *many])
    assert [(one.kind, one.removed) for one in found] == [("host", 94), ("host", 93), ("source", 9)]


def test_hosts_come_to_their_partitions_whole_and_once():
    hosts = {f"{n}.example": (n + 10, n) for n in range(50)}
    parts = list(scattered(hosts, 7))
    assert len({key for key, _ in parts}) == len(parts) <= 7
    everything = Counter()
    for _, packed in parts:
        everything.update({h: c[0] for h, c in msgspec.msgpack.decode(packed).items()})
    assert everything == {host: number for host, (number, _) in hosts.items()}
    settings = Alarms(min_documents=1, max_host=0.5)
    twice = [packed for _, packed in parts] * 2
    assert {(a.documents, a.removed) for a in of_hosts(twice, settings)} == {
        (2 * n + 20, 2 * n) for n in range(11, 50)
    }


def test_alarms_are_said_without_steering_the_terminal(sealed):
    named = replace(
        sealed.manifest,
        alarms=(alarm("host", "\x1b[31m.example"),),
        alarms_raised={"host": 12},
    )
    assert alarm_lines(named) == [
        "ALARM host  [31m.example: 9 of 10 removed (90.0%)",
        "ALARM host: 11 more, see manifest.json",
    ]


def test_alarms_are_in_the_manifest_and_in_what_build_and_verify_print(crowded, tmp_path):
    crowded.publish()
    crowded.verdicts = [decided(crowded, tmp_path)]
    manifest = crowded.seal()
    assert {one.kind for one in manifest.alarms} == {"host", "source"}
    said = alarm_lines(manifest)
    assert said == [
        "ALARM host eine.example: 8 of 9 removed (88.9%)",
        "ALARM source 1.warc.gz: 4 of 5 removed (80.0%)",
        "ALARM source 2.warc.gz: 4 of 5 removed (80.0%)",
    ]
    console = Console(record=True, width=100, file=StringIO())
    print_summary(manifest, crowded.release, console)
    assert set(said) <= set(console.export_text().splitlines())
    runner = CliRunner()
    shown = runner.invoke(main, ["verify", str(crowded.release)])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[:-1] == [*said, "not signed"]
    shown = runner.invoke(main, ["verify", str(crowded.release), "--output", "json"])
    assert json.loads(shown.stdout)["alarms"] == said


def test_verify_counts_what_alarms_say(crowded):
    crowded.recipe = replace(crowded.recipe, alarms=replace(LOW, max_component=0.1))
    crowded.publish()
    manifest = crowded.seal()
    assert {one.kind for one in manifest.alarms} >= {"source", "component"}
    assert list(verify(crowded.release)) == []
    for number, one in enumerate(manifest.alarms):
        wrong = list(manifest.alarms)
        wrong[number] = replace(one, removed=one.removed - 1)
        text = encode(replace(manifest, alarms=tuple(wrong)))
        (crowded.release / "manifest.json").write_bytes(text)
        (finding,) = verify(crowded.release)
        assert finding.startswith(f"alarm: {one.kind} {one.name}: ")


def test_a_release_with_nothing_in_it_is_an_alarm_that_verify_counts(workshop, document, loss):
    workshop.add([document(n, text="zu kurz") for n in range(3)], [loss(9)])
    workshop.publish()
    manifest = workshop.seal()
    assert alarm_lines(manifest) == ["ALARM the release is empty: all 4 records were lost"]
    assert [*verify(workshop.release)] == []
    place = workshop.release / "manifest.json"
    for wrong in ((), (alarm("empty", "", 5, 4),)):
        raised_ = {"empty": 1} if wrong else {}
        place.write_bytes(encode(replace(manifest, alarms=wrong, alarms_raised=raised_)))
        assert any(finding.startswith("alarm: ") for finding in verify(workshop.release))
    with pytest.raises(AlarmError, match="the release is empty"):
        check([*manifest.alarms], Alarms(stop=True))
