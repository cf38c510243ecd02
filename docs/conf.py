"""How Sphinx makes a site of the documents: `make site`.

Its source is the whole checkout, so that a link from one document to another, or to a file, leads
to the same place here as where the repository is browsed.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import florilegium

ROOT = Path(__file__).parents[1]

project = "Florilegium"
copyright = "the authors of Florilegium, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**", "deploy/**"]
exclude_patterns = [".*", "build", "bench", "dedup", "filters", "front", "manifests", "pipelines",
                    "tests", "*.egg-info", "**/node_modules"]  # fmt: skip

myst_heading_anchors = 4
smartquotes = False

html_theme = "furo"
html_title = "Florilegium"
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_extra_path = ["site"]
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
pygments_style, pygments_dark_style = "friendly", "monokai"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# What others document is on their sites, and a site that opens without a network cannot ask them.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!florilegium\b).*"),
    (r"py:.*", r"florilegium\.manifests\.(remote\.RemotePath|derived\.Derived)"),
]


def known_by_its_short_name(
    app: Sphinx, environment: BuildEnvironment, node: pending_xref, inner: nodes.Node
) -> nodes.Node | None:
    """Lead from where a thing is written, as annotations name it, to its public name."""
    target = str(node.get("reftarget", ""))
    module, _, name = target.rpartition(".")
    if node.get("refdomain") != "py" or not module.startswith("florilegium."):
        return None
    for public in florilegium.__all__:
        thing: Any = getattr(florilegium, public)
        if thing is getattr(import_module(module), name, None):
            resolve = environment.get_domain("py").resolve_xref
            full = f"florilegium.{public}"
            return resolve(environment, node["refdoc"], app.builder, "obj", full, node, inner)
    return None


def without_the_fields_of_records(
    app: Sphinx, kind: str, name: str, thing: object, options: object, signature: str, back: str
) -> tuple[str, str] | None:
    """Show no signature of a record: its fields are read, and are listed below it or elsewhere."""
    return ("", "") if hasattr(thing, "__struct_fields__") else None


def as_code(
    app: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Show what docstrings have between single backticks as code, as Markdown does."""
    lines[:] = [re.sub(r"(?<![`:])`([^`]+)`(?!`)", r"``\1``", line) for line in lines]


def links_to_folders(app: Sphinx, tree: nodes.document) -> None:
    """Let a link to a folder lead to the document that introduces it."""
    for link in tree.findall(pending_xref):
        if link["reftype"] == "myst" and link["refdomain"] is None:
            _, folder = app.env.relfn2path(link["reftarget"], link["refdoc"])
            if (Path(folder) / "README.md").is_file():
                link["refdomain"] = "doc"
                link["reftarget"] = app.env.path2doc(f"{folder}/README.md")
                link["reftargetid"] = None


def without_empty_patterns(app: Sphinx, name: str, text: list[str]) -> None:
    """Leave out of the index what there is nothing of yet; Sphinx has no setting for it."""
    if name == root_doc:
        lines = text[0].splitlines(keepends=True)
        folder = ROOT / "docs"
        text[0] = "".join(
            line
            for line in lines
            if "*" not in line
            or " " in line
            or any(folder.glob(f"{line.strip()}.md"))
            or any(folder.glob(line.strip()))
        )


def setup(app: Sphinx) -> None:
    """Tell Sphinx of what is above."""
    app.connect("source-read", without_empty_patterns)
    app.connect("doctree-read", links_to_folders)
    app.connect("missing-reference", known_by_its_short_name)
    app.connect("autodoc-process-docstring", as_code)
    app.connect("autodoc-process-signature", without_the_fields_of_records)
