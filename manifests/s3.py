"""Amazon S3 and what speaks its language, through boto3.

Endpoint, region and credentials come from where boto3 looks for them: `AWS_ENDPOINT_URL`,
`AWS_REGION` and their like, profiles, the role of the machine.
"""

import errno
import functools
import os
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import boto3.session
import botocore.session
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore import exceptions as boto
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from florilegium.manifests.remote import ATTEMPTS, Stat, refusal

PART = 8 << 20
"""Bytes of one part of a large upload; boto3 takes larger ones where a file has too many."""
_TRANSFER = TransferConfig(
    multipart_threshold=PART,
    multipart_chunksize=PART,
    max_concurrency=4,
    preferred_transfer_client="classic",
)
_DELETED_AT_ONCE = 1000
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.SSOError,
)
_UNREACHABLE = (boto.HTTPClientError, boto.ConnectionError)
_REFUSED = {
    "AccessDenied",
    "AllAccessDisabled",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    # VersityGW answers this, with status 404, to a key that it does not know.
    "XAdminUserNotFound",
}
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
_CONFLICT = "ConditionalRequestConflict"
_CONDITION = {"PreconditionFailed", "NoSuchKey"}


@functools.lru_cache(maxsize=1)
def _client(process: int) -> BaseClient:
    """Return the client of this process: connections must not be shared with a parent."""
    session = botocore.session.Session()
    attempts = session.get_config_variable("max_attempts") or ATTEMPTS
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        # The checksums that boto3 adds by default come in a trailer, which other servers than
        # Amazon's refuse or store as part of the content.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # boto3 itself looks for AWS_DEFAULT_REGION only, unlike Amazon's other tools.
    region = os.environ.get("AWS_REGION")
    return boto3.session.Session(botocore_session=session, region_name=region).client(
        "s3", config=config
    )


class S3:
    """One bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def head(self, key: str) -> Stat | None:
        """Return what is known of an object, or None if there is none."""
        with self._explained(key) as client:
            try:
                found = client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _status(error) not in (400, 403, 404):
                    raise
                # An answer to HEAD has no body. Another request is told what is the matter:
                # whether there is no object, no bucket or no such access key.
                client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
                if _status(error) != 404:
                    raise
                return None
        return _stat(found, found["ContentLength"])

    def get(
        self, key: str, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> bytes:
        """Return bytes `start` to `stop` of an object, or all; ESTALE if of another version."""
        asked = {"Bucket": self._bucket, "Key": key}
        if stop is not None:
            asked["Range"] = f"bytes={start}-{stop - 1}"
        if version is not None:
            asked["IfMatch"] = version
        with self._explained(key) as client:
            for attempt in range(ATTEMPTS):
                # As a context manager, a body of botocore is one of urllib3, with other errors.
                with closing(client.get_object(**asked)["Body"]) as body:
                    try:
                        return bytes(body.read())
                    except (boto.HTTPClientError, boto.IncompleteReadError):
                        # boto3 repeats requests, but not one whose answer breaks off.
                        if attempt == ATTEMPTS - 1:
                            raise
                _pause(attempt)
        raise AssertionError

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        with self._explained(key) as client:
            client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def put_file(self, key: str, path: Path) -> None:
        """Write an object from a local file, in several parts if it is large."""
        with self._explained(key) as client:
            client.upload_file(str(path), self._bucket, key, Config=_TRANSFER)

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write an object if it still has this version, or for None if there is none.

        The new version; None if the condition does not hold.
        """
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        with self._explained(key) as client:
            for attempt in range(ATTEMPTS):
                try:
                    put = client.put_object(Bucket=self._bucket, Key=key, Body=data, **condition)
                except ClientError as error:
                    if _code(error) in _CONDITION:
                        return None
                    if _code(error) != _CONFLICT or attempt == ATTEMPTS - 1:
                        raise
                    # Another write was under way, and how it ended is not known.
                    _pause(attempt)
                else:
                    return str(put["ETag"])
        raise AssertionError

    def below(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Yield every key that begins with `prefix`."""
        with self._explained(prefix) as client:
            pages = client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield item["Key"], _stat(item, item["Size"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, those that are not there included."""
        waiting = iter(keys)
        while batch := list(islice(waiting, _DELETED_AT_ONCE)):
            self._delete(batch)

    def _delete(self, keys: list[str]) -> None:
        with self._explained(keys[0]) as client:
            for attempt in range(ATTEMPTS):
                asked = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
                answer = client.delete_objects(Bucket=self._bucket, Delete=asked)
                failed = [e for e in answer.get("Errors", ()) if e["Code"] != "NoSuchKey"]
                if not failed:
                    return
                keys = [error["Key"] for error in failed]
                _pause(attempt)
            raise ClientError({"Error": failed[0]}, "DeleteObjects")

    def abandon_uploads(self, prefix: str, before: float) -> None:
        """Give up uploads in parts that were begun before a time and never ended."""
        with self._explained(prefix) as client:
            pages = client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"].timestamp() < before:
                        client.abort_multipart_upload(
                            Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    @contextmanager
    def _explained(self, key: str) -> Iterator[Any]:
        """Give the client; let its errors be those that a file system would raise."""
        address = f"s3://{self._bucket}/{key}"
        try:
            yield _client(os.getpid())
        except S3UploadFailedError as error:
            cause = error.__context__ or error
            raise _explain(cause, address) from error
        except (ClientError, BotoCoreError) as error:
            raise _explain(error, address) from error


def _explain(error: BaseException, address: str) -> OSError:
    if isinstance(error, ClientError):
        return _refusal(error, address)
    if isinstance(error, _NO_CREDENTIALS):
        says = (
            "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile"
        )
        return PermissionError(errno.EACCES, says, address)
    if isinstance(error, _UNREACHABLE):
        says = "the server cannot be reached; look at the network and AWS_ENDPOINT_URL"
        return ConnectionError(errno.EHOSTUNREACH, says, address)
    return OSError(errno.EIO, " ".join(str(error).split()), address)


def _refusal(error: ClientError, address: str) -> OSError:
    code, status = _code(error), _status(error)
    if code == "NoSuchBucket":
        says = "there is no such bucket; make it or correct the address"
        return FileNotFoundError(errno.ENOENT, says, address)
    if code in _REFUSED or status in (401, 403):
        says = f"access is refused ({code}); look at the credentials and what they may do"
        return PermissionError(errno.EACCES, says, address)
    says = f"the server answers {code}: {error.response['Error'].get('Message', '')}"
    other = OSError(errno.EIO, " ".join(says.split()), address)
    return refusal(503 if code in _THROTTLED else status, address) or other


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _stat(found: dict[str, Any], size: int) -> Stat:
    written = found["LastModified"]
    return Stat(
        size, int(written.timestamp()) * 10**9 + written.microsecond * 1000, str(found["ETag"])
    )


def _pause(attempt: int) -> None:
    time.sleep(random.random() * min(20, 2**attempt / 4))
