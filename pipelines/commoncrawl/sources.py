"""Where an archive lies: a folder, a store that speaks S3, or a web server. One request a call.

What goes wrong comes out as one of three: `BusyError`, where another try may do better,
`DeniedError`, after which few tries are left, or an `OSError` that says what to do.
"""

import errno
import functools
import os
import re
from collections.abc import Generator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import requests
import urllib3
from msgspec import Struct

from florilegium.pipelines.commoncrawl.settings import check_place

CHUNK = 1 << 20
_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10, 60
_MOVED = "is not there: files were moved or the snapshot withdrawn; run `florilegium select` again"
_ENDS = "ends before byte {}, unlike the index says; run `florilegium select` again"


class GoneError(FileNotFoundError):
    """A file that is not where the index says: asking again does not help."""


class OtherFileError(OSError):
    """A file that is another than the one of the index: asking again does not help."""


class BusyError(Exception):
    """A request that failed for reasons that may pass; `pause` is what the server asks for."""

    def __init__(self, said: str, pause: float = 0.0) -> None:
        super().__init__(said)
        self.pause = pause


class DeniedError(Exception):
    """A request that the server refuses to answer (403)."""


class Place(Struct, frozen=True, kw_only=True):
    """Where an archive is, and as whom it is asked."""

    base: str
    endpoint: str = ""
    anonymous: bool = False
    contact: str = ""

    def __post_init__(self) -> None:
        check_place(self.base)
        check_place(self.endpoint)


class Source(Protocol):
    """Files of an archive by their keys, such as `crawl-data/CC-MAIN-2026-43/warc.paths.gz`."""

    def size(self, key: str) -> int:
        """Return the bytes of a file."""

    def open(self, key: str, start: int, stop: int) -> Generator[bytes]:
        """Yield bytes `start` to `stop` of a file; one that breaks off may raise or just end."""


@functools.cache
def source_of(place: Place) -> Source:
    """Return what reads the files of an archive, one for each process and place."""
    if place.base.startswith("s3://"):
        return _S3(place)
    if place.base.startswith(("https://", "http://")):
        return _Web(place)
    return _Folder(Path(place.base))


def checked(key: str) -> str:
    """Return a key that an index names; ValueError if it leads out of the archive."""
    parts = key.split("/")
    if key.startswith("/") or "\\" in key or "\0" in key or {"", ".", ".."} & set(parts):
        raise ValueError(f"the index names a file that cannot be: {key[:200]!r}")
    return key


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def size(self, key: str) -> int:
        return self._path(key).stat().st_size

    def open(self, key: str, start: int, stop: int) -> Generator[bytes]:
        path = self._path(key)
        with path.open("rb") as file:
            file.seek(start)
            left = stop - start
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
        if left:
            raise OtherFileError(errno.EIO, _ENDS.format(stop), str(path))

    def _path(self, key: str) -> Path:
        path = self._folder / key
        if not path.is_file():
            raise GoneError(errno.ENOENT, _MOVED, str(path))
        return path


class _S3:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._bucket, _, folder = place.base.removeprefix("s3://").strip("/").partition("/")
        self._folder = f"{folder}/" if folder else ""

    def size(self, key: str) -> int:
        try:
            asked = self._asked(key)
            return int(self._client.head_object(**asked)["ContentLength"])
        except _boto_errors() as error:
            raise self._explained(error, key, 0) from error

    def open(self, key: str, start: int, stop: int) -> Generator[bytes]:
        try:
            asked = self._asked(key)
            answer = self._client.get_object(**asked, Range=f"bytes={start}-{stop - 1}")
            with closing(answer["Body"]) as body:
                _check_range(answer.get("ContentRange"), start, f"{self._place.base}/{key}")
                yield from body.iter_chunks(CHUNK)
        except _boto_errors() as error:
            raise self._explained(error, key, stop) from error

    @property
    def _client(self) -> Any:  # noqa: ANN401
        # Connections must not be shared with a process that was forked.
        return _s3_client(self._place, os.getpid())

    def _asked(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._folder + key}

    def _explained(self, error: Exception, key: str, stop: int) -> Exception:
        from botocore import exceptions as boto

        address = f"{self._place.base.rstrip('/')}/{key}"
        if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
            says = (
                "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a "
                'profile, or say base = "https://data.commoncrawl.org", which needs none'
            )
            return PermissionError(errno.EACCES, says, address)
        if isinstance(error, boto.ClientError):
            found = error.response
            status = int(found.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            code = str(found.get("Error", {}).get("Code", ""))
            headers = found.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            status = {"SlowDown": 503, "Throttling": 503, "AccessDenied": 403}.get(code, status)
            return _of_status(status, code, headers.get("retry-after"), address, stop)
        return BusyError(f"{address}: {_in_a_line(error)}")


def _boto_errors() -> tuple[type[Exception], ...]:
    from botocore import exceptions as boto

    return boto.ClientError, boto.BotoCoreError, urllib3.exceptions.HTTPError


@functools.lru_cache(maxsize=4)
def _s3_client(place: Place, process: int) -> Any:  # noqa: ANN401
    import boto3.session
    import botocore
    from botocore.config import Config

    config = Config(
        # Repeating is up to us, since every request counts.
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_SECONDS_TO_CONNECT,
        read_timeout=_SECONDS_TO_ANSWER,
        user_agent_extra=_user_agent(place.contact),
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **({"signature_version": botocore.UNSIGNED} if place.anonymous else {}),
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    session = boto3.session.Session(region_name=region)
    return session.client("s3", config=config, endpoint_url=place.endpoint or None)


class _Web:
    def __init__(self, place: Place) -> None:
        self._place = place

    def size(self, key: str) -> int:
        with self._answer("HEAD", key, {}, 0) as answer:
            return int(answer.headers.get("Content-Length", "0"))

    def open(self, key: str, start: int, stop: int) -> Generator[bytes]:
        with self._answer("GET", key, {"Range": f"bytes={start}-{stop - 1}"}, stop) as answer:
            _check_range(answer.headers.get("Content-Range"), start, answer.url)
            try:
                while chunk := answer.raw.read(CHUNK, decode_content=False):
                    yield chunk
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise BusyError(f"{answer.url}: {_in_a_line(error)}") from error

    def _answer(
        self, method: str, key: str, headers: dict[str, str], stop: int
    ) -> requests.Response:
        address = f"{self._place.base.rstrip('/')}/{quote(key, safe='/=')}"
        try:
            answer = _session(self._place, os.getpid()).request(
                method,
                address,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER),
            )
        except requests.RequestException as error:
            raise BusyError(f"{address}: {_in_a_line(error)}") from error
        if answer.status_code not in (200, 206):
            asked = answer.headers.get("Retry-After")
            answer.close()
            raise _of_status(answer.status_code, answer.reason, asked, address, stop)
        return answer


@functools.lru_cache(maxsize=4)
def _session(place: Place, process: int) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = _user_agent(place.contact)
    # What is compressed must come as it is.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _check_range(said: str | None, start: int, address: str) -> None:
    """Raise OSError unless an answer begins at a byte; one without a range begins at the first."""
    begins = re.match(r"bytes (\d+)-", said) if said else None
    if (int(begins[1]) if begins else 0) != start:
        says = "the server does not answer ranges; name another `base`"
        raise OSError(errno.ENOTSUP, says, address)


def _user_agent(contact: str) -> str:
    version = metadata.version("florilegium")
    return f"florilegium/{version}" + (f" (+{contact})" if contact else "")


def _of_status(
    status: int, code: str, retry_after: str | None, address: str, stop: int
) -> Exception:
    """Return the error that a status means."""
    said = f"{address}: the server answers {status} {code}".rstrip()
    if status in (401, 403):
        return DeniedError(said)
    if status in (404, 410) or 300 <= status < 400:
        return GoneError(errno.ENOENT, _MOVED, address)
    if status == 416:
        return OtherFileError(errno.EIO, _ENDS.format(stop), address)
    if status in (408, 425, 429) or status >= 500:
        return BusyError(said, _seconds(retry_after))
    return OSError(errno.EIO, f"the server answers {status} {code}".rstrip(), address)


def _seconds(retry_after: str | None) -> float:
    """Return the pause that a server asks for in seconds; 0 if it says nothing of the kind."""
    return float(retry_after) if retry_after and re.fullmatch(r"\d{1,5}", retry_after) else 0.0


def _in_a_line(error: BaseException) -> str:
    if "IncompleteRead" in f"{type(error).__name__} {error}":
        return "the answer broke off"
    return " ".join(str(error).split()) or type(error).__name__
