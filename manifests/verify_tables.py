"""Checking totals, tree, buckets and distributions against rows of shards and the manifest."""

from collections.abc import Generator, Iterator

from florilegium.manifests import buckets, deciles, distributions, tree
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.distributions import Distribution, totals_of
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.merkle import Node, joined
from florilegium.manifests.samples import Held
from florilegium.manifests.verify_files import UNREADABLE
from florilegium.manifests.verify_shards import Seen


def check_totals(held: Held, seen: Seen) -> Generator[str, None, bool]:
    """Check totals and root over the rows of all shards; return whether they agree."""
    agreed = True
    for language in held.languages:
        for what, stated in (
            ("rows", language.documents),
            ("tokens", language.tokens),
            ("chars", language.chars),
            ("text_bytes", language.text_bytes),
        ):
            if (found := seen.languages[f"{language.lang} {what}"]) != stated:
                agreed = False
                yield f"{language.lang}: {found} {what} in its shards, the manifest says {stated}"
        found_deciles = deciles.deciles(seen.quality.get(language.lang, {}))
        if found_deciles != language.quality_deciles:
            agreed = False
            yield (
                f"{language.lang}: the quality of its documents has the deciles {found_deciles}, "
                f"the manifest says {language.quality_deciles}"
            )
    captured = held.captured if isinstance(held, Manifest) else seen.months
    for month in sorted(captured.keys() | seen.months.keys()):
        if (number := seen.months[month]) != (expected := captured.get(month, 0)):
            agreed = False
            yield f"{month}: {number} documents captured then, the manifest says {expected}"
    counted = {(one.license, one.tier): one.documents for one in held.licences}
    for key in sorted(counted.keys() | seen.licences.keys(), key=str):
        if (number := seen.licences[key]) != (expected := counted.get(key, 0)):
            agreed = False
            what = f"{key[0]} (tier {key[1]})" if key[0] else "no licence"
            yield f"{what}: {number} documents in its shards, the manifest says {expected}"
    if (root := joined(seen.nodes).root().hex()) != held.root:
        agreed = False
        yield f"root: the rows of the shards give {root}, the manifest says {held.root}"
    return agreed


def check_tree(release: Location, held: Held, found: list[Node] | None) -> Iterator[str]:
    """Check the table of the tree against the manifest and, if given, what shards contribute."""
    try:
        stated = tree.read(release)
        whole = joined(stated)
        root = whole.root().hex()
    except UNREADABLE as error:
        yield f"{tree.PATH}: {error}"
        return
    if whole.end != held.documents:
        yield f"{tree.PATH}: is of {whole.end} documents, the manifest says {held.documents}"
    if root != held.root:
        yield f"{tree.PATH}: gives the root {root}, the manifest says {held.root}"
    if found is not None and stated != found:
        yield f"{tree.PATH}: holds other subtrees than those of the shards"


def check_buckets(
    release: Location, held: Held, found: dict[str, dict[int, Bucket]] | None
) -> Iterator[str]:
    """Check the table of buckets against the manifest and, if given, what shards hold."""
    try:
        stated = buckets.read(release)
    except UNREADABLE as error:
        yield f"{buckets.PATH}: {error}"
        return
    totals = {lang: sum_of(mine.values()) for lang, mine in stated.items()}
    languages = {
        one.lang: Bucket(one.documents, one.tokens, one.chars, one.text_bytes)
        for one in held.languages
        if one.documents
    }
    for lang in sorted(totals.keys() | languages.keys()):
        if totals.get(lang) != languages.get(lang):
            yield f"{buckets.PATH}: the buckets of {lang} do not add up to what the manifest says"
    if found is not None and found != stated:
        yield f"{buckets.PATH}: other documents, tokens or sizes than in the shards"


def check_distributions(
    release: Location, manifest: Manifest, found: dict[str, Distribution] | None
) -> Iterator[str]:
    """Check that distributions add up to the languages, and are those of the rows if counted."""
    try:
        stated = distributions.read(release)
    except UNREADABLE as error:
        yield f"{distributions.PATH}: {error}"
        return
    totals = {
        lang: [totals_of(held, name) for name in ("chars", "tokens")]
        for lang, held in stated.items()
    }
    languages = {
        one.lang: [(one.documents, one.chars), (one.documents, one.tokens)]
        for one in manifest.languages
        if one.documents
    }
    for lang in sorted(totals.keys() | languages.keys()):
        if totals.get(lang) != languages.get(lang):
            yield f"{distributions.PATH}: {lang} does not add up to what the manifest says"
    if found is not None and found != stated:
        yield f"{distributions.PATH}: other distributions than in the shards"
