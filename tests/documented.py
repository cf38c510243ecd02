"""Holds the reference of what is in a release against releases."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from florilegium.manifests.manifest import NAME

PAGE = (Path(__file__).parents[1] / "docs" / "release.md").read_text("utf-8")


def section(title):
    """The part of the page under a heading of the second rank."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def names(title, rank="##"):
    """Names in the first table of a section, or of one below a heading of the third rank."""
    text = PAGE.partition(f"\n{rank} {title}\n")[2]
    table = re.search(r"^\|.*\n\|.*\n((?:\|.*\n)*)", text, re.MULTILINE)[1]
    return re.findall(r"^\| `([^`]+)` \|.* \S+ \|$", table, re.MULTILINE)


def files():
    """A pattern for each file that can be there, and the title of its section."""
    for path, title in re.findall(r"^\| `([^`]+)` \| .* \| \[([^]]+)\]\(#", PAGE, re.MULTILINE):
        yield re.compile(re.sub(r"<\w+>", "[^/]+", path.replace(".", r"\."))), title


def undocumented(release):
    """Every file, column or key of a release that the page does not have, or not as it is."""
    for path in sorted(release.rglob("*.*")):
        name = path.relative_to(release).as_posix()
        titles = [title for pattern, title in files() if pattern.fullmatch(name)]
        if len(titles) != 1:
            yield name
        elif (found := _columns(path)) is not None and found != names(titles[0]):
            yield f"{name}: {found}"
    stated = json.loads((release / NAME).read_bytes())
    kind = stated.pop("kind", "manifest").capitalize()
    if unknown := stated.keys() - set(names(kind)):
        yield f"{NAME}: {sorted(unknown)}"


def _columns(path):
    match path.suffix:
        case ".parquet":
            return pq.read_schema(path).names
        case ".npy":
            return list(np.load(path, mmap_mode="r").dtype.names)
        case ".jsonl" if path.parent.name != "export":  # those are in formats of others
            return list(json.loads(path.open().readline()))
    return None
