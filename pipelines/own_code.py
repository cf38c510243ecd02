"""The program itself: its version, and a digest of its source."""

import hashlib
from importlib import metadata, resources
from importlib.resources.abc import Traversable

_PACKAGES = ("manifests", "filters", "dedup", "pipelines")


def code() -> dict[str, str]:
    """Return the version of the package and the SHA-256 of all its files."""
    hasher = hashlib.sha256()
    for name in _PACKAGES:
        for path, file in sorted(_files(resources.files(f"florilegium.{name}"), name)):
            hasher.update(f"{path}\n".encode())
            hasher.update(hashlib.sha256(file.read_bytes()).digest())
    return {"version": metadata.version("florilegium"), "sha256": hasher.hexdigest()}


def _files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            found += _files(entry, name)
        elif entry.is_file() and not entry.name.endswith((".pyc", ".nbi", ".nbc")):
            found.append((name, entry))
    return found
