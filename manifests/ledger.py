"""The ledger: one line for every record that did not end in a shard, and why."""

from typing import Annotated

from msgspec import Meta, Struct


class Loss(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A record that left the build: at which stage, by which rule, by what value and limit.

    It holds no text and no full address, so that the ledger can be published.
    """

    id: Annotated[bytes, Meta(description="as in Document.id; of what was erased, its keyed hash")]
    warc: Annotated[str, Meta(description="name of the WARC file")]
    warc_offset: Annotated[int, Meta(description="byte at which the record starts in that file")]
    size: Annotated[int, Meta(description="bytes of the payload or text that was lost")]
    stage: Annotated[str, Meta(description="stage of the build that dropped it")]
    rule: Annotated[str, Meta(description="rule that dropped it")]
    value: Annotated[float | None, Meta(description="what the rule measured")] = None
    limit: Annotated[float | None, Meta(description="the bound that the value crossed")] = None
    detail: Annotated[str | None, Meta(description="what the rule saw, in a word or two")] = None
    host: Annotated[str, Meta(description="host of the address")] = ""
    domain: Annotated[str, Meta(description="registrable domain of the host")] = ""
    lang: Annotated[str | None, Meta(description="language, once identified")] = None
    dup_of: Annotated[bytes | None, Meta(description="id of the document kept instead")] = None
    dup_release: Annotated[
        str | None, Meta(description="release that holds that document, if an earlier one")
    ] = None
