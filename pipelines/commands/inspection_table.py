"""An inspection as a person reads it."""

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.filters.personal import in_words
from florilegium.manifests.personal import KINDS
from florilegium.pipelines.commands.answers import printable
from florilegium.pipelines.pages.metadata import Metadata
from florilegium.pipelines.research.inspection import Inspection


def show(found: Inspection, console: Console) -> None:
    """Print an inspection for a person; what the page says stands as it is, never as markup."""
    console.print(Text(printable(found.url or found.id), "bold"), soft_wrap=True)
    if found.fate == "kept":
        console.print("[green]would be kept[/], unless it is a copy")
    else:
        measured = "" if found.value is None else f": {found.value:.4g}, limit {found.limit}"
        about = f" ({found.detail})" if found.detail else ""
        why = f" at {found.stage} by {found.rule}{measured}{about}"
        console.print(Text("would be lost", "red") + printable(why))
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _said(found):
        table.add_row(Text(name, "dim"), Text(printable(value)))
    for line in found.host:
        table.add_row(Text("host", "dim"), Text(printable(line)))
    console.print(table)
    for one in found.measures:
        mark = ("ok  ", "green") if one.holds else ("out ", "red")
        low = "" if one.low is None else f"≥ {one.low:g} "
        high = "" if one.high is None else f"≤ {one.high:g}"
        console.print(Text.assemble(mark, f"{one.rule:28} {one.value:10.4g}   {low}{high}"))
    if found.counts is not None:
        console.print()
        console.print(_counted_table(found.counts))
    if found.text is not None:
        console.print()
        console.print(Text(found.text), soft_wrap=True)


def _counted_table(counts: dict[str, int]) -> Table:
    """Return all counts, three columns of names and numbers, to be read downwards."""
    table = Table(box=None, show_header=False, pad_edge=False)
    items = [(Text(name, "dim"), Text(f"{value:,}")) for name, value in counts.items()]
    third = -(-len(items) // 3)
    columns = [items[start : start + third] for start in range(0, len(items), third)]
    for row in zip_longest(*columns, fillvalue=(Text(), Text())):
        table.add_row(*chain.from_iterable(row))
    return table


def _said(found: Inspection) -> Iterator[tuple[str, Any]]:
    about = found.metadata or Metadata()
    values = (
        ("language", found.lang and f"{found.lang} {found.lang_score or ''}"),
        ("second", found.lang_second and f"{found.lang_second} {found.lang_second_score or ''}"),
        ("decided by", found.lang_evidence),
        ("foreign", found.foreign_share),
        ("paragraphs", found.paragraph_langs),
        ("charset", found.charset and f"{found.charset} (by {found.charset_method})"),
        ("title", about.title),
        ("published", about.published),
        ("modified", about.modified),
        ("declared", ", ".join(_declared_languages(about))),
        ("canonical", about.canonical),
        *(("" if number else "opt-outs", said) for number, said in enumerate(found.rights_reasons)),
        *(("" if number else "licence", said) for number, said in enumerate(found.license_reasons)),
        ("size", found.chars and f"{found.chars:,} characters, {found.tokens:,} tokens"),
        ("masked", found.pii and in_words(found.pii, found.masked)),
        ("unmasked", found.pii and in_words(found.pii, set(KINDS).difference(found.masked))),
        ("extractor", found.extractor),
        ("confidence", found.extraction_confidence),
    )
    return ((name, value) for name, value in values if value not in (None, "", 0))


def _declared_languages(about: Metadata) -> Iterator[str]:
    stated = (about.html_lang, about.content_language, about.locale)
    return (language for language in dict.fromkeys(stated) if language)
