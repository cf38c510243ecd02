"""What is known of a page's rights, in plain words, each with what says so."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from florilegium.filters.optouts.judge import Judgement
from florilegium.filters.optouts.policy import PROTOCOLS, Rights
from florilegium.filters.optouts.signal import Found, Signal
from florilegium.filters.optouts.timeline import Effect
from florilegium.manifests.host_record import HostRecord

_WHEN: Final = {"crawl": "when captured", "build": "known last"}
_TAGS: Final = {"header": "the header X-Robots-Tag", "meta": "a meta tag for robots"}
_TDM: Final = {"header": "the header tdm-reservation", "meta": "the meta tag tdm-reservation"}
_LINKS: Final = {"header": "the header Link", "meta": "a link"}


def of_page(found: Iterable[Found], policy: Rights) -> Iterator[str]:
    """Yield what a page or its response says of its use, and whether it counts.

    >>> list(of_page([Found(Signal.TDM, "meta", "1")], Rights(honour=())))
    ['tdm: the meta tag tdm-reservation says 1, rights are reserved; only recorded']
    """
    for one in found:
        counts = one.signal & _honoured(policy) or one.signal is Signal.TDM_OPEN
        yield f"{_protocol(one)}: {_said(one)}{'' if counts else '; only recorded'}"


def _said(one: Found) -> str:
    where, value = one.where, one.value
    if one.signal is Signal.TDM:
        return f"{_TDM.get(where, where)} says 1, rights are reserved"
    if one.signal is Signal.TDM_OPEN:
        return f"{_TDM.get(where, where)} says 0, rights are not reserved"
    if one.signal is Signal.RSL:
        return f"{_LINKS.get(where, where)} leads to terms, which count if captured: {value}"
    if one.signal is Signal.RSL_PAGE:
        return f"in a script of the page, {value}"
    if one.signal is Signal.CONTENT_USAGE:
        return f"the header Content-Usage says {value}"
    return f"{_TAGS.get(where, where)} says {value}"


def sentences(found: Judgement, policy: Rights) -> Iterator[str]:
    """Yield what a host said of a page, then and since, and what follows from it."""
    if not found.evidence and all(effect.record is None for effect in found.robots):
        yield "the input has nothing that it says of the use of its pages"
        return
    for when, effect in zip(_WHEN.values(), found.robots, strict=True):
        yield f"robots.txt {when}: {_state(effect)}"
    honoured = _honoured(policy)
    for one in found.evidence:
        counts = "" if one.found.signal & honoured else ", only recorded"
        said = f"{_protocol(one.found)} {_WHEN[one.when]}: {one.found.value}{counts}"
        yield f"{said}; {_where(one.record)}"
    yield f"verdict: {found.crawl} {_WHEN['crawl']}, {found.build} by what is {_WHEN['build']}"


def _state(effect: Effect) -> str:
    record = effect.record
    if record is None:
        return "none in the input"
    if effect.state == "unknown":
        where = f"{record.location!r}, which leads to no file in the input"
        return f"it redirects to {where}; {_where(record)}"
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


def _honoured(policy: Rights) -> Signal:
    return policy.mask() if policy.regime == "commercial_art4" else Signal(0)


def _protocol(found: Found) -> str:
    names = (name for name, (mask, _) in PROTOCOLS.items() if mask & found.signal)
    return next(names, "tdm" if found.signal is Signal.TDM_OPEN else found.rule)
