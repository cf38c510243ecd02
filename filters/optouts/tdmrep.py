"""TDM Reservation Protocol: W3C Community Group, final report of 10 May 2024.

It stands in a file of the host, in a header or in a meta tag. What comes later in that order
supersedes what came before; absence resets nothing, and values other than 0 and 1 count as absent.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from florilegium.filters import headers as header_fields
from florilegium.filters.optouts.pattern import pattern
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "TDMRep, W3C CG final report, 2024-05-10"
FILE: Final = "/.well-known/tdmrep.json"
MAX_BYTES: Final = 500 << 10
_MAX_ENTRIES: Final = 5_000


def on_page(headers: Sequence[tuple[str, str]], meta: str | None) -> Iterator[Found]:
    """Yield what tag or header say: that rights are reserved, or that they are not."""
    if meta is not None and meta.strip() in ("0", "1"):
        signal = Signal.TDM if meta.strip() == "1" else Signal.TDM_OPEN
        yield Found(signal, "meta", meta.strip())
        return
    stated = ",".join(header_fields.values(headers, "tdm-reservation")).split(",")
    values = {value.strip() for value in stated}
    if "1" in values:
        yield Found(Signal.TDM, "header", "1")
    elif "0" in values:
        yield Found(Signal.TDM_OPEN, "header", "0")


class TdmRep:
    """What tdmrep.json says; nothing if it is no such file. The first entry that matches counts."""

    def __init__(self, data: bytes) -> None:
        try:
            listed = msgspec.json.decode(data[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError):
            listed = []
        entries = listed if isinstance(listed, list) else [listed]
        numbered = enumerate(entries[:_MAX_ENTRIES], 1)
        self._entries = [(number, *found) for number, one in numbered if (found := _entry(one))]

    def about(self, path: bytes) -> Iterator[Found]:
        """Yield that rights in a path are reserved, if they are."""
        for number, where, reserved in self._entries:
            if where.matches(path):
                if reserved:
                    yield Found(Signal.TDM, "file", f"entry {number}: 1")
                return


def _entry(entry: Any) -> tuple[Any, bool] | None:  # noqa: ANN401
    if not isinstance(entry, dict) or not isinstance(location := entry.get("location"), str):
        return None
    reserved = entry.get("tdm-reservation") in (1, "1") and entry["tdm-reservation"] is not True
    return pattern(location[:8_192].strip().encode("utf-8", "replace")), reserved
