"""The command that erases. It returns the exit code of the program."""

import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from florilegium.manifests import erasures
from florilegium.manifests import manifest as manifests
from florilegium.manifests.erasures import Basis, Promote
from florilegium.manifests.location import Location, find_release, locate, replacing
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.scratch import scratch
from florilegium.manifests.secret import Secret, load, load_or_make
from florilegium.pipelines.commands.answers import (
    DONE,
    LOCKED,
    NOTHING_TO_DO,
    USAGE,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.commands.audit import unlocked
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.erasure import erase as erasing
from florilegium.pipelines.erasure import selection as selecting
from florilegium.pipelines.erasure.blocked import Blocked, key_path, noted
from florilegium.pipelines.erasure.corpus import How, Outcome, carry_out
from florilegium.pipelines.erasure.log import Corpus, InPart, Wish, erasure, in_parts, log_of
from florilegium.pipelines.erasure.rows import Gone, Hit, hits
from florilegium.pipelines.erasure.selection import Selection
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.lock import LockedError, lock

_SHOWN = 20


class Named(Struct, frozen=True):
    """What was typed to name what is to be erased."""

    urls: Sequence[str] = ()
    domains: Sequence[str] = ()
    ids: Sequence[str] = ()
    patterns: Sequence[str] = ()
    regexes: Sequence[str] = ()
    lists: Sequence[str] = ()
    records: Sequence[str] = ()


class Options(Struct, frozen=True, kw_only=True):
    """How it is to be erased."""

    basis: Basis
    note: str = ""
    promote: Promote = "none"
    secret: Path | None = None
    key: Path | None = None
    keep_out: bool = False
    everywhere: bool = False
    remove_parent: bool = False
    dry_run: bool = False
    workers: int = 1
    output: str = "text"


def erase(release: str, named: Named, options: Options) -> int:
    """Erase what is named, or say what that would be."""
    engine = Embedded(options.workers)
    try:
        signing = unlocked(options.key) if options.key else None
        wanted = _selected(named)
        place = find_release(release)
        place = place.resolve() if isinstance(place, Path) else place
        manifest = manifests.read(place)
        if named.records:
            wanted = selecting.union([wanted, _replayed(place, named.records, engine)])
        corpus = _corpus(place, options)
        if options.dry_run:
            return _try(place, manifest, wanted, corpus, options, engine)
        with lock(corpus.work / "lock"):
            return _erase(place, manifest, wanted, corpus, options, engine, signing)
    except LockedError as error:
        return ended(LOCKED, str(error))
    except FileNotFoundError as error:
        return ended(USAGE, f"{error.filename or error}: there is no such file or release")
    except ValueError as error:
        return ended(USAGE, str(error))
    except Exception as error:
        return stopped(error)


def _selected(named: Named) -> Selection:
    return selecting.union(
        [
            *(selecting.of_url(one) for one in named.urls),
            *(selecting.of_domain(one) for one in named.domains),
            *(selecting.of_id(one) for one in named.ids),
            *(selecting.of_glob(one) for one in named.patterns),
            *(selecting.of_regex(one) for one in named.regexes),
            *(selecting.of_list(_content(name), name) for name in named.lists),
        ]
    )


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    return locate(name).read_bytes()


def _replayed(release: Location, records: Iterable[str], engine: Embedded) -> Selection:
    """Return the documents that are opted out of by now, by captures of what hosts say."""
    from florilegium.pipelines.rights.replay import replay

    warcs = [file.place for file in find_files(records)]
    found = replay(release, warcs, (), None, engine)
    return Selection(ids=frozenset(bytes.fromhex(one.id) for one in found))


def _corpus(release: Location, options: Options) -> Corpus:
    """Return the corpus of a release, with its key, which is made if nothing was erased yet.

    A release that was brought here alone brings the log it carries. SecretError if the key is not
    that of the log.
    """
    home = release.parent
    if options.dry_run:
        return Corpus(home, Secret(secrets.token_bytes(32)))
    path = key_path(home, options.secret)
    log = log_of(release)
    made = log or (home / erasures.NAME).is_file()
    corpus = Corpus(home, load(path) if made else load_or_make(path))
    if log and not corpus.content():
        Blocked(erasures.decode(log), corpus.secret)
        with replacing(corpus.log) as draft:
            draft.write_bytes(log)
    noted(home, path)
    return corpus


def _erase(
    place: Location,
    manifest: Manifest,
    wanted: Selection,
    corpus: Corpus,
    options: Options,
    engine: Embedded,
    signing: Ed25519PrivateKey | None,
) -> int:
    notes = erasing.bench(corpus, manifest, wanted) / "named"
    named = _named(place, manifest, wanted, corpus, engine, notes)
    added = False
    if named.hits or named.in_parts or (options.keep_out and wanted):
        wish = Wish(wanted, options.basis, options.note, options.promote)
        added = corpus.note(erasure(place, manifest, corpus, wish, *named, engine, notes))
    how = How(
        releases=bool(named.hits or named.in_parts or not wanted),
        heirs=options.promote == "copy",
        everywhere=options.everywhere,
        remove=options.remove_parent,
        signing=signing,
    )
    outcome = carry_out(place, corpus, how, engine)
    if not (added or outcome):
        what = "nothing is named, and it holds nothing that the log names"
        held = f"{place} holds nothing that is named" if wanted else f"{place}: {what}"
        return ended(NOTHING_TO_DO, f"nothing to do: {held}")
    return _answer(outcome, place, added, options)


class _Named(NamedTuple):
    """Documents that are named, in a release and in the parts of the work folder."""

    hits: list[Hit]
    in_parts: list[InPart]


def _named(
    place: Location,
    manifest: Manifest,
    wanted: Selection,
    corpus: Corpus,
    engine: Embedded,
    notes: Location,
) -> _Named:
    return _Named(
        hits(place, manifest, wanted, engine, notes / "documents"),
        in_parts(corpus, wanted, engine, notes / "parts"),
    )


def _try(
    place: Location,
    manifest: Manifest,
    wanted: Selection,
    corpus: Corpus,
    options: Options,
    engine: Embedded,
) -> int:
    """Say what would be erased: note it in a log that is thrown away, and see what that names."""
    with scratch() as folder:
        apart, notes = Corpus(folder, corpus.secret), folder / "named"
        named = _named(place, manifest, wanted, corpus, engine, notes)
        wish = Wish(wanted, options.basis, options.note, options.promote)
        one = erasure(place, manifest, corpus, wish, *named, engine, notes)
        apart.note(one)
        gone = erasing.find(place, apart, engine).documents
    copies = len(set(one.hashes.get("id", ())) - _ids(corpus, gone))
    return _say(gone, copies, options.output)


def _ids(corpus: Corpus, gone: Iterable[Gone]) -> set[str]:
    return {corpus.secret.digest("id", one.id).hex() for one in gone}


def _say(gone: Sequence[Gone], copies: int, output: str) -> int:
    """Say what would be erased."""
    if output == "json":
        for one in gone:
            print_json({"id": one.id.hex(), "url": one.url, "lang": one.lang})
    else:
        for one in gone[:_SHOWN]:
            click.echo(f"{one.id.hex()}  {one.lang}  {printable(one.url)}")
        if len(gone) > _SHOWN:
            click.echo(f"… and {len(gone) - _SHOWN:,} more; --output json lists them all")
    by_language = Counter(one.lang for one in gone)
    about = ", ".join(f"{lang} {number:,}" for lang, number in sorted(by_language.items()))
    click.echo(f"would erase {len(gone):,} documents{': ' * bool(about)}{about}", err=True)
    if copies:
        click.echo(
            f"and {copies:,} that are in no shard: copies, and what rules took out", err=True
        )
    return DONE if gone or copies else NOTHING_TO_DO


def _answer(outcome: Outcome, place: Location, noted: bool, options: Options) -> int:
    if options.output == "json":
        print_json(msgspec.to_builtins(outcome) | {"noted": noted})
    else:
        for line in _lines(outcome, place, noted):
            click.echo(line)
    for one in outcome.still_hold:
        click.echo(
            f"florilegium: {one} still holds what is erased: it is there until you remove it",
            err=True,
        )
    return DONE


def _lines(outcome: Outcome, place: Location, noted: bool) -> Iterable[str]:
    yield f"erased     {outcome.erased:,} documents of {place}"
    if outcome.promoted:
        yield f"promoted   {outcome.promoted:,} copies in their place"
    if number := outcome.copies_without_text:
        yield f"no copy    {number:,} have copies whose text is not in the work folder any more"
    if number := outcome.copies_that_do_not_fit:
        yield f"no copy    {number:,} have copies that are erased too, or fail the rules"
    if outcome.purged:
        yield f"purged     {outcome.purged:,} documents from the parts in the work folder"
    if noted:
        yield f"noted      in {place.parent / 'erasures.jsonl'}: later builds keep it out"
    for path in outcome.left_out:
        yield f"left out   {path}, since nobody here knows what is in it: make it anew"
    for other in outcome.elsewhere:
        yield f"also made  {other}"
    for gone in outcome.removed:
        yield f"removed    {gone}"
    if outcome.release:
        yield f"root       {outcome.root}"
        yield f"release    {outcome.release}"
