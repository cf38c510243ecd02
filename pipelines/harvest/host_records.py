"""Files in which a host speaks for its pages, among the records of a WARC file.

They are robots.txt, tdmrep.json, ai.txt and licences in RSL, of whatever status: that there is none
says something too. Common Crawl keeps the first kind in WARC files of its own. Files of these names
elsewhere on a host say nothing by themselves, but redirects lead there.
"""

import hashlib
from typing import Final
from urllib.parse import urlsplit

from fastwarc.warc import HeaderMap

from florilegium.filters.optouts import rsl
from florilegium.filters.optouts.judge import FILES, NAMES
from florilegium.filters.optouts.origin import origin
from florilegium.filters.optouts.robots_txt import MAX_BYTES
from florilegium.manifests.host_record import HostRecord, State
from florilegium.manifests.identity import identity_of
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.warc import Damage, Record
from florilegium.pipelines.pages.page import (
    UNREADABLE,
    decoded_body,
    host_and_domain,
    http_message,
    seconds_of,
    target_of,
)
from florilegium.pipelines.pages.sniffing import sniff_html

_MEDIA_TYPE: Final = rsl.MEDIA_TYPE.encode()
_HEAD: Final = 8_192
_CAPTURES: Final = ("response", "revisit")
_TOO_MANY_REQUESTS: Final = 429
_NOT_MODIFIED: Final = 304
_OK: Final = 200


def read_host_record(item: Record | Damage, warc: str) -> tuple[HostRecord, Loss] | None:
    """Return what a host says in a record, and the line of the ledger on it.

    None if the record is of no such file, or does not say when it was captured.
    """
    if isinstance(item, Damage) or item.kind not in _CAPTURES:
        return None
    url, date = target_of(item), item.headers.get("warc-date", "")
    if not _may_be(url, item.block) or (fetched := seconds_of(date)) is None:
        return None
    of, path = origin(url), urlsplit(url).path
    if of is None:
        return None
    try:
        headers, body = http_message(item.block)
    except UNREADABLE:
        headers, body = HeaderMap(), b""
    status = headers.status_code or 0
    content = decoded_body(body, headers.get_multiple("content-encoding"))
    if path not in FILES and not _may_be_meant(path, headers, content or b""):
        return None
    kept = (content or b"")[:MAX_BYTES]
    state = _state(item.kind, status, content)
    record = HostRecord(
        origin=of,
        resource=path,
        fetched=fetched,
        status=status,
        state=state,
        location=(headers.get("location") or "")[:_HEAD] if state == "redirect" else None,
        refers=seconds_of(item.headers.get("warc-refers-to-date", "")),
        size=len(content or b""),
        sha256=hashlib.sha256(kept).digest(),
        body=kept if state == "present" else b"",
        warc=warc,
        warc_offset=item.offset,
        warc_length=item.length,
    )
    return record, _loss(item, record, url, date)


def _may_be(url: str, block: bytes) -> bool:
    """Say at little cost whether a record may be of such a file."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    named = parts.path.rpartition("/")[2] in NAMES and not parts.query
    return named or parts.path.endswith(".xml") or _MEDIA_TYPE in block[:_HEAD].lower()


def _may_be_meant(path: str, headers: HeaderMap, content: bytes) -> bool:
    """Say whether a file may be one that a link or a redirect of its host means: no page may."""
    if path.rpartition("/")[2] in NAMES:
        return headers.status_code != _OK or not sniff_html(content, headers.get("content-type"))
    return _is_licence(path, headers, content)


def _is_licence(path: str, headers: HeaderMap, content: bytes) -> bool:
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    return kind == rsl.MEDIA_TYPE or (path.endswith(".xml") and b"<rsl" in content[:2_000])


def _state(kind: str, status: int, content: bytes | None) -> State:
    """Return what a status says (RFC 9309, 2.3.1); of 429, what it means: not now."""
    if status == _NOT_MODIFIED:
        return "revisit"
    if 300 <= status < 400:
        return "redirect"
    if 400 <= status < 500 and status != _TOO_MANY_REQUESTS:
        return "none"
    if not 200 <= status < 300:
        return "unreachable"
    if kind == "revisit":
        return "revisit"
    return "unreachable" if content is None else "present"


def _loss(item: Record, record: HostRecord, url: str, date: str) -> Loss:
    host, domain = host_and_domain(url)
    return Loss(
        id=identity_of(item.headers.get("warc-record-id", ""), url, date),
        warc=record.warc,
        warc_offset=item.offset,
        size=len(item.block),
        stage="read",
        rule="host_record",
        detail=record.resource[-40:],
        host=host,
        domain=domain,
    )
