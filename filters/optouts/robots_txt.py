"""robots.txt: RFC 9309 (September 2022), with the lines about use that others hang on its groups.

Lines of `Content-Usage` (AIPREF) and `Content-Signal` belong to a group, or to everyone before the
first one; `License` (RSL) belongs to the file. Everything is kept with its line number, since that
is the evidence. `Crawl-delay` and `Sitemap` are in no standard, but most crawlers heed them.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from msgspec import Struct

from florilegium.filters.optouts.pattern import Pattern, pattern

SPECIFICATION: Final = "RFC 9309"
MAX_BYTES: Final = 500 << 10
"""What a reader must take in at least (RFC 9309, 2.5); we take in no more."""

EVERYONE: Final = "*"
_MAX_LINE: Final = 16_384
_MAX_WILD: Final = 2_000
_MAX_LICENCES: Final = 20
_MAX_SITEMAPS: Final = 100
_MAX_ADDRESS: Final = 2_048
_MAX_DELAY: Final = 24 * 3600.0

# Slips that Google's parser forgives, so that people rely on them.
_KEYS: Final = {
    b"useragent": b"user-agent", b"user agent": b"user-agent", b"dissallow": b"disallow",
    b"dissalow": b"disallow", b"disalow": b"disallow", b"diasllow": b"disallow",
    b"disallaw": b"disallow",
}  # fmt: skip
_RULES: Final = (b"allow", b"disallow")
# RFC 9309 has no digits in product tokens; AI2Bot has one.
_TOKEN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_USES: Final = (b"content-usage", b"content-signal")


class Rule(Struct, frozen=True, gc=False):
    """One line: what it says, of which paths, and its number, counted from 1."""

    line: int
    allows: bool
    pattern: Pattern
    text: str


class Use(Struct, frozen=True, gc=False):
    """A line about use: its field in lower case, the paths it is about, and the rest of it."""

    line: int
    field: Literal["content-usage", "content-signal"]
    pattern: Pattern
    value: str


class Block(Struct, frozen=True):
    """Rules under one run of User-agent lines."""

    rules: list[Rule] = []
    uses: list[Use] = []
    delays: list[float] = []
    """Seconds between requests, as lines of Crawl-delay ask for."""


class _Rules:
    """The rules of an agent, so arranged that a path is held against few of them.

    A pattern without a star is looked up by its text. Of very many others, those that forbid count
    as prefixes, and those that allow not at all: that forbids more, and takes no longer.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._literal: dict[bytes, Rule] = {}
        self._wild: list[Rule] = []
        for rule in rules:
            if not rule.pattern.others and not rule.pattern.to_end:
                self._add_literal(rule)
            elif len(self._wild) < _MAX_WILD:
                self._wild.append(rule)
            elif not rule.allows:
                self._add_literal(rule)
        self._wild.sort(key=_order)
        self._lengths = sorted({len(text) for text in self._literal}, reverse=True)

    def _add_literal(self, rule: Rule) -> None:
        before = self._literal.get(rule.pattern.first)
        if before is None or _order(rule) < _order(before):
            self._literal[rule.pattern.first] = rule

    def decisive(self, path: bytes) -> Rule | None:
        """Return the rule that decides: the longest that matches, of equals one that allows."""
        wild = next((rule for rule in self._wild if rule.pattern.matches(path)), None)
        prefixes = (path[:n] for n in self._lengths if n <= len(path))
        literal = next((r for p in prefixes if (r := self._literal.get(p)) is not None), None)
        both = [rule for rule in (wild, literal) if rule is not None]
        return min(both, key=_order, default=None)


class RobotsTxt:
    """What a robots.txt says. Rules of an agent are put together from all groups that name it."""

    def __init__(self, data: bytes) -> None:
        self.licences: list[tuple[int, str]] = []
        """Numbers of lines, and the addresses of the licences there."""
        self.sitemaps: list[str] = []
        """Addresses of sitemaps, as they stand there."""
        self.about_use = False
        """Whether any line is about use."""
        self._blocks: list[Block] = [Block()]
        self._named: dict[str, list[int]] = {}
        self._arranged: dict[tuple[int, ...], _Rules] = {}
        self._read(data[:MAX_BYTES])

    def names(self, agent: str) -> bool:
        """Say whether a group names this agent, in whatever case; that of everyone is `*`."""
        return agent.lower() in self._named

    def decisive(self, agent: str, path: bytes) -> Rule | None:
        """Return the rule that decides whether an agent that is named may fetch a path.

        None if no rule is about it; then it may (RFC 9309, 2.2.2).
        """
        blocks = tuple(self._named.get(agent.lower(), ()))
        if path == b"/robots.txt" or not blocks:
            return None
        if blocks not in self._arranged:
            rules = (rule for number in blocks for rule in self._blocks[number].rules)
            self._arranged[blocks] = _Rules(rules)
        return self._arranged[blocks].decisive(path)

    def delay(self, agent: str) -> float:
        """Return the seconds between requests that an agent is asked to keep, 0 if none are."""
        numbers = self._named.get(agent.lower(), ())
        return max((d for number in numbers for d in self._blocks[number].delays), default=0.0)

    def uses(self, agent: str, field: str, path: bytes) -> list[Use]:
        """Return the lines of a field for an agent that are about a path: those of the longest.

        Lines before the first group are everyone's.
        """
        numbers = self._named.get(agent.lower(), [])
        numbers = [0, *numbers] if agent == EVERYONE else numbers
        found = [
            use
            for number in numbers
            for use in self._blocks[number].uses
            if use.field == field and use.pattern.matches(path)
        ]
        longest = max((use.pattern.length for use in found), default=0)
        return [use for use in found if use.pattern.length == longest]

    def _read(self, data: bytes) -> None:
        block, naming = self._blocks[0], False
        for number, key, value in _lines(data):
            if key == b"user-agent":
                if not naming:
                    block, naming = Block(), True
                    self._blocks.append(block)
                if agent := _agent(value):
                    mine = self._named.setdefault(agent, [])
                    if (place := len(self._blocks) - 1) not in mine[-1:]:
                        mine.append(place)
            elif key in _RULES and block is not self._blocks[0]:
                naming = False
                block.rules.extend(_rules(number, key == b"allow", value))
            elif key in _RULES or key == b"crawl-delay":
                naming = False
                if key == b"crawl-delay" and (seconds := _seconds(value)) is not None:
                    block.delays.append(seconds)
            elif key in _USES:
                block.uses.append(_use(number, key, value))
                self.about_use = True
            elif key == b"license" and value and len(self.licences) < _MAX_LICENCES:
                self.licences.append((number, _text(value)))
            elif key == b"sitemap" and value and len(self.sitemaps) < _MAX_SITEMAPS:
                self.sitemaps.append(value[:_MAX_ADDRESS].decode("utf-8", "replace"))


def _order(rule: Rule) -> tuple[int, bool, int]:
    return -rule.pattern.length, not rule.allows, rule.line


def _lines(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, key in lower case and value of each line that has them."""
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for number, line in enumerate(text.split(b"\n"), 1):
        said = line[:_MAX_LINE].split(b"#", 1)[0].strip(b" \t\0")
        key, colon, value = said.partition(b":")
        if not colon:
            words = said.split(None, 2)
            if len(words) != 2:
                continue
            key, value = words
        key = key.strip(b" \t").lower()
        yield number, _KEYS.get(key, key), value.strip(b" \t")


def _agent(value: bytes) -> str:
    """Return the product token of a User-agent line in lower case, empty if there is none."""
    if value[:1] == b"*" and (len(value) == 1 or value[1:2].isspace()):
        return EVERYONE
    return value[: len(value) - len(value.lstrip(_TOKEN))].decode("ascii").lower()


def _rules(number: int, allows: bool, value: bytes) -> Iterator[Rule]:
    """Yield the rule of a line; one without a path says nothing (RFC 9309, 2.2.2)."""
    if value:
        name = "Allow" if allows else "Disallow"
        yield Rule(number, allows, pattern(value), f"{name}: {_text(value)}")


def _use(number: int, key: bytes, value: bytes) -> Use:
    path = b"/"
    if value[:1] in (b"/", b"*"):
        path, _, value = value.partition(b" ")
    field: Literal["content-usage", "content-signal"] = (
        "content-usage" if key == b"content-usage" else "content-signal"
    )
    return Use(number, field, pattern(path), _text(value.strip()))


def _seconds(value: bytes) -> float | None:
    """Return a delay, a day at most; None if it is no number from zero on."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return min(seconds, _MAX_DELAY) if seconds >= 0 else None


def _text(value: bytes) -> str:
    return value[:500].decode("utf-8", "replace")
