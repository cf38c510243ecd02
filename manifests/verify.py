"""Checking a release from its files alone, without trust in who made it."""

from collections.abc import Generator, Iterator, Sequence
from hashlib import sha256
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from florilegium.manifests import buckets, tree
from florilegium.manifests import envelope as envelopes
from florilegium.manifests import manifest as manifests
from florilegium.manifests.buckets import Bucket, sum_of
from florilegium.manifests.envelope import Envelope, EnvelopeError
from florilegium.manifests.keys import key_id
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.merkle import Node, joined
from florilegium.manifests.verify_copies import check_copies
from florilegium.manifests.verify_erasures import check_log
from florilegium.manifests.verify_files import UNREADABLE, check_file, strangers
from florilegium.manifests.verify_ledger import check_alarms, check_inputs, check_ledger
from florilegium.manifests.verify_shards import Seen, check_shard

Depth: TypeAlias = Literal["tables", "files", "rows"]


def verify(
    release: Location,
    keys: Sequence[Ed25519PublicKey] = (),
    depth: Depth = "rows",
    root: str | None = None,
) -> Iterator[str]:
    """Yield every finding against a release, each a sentence; none if all it says is true.

    At depth `tables` are checked: the sums of the manifest, that it is what was signed, by every
    one of `keys`, that its files are there and no others, and all that tables say: the losses of
    the ledger against the funnel, the copies of earlier releases against the ledger, the buckets
    against the languages, the tree against the root, the log of erasures against itself and the
    funnel. At depth `files` the digest of each shard too.
    At depth `rows` also the columns, order, ranges, totals and licences of the shards, the tree and
    the buckets over their rows, that the documents and losses of each input are its records, that
    no document is reserved by a verdict that binds, and what is said in alarms. `root` is the root
    that the release has to have. What rests on a file that cannot be read is not checked.
    """
    try:
        manifest = manifests.read(release)
    except FileNotFoundError:
        yield f"{manifests.NAME}: there is none in {release}"
        return
    except UNREADABLE as error:
        yield f"{manifests.NAME}: {error}"
        return
    if root is not None and manifest.root != root.lower():
        yield f"root: it is {manifest.root}, not {root}"
    yield from _check_signatures(release, keys)
    yield from strangers(release, manifest)
    seen = Seen({(alarm.kind, alarm.name) for alarm in manifest.alarms}, _binding(manifest))
    shards_read = depth == "rows"
    for shard in manifest.shards:
        whole = yield from check_file(release, shard, digest=depth != "tables")
        if depth == "rows":
            shards_read = whole and (yield from check_shard(release, shard, seen)) and shards_read
    # Where rows are not what the manifest says, that tables differ from them says no more.
    agreed = shards_read and (yield from _check_totals(manifest, seen))
    ledger_read = yield from check_ledger(release, manifest, seen)
    if shards_read and ledger_read:
        yield from check_inputs(manifest, seen)
        yield from check_alarms(manifest, seen)
    there = set()
    for table in manifest.tables:
        if (yield from check_file(release, table)):
            there.add(table.path)
    if ledger_read:
        yield from check_copies(release, manifest, there, seen.left_out)
    yield from check_log(release, manifest, there)
    for path in sorted({tree.PATH, buckets.PATH} - {table.path for table in manifest.tables}):
        yield f"{path}: the manifest does not name it"
    if tree.PATH in there:
        yield from _check_tree(release, manifest, seen.nodes if agreed else None)
    if buckets.PATH in there:
        yield from _check_buckets(release, manifest, seen.buckets if agreed else None)


def signers(release: Location) -> list[str]:
    """Return the names of the keys that a release claims to be signed by; none if it is not.

    What cannot be read is a finding of `verify`, and no signature.
    """
    try:
        envelope = envelopes.read(release)
    except (OSError, EnvelopeError):
        return []
    return [signature.keyid for signature in envelope.signatures] if envelope else []


def _check_signatures(release: Location, keys: Sequence[Ed25519PublicKey]) -> Iterator[str]:
    try:
        if (envelope := envelopes.read(release)) is None:
            if keys:
                yield f"{envelopes.NAME}: there is none, the release is not signed"
            return
        yield from _check_statement(release, envelope)
    except (OSError, EnvelopeError) as error:
        yield f"{envelopes.NAME}: {error}"
        return
    for key in keys:
        if not envelopes.signed_by(envelope, key):
            yield f"{envelopes.NAME}: not signed by key {key_id(key)}"


def _check_statement(release: Location, envelope: Envelope) -> Iterator[str]:
    said, true = envelopes.statement_of(envelope), envelopes.about(release)
    digest = sha256((release / manifests.NAME).read_bytes()).hexdigest()
    if said.subject != true.subject:
        yield f"{envelopes.NAME}: signs another manifest than the one of SHA-256 {digest}"
    elif said != true:
        yield f"{envelopes.NAME}: says of the release what its manifest does not: {said.predicate}"


def _binding(manifest: Manifest) -> list[str]:
    if manifest.opt_outs is None or manifest.opt_outs.regime != "commercial_art4":
        return []
    later = ["rights_build"] if manifest.opt_outs.retroactive == "all" else []
    return ["rights_crawl", *later]


def _check_totals(manifest: Manifest, seen: Seen) -> Generator[str, None, bool]:
    """Check totals and root over the rows of all shards; return whether they agree."""
    agreed = True
    for language in manifest.languages:
        for what, stated in (
            ("rows", language.documents),
            ("tokens", language.tokens),
            ("chars", language.chars),
            ("text_bytes", language.text_bytes),
        ):
            if (found := seen.languages[f"{language.lang} {what}"]) != stated:
                agreed = False
                yield f"{language.lang}: {found} {what} in its shards, the manifest says {stated}"
    counted = {(one.license, one.tier): one.documents for one in manifest.licences}
    for key in sorted(counted.keys() | seen.licences.keys(), key=str):
        if (number := seen.licences[key]) != (expected := counted.get(key, 0)):
            agreed = False
            what = f"{key[0]} (tier {key[1]})" if key[0] else "no licence"
            yield f"{what}: {number} documents in its shards, the manifest says {expected}"
    if (root := joined(seen.nodes).root().hex()) != manifest.root:
        agreed = False
        yield f"root: the rows of the shards give {root}, the manifest says {manifest.root}"
    return agreed


def _check_tree(release: Location, manifest: Manifest, found: list[Node] | None) -> Iterator[str]:
    try:
        stated = tree.read(release)
        whole = joined(stated)
        root = whole.root().hex()
    except UNREADABLE as error:
        yield f"{tree.PATH}: {error}"
        return
    if whole.end != manifest.documents:
        yield f"{tree.PATH}: is of {whole.end} documents, the manifest says {manifest.documents}"
    if root != manifest.root:
        yield f"{tree.PATH}: gives the root {root}, the manifest says {manifest.root}"
    if found is not None and stated != found:
        yield f"{tree.PATH}: holds other subtrees than those of the shards"


def _check_buckets(
    release: Location, manifest: Manifest, found: dict[str, dict[int, Bucket]] | None
) -> Iterator[str]:
    try:
        stated = buckets.read(release)
    except UNREADABLE as error:
        yield f"{buckets.PATH}: {error}"
        return
    totals = {lang: sum_of(held.values()) for lang, held in stated.items()}
    languages = {
        one.lang: Bucket(one.documents, one.tokens, one.chars, one.text_bytes)
        for one in manifest.languages
        if one.documents
    }
    for lang in sorted(totals.keys() | languages.keys()):
        if totals.get(lang) != languages.get(lang):
            yield f"{buckets.PATH}: the buckets of {lang} do not add up to what the manifest says"
    if found is not None and found != stated:
        yield f"{buckets.PATH}: other documents, tokens or sizes than in the shards"
