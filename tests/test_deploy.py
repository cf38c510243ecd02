import re
import shlex
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions
from test_cron_job import cron_container
from test_flex_template import LAUNCHED, template

from florilegium.pipelines.cli import main as cli

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
OPERATOR = "1.10.0"
KUBERNETES = "1.32"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


# The image


def instructions():
    """Return (instruction, rest) of each logical line of the Containerfile."""
    text = (DEPLOY / "Containerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def images():
    """Return the image of each stage by the stage's name; the last has the name None."""
    stages = {}
    for instruction, rest in instructions():
        if instruction == "FROM":
            image, _, stage = rest.partition(" AS ")
            stages[stage or None] = image
    return stages


def environment():
    return dict(
        pair.split("=", 1)
        for instruction, rest in instructions()
        if instruction == "ENV"
        for pair in shlex.split(rest)
    )


def copies():
    """Return (stage or None, sources, target) of each COPY."""
    found = []
    for instruction, rest in instructions():
        if instruction == "COPY":
            *words, target = rest.split()
            stage = None
            if words[0].startswith("--from="):
                stage = words.pop(0).removeprefix("--from=")
            found.append((stage, words, target))
    return found


def beam_version():
    (pin,) = [one for one in PROJECT["dependencies"] if one.startswith("apache-beam")]
    return pin.split("==")[1]


def test_every_base_image_is_pinned_to_a_version():
    for image in images().values():
        registry, _, tag = image.rpartition(":")
        assert "." in registry.split("/")[0], f"{image} names no registry"
        assert re.search(r"\d+[._]\d+|\d{8}", tag), f"{image} is not pinned"
        assert "latest" not in tag


def test_workers_and_job_server_have_the_version_of_beam_that_is_pinned():
    assert images()["beam"].endswith(f":{beam_version()}")
    assert images()["job-server"].endswith(f":{beam_version()}")
    lock = (ROOT / "requirements.lock").read_text()
    assert re.search(rf"^apache-beam(\[\w+\])?=={re.escape(beam_version())} ", lock, re.MULTILINE)


def test_all_parts_of_the_image_are_for_one_version_of_python():
    assert re.search(r"/python:3\.11\.\d", images()[None])
    assert "python3.11_sdk" in images()["beam"]
    assert "python311-" in images()["launcher"]
    text = (DEPLOY / "Containerfile").read_text()
    assert set(re.findall(r"lib/python(3\.\d+)/", text)) == {"3.11"}


def test_what_is_copied_into_the_image_exists_and_reaches_the_builder():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    allowed = [line[1:] for line in lines if line.startswith("!")]
    for stage, sources, _ in copies():
        if stage is not None:
            assert stage in images()
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source in allowed, f"{source} is held back by .dockerignore"


def test_every_package_is_in_the_image():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    copied = {source: target for stage, (source, *_), target in copies() if stage is None}
    for way in settings["package-dir"].values():
        folder = way.partition("/")[0]
        assert copied[folder] == f"source/{folder}"


def test_packages_are_installed_by_their_hashes_and_ours_without_others():
    runs = [rest for instruction, rest in instructions() if instruction == "RUN"]
    installs = [run for run in runs if "pip install" in run]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "-r requirements.lock" in installs[0]
    assert "--no-deps" in installs[1]


def test_dataflow_finds_worker_start_launcher_and_template_in_the_image():
    assert instructions()[-1] == ("ENTRYPOINT", '["/opt/apache/beam/boot"]')
    targets = {target for _, _, target in copies()}
    assert "/opt/apache/beam" in targets
    assert "/opt/google/dataflow/python_template_launcher" in targets
    (folder,) = [rest for instruction, rest in instructions() if instruction == "WORKDIR"]
    assert (None, ["deploy/dataflow/template.py"], "./") in copies()
    assert environment()["FLEX_TEMPLATE_PYTHON_PY_FILE"] == f"{folder}/template.py"


# Flink on Kubernetes


def manifests():
    return [
        part
        for path in sorted((DEPLOY / "flink").glob("*.yaml"))
        for part in yaml.safe_load_all(path.read_text())
    ]


def manifest(kind, name):
    (found,) = [
        part for part in manifests() if part["kind"] == kind and part["metadata"]["name"] == name
    ]
    return found


def cluster():
    return manifest("FlinkDeployment", "florilegium-flink")


def side_car():
    (container,) = cluster()["spec"]["taskManager"]["podTemplate"]["spec"]["containers"]
    return container


def build_container():
    (container,) = manifest("Job", "florilegium-build")["spec"]["template"]["spec"]["containers"]
    return container


def crd_schema():
    """Return the schema of the operator's FlinkDeployment, fetched once from its Maven artifact."""
    folder = ROOT / "build" / "tools"
    jar = folder / f"flink-kubernetes-operator-api-{OPERATOR}.jar"
    if not jar.exists():
        if shutil.which("mvn") is None:
            pytest.skip("the operator's schema comes by Maven, and there is no mvn")
        fetched = subprocess.run(
            [
                "mvn",
                "--quiet",
                "--batch-mode",
                "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy",
                f"-Dartifact=org.apache.flink:flink-kubernetes-operator-api:{OPERATOR}",
                f"-DoutputDirectory={folder}",
            ],
            capture_output=True,
            timeout=300,
        )
        if fetched.returncode != 0:
            pytest.skip(f"the Maven repository does not serve the operator's API {OPERATOR}")
    with zipfile.ZipFile(jar) as archive:
        text = archive.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml")
    # The loader in C: the schema is half a megabyte.
    definition = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    (version,) = definition["spec"]["versions"]
    assert (definition["spec"]["group"], version["name"]) == ("flink.apache.org", "v1beta1")
    return version["schema"]["openAPIV3Schema"]


def unknown_keys(value, schema, path="$"):
    """Yield the paths of keys that a schema does not name; the API server would drop them."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown_keys(item, schema.get("items", {}), f"{path}[{number}]")
    elif isinstance(value, dict) and "properties" in schema:
        for key, below in value.items():
            if key in schema["properties"]:
                yield from unknown_keys(below, schema["properties"][key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"


def test_unknown_keys_are_found_at_any_depth():
    schema = {"properties": {"a": {"items": {"properties": {"b": {}}}}, "free": {"type": "object"}}}
    value = {"a": [{"b": 1}, {"c": 1}], "free": {"x": 1}, "d": 1}
    assert list(unknown_keys(value, schema)) == ["$.a[1].c", "$.d"]


def test_the_cluster_is_as_the_operator_published_it():
    schema = crd_schema()
    jsonschema.Draft202012Validator(schema).validate(cluster())
    assert set(cluster()) == {"apiVersion", "kind", "metadata", "spec"}
    assert list(unknown_keys({"spec": cluster()["spec"]}, schema)) == []


def test_plain_objects_are_as_kubernetes_published_them():
    schemas = pytest.importorskip(
        "kubernetes_validate", reason="the schemas of Kubernetes come with kubernetes-validate"
    )
    plain = [part for part in manifests() if part["kind"] != "FlinkDeployment"]
    assert len(plain) == 3
    for part in plain:
        schemas.validate(part, KUBERNETES, strict=True)


def test_all_that_speaks_of_flink_means_one_version_and_beam_has_a_runner_for_it():
    spec = cluster()["spec"]
    minor = spec["flinkVersion"].removeprefix("v").replace("_", ".")
    assert re.search(rf"/flink:{re.escape(minor)}\.\d", spec["image"])
    assert f"beam_flink{minor}_job_server" in images()["job-server"]
    assert minor in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS


def test_slots_worker_processes_and_processors_are_equally_many():
    settings = cluster()["spec"]["flinkConfiguration"]
    slots = int(settings["taskmanager.numberOfTaskSlots"])
    assert int(side_car()["resources"]["requests"]["cpu"]) == slots
    replicas = cluster()["spec"]["taskManager"]["replicas"]
    assert int(settings["parallelism.default"]) == slots * replicas
    assert side_car()["resources"]["limits"]["memory"] == f"{3 * slots}Gi"
    assert settings["taskmanager.memory.task.off-heap.size"] == f"{256 * slots}m"


def test_a_failing_job_is_tried_again_but_not_for_ever_and_takes_no_checkpoints():
    settings = cluster()["spec"]["flinkConfiguration"]
    assert settings["restart-strategy.type"] == "fixed-delay"
    assert 1 <= int(settings["restart-strategy.fixed-delay.attempts"]) <= 100
    assert not [key for key in settings if "checkpoint" in key]


def test_what_flink_spills_goes_to_a_volume_of_the_pod():
    spec = cluster()["spec"]
    pod = spec["podTemplate"]["spec"]
    (container,) = pod["containers"]
    assert container["name"] == "flink-main-container"
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == spec["flinkConfiguration"]["io.tmp.dirs"]
    assert [v["name"] for v in pod["volumes"] if "emptyDir" in v] == [mount["name"]]


def test_the_worker_pool_is_closed_to_all_but_its_own_pod():
    policy = manifest("NetworkPolicy", "florilegium-flink")["spec"]
    # The operator gives its pods the label app with the name of the deployment.
    assert policy["podSelector"]["matchLabels"] == {"app": cluster()["metadata"]["name"]}
    assert policy["policyTypes"] == ["Ingress"]
    settings = cluster()["spec"]["flinkConfiguration"]
    named = {int(value) for key, value in settings.items() if key.endswith(".port")}
    for rule in policy["ingress"]:
        ports = {entry["port"] for entry in rule["ports"]}
        assert ports, "a rule without ports opens all of them"
        assert all("endPort" not in entry for entry in rule["ports"])
        assert ports <= named
        assert rule["from"], "a rule without peers lets anyone in"
    assert 50000 not in named
    assert side_car()["command"] + side_car()["args"] == ["florilegium-worker", "--pool=50000"]
    assert "ports" not in side_car()


def test_who_submits_reaches_the_cluster_and_is_reached_by_nobody():
    job = manifest("Job", "florilegium-build")["spec"]["template"]
    labels = job["metadata"]["labels"]
    rules = manifest("NetworkPolicy", "florilegium-flink")["spec"]["ingress"]
    opened = [
        {entry["port"] for entry in rule["ports"]}
        for rule in rules
        for peer in rule["from"]
        if peer.get("podSelector", {}).get("matchLabels") == labels
    ]
    rest = int(cluster()["spec"]["flinkConfiguration"]["rest.port"])
    assert opened
    assert rest in opened[0]
    assert (
        f"--flink-master={cluster()['metadata']['name']}-rest:{rest}" in build_container()["args"]
    )
    closed = manifest("NetworkPolicy", "florilegium-build")["spec"]
    assert closed["podSelector"]["matchLabels"] == labels
    assert "ingress" not in closed


def test_workers_and_submitter_run_the_image_of_this_version_with_the_same_credentials():
    assert side_car()["image"] == build_container()["image"]
    assert side_car()["image"].endswith(f"/florilegium:{PROJECT['version']}")
    assert side_car()["envFrom"] == build_container()["envFrom"]


def test_nothing_runs_as_root_or_may_become_it():
    pods = [
        cluster()["spec"]["podTemplate"]["spec"],
        manifest("Job", "florilegium-build")["spec"]["template"]["spec"],
    ]
    containers = [side_car()]
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        containers += pod["containers"]
    assert len(containers) == 3
    for container in containers:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(("ended", "expected"), [(0, 0), (3, 0), (1, 1), (2, 2), (75, 75)])
def test_nothing_to_do_is_a_success_and_other_codes_come_through(tmp_path, ended, expected):
    program = tmp_path / "florilegium"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nexit {ended}\n')
    program.chmod(0o755)
    container = build_container()
    run = subprocess.run(
        [*container["command"], *container["args"]], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    assert run.returncode == expected
    assert (tmp_path / "arguments").read_text().split() == container["args"]


def test_a_wrong_recipe_is_not_tried_again():
    policy = manifest("Job", "florilegium-build")["spec"]["podFailurePolicy"]
    (rule,) = policy["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"]["containerName"] == build_container()["name"]
    assert rule["onExitCodes"]["values"] == [2]


# The command lines that are written in these files


def readme():
    return (DEPLOY / "README.md").read_text()


def written_commands():
    """Return the arguments of every `florilegium build` or `plan` in the folder."""
    service = (DEPLOY / "systemd" / "florilegium.service").read_text()
    found = [build_container()["args"], cron_container()["args"], template().command(LAUNCHED)]
    for text in (readme(), service):
        joined = re.sub(r"\\\n\s*", " ", text)
        for line in re.findall(r"\b(?:build|plan) european .*$", joined, re.MULTILINE):
            found.append(shlex.split(line))
    return found


def test_every_build_that_is_written_here_is_one_that_the_command_line_takes():
    commands = written_commands()
    assert len(commands) == 8
    assert {name for name, *_ in commands} == {"build", "plan"}
    for name, *arguments in commands:
        command = cli.main.commands[name]
        context = command.make_context(name, arguments, parent=click.Context(cli.main))
        assert context.params["recipe"] == "european"
        assert context.params["more_inputs"] == ()


def test_systemd_takes_the_service_and_its_timer(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text().replace("/opt/florilegium/.venv/bin/florilegium", "/bin/true")
        (tmp_path / path.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    assert [unit.name for unit in units] == ["florilegium.service", "florilegium.timer"]
    run = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


# What it costs


def test_the_costs_are_where_the_readme_sends_its_reader():
    (target,) = set(re.findall(r"\]\(\.\./(docs/scale\.md#[^)]*)\)", readme()))
    path, _, anchor = target.partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
