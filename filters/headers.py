"""HTTP header fields: values by name, members of lists, and web links (RFC 9110, RFC 8288)."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

_MAX_FIELDS = 50
_MAX_LENGTH = 4_096


class Link(Struct, frozen=True, gc=False):
    """One link of a `Link` header: where it points, its relations and media type in lower case.

    `anchor` is what the link is about, empty if that is the page.
    """

    target: str
    relations: tuple[str, ...]
    media_type: str
    anchor: str = ""


def values(headers: Sequence[tuple[str, str]], name: str) -> list[str]:
    """Return the values of every field of that name, in order; the case of names is ignored."""
    found = [value[:_MAX_LENGTH] for field, value in headers if field.strip().lower() == name]
    return found[:_MAX_FIELDS]


def members(value: str, separator: str) -> Iterator[str]:
    """Yield the trimmed parts between separators, except separators within "..." or <...>.

    >>> list(members('<a,b>; title="c;d", <e>', ","))
    ['<a,b>; title="c;d"', '<e>']
    """
    start, closing, escaped = 0, "", False
    for position, character in enumerate(value):
        if escaped:
            escaped = False
        elif closing:
            escaped = character == "\\" and closing == '"'
            closing = "" if character == closing else closing
        elif character in '"<':
            closing = '"' if character == '"' else ">"
        elif character == separator:
            yield value[start:position].strip()
            start = position + 1
    yield value[start:].strip()


def links(headers: Sequence[tuple[str, str]]) -> Iterator[Link]:
    """Yield the links that a response declares in its `Link` headers (RFC 8288)."""
    for value in values(headers, "link"):
        for member in members(value, ","):
            target, *parameters = members(member, ";")
            if not (target.startswith("<") and target.endswith(">")):
                continue
            named = dict(_parameter(parameter) for parameter in reversed(parameters))
            relations = tuple(named.get("rel", "").lower().split())
            media_type, anchor = named.get("type", "").lower(), named.get("anchor", "")
            yield Link(target[1:-1].strip(), relations, media_type, anchor)


def _parameter(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.strip().lower(), value.strip().strip('"')
