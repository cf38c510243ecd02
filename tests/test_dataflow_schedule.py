"""A build by launches of the template, as Cloud Scheduler asks for them, until it is sealed."""

import importlib.util
import json

import pytest
from dataflow_builds import GOLDEN, IMAGE, JOBS, ROOT, STEPS, florilegium

from florilegium.pipelines.lock import lock
from florilegium.pipelines.watch import status as statuses

pytest_plugins = ["servers", "dataflow_builds"]


def template():
    path = ROOT / "deploy" / "dataflow" / "template.py"
    spec = importlib.util.spec_from_file_location("template", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Launcher:
    """Does as Dataflow's launcher: runs the template, and starts the job that it writes."""

    def __init__(self, google):
        self.google = google
        self.graph = google.bucket / "launch" / "job"
        text = (ROOT / "deploy" / "dataflow" / "launch.json").read_text()
        self.asked = json.loads(text)["launchParameter"]

    def template(self, recipe):
        """Run the template of a recipe, which may write a job; return what it did."""
        self.graph.unlink(missing_ok=True)
        given = self.asked["parameters"] | {
            "recipe": recipe,
            "input": f"{self.google.bucket}/warc/",
            "out": f"{self.google.bucket}/scheduled/",
        }
        beam = {
            "runner": "DataflowRunner",
            "project": "a-project",
            "region": "europe-west4",
            "job_name": self.asked["jobName"],
            "template_location": self.graph,
            "temp_location": f"{self.google.bucket}/launch/temp",
            "sdk_container_image": IMAGE,
        }
        words = [f"--{name}={value}" for name, value in (given | beam).items()]
        return florilegium(*template().command([*words, *self.google.beam]))

    def launch(self):
        """Return what the template did, and how its job ended; None if it has none."""
        done = self.template("demo")
        if not self.graph.exists():
            return done, None
        job = json.loads(self.graph.read_bytes())
        return done, self.google.ended(self.google.ask("POST", JOBS, job)["id"])

    @property
    def status(self):
        return statuses.read(self.google.bucket / "scheduled" / "demo")


@pytest.fixture(scope="module")
def launcher(google):
    return Launcher(google)


@pytest.fixture(scope="module")
def launches(launcher):
    """What each launch did, the state of its job and of the corpus, until one makes no job."""
    made = []
    while not made or (made[-1][1] and len(made) < 20):
        made.append((*launcher.launch(), launcher.status))
    return made


def test_every_launch_takes_the_next_step_and_the_last_one_seals(launches, launcher):
    assert [state for _, state, _ in launches] == ["JOB_STATE_DONE"] * len(STEPS) + [None]
    for done, _, status in launches[:-1]:
        assert done.exit_code == 0, done.output
        assert "nothing has run" in done.stderr
        assert (status.state, status.release, status.last_success) == ("stopped", None, None)
    assert [status.step for _, _, status in launches[:-1]] == STEPS
    done, _, status = launches[-1]
    assert done.exit_code == 0, done.output
    assert (status.state, status.release.root) == ("done", GOLDEN["root"])
    assert status.last_success is not None
    verified = florilegium("verify", status.release.path)
    assert verified.exit_code == 0, verified.output


def test_a_launch_after_that_has_nothing_to_do(launches, launcher):
    done, state = launcher.launch()
    assert (done.exit_code, state) == (3, None)
    assert launcher.status.state == "nothing_to_do"


def test_all_launches_have_one_name_of_which_dataflow_runs_one_job(launches, launcher):
    names = {one["body"]["name"] for one in launcher.google.asked() if one["method"] == "POST"}
    assert names == {launcher.asked["jobName"]}


def test_a_launch_while_another_is_at_work_ends_with_5_and_writes_no_job(launcher):
    bucket = launcher.google.bucket
    text = (ROOT / "pipelines" / "recipes" / "demo.toml").read_text()
    recipe = bucket / "recipes" / "other.toml"
    recipe.write_text(text.replace('name = "demo"', 'name = "other"'))
    home = bucket / "scheduled" / "other"
    with lock(home / "work" / "lock"):
        done = launcher.template(recipe)
    assert done.exit_code == 5, done.output
    assert "another build holds" in done.stderr
    assert not launcher.graph.exists()
    assert not (home / statuses.NAME).exists()
