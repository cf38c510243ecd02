"""Alarms, reasons and sums of a release after an erasure: counted again, they agree."""

import shutil

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import SMALL, Workshop, in_order, make_document
from erasing import text
from msgspec.structs import replace

from florilegium.dedup.decisions import Reason
from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify
from florilegium.manifests.verify_erasures import check_parent
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.verdicts.alarms import Alarms

ALARMED = replace(
    SMALL,
    # Its parts have no real signatures, so words are taken from the texts.
    duplicates=Duplicates(index=False),
    alarms=Alarms(min_documents=1, max_component=0.0, max_host=0.0, max_source=0.0),
    reasons="all",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A release with an alarm for everything that gave way, and the reasons of all losses."""
    workshop = Workshop(tmp_path_factory.mktemp("alarmed"), ALARMED)
    first = in_order(make_document(n, text=" ".join(text(n))) for n in range(40))
    second = in_order(make_document(n, text=" ".join(text(n))) for n in range(300, 320))
    kept = first[7]
    workshop.add(first, [], [(7, Reason.KEPT, kept.id, 3), (9, Reason.EXACT_DUPLICATE, kept.id, 0)])
    workshop.add(second, [], [(0, Reason.NEAR_DUPLICATE, kept.id, 0)])
    workshop.publish()
    workshop.seal()
    return workshop.release


@pytest.fixture
def alarmed(made, tmp_path):
    """A copy of it, in the folder of a corpus from which nothing was erased."""
    return shutil.copytree(made, tmp_path / "copy")


def erase(release, *words):
    """Erase; return the new release."""
    command = ["erase", str(release), *words, "--basis", "copyright"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return release.parent / done.stdout.splitlines()[-1].rpartition("/")[2]


def rows(release, folder):
    return pq.read_table(release / folder).to_pylist()


def test_alarms_in_the_name_of_what_is_gone_are_gone_and_the_others_agree(alarmed):
    before = manifests.read(alarmed)
    (component,) = [one for one in before.alarms if one.kind == "component"]
    assert {one.kind for one in before.alarms} == {"component", "source"}
    release = erase(alarmed, "--id", component.name)
    after = manifests.read(release)
    assert list(verify(release)) == []
    assert list(check_parent(release, alarmed)) == []
    assert after.alarms == ()  # all that gave way did so to this document
    assert after.alarms_raised == {}
    assert component.name.encode() not in b"".join(
        path.read_bytes() for path in release.rglob("*") if path.is_file()
    )


def test_where_something_else_is_erased_alarms_are_counted_again(alarmed):
    before = manifests.read(alarmed)
    component = next(one.name for one in before.alarms if one.kind == "component")
    kept = {(row["warc"], row["host"]) for row in rows(alarmed, "data")
            if row["id"].hex() != component}  # fmt: skip
    hosts = [host for _, host in (*sorted(kept)[:2], *sorted(kept)[-2:])]
    release = erase(alarmed, *(word for host in hosts for word in ("--domain", host)))
    after = manifests.read(release)
    assert list(verify(release)) == []
    assert before.documents - after.documents == 4
    assert [(one.kind, one.name) for one in after.alarms] == [
        (one.kind, one.name) for one in before.alarms
    ]
    assert all(
        new.documents < old.documents for new, old in zip(after.alarms, before.alarms, strict=True)
    )


def test_of_what_is_erased_no_reason_is_left(alarmed):
    component = next(a.name for a in manifests.read(alarmed).alarms if a.kind == "component")
    copies = {r["id"] for r in rows(alarmed, "audit/losses") if r["dup_of"] and
              r["dup_of"].hex() == component}  # fmt: skip
    assert len(copies) == 2
    assert copies <= {row["id"] for row in rows(alarmed, "audit/reasons")}
    release = erase(alarmed, "--id", component)
    assert copies.isdisjoint({row["id"] for row in rows(release, "audit/reasons")})
    assert copies.isdisjoint({row["id"] for row in rows(release, "audit/losses")})
    lost = [row for row in rows(release, "audit/losses") if row["stage"] == "erase"]
    assert len(lost) == 3
