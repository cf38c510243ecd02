"""The demonstration's web: pages of our own with known fates, packed into WARC files.

`demo/pages.tsv` has a line for each capture: the page file, how it was served, and what must
become of it. The files come out as gzip, zstd, lz4 and plain WARC, byte for byte the same each
time, with the records that crawlers write around their responses.
"""

import csv
import uuid
from collections.abc import Callable, Iterator
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from fastwarc import warc
from fastwarc.stream_io import (
    BrotliWriter,
    ChunkedWriter,
    GzipWriter,
    Lz4Writer,
    WarcWriter,
    ZstdWriter,
)
from fastwarc.warc import WarcRecord, WarcRecordType
from msgspec import Struct

from florilegium.manifests.location import replacing

FILES: dict[str, Callable[[BinaryIO], WarcWriter] | None] = {
    "demo-0.warc.gz": GzipWriter,
    "demo-1.warc.zst": ZstdWriter,
    "demo-2.warc.lz4": Lz4Writer,
    "demo-3.warc": None,
}
_CODINGS: dict[str, tuple[str, str, type[WarcWriter]]] = {
    "gzip": ("Content-Encoding", "gzip", GzipWriter),
    "br": ("Content-Encoding", "br", BrotliWriter),
    "zstd": ("Content-Encoding", "zstd", ZstdWriter),
    "chunked": ("Transfer-Encoding", "chunked", ChunkedWriter),
}
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://florilegium.example/demo")


class Capture(Struct, frozen=True):
    """One line of the table: a page, how it was served, and its fate."""

    page: str
    url: str
    captured: str
    status: int
    content_type: str
    charset: str
    transport: str
    headers: str
    fate: str
    """`kept` or `lost`."""
    reason: str
    """The language of a kept page; stage and rule that lose a lost one."""


def captures() -> list[Capture]:
    """Return the table of the demonstration's captures, in the order of capture."""
    text = (resources.files(__package__) / "pages.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    found = msgspec.convert(list(rows), list[Capture], strict=False)
    return sorted(found, key=lambda capture: capture.captured)


def pack(folder: Path) -> list[Path]:
    """Write the WARC files of the demonstration into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = captures()
    paths = []
    for number, (name, writer) in enumerate(FILES.items()):
        with replacing(folder / name) as draft, draft.open("wb") as stream:
            for record in _records(name, listed[number :: len(FILES)]):
                stream.write(_packed(record, writer))
        paths.append(folder / name)
    return paths


def _packed(record: WarcRecord, writer: Callable[[BinaryIO], WarcWriter] | None) -> bytes:
    """Return a record in a frame of its own, so that it can be read without those before it."""
    buffer = BytesIO()
    out = writer(buffer) if writer else buffer
    record.write(out)
    if writer:
        out.close()
    return buffer.getvalue()


def _records(name: str, listed: list[Capture]) -> Iterator[WarcRecord]:
    about = b"software: Florilegium demonstration\r\nformat: WARC File Format 1.1\r\n"
    info = {"WARC-Filename": name, "WARC-Date": listed[0].captured}
    yield _record(warc.warcinfo, name, about, "application/warc-fields", info)
    for capture in listed:
        about_page = {"WARC-Target-URI": capture.url, "WARC-Date": capture.captured}
        key = f"{capture.url} {capture.captured}"
        yield _record(
            warc.response, key, _response(capture), "application/http; msgtype=response", about_page
        )
        yield _record(
            warc.request,
            f"request {key}",
            _request(capture),
            "application/http; msgtype=request",
            about_page,
        )


def _record(
    kind: WarcRecordType, key: str, block: bytes, content_type: str, headers: dict[str, str]
) -> WarcRecord:
    record = WarcRecord()
    record.init_headers(kind, str(uuid.uuid5(_NAMESPACE, key)).encode())
    for header, value in {**headers, "Content-Type": content_type}.items():
        record.headers[header] = value
    record.set_bytes_content(block)
    return record


def _response(capture: Capture) -> bytes:
    body = _body(capture)
    lines = [f"HTTP/1.1 {capture.status} {'OK' if capture.status == 200 else 'Other'}"]
    if capture.content_type:
        lines.append(f"Content-Type: {capture.content_type}")
    lines += [header for header in capture.headers.split(" || ") if header]
    if capture.transport in _CODINGS:
        header, value, writer = _CODINGS[capture.transport]
        lines.append(f"{header}: {value}")
        body = _coded(body, writer)
    if capture.transport != "chunked":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _body(capture: Capture) -> bytes:
    if capture.page == "-":
        return b""
    page = resources.files(__package__) / capture.page
    text = page.read_text("utf-8")
    if capture.charset == "utf-16":  # which byte order that is depends on the machine
        return ("\ufeff" + text).encode("utf-16-le")
    return text.encode(capture.charset)


def _coded(body: bytes, writer: Any) -> bytes:  # noqa: ANN401
    stream = BytesIO()
    coder = writer(stream)
    coder.write(body)
    coder.close()
    return stream.getvalue()


def _request(capture: Capture) -> bytes:
    host, _, path = capture.url.partition("://")[2].partition("/")
    lines = [f"GET /{path} HTTP/1.1", f"Host: {host}", "User-Agent: Florilegium-Demo/1.0", "", ""]
    return "\r\n".join(lines).encode()
