"""The units of systemd: taken by systemd itself, and in keeping with how a build ends."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent / "deploy" / "systemd"
PROGRAM = "/opt/florilegium/.venv/bin/florilegium"


def settings(name):
    """Return the settings of a unit; of what may be given more than once, the last."""
    found = re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.MULTILINE)
    return dict(found)


def verified(folder, change=lambda text: text):
    """Return what systemd says of the units, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    units = [UNITS / "florilegium.service", UNITS / "florilegium.timer"]
    for unit in units:
        (folder / unit.name).write_text(change(unit.read_text().replace(PROGRAM, "/bin/true")))
    run = subprocess.run(
        ["systemd-analyze", "verify", *(folder / unit.name for unit in units)],
        capture_output=True, text=True,
    )  # fmt: skip
    return run.returncode, run.stderr


def test_systemd_takes_the_service_and_its_timer(tmp_path):
    assert verified(tmp_path) == (0, "")


def test_systemd_says_what_it_does_not_take(tmp_path):
    said = verified(
        tmp_path, lambda text: text.replace("SuccessExitStatus=3", "SuccessExitStatus=x")
    )
    assert "Failed to parse value, ignoring: x" in said[1]


def test_a_build_has_the_time_to_end_and_ends_its_workers_itself():
    service = settings("florilegium.service")
    assert service["KillSignal"] == "SIGTERM"
    # Workers that are ended by others are a failure of the build, and not its end.
    assert service["KillMode"] == "mixed"
    (minutes,) = re.findall(r"^(\d+)min$", service["TimeoutStopSec"])
    assert int(minutes) * 60 > 25


def test_a_missed_monday_and_an_interrupted_build_are_made_up_for():
    timer = settings("florilegium.timer")
    assert timer["Persistent"] == "yes"
    assert re.fullmatch(r"\d+min", timer["OnBootSec"])


def test_what_is_written_may_be_written():
    service = settings("florilegium.service")
    (out,) = re.findall(r"--out (\S+)", service["ExecStart"])
    assert out in service["ReadWritePaths"].split()
    assert service["ProtectSystem"] == "strict"
