"""The Flink cluster on Kubernetes, and the CronJob that submits builds to it."""

import re
import shutil
import subprocess
import tomllib
import zipfile

import jsonschema
import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions
from kubernetes_files import DEPLOY, ROOT, container, parts, pod, validated

CLUSTER, CRON_JOB = DEPLOY / "flink" / "flinkdeployment.yaml", DEPLOY / "flink" / "cronjob.yaml"
OPERATOR = "1.10.0"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def cluster():
    return parts(CLUSTER)["FlinkDeployment"]


def side_car():
    (found,) = cluster()["spec"]["taskManager"]["podTemplate"]["spec"]["containers"]
    return found


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


def test_its_network_policy_is_as_kubernetes_published_it():
    said = validated(CLUSTER)
    assert [line for line in said if "networkpolicy/florilegium-flink" in line and "passed" in line]


def test_the_page_says_how_many_taskmanagers_there_are_and_how_to_scale_them():
    page = (DEPLOY / "flink" / "README.md").read_text()
    assert f"--replicas={cluster()['spec']['taskManager']['replicas']}`" in page
    about = cluster()["metadata"]
    assert f"{about['namespace']} scale flinkdeployment/{about['name']} " in page


def test_all_that_speaks_of_flink_means_one_version_and_beam_has_a_runner_for_it():
    spec = cluster()["spec"]
    minor = spec["flinkVersion"].removeprefix("v").replace("_", ".")
    assert re.search(rf"/flink:{re.escape(minor)}\.\d", spec["image"])
    assert f"/beam_flink{minor}_job_server:" in (DEPLOY / "Containerfile").read_text()
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
    policy = parts(CLUSTER)["NetworkPolicy"]["spec"]
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


def test_all_of_it_is_in_one_namespace():
    everything = [*parts(CLUSTER).values(), *parts(CRON_JOB).values()]
    assert {part["metadata"]["namespace"] for part in everything} == {"florilegium"}


def test_who_submits_reaches_the_cluster_and_is_reached_by_nobody():
    labels = pod(CRON_JOB)["metadata"]["labels"]
    rules = parts(CLUSTER)["NetworkPolicy"]["spec"]["ingress"]
    opened = [
        {entry["port"] for entry in rule["ports"]}
        for rule in rules
        for peer in rule["from"]
        if peer.get("podSelector", {}).get("matchLabels") == labels
    ]
    rest = int(cluster()["spec"]["flinkConfiguration"]["rest.port"])
    assert opened
    assert rest in opened[0]
    master = f"--flink-master={cluster()['metadata']['name']}-rest:{rest}"
    assert master in container(CRON_JOB)["args"]
    closed = parts(CRON_JOB)["NetworkPolicy"]["spec"]
    assert closed["podSelector"]["matchLabels"] == labels
    assert "ingress" not in closed


def test_workers_and_submitter_run_the_image_of_this_version_with_the_same_credentials():
    assert side_car()["image"] == container(CRON_JOB)["image"]
    assert side_car()["image"].endswith(f"/florilegium:{VERSION}")
    assert side_car()["envFrom"] == container(CRON_JOB)["envFrom"]


def test_nothing_runs_as_root_or_may_become_it():
    assert cluster()["spec"]["podTemplate"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert side_car()["securityContext"]["allowPrivilegeEscalation"] is False
    assert side_car()["securityContext"]["capabilities"] == {"drop": ["ALL"]}
