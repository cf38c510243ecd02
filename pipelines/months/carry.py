"""What was told of earlier documents, carried out: they are erased from the releases beside."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from florilegium.manifests import erasures
from florilegium.manifests import manifest as manifests
from florilegium.manifests.carried import Carried, Fate
from florilegium.manifests.chain import Chain, Link
from florilegium.manifests.erasures import Basis
from florilegium.manifests.location import Location, remove_tree
from florilegium.manifests.secret import load_or_make
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure import erase as erasing
from florilegium.pipelines.erasure import selection
from florilegium.pipelines.erasure.blocked import Blocked, key_path
from florilegium.pipelines.erasure.log import Corpus, Wish, erasure, kept_out
from florilegium.pipelines.erasure.rows import hits
from florilegium.pipelines.erasure.selection import Selection
from florilegium.pipelines.months.parents import beside
from florilegium.pipelines.months.settings import Months


def erased_fates(settings: Months) -> dict[Fate, Basis]:
    """Return which documents are erased, and why."""
    fates: dict[Fate, Basis] = {}
    if settings.opt_outs == "erase":
        fates["opted_out"] = settings.basis
    if settings.vanished == "erase":
        fates["gone"] = "other"
    return fates


def stays(one: Carried, settings: Months, chain: Chain, home: Location) -> bool:
    """Say whether a document that was told of stays where it is."""
    here = {link.origin for link in chain.links if beside(link, home)}
    return one.fate not in erased_fates(settings) or one.release not in here


def carry_out(
    told: Iterable[Carried],
    lists: Sequence[Location],
    settings: Months,
    chain: Chain,
    home: Location,
    engine: Engine,
) -> bool:
    """Erase from the releases of a chain what is to be; return whether the log or one is new.

    To be called by who holds the lock of builds. What an interrupted call left is finished. A page
    is erased, not its text: a copy elsewhere that nobody reserved comes back when it is captured.
    """
    fates = erased_fates(settings)
    ids: dict[tuple[str, Basis], set[bytes]] = defaultdict(set)
    for one in told:
        if one.fate in fates:
            ids[one.release, fates[one.fate]].add(one.id)
    named = _named(lists) if "opted_out" in fates else Selection()
    if not (ids or named):
        return False
    corpus = Corpus(home, load_or_make(key_path(home)))
    links = [link for link in chain.links if beside(link, home)]
    changed = _keep_out(named, links, settings.basis, corpus)
    for link in links:
        wanted = {basis: some for (of, basis), some in ids.items() if of == link.origin}
        changed |= bool(wanted) and _erase(link, wanted, corpus, engine)
    remove_tree(corpus.work / "erasures")
    return changed


def _erase(link: Link, wanted: dict[Basis, set[bytes]], corpus: Corpus, engine: Engine) -> bool:
    """Erase documents from a release; return whether it held one."""
    manifest = manifests.read(link.place)
    held = False
    for basis, ids in sorted(wanted.items()):
        notes = erasing.bench(corpus, manifest, basis, sorted(one.hex() for one in ids)) / "named"
        found = hits(link.place, manifest, Selection(ids=frozenset(ids)), engine, notes)
        if found:
            mine = Selection(ids=frozenset(one.id for one in found))
            wish = Wish(mine, basis, promote="copy")
            corpus.note(erasure(link.place, manifest, corpus, wish, found, [], engine, notes))
            held = True
    if held:
        erasing.erase(erasing.find(link.place, corpus, engine), corpus, False, engine)
    return held


def _keep_out(named: Selection, links: Sequence[Link], basis: Basis, corpus: Corpus) -> bool:
    """Note what lists name, as far as the log does not: this build and later ones keep it out."""
    blocked = Blocked(erasures.decode(corpus.content()), corpus.secret)
    unknown = replace(
        named,
        urls=frozenset(url for url in named.urls if blocked.by_url(f"https:{url}") is None),
        hosts=frozenset(one for one in named.hosts if blocked.by_host(one) is None),
        below=frozenset(one for one in named.below if blocked.by_host(f"x.{one}") is None),
    )
    if not unknown:
        return False
    on, root = corpus.home.name, ""
    if links:
        on, root = links[-1].name, manifests.read(links[-1].place).root
    return corpus.note(kept_out(corpus, Wish(unknown, basis, promote="copy"), on, root))


def _named(lists: Sequence[Location]) -> Selection:
    return selection.union([selection.of_list(one.read_bytes(), str(one)) for one in lists])
