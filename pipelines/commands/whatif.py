"""The command that asks what other limits would do. It returns the exit code of the program."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from florilegium.manifests.location import locate
from florilegium.pipelines.commands.answers import (
    DONE,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.recipe import changed
from florilegium.pipelines.recipe import load as load_recipe
from florilegium.pipelines.research.whatif import Answer, Count, Example, whatif

_MOST_LANGUAGES = 40


def ask(recipe: str, settings: Iterable[str], out: str, examples: int, output: str) -> int:
    """Say what the last build of a recipe would gain and lose under other settings."""
    try:
        chosen = changed(load_recipe(recipe), settings)
        answer = whatif(chosen, locate(out) / chosen.name, examples)
    except ValueError as error:
        return ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError) as error:
        return stopped(error)
    if output == "json":
        print_json(answer)
        return DONE
    console = console_for(output)
    for part in _told(answer):
        console.print(part, soft_wrap=not isinstance(part, Table))
    return DONE


def _told(answer: Answer) -> Iterator[Table | Text]:
    """Yield what a person is to read. Addresses and texts come from the web: nothing steers."""
    before, after = _sum(answer.before), _sum(answer.after)
    yield Text(
        f"build {answer.build_id}: {before.documents:,} documents and {before.tokens:,} tokens, "
        f"would be {after.documents:,} and {after.tokens:,}"
    )
    if not answer.changes:
        yield Text("nothing would be gained or lost")
        return
    if any(change.gained.documents or change.lost.documents for change in answer.changes):
        yield Text()
        yield _languages(answer)
    yield Text()
    yield _rules(answer)
    for example in answer.examples:
        yield Text()
        yield from _example(example)


def _sum(counts: dict[str, Count]) -> Count:
    return Count(
        sum(one.documents for one in counts.values()), sum(one.tokens for one in counts.values())
    )


def _languages(answer: Answer) -> Table:
    gained, lost = _added(answer, "lang", "gained"), _added(answer, "lang", "lost")
    langs = [lang for lang in {**gained, **lost} if gained[lang].documents or lost[lang].documents]
    langs.sort(key=lambda lang: (-(gained[lang].tokens + lost[lang].tokens), lang))
    table = _table("language", "documents", "gained", "lost", "tokens", "gained", "lost")
    for lang in langs[:_MOST_LANGUAGES]:
        held = answer.before.get(lang, Count())
        table.add_row(lang, *_columns(held, gained[lang], lost[lang]))
    if rest := langs[_MOST_LANGUAGES:]:
        some = [
            _sum({lang: counts.get(lang, Count()) for lang in rest})
            for counts in (answer.before, gained, lost)
        ]
        table.add_row(f"{len(rest)} more", *_columns(*some))
    return table


def _columns(held: Count, gained: Count, lost: Count) -> Iterator[str]:
    for field in ("documents", "tokens"):
        yield f"{getattr(held, field):,}"
        yield _signed("+", getattr(gained, field))
        yield _signed("-", getattr(lost, field))


def _signed(sign: str, number: int) -> str:
    return f"{sign}{number:,}" if number else "0"


def _rules(answer: Answer) -> Table:
    ways = {way: _added(answer, "rule", way) for way in ("gained", "lost", "other_rule")}
    rules = sorted({change.rule for change in answer.changes})
    table = _table("rule", "gained", "tokens", "lost", "tokens", "lost as before, by it")
    for rule in rules:
        gained, lost, other = (ways[way][rule] for way in ways)
        table.add_row(
            rule,
            _signed("+", gained.documents),
            _signed("+", gained.tokens),
            _signed("-", lost.documents),
            _signed("-", lost.tokens),
            f"{other.documents:,}",
        )
    return table


def _added(answer: Answer, by: str, way: str) -> defaultdict[str, Count]:
    found: defaultdict[str, Count] = defaultdict(Count)
    for change in answer.changes:
        mine, more = found[getattr(change, by)], getattr(change, way)
        mine.documents += more.documents
        mine.tokens += more.tokens
    return found


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _example(example: Example) -> Iterator[Text]:
    value = "" if example.value is None else f" {example.value:.3f}, limit {example.limit:.3f}"
    yield Text(f"{example.way} {example.lang} {example.rule}{value}")
    yield Text(printable(f"  {example.url}"))
    yield Text(printable(f"  {example.words}"))
