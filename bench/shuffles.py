"""Counting what is shuffled: every byte that a grouping of the embedded engine takes in.

It counts where Beam's own runner keeps what it groups, so that it holds for any pipeline: keys,
values and the time and window that Beam sends along, as they would travel on any engine.
"""

from collections import Counter
from typing import Any

from apache_beam.runners.portability.fn_api_runner.execution import (
    BundleContextManager,
    GroupingBuffer,
)
from apache_beam.runners.portability.fn_api_runner.translations import split_buffer_id

TOGETHER = "/CombinePerKey"
"""Part of the name of a grouping that brings all that is left to one worker."""

_OF_BEAM = ("CoGroupByKeyImpl", "CombinePerKey", "ReshufflePerKey", "GroupByKey", "Group")


class Shuffles:
    """Bytes by step and grouping, from `watch` on, in this process with one worker."""

    def __init__(self) -> None:
        self.bytes: Counter[tuple[str, str]] = Counter()
        self.together: set[str] = set()
        self.step = ""

    def watch(self) -> None:
        """Count from now on."""
        get_buffer = BundleContextManager.get_buffer
        append = GroupingBuffer.append

        def get_named(manager: Any, buffer_id: bytes, transform_id: str) -> Any:  # noqa: ANN401
            buffer = get_buffer(manager, buffer_id, transform_id)
            if isinstance(buffer, GroupingBuffer):
                _, transform = split_buffer_id(buffer_id)
                components = manager.execution_context.pipeline_components
                buffer.grouping = components.transforms[transform].unique_name
            return buffer

        def counted(buffer: Any, data: bytes) -> None:  # noqa: ANN401
            self._count(buffer.grouping, len(data))
            append(buffer, data)

        BundleContextManager.get_buffer = get_named
        GroupingBuffer.append = counted

    def _count(self, grouping: str, size: int) -> None:
        name = _said(grouping)
        self.bytes[self.step, name] += size
        if TOGETHER in grouping:
            self.together.add(name)


def _said(grouping: str) -> str:
    """Return the name that our pipeline gives to a grouping, without what Beam adds below it."""
    parts = grouping.split("/")
    while len(parts) > 1 and parts[-1].startswith(_OF_BEAM) and parts[-1] in _OF_BEAM:
        parts.pop()
    return "/".join(parts)
