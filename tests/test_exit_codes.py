"""All that starts builds by itself agrees with the code on what their exit codes mean."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from kubernetes_files import CRON_JOBS, cron_spec
from test_systemd import settings

from florilegium.pipelines.cli.main import main
from florilegium.pipelines.commands import answers
from florilegium.pipelines.watch import watch

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GOOD = {answers.DONE, answers.NOTHING_TO_DO}
FINAL = {answers.USAGE, answers.STAGED}
AGAIN = {
    answers.FAILED,
    answers.LOCKED,
    answers.TRY_AGAIN,
    answers.INTERRUPTED,
    watch.TERMINATED,
}
"""What another try, later, may cure."""


def numbers(text):
    return {int(number) for number in re.findall(r"(?<![\w.])\d+(?!\w)", text)}


def rows(page, heading) -> Iterator[tuple[str, str]]:
    """Yield the first two cells of the table of a page that has a heading."""
    table = re.search(rf"^\| {re.escape(heading)}.*\n\|[-| ]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    for row in table[1].splitlines():
        yield tuple(cell.strip() for cell in row.strip("| ").split(" | "))[:2]


def test_the_page_for_schedulers_has_every_code_and_no_other():
    page = (ROOT / "docs" / "for-schedulers.md").read_text()
    listed = [number for codes, _ in rows(page, "code") for number in numbers(codes)]
    assert sorted(listed) == sorted(GOOD | FINAL | AGAIN)


def test_the_command_says_what_its_codes_mean():
    said = " ".join(CliRunner().invoke(main, ["--help"]).stdout.split())
    told = numbers(said.partition("Exit codes:")[2].partition(". ")[0])
    assert GOOD | FINAL | AGAIN >= told >= GOOD | FINAL | AGAIN - {watch.TERMINATED}


@pytest.mark.parametrize("path", CRON_JOBS, ids=lambda path: path.parent.name)
def test_cron_jobs_give_up_at_what_another_try_does_not_cure(path):
    rules = cron_spec(path)["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    codes = [rule["onExitCodes"]["values"] for rule in rules if "onExitCodes" in rule]
    assert [set(listed) for listed in codes] == [FINAL]


def test_systemd_tries_again_what_that_may_cure():
    service = settings("florilegium.service")
    # Whoever tells a service to end does not want it back.
    assert numbers(service["SuccessExitStatus"]) | {0} == GOOD | {watch.TERMINATED}
    assert numbers(service["RestartPreventExitStatus"]) == FINAL
    assert service["Restart"] == "on-failure"
    assert int(service["StartLimitBurst"]) > 1


def test_the_dag_skips_after_nothing_to_do_and_fails_at_once_where_no_try_helps():
    text = (DEPLOY / "airflow" / "florilegium_dag.py").read_text()
    assert {int(code) for code in re.findall(r"skip_on_exit_code=(\d+)", text)} == GOOD - {0}
    (cases,) = re.findall(r"case .* in ([\d|]+)\)", text)
    assert numbers(cases.replace("|", " ")) == FINAL
    assert '"retries": 5' in text


@pytest.mark.parametrize("name", ["airflow", "kubernetes", "flink", "systemd"])
def test_every_page_says_what_each_code_leads_to(name):
    page = (DEPLOY / name / "README.md").read_text()
    ends = {"succeeds": set(), "fails": set(), "tried again": set(), "other": set()}
    for codes, what in rows(page, "exit code of the build"):
        kind = next((kind for kind in ends if kind in what), "other")
        ends[kind] |= numbers(codes)
    told_to_end = {watch.TERMINATED} if name == "systemd" else set()
    skipped = {answers.NOTHING_TO_DO} if name == "airflow" else set()
    assert ends == {
        "succeeds": GOOD - skipped,
        "fails": FINAL,
        "tried again": AGAIN - told_to_end,
        "other": told_to_end | skipped,
    }


def test_the_page_of_dataflow_has_every_code_of_its_launcher():
    page = (DEPLOY / "dataflow" / "README.md").read_text()
    listed = {
        number for codes, _ in rows(page, "exit code of the launcher") for number in numbers(codes)
    }
    # Nobody is at the keyboard of a launcher.
    assert listed == (GOOD | FINAL | AGAIN) - {answers.INTERRUPTED}
