"""The template of Dataflow: its parameters, and what its launcher makes of them."""

import importlib.util
import json
import tomllib
from pathlib import Path

import pytest
import re2
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

from florilegium.pipelines.steps import STEPS

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"


def template():
    spec = importlib.util.spec_from_file_location("template", DEPLOY / "dataflow" / "template.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def metadata():
    return json.loads((DEPLOY / "dataflow" / "metadata.json").read_text())


def parameters():
    return {parameter["name"]: parameter for parameter in metadata()["parameters"]}


def accepts(name, value):
    return all(re2.search(pattern, value) for pattern in parameters()[name]["regexes"])


LAUNCHED = [
    "--recipe=european",
    "--step=harvest",
    "--input=gs://crawl/warc/",
    "--out=gs://corpora/",
    "--runner=DataflowRunner",
    "--project=p",
    "--region=europe-west4",
    "--job_name=florilegium-harvest",
    "--template_location=gs://corpora/staging/template_launches/1/job_object",
    "--temp_location=gs://corpora/temp",
    "--sdk_container_image=registry.example.org/florilegium:0.1.0",
    "--labels={'a': 'b c'}",
]


def launch():
    """Return what Cloud Scheduler asks for, for a project."""
    text = (DEPLOY / "dataflow" / "launch.json").read_text()
    return json.loads(text.replace("PROJECT", "a-project"))


def launch_command():
    """Return our arguments for what Cloud Scheduler asks for."""
    asked = launch()["launchParameter"]
    return template().command([f"--{name}={value}" for name, value in asked["parameters"].items()])


def google_types():
    return pytest.importorskip(
        "google.cloud.dataflow_v1beta3", reason="Google's types come with apache-beam[gcp]"
    )


def test_google_takes_the_launch_as_it_is():
    kind = google_types().LaunchFlexTemplateRequest
    read = kind.from_json(json.dumps(launch()), ignore_unknown_fields=False).launch_parameter
    assert re2.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])?", read.job_name)
    assert read.environment.launcher_machine_type
    assert read.environment.max_workers > 0
    with pytest.raises(Exception, match="maxWorker"):
        kind.from_json(json.dumps(launch()).replace("maxWorkers", "maxWorker"),
                       ignore_unknown_fields=False)  # fmt: skip


def test_a_launch_gives_parameters_that_there_are_and_values_that_are_taken():
    given = launch()["launchParameter"]["parameters"]
    assert all(accepts(name, value) for name, value in given.items())
    required = {name for name, one in parameters().items() if not one.get("isOptional")}
    assert required <= set(given) <= set(parameters())
    # Which step it is follows from what is done.
    assert "step" not in given


def test_a_week_has_launches_enough_for_all_steps_a_purge_and_the_seal():
    page = (DEPLOY / "dataflow" / "README.md").read_text()
    every, first, last = re2.search(r"--schedule='0 \*/(\d+) \* \* (\d)-(\d)'", page).groups()
    launches = 24 // int(every) * (int(last) - int(first) + 1)
    assert launches >= len(STEPS) + 2
    assert len(STEPS) + 2 == 11
    assert "six to eleven launches" in page


def test_launch_page_and_version_name_the_same_image_template_and_account():
    page = (DEPLOY / "dataflow" / "README.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = json.loads((DEPLOY / "dataflow" / "launch.json").read_text())["launchParameter"]
    environment = asked["environment"]
    assert f"image={environment['sdkContainerImage']}\n" in page
    assert environment["sdkContainerImage"].endswith(f"/florilegium:{project['version']}")
    assert f"flex-template build {asked['containerSpecGcsPath']} " in page
    assert asked["containerSpecGcsPath"].endswith(f"-{project['version']}.json")
    assert f"account={environment['serviceAccountEmail']}\n" in page
    for name in ("stagingLocation", "tempLocation"):
        bucket = environment[name].split("/")[2]
        assert f" {bucket}; do" in page
    for name in ("input", "out"):
        assert f"--{name} {asked['parameters'][name]}" in page
    assert f"name={asked['jobName']}\n" in page


def test_google_takes_the_metadata_as_it_is():
    kind = google_types().TemplateMetadata
    read = kind.from_json(json.dumps(metadata()), ignore_unknown_fields=False)
    assert [parameter.name for parameter in read.parameters] == list(parameters())


@pytest.mark.parametrize("name", parameters())
def test_every_parameter_says_what_it_is_and_what_it_may_be(name):
    parameter = parameters()[name]
    assert parameter["label"]
    assert parameter["helpText"].endswith(".")
    assert parameter["regexes"]
    for pattern in parameter["regexes"]:
        assert pattern.startswith("^")
        assert pattern.endswith("$")
    assert "defaultValue" not in parameter or accepts(name, parameter["defaultValue"])
    for option in parameter.get("enumOptions", []):
        assert accepts(name, option["value"])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("step", ["harvest", "publish"], ["", "seal", "harvest ", "Harvest", "harvest|decide"]),
        (
            "recipe",
            ["european", "nordic-2", "gs://recipes/a/nordic.toml"],
            ["", "European", "../x", "--out=x", "/etc/x.toml", "gs://b/x", "gs://b1b/a b.toml"],
        ),
        (
            "input",
            ["gs://crawl", "gs://crawl/warc/", "s3://commoncrawl/crawl-data/a.warc.gz"],
            [
                "",
                "crawl",
                "/srv/warc",
                "gs://",
                "gs://UPPER/x",
                "https://x.example/a",
                "gs://abc/ d",
            ],
        ),
        (
            "out",
            ["gs://corpora", "gs://corpora/", "gs://corpora/europe/2026"],
            ["", "s3://corpora/", "corpora", "gs://c/", "gs://corpora/a b", "gs://corpora/a\n"],
        ),
    ],
)
def test_patterns_take_good_values_and_refuse_bad_ones(name, good, bad):
    assert [value for value in good if not accepts(name, value)] == []
    assert [value for value in bad if accepts(name, value)] == []


def test_every_shipped_recipe_may_be_named():
    names = [path.stem for path in (ROOT / "pipelines" / "recipes").glob("*.toml")]
    assert names
    assert all(accepts("recipe", name) for name in names)


def test_every_parameter_is_one_of_our_arguments_and_everything_else_is_beams():
    required = {name for name, one in parameters().items() if not one.get("isOptional")}
    assert required == {"input", "out"}
    values = [f"--{name}=v-{name}" for name in parameters()]
    arguments = template().command(values)
    assert not [one for one in arguments if one.startswith("--beam-option")]
    for name in parameters():
        assert f"v-{name}" in " ".join(arguments)
    assert template().command([*values, "--other=1"])[-1] == "--beam-option=--other=1"


def test_what_the_launcher_passes_becomes_our_command():
    arguments = template().command(LAUNCHED)
    assert arguments[:6] == [
        "build",
        "european",
        "--input=gs://crawl/warc/",
        "--out=gs://corpora/",
        "--engine=dataflow",
        "--step=harvest",
    ]
    for_beam = [one.removeprefix("--beam-option=") for one in arguments[6:]]
    assert for_beam == LAUNCHED[4:]
    options = PipelineOptions(for_beam).view_as(GoogleCloudOptions)
    assert options.template_location == "gs://corpora/staging/template_launches/1/job_object"
    assert options.region == "europe-west4"


def test_without_a_step_it_is_the_build():
    arguments = template().command([one for one in LAUNCHED if not one.startswith("--step")])
    assert not [one for one in arguments if "step" in one]
    assert [*arguments[:5], "--step=harvest", *arguments[5:]] == template().command(LAUNCHED)


@pytest.mark.parametrize("missing", ["input", "out"])
def test_a_template_without_its_parameters_is_refused(missing, capsys):
    with pytest.raises(SystemExit) as stop:
        template().command([one for one in LAUNCHED if not one.startswith(f"--{missing}=")])
    assert stop.value.code == 2
    assert f"--{missing}" in capsys.readouterr().err


def test_options_of_beam_that_begin_like_ours_stay_whole():
    arguments = template().command([*LAUNCHED, "--worker=1", "--outline=2", "--in=3"])
    assert arguments[-3:] == [
        "--beam-option=--worker=1",
        "--beam-option=--outline=2",
        "--beam-option=--in=3",
    ]
