"""Files from the web that are known by their digest: fetched once, and kept by it."""

import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

MAX_BYTES = 8 << 30
MAX_SECONDS = 3600
_SECONDS_TO_ANSWER = 60
_READ_AT_A_TIME = 1 << 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class DownloadError(OSError):
    """A file that cannot be had, or is another than was asked for."""


def is_web_address(name: str) -> bool:
    """Whether a name is one that `downloaded` is for."""
    return name.lower().startswith(("https://", "http://"))


def downloaded(url: str, digest: str) -> Path:
    """Return where a file with this SHA-256 (hexadecimal) is kept, fetching it if need be.

    It is kept below ``$XDG_CACHE_HOME/florilegium``, or ``~/.cache``, and is read anew for its
    digest each time. Only HTTPS is used, but on the machine itself. DownloadError if the file
    cannot be had within `MAX_SECONDS`, has more than `MAX_BYTES`, or has another digest.
    """
    kept = _folder() / digest
    if kept.is_file():
        with kept.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".draft-", delete=False) as draft:
        try:
            try:
                found = _fetch(url, Path(draft.name))
            except (URLError, TimeoutError, ConnectionError, ValueError) as error:
                raise DownloadError(f"{url} cannot be fetched: {_reason(error)}") from error
            if found != digest:
                raise DownloadError(
                    f"{url} is another file than asked for: its SHA-256 is {found}, not {digest}"
                )
            Path(draft.name).replace(kept)
        finally:
            Path(draft.name).unlink(missing_ok=True)
    return kept


def _fetch(url: str, target: Path) -> str:
    """Write what is at an address; return its digest."""
    _check(url)
    sha256, size, end = hashlib.sha256(), 0, time.monotonic() + MAX_SECONDS
    opener = build_opener(_Redirects())
    with opener.open(url, timeout=_SECONDS_TO_ANSWER) as answer, target.open("wb") as file:
        while data := answer.read(_READ_AT_A_TIME):
            size += len(data)
            if size > MAX_BYTES:
                raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
            if time.monotonic() > end:
                raise ValueError(f"it took more than {MAX_SECONDS:,} seconds")
            sha256.update(data)
            file.write(data)
        if answer.length:  # what was promised and did not come
            raise ValueError("it broke off")
    return sha256.hexdigest()


class _Redirects(HTTPRedirectHandler):
    """Follows no redirect to where it would not have gone by itself."""

    def redirect_request(self, *given: Any, **named: Any) -> Request | None:  # noqa: ANN401
        """Return the next request; raises ValueError for an address that is not HTTPS."""
        request = super().redirect_request(*given, **named)
        if request is not None:
            _check(request.full_url)
        return request


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ValueError("name it by https://")


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"the server answers {error.code}"
    return str(error.reason if isinstance(error, URLError) else error) or type(error).__name__


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "florilegium"
