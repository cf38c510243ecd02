"""Ways to tamper with a release, by name. `verify` with the publisher's key finds them all."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from florilegium.manifests import (
    buckets,
    distributions,
    envelope,
    erasures,
    loss_example,
    tree,
)
from florilegium.manifests import manifest as manifests
from florilegium.manifests.domains import FOLDER, SCHEMA
from florilegium.manifests.location import sha256
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.publication import Publication
from florilegium.manifests.schema import DOCUMENT_SCHEMA, FAILED_RULE_SCHEMA, LOSS_SCHEMA
from florilegium.manifests.verify_reasons import path_beside
from florilegium.pipelines.publishing import derived

Act = Callable[[Path], object]
Json = dict[str, Any]


def all_of(manifest: Manifest) -> Iterator[tuple[str, Act]]:
    """Yield names and acts that fit a release with this manifest."""
    shard, ledger = manifest.shards[0].path, manifest.ledger[0].path
    domains = next(t.path for t in manifest.tables if t.path.startswith(FOLDER))
    written = [derived.REPORT, *derived.named(Publication().exports)]
    reasons = path_beside(manifest.ledger[0])
    for entry in (*manifest.files, *written, manifests.NAME, envelope.NAME):
        path = entry if isinstance(entry, str) else entry.path
        for name, act in FILES.items():
            yield f"{path} {name}", lambda release, act=act, path=path: act(release / path)
    for column in DOCUMENT_SCHEMA.names:
        yield f"another {column} of a document", rows_of(shard, other_value(column))
    for column in SCHEMA.names:
        yield f"another {column} of a domain", rows_of(domains, other_value(column))
    for column in LOSS_SCHEMA.names:
        yield f"another {column} of a loss", rows_of(ledger, other_value(column))
    for column in FAILED_RULE_SCHEMA.names:
        yield f"another {column} of a reason", rows_of(reasons, other_value(column))
    yield "reasons left out", left_out(reasons)
    tables = (tree.PATH, buckets.PATH, distributions.PATH, loss_example.PATH, domains)
    for path in (shard, ledger, reasons, *tables):
        for name, change in ROWS.items():
            yield f"{path} with {name}", rows_of(path, change)
    stated = json.loads(manifests.encode(manifest))
    for key in sorted(stated):
        yield f"manifest without {key}", edited(lambda m, key=key: m.pop(key))
        yield f"manifest of another {key}", edited(lambda m, key=key: restate(m, key))
    for kind in ("shards", "ledger", "tables", "inputs", "funnel", "languages"):
        for name in stated[kind][0]:
            yield f"{kind} of another {name}", edited(lambda m, k=kind, n=name: restate(m[k][0], n))
    for name, where in WAYS_OUT.items():
        yield f"{name} of a shard", edited(lambda m, to=where: m["shards"][0].update(path=to))
        yield f"{name} of a table", edited(lambda m, to=where: m["tables"][0].update(path=to))
    yield from STRAYS.items()
    yield from SIGNATURES.items()


def other(value: object) -> object:
    """Return another value of the same kind."""
    if isinstance(value, dict):
        return value | {"other": "thing"}
    if isinstance(value, list):
        return value[:-1] if value else ["other"]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}0"


def left_out(path: str) -> Act:
    """Return the act of removing a table, and what the manifest says of it."""

    def act(release: Path) -> None:
        (release / path).unlink()
        edited(lambda m: m.update(tables=[t for t in m["tables"] if t["path"] != path]))(release)

    return act


def restate(entry: Json, name: str) -> None:
    """Let an entry of the manifest say something else."""
    entry[name] = other(entry[name])


def edited(change: Callable[[Json], object]) -> Act:
    """Return the act of changing what the manifest says."""

    def act(release: Path) -> None:
        path = release / manifests.NAME
        manifest = json.loads(path.read_bytes())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return act


def rows_of(path: str, change: Callable[[pa.Table], pa.Table]) -> Act:
    """Return the act of changing the rows of a file, and all digests and sizes with them."""

    def act(release: Path) -> None:
        table = pq.read_table(release / path)
        pq.write_table(change(table), release / path)
        edited(lambda manifest: _put_right(manifest, release, path))(release)

    return act


def _put_right(manifest: Json, release: Path, path: str) -> None:
    entries = (e for kind in ("shards", "ledger", "tables") for e in manifest[kind])
    entry = next(entry for entry in entries if entry["path"] == path)
    file = release / path
    entry.update(sha256=sha256(file), file_bytes=file.stat().st_size)


def other_value(column: str) -> Callable[[pa.Table], pa.Table]:
    """Return the change that gives the first row another value of a column."""

    def change(table: pa.Table) -> pa.Table:
        field = table.schema.field(column)
        values = table.column(column).to_pylist()
        values[0] = _unlike(values[0], field.type)
        place = table.schema.get_field_index(column)
        return table.set_column(place, field, pa.array(values, field.type))

    return change


def _unlike(value: Any, kind: pa.DataType) -> object:
    if pa.types.is_struct(kind):
        return {name: number + 1 for name, number in value.items()}
    if pa.types.is_timestamp(kind):
        return value.replace(year=value.year + 1)
    if pa.types.is_fixed_size_binary(kind):
        return bytes(kind.byte_width) if value is None else value[::-1]
    return 1 if value is None and not pa.types.is_large_string(kind) else other(value)


def _written(content: Callable[[bytes], bytes]) -> Act:
    return lambda path: path.write_bytes(content(path.read_bytes()))


def _flipped(share: float) -> Act:
    def flip(content: bytes) -> bytes:
        at = int((len(content) - 1) * share)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return _written(flip)


def _made_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _made_link(path: Path) -> None:
    release = next(folder for folder in path.parents if folder.name == "copy")
    path.symlink_to(shutil.move(path, release.with_name("elsewhere")))


FILES: dict[str, Act] = {
    "with its first byte flipped": _flipped(0),
    "with a byte in the middle flipped": _flipped(0.5),
    "with its last byte but some flipped": _flipped(0.9),
    "cut short": _written(lambda content: content[:-2]),
    "with bytes behind": _written(lambda content: content + b"\0\0"),
    "emptied": _written(lambda _: b""),
    "removed": Path.unlink,
    "made a folder": _made_folder,
    "made a link": _made_link,
}

ROWS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "its first row left out": lambda table: table.slice(1),
    "its last row left out": lambda table: table.slice(0, table.num_rows - 1),
    "a row twice": lambda table: pa.concat_tables([table, table.slice(0, 1)]),
    "rows swapped": lambda table: table.take([1, 0, *range(2, table.num_rows)]),
    "rows backwards": lambda table: table.take(list(range(table.num_rows))[::-1]),
    "no rows": lambda table: table.slice(0, 0),
    "a column more": lambda table: table.append_column("more", pc.is_null(table.column(0))),
    "a column less": lambda table: table.remove_column(table.num_columns - 1),
}

WAYS_OUT = {
    "climbing path": "../elsewhere.parquet",
    "climbing path inside": "data/../../elsewhere.parquet",
    "absolute path": "/etc/hostname",
    "unclean path": "data//x.parquet",
    "path of the manifest": manifests.NAME,
}


def _stray(name: str) -> Act:
    def act(release: Path) -> None:
        path = release / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"more")

    return act


def _stray_link(release: Path) -> None:
    (release / "data" / "more").symlink_to(release / "audit")


STRAYS: dict[str, Act] = {
    **{
        f"{name} added": _stray(name)
        for name in (
            "more.parquet", "data/more.parquet", "data/deu_Latn/00000-of-00001.parquet",
            "data/deu_Latn/more", "audit/more.parquet", "audit/losses/99999.parquet",
            "index/more.npy", ".hidden", "data/.hidden",
        )
    },
    "a link to a folder added": _stray_link,
}  # fmt: skip


def _signature(change: Callable[[Json], object]) -> Act:
    def act(release: Path) -> None:
        path = release / envelope.NAME
        signed = json.loads(path.read_bytes())
        change(signed)
        path.write_text(json.dumps(signed))

    return act


def _forged(release: Path) -> None:
    """Sign with another key under the name of the right one."""
    path = release / envelope.NAME
    signed = envelope.decode(path.read_bytes())
    forger = Ed25519PrivateKey.generate()
    sig = forger.sign(envelope.encoded(signed.payload_type, signed.payload))
    false = envelope.Signature(signed.signatures[0].keyid, sig)
    path.write_bytes(
        envelope.encode(envelope.Envelope(signed.payload_type, signed.payload, (false,)))
    )


def _signed_anew(release: Path) -> None:
    """Change the manifest and sign that with another key."""
    edited(lambda manifest: manifest["environment"].update(python="3.12.0"))(release)
    envelope.sign(release, Ed25519PrivateKey.generate())


SIGNATURES: dict[str, Act] = {
    "signature of another key": _forged,
    "manifest signed anew by another key": _signed_anew,
    "signature of zeros": _signature(lambda s: s["signatures"][0].update(sig="A" * 86 + "==")),
    "signature too short": _signature(lambda s: s["signatures"][0].update(sig="AAAA")),
    "no signatures": _signature(lambda s: s.update(signatures=[])),
    "payload of another type": _signature(lambda s: s.update(payloadType="text/plain")),
    "payload of another release": _signature(lambda s: s.update(payload="e30=")),
    "payload in another spelling": _signature(lambda s: s.update(payload=s["payload"][:-4])),
}


def _log(change: Callable[[list[bytes]], list[bytes]]) -> Act:
    """Return the act of changing the lines of the log of erasures, and all digests with them."""

    def act(release: Path) -> None:
        path = release / erasures.PATH
        lines = change(path.read_bytes().split(b"\n")[:-1])
        path.write_bytes(b"".join(line + b"\n" for line in lines))

        def right(manifest: Json) -> None:
            _put_right(manifest, release, erasures.PATH)
            for table in manifest["tables"]:
                if table["path"] == erasures.PATH:
                    table["rows"] = len(lines)
            for resource in manifest["resources"]:
                if resource["name"] == erasures.RESOURCE:
                    resource["sha256"] = sha256(path)

        edited(right)(release)

    return act


def _said(old: bytes, new: bytes) -> Act:
    return _log(lambda lines: [lines[0].replace(old, new), *lines[1:]])


LOG: dict[str, Act] = {
    "log without its first line": _log(lambda lines: lines[1:]),
    "log without a line in the middle": _log(lambda lines: [lines[0], *lines[2:]]),
    "log with two lines swapped": _log(lambda lines: [lines[1], lines[0], *lines[2:]]),
    "log with a line twice": _log(lambda lines: [*lines, lines[-1]]),
    "log with an empty line": _log(lambda lines: [*lines, b""]),
    "log of another basis": _said(b'"gdpr-17"', b'"gdpr-21"'),
    "log of another time": _said(b'"time":"2', b'"time":"3'),
    "log of another note": _said(b'"note":"', b'"note":"x'),
    "log of another key": _said(b'"key":"', b'"key":"0'),
    "log of no known basis": _said(b'"gdpr-17"', b'"whim"'),
    "log written in another way": _said(b"{", b"{ "),
    "log without lines": _log(lambda _: []),
}
"""What can be done to a log of three lines, the first by `gdpr-17` and with a note; each breaks
the chain, or leaves losses of which nothing is said."""

PARENTS: dict[str, Act] = {
    f"another {name} of the parent": edited(lambda m, name=name: restate(m["parent"], name))
    for name in ("build_id", "root", "manifest_sha256", "documents", "erased", "promoted", "code")
} | {"no parent": edited(lambda m: m.update(parent=None))}
