"""What is known of a page's rights, in plain words, each with what says so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from florilegium.filters.optouts.judge import Evidence, Judgement
from florilegium.filters.optouts.policy import PROTOCOLS, Rights
from florilegium.filters.optouts.timeline import Effect
from florilegium.manifests.host_record import HostRecord

_WHEN: Final = {"crawl": "when captured", "build": "known last"}


def sentences(found: Judgement, policy: Rights) -> Iterator[str]:
    """Yield what a host said of a page, then and since, and what follows from it."""
    if not found.evidence and all(effect.record is None for effect in found.robots):
        yield "the input has nothing that it says of the use of its pages"
        return
    for when, effect in zip(_WHEN.values(), found.robots, strict=True):
        yield f"robots.txt {when}: {_state(effect)}"
    honoured = policy.mask() if policy.regime == "commercial_art4" else 0
    for one in found.evidence:
        counts = "" if one.found.signal & honoured else ", only recorded"
        yield f"{_protocol(one)} {_WHEN[one.when]}: {one.found.value}{counts}; {_where(one.record)}"
    yield f"verdict: {found.crawl} {_WHEN['crawl']}, {found.build} by what is {_WHEN['build']}"


def _state(effect: Effect) -> str:
    record = effect.record
    if record is None:
        return "none in the input"
    if effect.state == "unknown":
        return f"it redirects to {record.location!r}, which is not in the input; {_where(record)}"
    if effect.state == "none":
        return f"the host has none (status {record.status}); {_where(record)}"
    if effect.state == "unreachable":
        return f"the host could not give it (status {record.status}); {_where(record)}"
    return f"{record.size:,} bytes; {_where(record)}"


def _where(record: HostRecord) -> str:
    moment = datetime.fromtimestamp(record.fetched, UTC)
    return (
        f"{record.origin}{record.resource} of {moment:%Y-%m-%d %H:%M} UTC "
        f"in {record.warc} at byte {record.warc_offset:,}"
    )


def _protocol(one: Evidence) -> str:
    names = (name for name, (mask, _) in PROTOCOLS.items() if mask & one.found.signal)
    return next(names, one.found.rule)
