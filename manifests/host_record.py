"""What a host said of the use of its pages: a file of its own, as it was captured."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

State = Literal["present", "none", "unreachable", "redirect", "revisit"]


class HostRecord(Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """One capture of robots.txt, tdmrep.json, ai.txt or a licence in RSL, whatever its status."""

    origin: Annotated[str, Meta(description="scheme, host and port, as in https://example.org")]
    resource: Annotated[str, Meta(description="path of the file, as /robots.txt")]
    fetched: Annotated[int, Meta(description="time of capture")]
    status: Annotated[int, Meta(description="HTTP status; 0 if the response could not be read")]
    state: Annotated[
        State,
        Meta(
            description="`present`: there is a file; `none`: the host has none (RFC 9309, "
            "2.3.1.3); `unreachable`: it could not say (2.3.1.4); `redirect`: it is elsewhere; "
            "`revisit`: it is as it was before"
        ),
    ]
    location: Annotated[str | None, Meta(description="where a redirect leads")] = None
    refers: Annotated[
        int | None, Meta(description="seconds since 1970 of the capture that a revisit repeats")
    ] = None
    size: Annotated[int, Meta(description="bytes of the file; what is over 512,000 is not kept")]
    sha256: Annotated[bytes, Meta(description="32 bytes: SHA-256 of what is kept")]
    body: Annotated[bytes, Meta(description="the file, content codings undone")] = b""
    warc: Annotated[str, Meta(description="name of the WARC file")]
    warc_offset: Annotated[int, Meta(description="byte at which the record starts in that file")]
    warc_length: Annotated[int, Meta(description="bytes of the record in that file")]
