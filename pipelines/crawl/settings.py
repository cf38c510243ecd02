"""What a crawl may vary: the table `[crawl]` of a recipe."""

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from florilegium.filters.language_table import LANGUAGES
from florilegium.pipelines.spelling import nearest

SMALL: tuple[str, ...] = (
    "mlt_Latn", "gle_Latn", "cym_Latn", "gla_Latn", "bre_Latn", "eus_Latn", "glg_Latn", "oci_Latn",
    "fao_Latn", "isl_Latn", "ltz_Latn", "fry_Latn", "nno_Latn", "sme_Latn", "lav_Latn", "lit_Latn",
    "est_Latn", "slv_Latn", "mkd_Cyrl", "sqi_Latn", "bel_Cyrl", "cat_Latn",
)  # fmt: skip
"""Languages with less than a quarter of a percent of the web each."""


class Scope(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which addresses belong to a crawl. Links to others are counted, and not followed."""

    within: Literal["host", "domain", "prefix", "suffix", "anywhere"] = "host"
    """What an address must share with a seed: its host, its registrable domain, or all up to the
    last slash; or be below one of the `suffixes`; or nothing."""
    suffixes: tuple[str, ...] = ()
    """Ends of host names, such as `mt` or `gov.ie`: hosts below them belong to the crawl too."""
    also: tuple[str, ...] = ()
    """Hosts that belong to the crawl too, with all that is below them."""
    excluded: tuple[str, ...] = ()
    """Hosts that are left out, with all that is below them."""
    languages: tuple[str, ...] = ()
    """Codes such as `mlt_Latn`: a page that is said to be in another language is left out. Whether
    one is said to be in any, links, addresses and pages before it show. All, if empty."""
    first: tuple[str, ...] = SMALL
    """Languages whose pages are fetched before others."""

    def __post_init__(self) -> None:
        for code in (*self.languages, *self.first):
            if code not in LANGUAGES:
                raise ValueError(f"unknown language {code!r}{nearest(code, [*LANGUAGES])}")


class Budget(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a crawl ends. What is over is kept in the frontier, with the reason."""

    depth: Annotated[int, Meta(ge=0, le=1000)] = 20
    """Links from a seed to a page."""
    pages: Annotated[int, Meta(ge=1)] = 1_000_000_000
    """Addresses asked for, in all."""
    bytes: Annotated[int, Meta(ge=1)] = 1 << 50
    """Bytes received, in all."""
    seconds: Annotated[float, Meta(gt=0)] = 30 * 24 * 3600.0
    """Time that one run of the command takes."""
    pages_per_host: Annotated[int, Meta(ge=1)] = 10_000
    """Addresses of a host that are asked for in one visit."""
    bytes_per_host: Annotated[int, Meta(ge=1)] = 10 << 30
    """Bytes received from a host in one visit."""
    pages_per_round: Annotated[int, Meta(ge=1)] = 500
    """Addresses of a host that are asked for in one round."""
    seconds_per_round: Annotated[float, Meta(gt=0)] = 3600.0
    """Time after which a round begins nothing new."""
    queries: Annotated[int, Meta(ge=1)] = 1000
    """Addresses of a host with the same path and names of parameters: calendars and searches."""
    copies: Annotated[int, Meta(ge=2)] = 10
    """Pages of one folder of a host with one and the same content, if they are half of those there,
    after which the rest of it is taken for a trap."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds of one request."""

    bytes: Annotated[int, Meta(ge=1 << 10)] = 16 << 20
    """Bytes of a response; what comes after is cut off, and the record says so."""
    head: Annotated[int, Meta(ge=1 << 10)] = 64 << 10
    """Bytes of status line and headers."""
    connect_seconds: Annotated[float, Meta(gt=0)] = 10.0
    """Time for an address to be found and connected to."""
    idle_seconds: Annotated[float, Meta(gt=0)] = 20.0
    """Time without a byte."""
    seconds: Annotated[float, Meta(gt=0)] = 120.0
    """Time for the whole."""
    redirects: Annotated[int, Meta(ge=0)] = 5
    """Redirects in a row that are followed."""
    tries: Annotated[int, Meta(ge=1)] = 3
    """How often an address is asked for that fails."""
    retry_seconds: Annotated[float, Meta(ge=0)] = 300.0
    """Time until the second try; four times as long until each further one."""
    failures: Annotated[int, Meta(ge=1)] = 5
    """Failures in a row after which a host is left alone until the next round."""


class Network(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be dialled. The defaults are for the open internet; the rest is for tests."""

    ports: tuple[int, ...] = (80, 443)
    """Ports that are dialled; any, if there is none."""
    open: tuple[str, ...] = ()
    """Networks that are dialled although they are not public, such as `127.0.0.0/8`."""
    hosts: str = ""
    """A file of addresses and names, as in /etc/hosts: no other names are known then. What is at
    another port than addresses say is written `127.0.0.1@8080`."""
    authorities: str = ""
    """A file of certificates, PEM: whom to trust, instead of whom the system trusts."""

    def __post_init__(self) -> None:
        for network in self.open:
            ipaddress.ip_network(network)


class Crawl(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How sites are fetched. A crawl has seeds, and a contact for those whom it visits."""

    seeds: tuple[str, ...] = ()
    """Addresses to begin with, or files that hold one a line."""
    contact: Annotated[str, Meta(pattern=r"^((https?://|mailto:)[!-~]{3,300})?\Z")] = ""
    """Where people find out what this crawler does and can complain: a page, or `mailto:…`. It is
    in the user agent of each request; there is no crawl without."""
    agent: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z_-]{1,60}\Z")] = "Florilegium"
    """Product token of the user agent. Rules of robots.txt for it and for Florilegium count."""
    obey: tuple[str, ...] = ()
    """Other agents whose prohibitions in robots.txt count as well, where they are named there; the
    list `training` stands for its agents."""
    delay: Annotated[float, Meta(ge=0)] = 1.0
    """Seconds from the end of a request to the next one to the same host, at least."""
    slow_factor: Annotated[float, Meta(ge=0)] = 1.0
    """A host that takes long rests longer: so many times the duration of the last request."""
    max_delay: Annotated[float, Meta(ge=0)] = 60.0
    """Seconds that a host may rest within a round; one that asks for more has one page a round."""
    patience: Annotated[float, Meta(ge=0)] = 3600.0
    """Seconds that the crawl waits for hosts that ask for rest, when nothing else is left to do."""
    open_hosts: Annotated[int, Meta(ge=1, le=20_000)] = 1000
    """Hosts that a worker serves at the same time, one connection each."""
    per_address: Annotated[int, Meta(ge=1)] = 4
    """Requests at the same time to hosts that share an IP address, by one worker."""
    scope: Scope = Scope()
    """Which addresses belong to the crawl."""
    budget: Budget = Budget()
    """Where it ends."""
    limits: Limits = Limits()
    """Bounds of one request."""
    network: Network = Network()
    """What may be dialled."""
    warc_bytes: Annotated[int, Meta(ge=1 << 10)] = 1 << 30
    """Bytes after which a WARC file is closed and the next begun."""
    chunked: Literal["kept", "removed"] = "kept"
    """Whether chunked responses are written as they came, for which readers compute no digest of
    the payload, or put together, as Common Crawl does."""
    partitions: Annotated[int, Meta(ge=1, le=65_536)] = 8
    """Parts of the frontier; each has its sites, and fits into memory by itself."""
