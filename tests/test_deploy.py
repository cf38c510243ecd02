"""The image, and the command lines that are written in deploy/."""

import re
import shlex
import tomllib
from pathlib import Path

import click
from kubernetes_files import CRON_JOBS, container
from test_flex_template import LAUNCHED, launch_command, template

from florilegium.pipelines.cli import main as cli

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
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


# The command lines that are written in these files


def readme():
    return (DEPLOY / "README.md").read_text()


def written_commands():
    """Return the arguments of every `florilegium build` or `plan` in the folder."""
    found = [container(path)["args"] for path in CRON_JOBS]
    found += [template().command(LAUNCHED), launch_command()]
    for path in (*sorted(DEPLOY.rglob("*.md")), DEPLOY / "systemd" / "florilegium.service"):
        joined = re.sub(r"\\\n\s*", " ", path.read_text())
        for line in re.findall(r"\b(?:build|plan) european .*$", joined, re.MULTILINE):
            found.append(shlex.split(line))
    return found


def test_every_build_that_is_written_here_is_one_that_the_command_line_takes():
    commands = written_commands()
    assert len(commands) == 9
    assert {name for name, *_ in commands} == {"build", "plan"}
    for name, *arguments in commands:
        command = cli.main.commands[name]
        context = command.make_context(name, arguments, parent=click.Context(cli.main))
        assert context.params["recipe"] == "european"
        assert context.params["more_inputs"] == ()


def test_every_page_is_reached_from_the_first_and_names_the_files_beside_it():
    pages = sorted(DEPLOY.glob("*/README.md"))
    assert [page.parent.name for page in pages] == [
        "airflow", "dataflow", "flink", "kubernetes", "systemd",
    ]  # fmt: skip
    for page in pages:
        assert f"]({page.parent.name}/README.md)" in readme()
        for file in page.parent.glob("*.*"):
            if (
                file.suffix in (".service", ".timer", ".yaml", ".json")
                or file.name == "template.py"
            ):
                assert f"`{file.name}`" in page.read_text(), file


# What it costs


def test_the_costs_are_where_the_readme_sends_its_reader():
    (target,) = set(re.findall(r"\]\(\.\./(docs/scale\.md#[^)]*)\)", readme()))
    path, _, anchor = target.partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
