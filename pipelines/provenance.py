"""What a build was made with: digests of code, recipe, models and lists, versions of libraries."""

import hashlib
import platform
from importlib import metadata
from typing import Any

import msgspec

from florilegium.dedup.methods import METHODS
from florilegium.filters.optouts import agents
from florilegium.manifests.manifest import Resource
from florilegium.pipelines import own_code
from florilegium.pipelines.assessment import assessors
from florilegium.pipelines.blocks.model import shipped_model
from florilegium.pipelines.harvest import tokens
from florilegium.pipelines.named import blocklists, language_models
from florilegium.pipelines.named.files import placeless
from florilegium.pipelines.pages import detection
from florilegium.pipelines.recipe import HARVEST_KEYS, Recipe, resolved

_LIBRARIES = (
    "apache-beam", "trafilatura", "lxml", "resiliparse", "chardetng-py", "selectolax", "fastwarc",
    "fasttext-community", "google-re2", "mistral-common", "numba", "numpy", "phonenumbers",
    "pyarrow", "python-stdnum", "tldextract",
)  # fmt: skip


def digest(value: Any) -> str:  # noqa: ANN401
    """Return the SHA-256 of plain values, in hex, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def environment() -> dict[str, str]:
    """Return the versions of Python and of the libraries that texts pass through."""
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in _LIBRARIES}


def used(recipe: Recipe) -> tuple[Resource, ...]:
    """Return the models, vocabularies and lists that a recipe's decisions rest on."""
    extraction = recipe.extraction.policy == "blocks"
    blocks = [Resource(name="block model", sha256=shipped_model().digest)] if extraction else []
    return (
        Resource(name="encoding model", sha256=detection.digest()),
        *blocks,
        *language_models.used(recipe.language_model),
        Resource(name=f"list of agents {agents.VERSION}", sha256=agents.digest()),
        *blocklists.used(recipe.blocklists),
        *assessors.used(recipe),
        Resource(name=f"tokenizer {recipe.tokenizer}", sha256=tokens.digest(recipe.tokenizer)),
        Resource(name="duplicate signature format", sha256=digest(_signatures(recipe))),
    )


def harvest_fingerprint(recipe: Recipe) -> str:
    """Return the digest of all that decides what harvest makes of an input."""
    second = msgspec.to_builtins(language_models.second_used(recipe.language_model))
    return digest([own_code.code(), environment(), harvest_settings(recipe), second])


def harvest_settings(recipe: Recipe) -> dict[str, Any]:
    """Return what harvest reads of a recipe, by the keys of the recipe."""
    chosen = {key: placeless(resolved(recipe)[key]) for key in HARVEST_KEYS}
    # Of rights, harvest judges pages by themselves; what hosts say is judged over all parts.
    chosen["rights"] = [chosen["rights"][key] for key in ("regime", "honour")]
    return chosen | {"duplicates.method": _signatures(recipe)}


def _signatures(recipe: Recipe) -> str:
    return METHODS[recipe.duplicates.method].format
