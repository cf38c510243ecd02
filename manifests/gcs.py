"""Google Cloud Storage, through Google's client: the extra `gcp` of the package.

Credentials come from where that client looks for them. With `STORAGE_EMULATOR_HOST` it talks to
the server named there, without credentials.
"""

import errno
import functools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from florilegium.manifests.remote import Stat, refusal

try:
    import requests.exceptions
    from google.api_core import exceptions as google
    from google.auth import exceptions as auth
    from google.cloud.storage import Blob, Client
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    from google.cloud.storage.retry import DEFAULT_RETRY
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "gs:// needs the package google-cloud-storage: install florilegium[gcp]"
    ) from error

PATIENCE = 120.0
"""Seconds for which a request is repeated before its error is believed."""
PART = 8 << 20
"""Bytes of one request of an upload that can go on where it broke off."""
_TIMEOUT = (10, 60)
_DELETED_AT_ONCE = 8
_UNREACHABLE = (
    auth.TransportError,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
)
_ERRORS = (
    google.GoogleAPIError,
    auth.GoogleAuthError,
    DataCorruption,
    InvalidResponse,
    requests.exceptions.RequestException,
)
_BYTES = "application/octet-stream"


@functools.lru_cache(maxsize=1)
def _client(process: int) -> Client:
    """Return the client of this process: connections must not be shared with a parent."""
    return Client()


class GoogleCloudStorage:
    """One bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def head(self, key: str) -> Stat | None:
        """Return what is known of an object, or None if there is none."""
        with self._explained(key) as bucket:
            found = bucket.get_blob(key, **_patience())
            if found is None:
                # The answer does not say whether it is the bucket that is not there.
                options = {"prefix": key, "max_results": 1, **_patience()}
                next(iter(bucket.list_blobs(**options)), None)
                return None
        return _stat(found)

    def get(
        self, key: str, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> bytes:
        """Return bytes `start` to `stop` of an object, or all; ESTALE if of another version."""
        with self._explained(key) as bucket:
            data = bucket.blob(key).download_as_bytes(
                start=start or None,
                end=None if stop is None else stop - 1,
                if_generation_match=None if version is None else int(version),
                # What is stored, not what a browser would be given of it.
                raw_download=True,
                **_patience(),
            )
        return bytes(data)

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        with self._explained(key) as bucket:
            bucket.blob(key).upload_from_string(bytes(data), _BYTES, **_patience())

    def put_file(self, key: str, path: Path) -> None:
        """Write an object from a local file, in several requests if it is large."""
        with self._explained(key) as bucket:
            blob = bucket.blob(key, chunk_size=PART if path.stat().st_size > PART else None)
            blob.upload_from_filename(str(path), content_type=_BYTES, **_patience())

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write an object if it still has this version, or for None if there is none.

        The new version; None if the condition does not hold.
        """
        with self._explained(key) as bucket:
            blob = bucket.blob(key)
            condition = {"if_generation_match": int(version or 0)}
            try:
                blob.upload_from_string(bytes(data), _BYTES, **condition, **_patience())
            except google.PreconditionFailed:
                return None
            return str(blob.generation)

    def below(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Yield every key that begins with `prefix`."""
        with self._explained(prefix) as bucket:
            for blob in bucket.list_blobs(prefix=prefix, **_patience()):
                yield blob.name, _stat(blob)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, those that are not there included."""
        # Google's batches are not repeated when one of their requests fails; single ones are.
        with ThreadPoolExecutor(_DELETED_AT_ONCE) as pool:
            for _ in pool.map(self._delete, keys):
                pass

    def abandon_uploads(self, prefix: str, before: float) -> None:
        """Do nothing: Google itself gives up what was not ended within a week."""

    def _delete(self, key: str) -> None:
        with self._explained(key) as bucket:
            try:
                bucket.blob(key).delete(**_patience())
            except google.NotFound:
                return

    @contextmanager
    def _explained(self, key: str) -> Iterator[Any]:
        """Give the bucket; let its errors be those that a file system would raise."""
        try:
            yield _client(os.getpid()).bucket(self._bucket)
        except _ERRORS as error:
            raise _explain(error, f"gs://{self._bucket}/{key}") from error


def _patience() -> dict[str, Any]:
    retry = DEFAULT_RETRY.with_delay(initial=0.25, maximum=20).with_timeout(PATIENCE)
    return {"retry": retry, "timeout": _TIMEOUT}


def _explain(error: BaseException, address: str) -> OSError:
    if isinstance(error, google.RetryError) and error.cause is not None:
        error = error.cause
    status = _status(error)
    if status in (401, 403) or isinstance(error, auth.RefreshError):
        says = "access is refused; look at the credentials and what they may do"
        return PermissionError(errno.EACCES, says, address)
    if isinstance(error, auth.DefaultCredentialsError):
        says = "there are no credentials; run gcloud auth application-default login"
        return PermissionError(errno.EACCES, says, address)
    if isinstance(error, _UNREACHABLE):
        says = "the server cannot be reached; look at the network and STORAGE_EMULATOR_HOST"
        return ConnectionError(errno.EHOSTUNREACH, says, address)
    other = OSError(errno.EIO, " ".join(str(error).split()), address)
    return refusal(status, address) or other


def _status(error: BaseException) -> int:
    """Return the status of an answer, 0 for an error that is none."""
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(error.code or 0) if isinstance(error, google.GoogleAPICallError) else 0


def _stat(blob: Blob) -> Stat:
    written = blob.updated
    return Stat(
        blob.size,
        int(written.timestamp()) * 10**9 + written.microsecond * 1000,
        str(blob.generation),
    )
