"""What commands say and return, as a user meets them."""

import re
import signal
import subprocess
import sys

import pytest

from florilegium.pipelines.commands import answers

pytest_plugins = ["servers"]

FLORILEGIUM = [sys.executable, "-m", "florilegium.pipelines.cli.main"]


def run(*words, python=()):
    command = [sys.executable, *python, *FLORILEGIUM[1:], *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("spoilt", "said"), [(0, "verified"), (1, "1 finding"), (2, "2 findings")])
def test_findings_are_counted_in_plain_english(spoilt, said, sealed, tmp_path):
    release = sealed.copy(tmp_path)
    for number in range(spoilt):
        (release / "data" / f"stray-{number}").touch()
    done = run("verify", release)
    assert done.returncode == (answers.FAILED if spoilt else answers.DONE)
    *lines, last = done.stdout.splitlines()
    assert lines.count("not signed") == 1
    assert len(lines) == spoilt + 1
    assert last == f"{release}: {said}"
    assert done.stderr == ""


def test_the_help_names_every_exit_code():
    said = run("--help").stdout
    codes = said[said.index("Exit codes:") : said.index("Options:")]
    assert {int(code) for code in re.findall(r"\b\d+\b", codes)} == {
        answers.DONE,
        answers.FAILED,
        answers.USAGE,
        answers.NOTHING_TO_DO,
        answers.STAGED,
        answers.LOCKED,
        answers.TRY_AGAIN,
        answers.INTERRUPTED,
        answers.TERMINATED,
    }


def imported(*words):
    """The modules that a command imports."""
    done = run(*words, python=["-X", "importtime"])
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_commands_that_build_nothing_load_neither_beam_nor_numba(sealed):
    for words in (["--help"], ["--version"], ["build", "--help"], ["verify", sealed.folder]):
        modules = imported(*words)
        assert "florilegium.pipelines.cli.main" in modules or "click" in modules
        assert not modules & {"apache_beam", "numba", "boto3", "trafilatura"}, words
    assert not imported("recipes") & {"apache_beam", "numba", "boto3"}


def test_an_interrupted_command_says_so_in_one_line():
    waiting = subprocess.Popen(
        [*FLORILEGIUM, "inspect", "--jsonl", "--recipe=demo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    waiting.stdin.write('{"id": "1", "text": "Guten Tag, wie geht es Ihnen heute?"}\n')
    waiting.stdin.flush()
    assert '"1"' in waiting.stdout.readline()
    waiting.send_signal(signal.SIGINT)
    said = waiting.communicate(timeout=60)[1]
    assert waiting.returncode == answers.INTERRUPTED
    assert said == "florilegium: interrupted\n"


WITH_A_HURRIED_LEASE = """
from florilegium.pipelines import build, lock
from florilegium.pipelines.cli import main as cli

build.lock = lambda location: lock.lock(location, renewal=0.05)
cli.main()
"""


def test_warnings_of_the_lease_reach_the_user(any_s3_address, stumbling, new_bucket, tmp_path):
    proxy = stumbling(any_s3_address)
    bucket = new_bucket(proxy.address)
    warc = tmp_path / "a.warc.gz"
    warc.write_bytes(b"never read")

    def is_renewal(method, path, number):
        held = sum("PUT" in one and one.endswith("work/lock") for one in proxy.asked)
        return method == "PUT" and path.endswith("work/lock") and held > 1

    proxy.denies = is_renewal
    words = ["build", "demo", f"--input={warc}", f"--out={bucket / 'out'}"]
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_HURRIED_LEASE, *words, "--step=deduplicate"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == answers.FAILED
    *warnings, last = done.stderr.splitlines()
    assert "harvest is not done" in last
    assert warnings
    # Nothing of Beam's or of a store's client stands between them.
    for line in warnings:
        assert line.startswith("florilegium: the lease could not be ")
    assert "given back" in warnings[-1]
