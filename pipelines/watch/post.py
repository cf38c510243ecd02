"""Posts events to a server of OpenLineage, which may be slow, or not there, at no cost to a build.

Settings are the environment variables of OpenLineage's own clients:
https://openlineage.io/docs/client/python/configuration.
"""

import logging
import queue
import threading
from collections.abc import Mapping
from typing import Final

import requests

_TIMEOUT: Final = (3.0, 5.0)
"""Seconds to connect, and between bytes of an answer."""
_PATIENCE: Final = 10.0
"""Seconds that the end of a build waits for the last events."""
_LOG: Final = logging.getLogger(__name__)


class _Bearer(requests.auth.AuthBase):
    """A key in place of whatever .netrc has for the host."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Poster:
    """Posts events one after the other, by a thread of its own."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url
        self._auth = _Bearer(key)
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._warned = False
        self._thread = threading.Thread(target=self._post_all, daemon=True)
        self._thread.start()

    def post(self, event: bytes) -> None:
        """Post an event soon; a warning, once, if the server does not take it."""
        self._waiting.put(event)

    def close(self) -> None:
        """Wait for what is still to be posted, but not for long."""
        self._waiting.put(None)
        self._thread.join(_PATIENCE)

    def _post_all(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._try(event)
            except requests.RequestException as error:
                if not self._warned:
                    _LOG.warning("OpenLineage events do not reach %s: %s", self._url, error)
                self._warned = True

    def _try(self, event: bytes) -> None:
        answer = requests.post(
            self._url,
            data=event,
            headers={"Content-Type": "application/json"},
            auth=self._auth,
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,  # What the server has to say beyond its status is not read.
        )
        with answer:
            if answer.status_code >= 300:
                raise requests.HTTPError(f"it answers {answer.status_code}")


def poster(variables: Mapping[str, str]) -> Poster | None:
    """Return what posts to the server that environment variables name; None if they name none."""
    url = variables.get("OPENLINEAGE_URL", "")
    if not url or variables.get("OPENLINEAGE_DISABLED", "").lower() == "true":
        return None
    way = variables.get("OPENLINEAGE_ENDPOINT") or "api/v1/lineage"
    return Poster(f"{url.rstrip('/')}/{way.lstrip('/')}", variables.get("OPENLINEAGE_API_KEY", ""))
