"""Hosts of a small web, and the WARC files in which crawlers keep what these say."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO

from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, response

from florilegium.manifests.host_record import HostRecord

DAY = 24 * 3600
CRAWLED = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())


def said(body=b"", origin="https://a.example", resource="/robots.txt", at=CRAWLED, **changes):
    """A capture of a file of a host, as harvest keeps it."""
    body = body if isinstance(body, bytes) else body.encode()
    fields = {
        "origin": origin,
        "resource": resource,
        "fetched": at,
        "status": 200,
        "state": "present",
        "size": len(body),
        "sha256": hashlib.sha256(body).digest(),
        "body": body,
        "warc": "hosts.warc.gz",
        "warc_offset": at % 1_000,
        "warc_length": 100,
    }
    return HostRecord(**{**fields, **changes})


def capture(url, body="", status=200, at=CRAWLED, kind=response, warc=(), **headers):
    """A WARC record of a response, in a gzip member of its own."""
    record = WarcRecord()
    record.init_headers(kind)
    about = {"WARC-Target-URI": url, "WARC-Date": _iso(at), "Content-Type": "application/http"}
    about["WARC-Record-ID"] = f"<urn:test:{hashlib.sha256(f'{url} {at}'.encode()).hexdigest()}>"
    for name, value in {**about, **dict(warc)}.items():
        record.headers[name] = value
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status} X"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    record.set_bytes_content("\r\n".join([*lines, "", ""]).encode() + body)
    stream = BytesIO()
    out = GzipWriter(stream)
    record.write(out)
    out.close()
    return stream.getvalue()


def _iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
