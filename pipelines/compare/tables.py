"""A comparison as a person reads it. Addresses and texts come from the web: nothing steers."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from rich.table import Table
from rich.text import Text

from florilegium.manifests.differences import Amount
from florilegium.pipelines.commands.answers import printable
from florilegium.pipelines.compare.contents import Comparison, Example, Kept, Reason, Side, added

_MOST_RULES = 10
_LEFT = ("", "language", "stage", "rule", "recipe", "release")
Field: TypeAlias = Callable[[Amount], int]


class _Row(NamedTuple):
    """A language: what both keep in it, and the texts they saw."""

    lang: str
    a: Kept
    b: Kept
    texts_a: int
    texts_b: int

    @property
    def apart(self) -> int:
        """Tokens on which both disagree."""
        sides = (self.a, self.b)
        return sum(side.only.tokens + side.other_language.tokens for side in sides)


def told(made: Comparison, most: int) -> Iterator[Table | Text]:
    """Yield what a comparison says: of so many languages, those on which both disagree most."""
    yield Text()
    yield _recipes(made)
    yield Text()
    yield _funnel(made)
    langs = _languages(made, most)
    yield Text()
    yield _documents(made, langs)
    yield Text()
    yield _tokens(made, langs)
    if made.lengths_differ:
        yield Text(
            f"\n{made.lengths_differ:,} of the documents in both have texts of another length; "
            "tokens in both are those of A"
        )
    for mine, (name, other) in ((made.a, ("A", "B")), (made.b, ("B", "A"))):
        yield from _lost(mine, name, other)


def _recipes(made: Comparison) -> Table:
    table = _table("", "recipe", "documents", "tokens", "kept", "release")
    for name, side in (("A", made.a), ("B", made.b)):
        texts = sum(side.texts.values())
        table.add_row(
            name, side.name, f"{side.documents:,}", f"{side.tokens:,}",
            _rate(side.documents, texts), Text(side.release),
        )  # fmt: skip
    return table


def _funnel(made: Comparison) -> Table:
    stages = {one.stage: one for one in made.b.stages}
    names = list(dict.fromkeys([*(one.stage for one in made.a.stages), *stages]))
    mine = {one.stage: one for one in made.a.stages}
    table = _table("stage", *(f"{n} {w}" for n in "AB" for w in ("received", "lost", "kept")))
    for name in names:
        cells = []
        for one in (mine.get(name), stages.get(name)):
            cells += [f"{n:,}" for n in (one.received, one.lost, one.kept)] if one else [""] * 3
        table.add_row(name, *cells)
    return table


def _languages(made: Comparison, most: int) -> list[_Row]:
    """Return a row for all languages, one each for those with most disagreement, and the rest."""
    a, b = made.a, made.b
    rows = [
        _Row(
            lang,
            a.languages.get(lang, Kept()),
            b.languages.get(lang, Kept()),
            a.texts.get(lang, 0),
            b.texts.get(lang, 0),
        )
        for lang in {**a.texts, **b.texts}
    ]
    rows.sort(key=lambda row: (-row.apart, -row.a.all.tokens - row.b.all.tokens, row.lang))
    rest = rows[most:]
    return [_sum("all", rows), *rows[:most], *([_sum(f"{len(rest):,} more", rest)] if rest else [])]


def _sum(name: str, rows: list[_Row]) -> _Row:
    a, b = (
        Kept(*(added(*(getattr(one, f) for one in side)) for f in Kept.__struct_fields__))
        for side in ([row.a for row in rows], [row.b for row in rows])
    )
    return _Row(name, a, b, sum(row.texts_a for row in rows), sum(row.texts_b for row in rows))


def _documents(made: Comparison, langs: list[_Row]) -> Table:
    same = made.a.texts == made.b.texts
    some = _rare(langs)
    texts = ("texts",) if same else ("A texts", "B texts")
    table = _table("language", *texts, "A", "kept", "B", "kept", "both", "only A", "only B", *some)
    table.title = "Documents"
    for lang, a, b, of_a, of_b in langs:
        table.add_row(
            lang,
            *(f"{n:,}" for n in ((of_a,) if same else (of_a, of_b))),
            f"{a.all.documents:,}", _rate(a.all.documents, of_a),
            f"{b.all.documents:,}", _rate(b.all.documents, of_b),
            *_ways(a, b, some, lambda amount: amount.documents),
        )  # fmt: skip
    return table


def _tokens(made: Comparison, langs: list[_Row]) -> Table:
    some = _rare(langs)
    table = _table("language", "A", "B", "both", "only A", "only B", *some)
    table.title = "Tokens"
    for lang, a, b, _, _ in langs:
        table.add_row(
            lang, f"{a.all.tokens:,}", f"{b.all.tokens:,}",
            *_ways(a, b, some, lambda amount: amount.tokens),
        )  # fmt: skip
    return table


_RARE = {
    "A other copy": lambda a, b: a.another_copy,
    "B other copy": lambda a, b: b.another_copy,
    "A other language": lambda a, b: a.other_language,
    "B other language": lambda a, b: b.other_language,
}
"""Columns that are shown if there is something in them."""


def _rare(langs: list[_Row]) -> list[str]:
    _, a, b, _, _ = langs[0]
    return [name for name, of in _RARE.items() if of(a, b).documents]


def _ways(a: Kept, b: Kept, some: list[str], count: Field) -> Iterator[str]:
    for amount in (a.both, a.only, b.only, *(_RARE[name](a, b) for name in some)):
        yield f"{count(amount):,}"


def _lost(side: Side, name: str, other: str) -> Iterator[Table | Text]:
    """Yield by which rules the other lost what only this one has, with examples."""
    yield Text()
    if not side.lost_by_other:
        yield Text(f"{other} has everything that {name} keeps")
        return
    yield _rules(side, name, other)
    for example in side.examples:
        yield Text()
        yield from _example(example, name, other)


def _rules(side: Side, name: str, other: str) -> Table:
    found: dict[tuple[str, str], Reason] = {}
    for one in side.lost_by_other:
        mine = found.setdefault((one.stage, one.rule), Reason("", one.stage, one.rule))
        mine.documents += one.documents
        mine.tokens += one.tokens
        mine.by_copy += one.by_copy
    copies = any(one.by_copy for one in found.values())
    heads = ("documents", "share", "tokens", *(("by a copy",) if copies else ()))
    table = _table("stage", "rule", *heads)
    table.title = f"What {other} lost of what {name} keeps"
    whole = sum(one.documents for one in found.values())
    rules = list(found.values())
    rest = rules[_MOST_RULES:]
    shown = rules[:_MOST_RULES]
    if rest:
        sums = (sum(getattr(one, f) for one in rest) for f in ("documents", "tokens", "by_copy"))
        shown.append(Reason("", f"{len(rest)} more", "", *sums))
    for one in shown:
        numbers = [f"{one.documents:,}", _rate(one.documents, whole), f"{one.tokens:,}"]
        numbers += [f"{one.by_copy:,}"] if copies else []
        why = (one.stage, one.rule) if one.stage else ("", "not in its ledger")
        table.add_row(*map(printable, why), *numbers)
    return table


def _example(one: Example, name: str, other: str) -> Iterator[Text]:
    value = "" if one.value is None else f" {_number(one.value)}"
    limit = "" if one.limit is None else f", limit {_number(one.limit)}"
    detail = f", {one.detail}" if one.detail else ""
    copy = f", as a copy of {one.copy}" if one.copy else ""
    yield Text(
        printable(
            f"only {name}  {one.lang}  {other}: {one.stage} {one.rule}{value}{limit}{detail}{copy}"
        )
    )
    yield Text(printable(f"  {one.url}"))
    yield Text(printable(f"  {one.words}"))


def _number(value: float) -> str:
    """Return a number with three decimals at most, and none that say nothing.

    >>> [_number(value) for value in (703.0, 0.7936, 12345.5, 0.0)]
    ['703', '0.794', '12,345.5', '0']
    """
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, title_justify="left")
    for name in names:
        table.add_column(name, justify="left" if name in _LEFT else "right")
    return table
