"""Who the crawler says it is, and by what policy it works."""

from collections.abc import Iterator
from importlib import metadata

import msgspec

from florilegium.pipelines.crawl.settings import Crawl


def user_agent(settings: Crawl) -> str:
    """Return the value of User-Agent: product, version and contact (RFC 9110, 10.1.5)."""
    version = metadata.version("florilegium")
    return f"{settings.agent}/{version} (+{settings.contact})"


def policy(settings: Crawl) -> Iterator[tuple[str, str]]:
    """Yield the fields of `warcinfo`: what writes a file, and by what policy."""
    version = metadata.version("florilegium")
    yield "software", f"florilegium/{version}"
    yield "format", "WARC File Format 1.1"
    yield (
        "conformsTo",
        "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    )
    yield "operator", settings.contact
    yield "http-header-user-agent", user_agent(settings)
    yield "robots", "RFC 9309"
    yield "florilegium-policy", msgspec.json.encode(settings).decode()
