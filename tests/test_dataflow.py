"""Dataflow: what is submitted is all that is needed, and what goes wrong is said in one line."""

import base64
import hashlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import apache_beam as beam
import dataflow_service
import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from dataflow_builds import GOLDEN, IMAGE, JOBS, RECIPE, ROOT, STEPS, florilegium

from florilegium.manifests.location import files, locate
from florilegium.pipelines import provenance
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines import dataflow
from florilegium.pipelines.harvest.harvest import harvest
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.recipe import load

gcs = pytest.importorskip("florilegium.manifests.gcs", exc_type=ImportError)
google_dataflow = pytest.importorskip("google.cloud.dataflow_v1beta3")

pytest_plugins = ["servers", "dataflow_builds"]


# A build


def test_a_build_on_dataflow_has_the_same_root_as_any_other(built):
    assert built[0]["root"] == GOLDEN["root"]
    assert built[0]["documents"] == GOLDEN["documents"]
    assert built[0]["release"].startswith("gs://a-bucket/corpora/demo/")


def test_nothing_is_left_in_the_bucket_but_releases_and_what_can_be_used_again(built, google):
    release = built[0]["release"]
    kinds = {
        path.relative_to(google.bucket / "corpora" / "demo").parts[:2]
        for path, _ in files(google.bucket / "corpora")
        if not str(path).startswith(release)
    }
    of_work = ("parts", "rights", "decisions", "lock", "last.json")
    assert kinds == {*(("work", name) for name in of_work), ("latest.json",), ("status.json",)}


def test_a_job_is_named_by_its_step_its_build_and_the_place_of_that(built, jobs, google):
    build = built[0]["build_id"]
    place = provenance.digest(str(google.bucket / "corpora" / "demo"))[:6]
    named = {step: job["name"] for step, job in jobs.items()}
    assert named == {step: f"florilegium-{step}-{build}-{place}-demo" for step in STEPS}


def test_the_longest_names_are_names_that_dataflow_takes():
    for step in STEPS:
        for recipe in ("a" * 40, "0-" * 20, "-".join("a" * 20)):
            name = dataflow._job_name(step, f"0123456789ab-0a1b2c-{recipe}")
            assert re.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])", name)
            assert name.startswith(f"florilegium-{step}-0123456789ab-0a1b2c-")


def test_workers_are_of_the_image_on_runner_v2_and_not_too_many(jobs):
    for job in jobs.values():
        assert {"use_runner_v2", "use_portable_job_submission"} <= set(
            job["environment"]["experiments"]
        )
        (pool,) = job["environment"]["workerPools"]
        (container,) = pool["sdkHarnessContainerImages"]
        assert container["containerImage"] == pool["workerHarnessContainerImage"] == IMAGE
        assert pool["autoscalingSettings"]["maxNumWorkers"] == 7
        assert google_dataflow.JobType(job["type"]) is google_dataflow.JobType.JOB_TYPE_BATCH


def test_every_element_of_the_graph_runs_in_the_image(graphs):
    for graph in graphs.values():
        (environment,) = graph.components.environments.values()
        payload = beam_runner_api_pb2.DockerPayload.FromString(environment.payload)
        assert payload.container_image == IMAGE


def test_nothing_is_staged_but_the_graph(built, jobs):
    for one in built[2]:
        assert one["staged"] == ["pipeline.pb"]
    for job in jobs.values():
        assert not any(pool.get("packages") for pool in job["environment"]["workerPools"])
        url = job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"]
        assert url.startswith("gs://a-bucket/corpora/demo/work/builds/")


def names(graph, urn):
    return {
        transform.unique_name
        for transform in graph.components.transforms.values()
        if transform.spec.urn == urn
    }


def test_work_is_spread_by_reshuffles_and_texts_are_moved_once(graphs):
    spread = {step: names(graphs[step], "beam:transform:reshuffle:v1") for step in STEPS}
    assert spread["harvest"] == {"units: spread"}
    assert spread["decide"] >= {"parts: spread"}
    assert spread["publish"] == {"parts: spread"}
    grouped = {step: names(graphs[step], "beam:transform:group_by_key:v1") for step in STEPS}
    # By slice, texts; by shard, the numbers of its slices.
    assert {name for name in grouped["publish"] if "spread" not in name} == {"by slice", "by shard"}
    assert len(grouped["deduplicate"]) > 4


def test_jobs_and_graphs_are_small(built, jobs):
    for one in built[2]:
        assert len(json.dumps(one["body"])) < 20_000
        assert len(base64.b64decode(one["graph"])) < 250_000


def test_a_unit_adds_little_to_the_graph():
    def size(number):
        units = [
            Unit(
                name=f"CRAWL-{unit:05d}.warc.gz",
                path=f"gs://a-bucket/crawl/segments/{unit // 100}/CRAWL-{unit:05d}.warc.gz",
                bytes=10**9 + unit,
                fingerprint=hashlib.sha256(b"%d" % unit).hexdigest(),
            )
            for unit in range(number)
        ]
        engine = dataflow.Dataflow(flags=(), name="x", workers=1)
        root = beam.Pipeline(FnApiRunner())
        parts = locate("gs://a-bucket/parts")
        harvest(root, units, load("demo"), parts, parts, engine)
        return root.to_runner_api().ByteSize()

    # A fingerprint is 64 digits that cannot be guessed: 32 bytes at the least.
    assert size(3_000) - size(0) < 3_000 * 75


def test_each_state_of_a_job_is_shown_with_its_page(built):
    page = "https://console.cloud.google.com/dataflow/jobs/europe-west4/job-{}?project=a-project"
    said = [line for line in built[1].splitlines() if line.startswith("dataflow")]
    assert said == [f"dataflow     running {page.format(number)}" for number in range(len(STEPS))]


def test_what_is_done_makes_no_job(built, google):
    before = len(google.asked())
    again = florilegium(*google.command("corpora"))
    assert again.exit_code == 3, again.output
    for step in STEPS[:2]:
        assert florilegium(*google.command("corpora", "--step", step)).exit_code == 3
    assert len(google.asked()) == before


# A build in steps, as by templates


def template():
    path = ROOT / "deploy" / "dataflow" / "template.py"
    spec = importlib.util.spec_from_file_location("template", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def launched(google, step, recipe, *more):
    """Return the arguments that a template makes of those that its launcher passes."""
    return template().command(
        [
            *(f"--step={step}", f"--recipe={recipe}"),
            *(f"--input={google.bucket}/warc/", f"--out={google.bucket}/corpora/"),
            *("--runner=DataflowRunner", "--project=a-project", "--region=europe-west4"),
            *(f"--job_name=a-{step}", f"--template_location={google.bucket}/launch/{step}"),
            *(f"--temp_location={google.bucket}/launch/temp", f"--sdk_container_image={IMAGE}"),
            *(*google.beam, *more),
        ]
    )


def test_a_build_is_made_step_by_step_from_templates_and_sealed_without_dataflow(built, google):
    recipe = google.bucket / "recipes" / "exact.toml"
    recipe.write_text(RECIPE + "near = false\n")
    early = florilegium(*google.command("corpora", "--step", "decide", recipe=recipe))
    assert (early.exit_code, early.stdout) == (1, "")
    assert "deduplicate is not done: run it first, with --step deduplicate" in early.stderr
    for step in STEPS[2:]:  # what hosts say was joined by the build before
        before = len(google.asked())
        written = florilegium(*launched(google, step, recipe))
        assert written.exit_code == 0, written.output
        assert f"written to gs://a-bucket/launch/{step}; nothing has run" in written.stderr
        assert len(google.asked()) == before
        job = json.loads((google.bucket / "launch" / step).read_bytes())
        assert job["name"] == f"a-{step}"
        assert google.ended(google.ask("POST", JOBS, job)["id"]) == "JOB_STATE_DONE"
    inputs = ("--input", google.bucket / "warc", "--out", google.bucket / "corpora")
    before = len(google.asked())
    sealed = florilegium("build", recipe, *inputs, "--output", "json")
    assert sealed.exit_code == 0, sealed.output
    assert len(google.asked()) == before
    answer = json.loads(sealed.stdout)
    assert answer["documents"] > built[0]["documents"]
    verified = florilegium("verify", answer["release"])
    assert verified.exit_code == 0, verified.output


def test_a_step_that_was_only_written_down_is_not_taken_for_done(google, built):
    recipe = google.bucket / "recipes" / "strict.toml"
    recipe.write_text(RECIPE + "min_similarity = 0.97\n")
    assert florilegium(*launched(google, "deduplicate", recipe)).exit_code == 0
    for step in ("decide", "publish"):
        done = florilegium(*launched(google, step, recipe))
        assert done.exit_code == 1
        assert re.search("(deduplicate|decide) is not done: run it first", done.stderr)


@pytest.mark.parametrize(
    ("step", "missing"),
    [("deduplicate", "harvest"), ("decide", "deduplicate"), ("publish", "harvest")],
)
def test_on_every_engine_a_step_whose_turn_has_not_come_names_one_to_run(step, missing, tmp_path):
    (path, *_) = pack(tmp_path / "warc")
    done = florilegium("build", "demo", "--input", path, "--out", tmp_path / "out", "--step", step)
    assert done.exit_code == 1
    assert (
        done.stderr == f"florilegium: {missing} is not done: run it first, with --step {missing}\n"
    )


def test_a_step_that_is_done_is_done_at_once(google, built):
    recipe = google.bucket / "recipes" / "loose.toml"
    recipe.write_text(RECIPE + "min_similarity = 0.6\n")
    before = len(google.asked())
    done = florilegium(*google.command("corpora", "--step", "harvest", recipe=recipe))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["step"] == "harvest"
    assert len(google.asked()) == before


def test_a_recipe_in_a_store_that_is_not_there_or_no_recipe_is_named(google):
    missing = florilegium(*google.command("corpora", recipe=google.bucket / "recipes" / "no.toml"))
    assert missing.exit_code == 2
    assert "there is no recipe 'gs://a-bucket/recipes/no.toml'" in missing.stderr
    (google.bucket / "recipes" / "bad.toml").write_text('name = "x"\n')
    bad = florilegium(*google.command("corpora", recipe=google.bucket / "recipes" / "bad.toml"))
    assert bad.exit_code == 2
    assert "gs://a-bucket/recipes/bad.toml: Object missing required field" in bad.stderr


# What goes wrong


def said(done, code=1):
    """Return the one line that a command says in the end."""
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("florilegium: ")]
    assert len(lines) == 1
    assert done.stderr.endswith(f"{lines[0]}\n")
    return lines[0]


def test_a_job_that_fails_is_told_in_one_line_with_its_page(google, built):
    recipe = google.bucket / "recipes" / "failing.toml"
    recipe.write_text(RECIPE + "min_similarity = 0.9\n")
    parts = google.bucket / "corpora" / "demo" / "work" / "parts"
    lost = sorted(path for path, _ in files(parts) if path.name == "signatures.npy")[0]
    kept = lost.read_bytes()
    lost.unlink()
    line = said(florilegium(*google.command("corpora", "--step", "deduplicate", recipe=recipe)))
    assert f"FileNotFoundError: [Errno 2] there is no such object: '{lost}'" in line
    assert "Traceback" not in line
    assert re.search(r"the job's page is https://console\S*/job-\d+\?project=a-project$", line)
    lost.write_bytes(kept)


def test_an_interrupted_build_cancels_its_job(google):
    before = len(google.asked())

    def interrupt():
        while len(google.asked()) == before:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell lets what it runs in the background ignore the keyboard.
    before_that = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    endless = f"--beam-option=--labels={dataflow_service.NEVER_ENDING}=1"
    done = florilegium(*google.command("interrupted", "--step", "harvest", endless))
    signal.signal(signal.SIGINT, before_that)
    assert said(done, 130).endswith("run the same command again to go on")
    made, changed = google.asked()[before:]
    assert changed["method"] == "PUT"
    wanted = google_dataflow.JobState(changed["body"]["requestedState"])
    assert wanted is google_dataflow.JobState.JOB_STATE_CANCELLED
    assert changed["path"].rpartition("/")[2] in done.stderr
    assert made["body"]["name"].startswith("florilegium-harvest")


def test_a_job_of_the_same_build_that_still_runs_is_named(google):
    options = [f"--labels={dataflow_service.NEVER_ENDING}=1"]
    options.append(f"--template_location={google.bucket}/launch/left-over")
    more = [f"--beam-option={option}" for option in options]
    assert florilegium(*google.command("twice", "--step", "harvest", *more)).exit_code == 0
    job = json.loads((google.bucket / "launch" / "left-over").read_bytes())
    running = google.ask("POST", JOBS, job)["id"]
    line = said(florilegium(*google.command("twice", "--step", "harvest")))
    assert f"already active job named {job['name']} with id: {running}" in line
    google.ask("PUT", f"{JOBS}/{running}", {"requestedState": "JOB_STATE_CANCELLED"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--dataflow-project": None}, "needs a project: name yours with --dataflow-project"),
        ({"--dataflow-region": None}, "needs a region: name that of your buckets"),
        ({"--dataflow-image": None}, "needs an image with florilegium in it: build one from"),
        ({"--dataflow-staging": "s3://b/x"}, "cannot be handed over in s3://b/x: name a folder"),
        ({"--out": "corpora"}, "cannot reach corpora/demo: name input and output by gs:// or s3"),
        ({"--input": __file__}, f"cannot reach {__file__}: name input and output by gs://"),
        ({"--beam-option": "num_workers=3"}, "'num_workers=3' is no option of Beam: write --beam"),
        ({"--beam-option": "--num_workers=x"}, "its options: argument --num_workers: invalid int"),
        ({"--workers": "3"}, "is for the embedded engine; on Dataflow, say --dataflow-workers"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_one_line(google, changed, message, monkeypatch):
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.delenv("CLOUDSDK_COMPUTE_REGION", raising=False)
    options = {
        "--input": str(google.bucket / "warc"),
        "--out": str(google.bucket / "errors"),
        "--dataflow-project": "a-project",
        "--dataflow-region": "europe-west4",
        "--dataflow-image": IMAGE,
        **changed,
    }
    arguments = [f"{name}={value}" for name, value in options.items() if value]
    arguments += [f"--beam-option={option}" for option in google.beam]
    assert message in said(florilegium("build", "demo", "--engine=dataflow", *arguments))


def test_options_that_beam_refuses_are_told_in_one_line(google):
    both = [
        f"--beam-option=--{name}=gs://b/x" for name in ("dataflow_job_file", "template_location")
    ]
    line = said(florilegium(*google.command("errors", *both)))
    assert re.search("does not take the job .* --template_location are mutually exclusive", line)


def test_without_credentials_it_is_said_how_to_get_some(google, monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    arguments = [one for one in google.command("errors") if one != "--beam-option=--no_auth"]
    assert "run gcloud auth application-default login" in said(florilegium(*arguments))


def test_a_service_that_cannot_be_reached_is_said_to_be(google, nowhere, monkeypatch):
    from apache_beam.utils import retry

    monkeypatch.setattr(retry.Clock, "sleep", lambda *_: None)
    endpoint = f"--beam-option=--dataflow_endpoint={nowhere.replace('127.0.0.1', 'localhost')}"
    done = florilegium(*google.command("unreachable", "--step", "harvest", endpoint))
    assert re.search("Dataflow does not take the job florilegium-harvest-.*: .*refused", said(done))


def test_a_missing_package_is_named_and_its_extra(tmp_path):
    blocked = (
        "import sys; sys.modules['google.cloud.dataflow'] = None\n"
        "from florilegium.pipelines.cli.main import main\n"
        "main(['build', 'demo', '--input', sys.argv[1], '--engine', 'dataflow'])"
    )
    (path, *_) = pack(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", blocked, path], capture_output=True, text=True, cwd=tmp_path
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "pip install florilegium[gcp]" in ended.stderr
