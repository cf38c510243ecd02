"""WARC files packed as Common Crawl packs a snapshot: segments, columnar index, lists of paths.

Each record is a gzip member of its own. Responses with status 200 are in `warc`, robots.txt is in
`robotstxt`, and all else in `crawldiagnostics`, in files that have the same name. The index is
sorted by address and has the columns, types and nulls of the real one, as far as they matter here.
"""

import base64
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.pipelines.harvest.warc import Record, read
from florilegium.pipelines.pages.page import UNREADABLE, host_and_domain, http_message

SNAPSHOT = "CC-MAIN-2026-43"
SUBSETS = ("warc", "robotstxt", "crawldiagnostics")
_INDEX = "cc-index/table/cc-main/warc"
_SCHEMA = pa.schema(
    [
        pa.field("url_surtkey", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("url_host_name", pa.string(), nullable=False),
        pa.field("url_host_tld", pa.string()),
        pa.field("url_host_registered_domain", pa.string()),
        pa.field("fetch_time", pa.timestamp("ms"), nullable=False),
        pa.field("fetch_status", pa.int16(), nullable=False),
        pa.field("content_digest", pa.string()),
        pa.field("content_mime_type", pa.string()),
        pa.field("content_mime_detected", pa.string()),
        pa.field("content_charset", pa.string()),
        pa.field("content_languages", pa.string()),
        pa.field("content_truncated", pa.string()),
        pa.field("warc_filename", pa.string(), nullable=False),
        pa.field("warc_record_offset", pa.int32(), nullable=False),
        pa.field("warc_record_length", pa.int32(), nullable=False),
        pa.field("warc_segment", pa.string(), nullable=False),
    ]
)


def pack_archive(
    folder: Path,
    warcs: Iterable[Path],
    language_of: Callable[[str], str | None],
    files: int = 4,
    rows_in_a_group: int = 32,
) -> Path:
    """Write a snapshot into a folder; return the folder.

    `language_of` says what the index has as the languages of an address.
    """
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names: dict[str, list[str]] = defaultdict(list)
    records = [item for path in warcs for item in read(path) if isinstance(item, Record)]
    for number in range(files):
        segment = f"17607000{number % 2:05d}.{number % 2}"
        name = f"CC-MAIN-20261018000000-20261018030000-{number:05d}.warc.gz"
        here = _with_their_requests(records)[number::files]
        for subset in SUBSETS:
            key = f"crawl-data/{SNAPSHOT}/segments/{segment}/{subset}/{name}"
            mine = [(all_of, row) for all_of, row in here if row["subset"] == subset]
            rows[subset] += _write_warc(folder / key, key, segment, mine, language_of)
            names[subset].append(key)
    for subset in SUBSETS:
        _write_lines(folder, subset, names[subset])
    keys = [
        _write_index(folder, s, part, rows_in_a_group) for s in SUBSETS for part in _two(rows[s])
    ]
    _write_lines(folder, "cc-index-table", keys)
    return folder


def member(record: Record) -> bytes:
    """Return a record as a gzip member of its own."""
    headers = "".join(f"{_cased(name)}: {value}\r\n" for name, value in record.headers.items())
    whole = f"WARC/1.0\r\n{headers}\r\n".encode() + record.block + b"\r\n\r\n"
    return gzip.compress(whole, 6, mtime=0)


def _cased(name: str) -> str:
    """Return the name of a header as the standard writes it; some readers insist."""
    words = name.split("-")
    return "-".join(w.upper() if w in ("warc", "uri", "id", "ip") else w.title() for w in words)


def _with_their_requests(records: Sequence[Record]) -> list[tuple[list[Record], dict[str, Any]]]:
    """Return the captures, each response with the request that is written before it."""
    found = []
    requests = {r.headers.get("warc-target-uri"): r for r in records if r.kind == "request"}
    for record in records:
        url = record.headers.get("warc-target-uri", "")
        if record.kind == "response" and host_and_domain(url)[0]:
            request = requests.get(url)
            found.append(([*([request] if request else []), record], _row(record, url)))
    return found


def _row(record: Record, url: str) -> dict[str, Any]:
    """Return what an index says of a capture."""
    try:
        headers, body = http_message(record.block)
        status, kind = headers.status_code or 0, headers.get("content-type")
    except UNREADABLE:
        status, kind, body = 0, None, b""
    host, domain = host_and_domain(url)
    media = (kind or "application/octet-stream").partition(";")[0].strip().lower()
    robots = urlsplit(url).path == "/robots.txt"
    return {
        "subset": "robotstxt" if robots else "warc" if status == 200 else "crawldiagnostics",
        "url_surtkey": f"{','.join(reversed(host.split('.')))}){urlsplit(url).path}",
        "url": url,
        "url_host_name": host,
        "url_host_tld": host.rpartition(".")[2],
        "url_host_registered_domain": domain,
        "fetch_time": datetime.fromisoformat(record.headers["warc-date"][:19]),
        "fetch_status": status,
        "content_digest": base64.b32encode(hashlib.sha1(body).digest()).decode(),
        "content_mime_type": media,
        "content_mime_detected": media,
        "content_charset": None,
        "content_truncated": record.headers.get("warc-truncated"),
    }


def _write_warc(
    path: Path,
    key: str,
    segment: str,
    captures: Iterable[tuple[list[Record], dict[str, Any]]],
    language_of: Callable[[str], str | None],
) -> Iterator[dict[str, Any]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    about = f"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Filename: {path.name}\r\n"
    position = 0
    rows = []
    with path.open("wb") as file:
        position += file.write(
            gzip.compress(f"{about}Content-Length: 0\r\n\r\n\r\n\r\n".encode(), mtime=0)
        )
        for records, row in captures:
            for record in records:
                written = file.write(member(record))
                if record.kind == "response":
                    where = {"warc_filename": key, "warc_segment": segment}
                    where |= {"warc_record_offset": position, "warc_record_length": written}
                    rows.append({**row, **where, "content_languages": language_of(row["url"])})
                position += written
    return iter(rows)


def _two(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], ...]:
    """Return the rows of an index in two files, by address."""
    ordered = sorted(rows, key=lambda row: (row["url_surtkey"], row["fetch_time"]))
    return ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]


def _write_index(folder: Path, subset: str, rows: list[dict[str, Any]], in_a_group: int) -> str:
    digest = hashlib.sha256(repr(rows[:1]).encode()).hexdigest()[:12]
    key = f"{_INDEX}/crawl={SNAPSHOT}/subset={subset}/part-{digest}.c000.gz.parquet"
    (folder / key).parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows, _SCHEMA)
    pq.write_table(table, folder / key, compression="gzip", row_group_size=in_a_group)
    return key


def _write_lines(folder: Path, kind: str, lines: Iterable[str]) -> None:
    path = folder / "crawl-data" / SNAPSHOT / f"{kind}.paths.gz"
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))
