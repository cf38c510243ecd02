"""Pages that show commands at work on the demonstration: what they show is what is printed."""

import re
import shutil
import tomllib

import pytest
from shown import ROOT, blocks, build_demo, check, run

READERS = ROOT / "build" / "readers" / "bin" / "python"
OFFLINE = {"HF_HUB_OFFLINE": "1", "SPARK_LOCAL_IP": "127.0.0.1"}
with_readers = pytest.mark.skipif(not READERS.exists(), reason="`make tools` was not run")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("walk")
    build_demo(place)
    return place


def page(name):
    return (ROOT / "docs" / name).read_text("utf-8")


SHOWING = sorted(
    path.name for path in (ROOT / "docs").glob("*.md") if "```console" in path.read_text("utf-8")
)


def test_pages_that_show_commands_are_found():
    assert {"api.md", "first-build.md", "for-auditors.md", "walkthrough.md"} <= set(SHOWING)


@pytest.mark.parametrize("name", [name for name in SHOWING if name != "tools.md"])
def test_a_page_prints_what_it_shows(folder, name, tmp_path):
    place = tmp_path / "checkout"  # of its own, since pages sign and erase
    shutil.copytree(folder, place, symlinks=True)
    for text in blocks(page(name), "toml"):
        (place / f"{tomllib.loads(text)['name']}.toml").write_text(text)
    assert check(page(name), place) >= 1


@pytest.mark.parametrize("name", ["for-schedulers.md", "for-researchers.md", "for-auditors.md"])
def test_a_how_to_is_short_and_names_only_commands_that_there_are(name):
    assert len(page(name).splitlines()) < 200
    known = set(re.findall(r"^## florilegium (\S+)", page("commands.md"), re.MULTILINE))
    code = re.findall(r"`([^`]+)`|^(?:\$ )?(florilegium .*)", page(name), re.MULTILINE)
    named = set(re.findall(r"\bflorilegium ([a-z][a-z-]+)\b", " ".join(map(" ".join, code))))
    assert {"build", "opt-outs"} <= named or {"sample", "stats"} <= named or "verify" in named
    assert named <= known | {"promote"}


def test_the_comparison_of_recipes_prints_what_it_shows(folder):
    assert check(page("compare.md"), folder) == 2


@with_readers
@pytest.mark.parametrize(
    "title", ["datasets", "DuckDB", "polars", "Spark", "datatrove", "Training"]
)
def test_other_tools_print_what_is_shown(folder, title, tmp_path):
    if title == "Spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    part = page("tools.md").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert check(part, folder, python=READERS, HF_HOME=str(tmp_path), **OFFLINE) >= 1


@with_readers
def test_datasets_divides_a_shard_by_row_groups(sealed, tmp_path):
    script = f"""
from glob import glob

from datasets import load_dataset
import pyarrow.parquet as pq

files = sorted(glob({str(sealed.folder / "data" / "*" / "*.parquet")!r}))
groups = sum(pq.read_metadata(file).num_row_groups for file in files)
corpus = load_dataset("parquet", data_files=files, split="train", streaming=True)
divided = corpus.reshard()
assert corpus.num_shards == len(files) < divided.num_shards == groups, divided.num_shards
assert [row["id"] for row in divided] == [row["id"] for row in corpus]
print(len(list(corpus)))
"""
    done = run(
        f"python - <<'END'\n{script}END", tmp_path, python=READERS, HF_HOME=str(tmp_path), **OFFLINE
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == sealed.manifest.documents
