"""The house: imports point one way, pure folders stay pure, and what is tracked is everyone's."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "manifests": {"manifests"},
    "filters": {"filters", "manifests"},
    "dedup": {"dedup", "manifests"},
    "pipelines": {"pipelines", "filters", "dedup", "manifests"},
    "front": {"manifests"},
}
WRITING = {"open", "write_text", "write_bytes", "touch", "mkdir", "unlink", "rename", "rmdir"}
MAX_LINES = 400

SOURCES = sorted(path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py"))
PURE = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ("filters", "dedup")]
PYTHON = [*SOURCES, *sorted((ROOT / "tests").glob("*.py")), *sorted((ROOT / "bench").glob("*.py"))]

for_each_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
for_each_pure = pytest.mark.parametrize(
    "path", PURE, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def imported(path: Path) -> Iterator[str]:
    """Yield the full names that a file imports, wherever in it; relative ones with their dots."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_there_are_sources_to_look_at():
    assert len(SOURCES) > 60
    assert len(PURE) > 20


@for_each_source
def test_imports_point_one_way(path):
    folder = path.relative_to(ROOT).parts[0]
    siblings = {name.split(".")[1] for name in imported(path) if re.match(r"florilegium\.\w", name)}
    assert siblings <= MAY_IMPORT[folder]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_are_never_flat_or_relative(path):
    tops = {name.partition(".")[0] for name in imported(path)}
    assert tops.isdisjoint({"", *MAY_IMPORT})


@for_each_pure
def test_filters_and_dedup_know_no_beam(path):
    tops = {name.partition(".")[0] for name in imported(path)}
    assert tops.isdisjoint({"apache_beam", "fastwarc", "socket", "subprocess", "shutil"})


@for_each_pure
def test_filters_and_dedup_open_and_write_no_files(path):
    calls = [
        node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)
    ]
    named = {call.id for call in calls if isinstance(call, ast.Name)}
    named |= {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert named.isdisjoint(WRITING)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_are_short_enough_to_read(path):
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_LINES


def test_every_folder_with_sources_is_a_package_and_no_other():
    tools = pyproject()["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in SOURCES}
    ways = {"florilegium": "front"} | {
        f"florilegium.{folder.replace('/', '.')}": folder for folder in folders - {"front"}
    }
    assert set(tools["packages"]) == ways.keys()
    assert tools["package-dir"] == ways
    assert {way.partition("/")[0] for way in ways.values()} == set(MAY_IMPORT)


def test_every_file_of_a_package_is_in_its_wheel():
    patterns = pyproject()["tool"]["setuptools"]["package-data"]["*"]
    left_out = [
        path
        for path in tracked()
        if (parts := path.relative_to(ROOT).parts)[0] in MAY_IMPORT
        and path.suffix != ".py"
        # A star stands for no slash in package data.
        and not any(
            len(Path(pattern).parts) == len(parts) - 1 and fnmatch("/".join(parts[1:]), pattern)
            for pattern in patterns
        )
    ]
    assert left_out == []


def test_every_package_says_that_it_is_typed():
    assert all((ROOT / folder / "py.typed").is_file() for folder in MAY_IMPORT)


def test_nothing_tracked_names_a_path_of_one_machine_or_where_packages_come_from():
    home = "|".join(["home", "root", "Users", "work", "tmp/wt", "tmp/venv", "opt/venv", "private"])
    private = re.compile(
        rf"(?<![\w.<>\])]):?/(?:{home})/[\w.-]+"
        r"|(?<!no-emit-)(?:index|find-links|trusted-host)(?:-url)?[ =]+\"?https?:"
        r"|https?://[^\s/\"']+/(?:[^\s\"']*/)?simple\b"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        for match in private.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
