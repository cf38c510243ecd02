"""Checking a release from its files alone, without trust in who made it."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from florilegium.manifests import buckets, derived, distributions, loss_example, tree
from florilegium.manifests import envelope as envelopes
from florilegium.manifests import manifest as manifests
from florilegium.manifests.derived import Derived
from florilegium.manifests.envelope import Envelope, EnvelopeError
from florilegium.manifests.keys import key_id
from florilegium.manifests.location import Location, find_release
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.samples import contents
from florilegium.manifests.verify_copies import check_copies
from florilegium.manifests.verify_domains import check_domains
from florilegium.manifests.verify_erasures import check_log
from florilegium.manifests.verify_examples import read_examples
from florilegium.manifests.verify_files import UNREADABLE, check_file, strangers
from florilegium.manifests.verify_ledger import check_alarms, check_inputs, check_ledger
from florilegium.manifests.verify_mixture import check_mixture, read_mixture
from florilegium.manifests.verify_month import check_month
from florilegium.manifests.verify_reasons import check_reasons
from florilegium.manifests.verify_shards import Seen, check_shard
from florilegium.manifests.verify_tables import (
    check_buckets,
    check_distributions,
    check_totals,
    check_tree,
)

_OF_SAMPLES = {tree.PATH, buckets.PATH}
_OF_RELEASES = _OF_SAMPLES | {distributions.PATH, loss_example.PATH}

Depth: TypeAlias = Literal["tables", "files", "rows"]


def verify(
    release: str | Location,
    keys: Sequence[Ed25519PublicKey] = (),
    depth: Depth = "rows",
    root: str | None = None,
    by: Derived | None = None,
) -> Iterator[str]:
    """Yield every finding against a release or sample, each a sentence; none if all is true.

    :param release: a local path, `s3://…` or `gs://…`, as for `open`. That there is no release is a
        finding, and so is a file that cannot be read; what rests on such a file is not checked.
    :param keys: public keys, every one of which must have signed it; see `read_key`.
    :param depth: `tables` checks the sums of the manifest, its signatures, that its files are there
        and no others, and that all tables agree with it and with each other: ledger, funnel,
        copies, reasons, buckets, distributions, domains, tree, log of erasures, mixture, what came
        and went. `files` checks the digest of each shard too. `rows` also checks columns, order,
        ranges, totals, months, licences and deciles of the shards, makes the tree and the tables
        again from their rows, holds the records of each input against its documents and losses,
        and looks for documents that a binding verdict reserves, or that were not drawn, as far as
        lots tell.
    :param root: the root that the release must have, in hex.
    :param by: the program that makes files which follow from the manifest, to compare them; the
        command passes its own.

    A sample has neither inputs nor losses; `florilegium verify --parent` holds it against what it
    was drawn from. ValueError if `release` is an address that cannot be used.
    """
    try:
        release = find_release(release)
        manifest = contents(release)
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
    made = manifest if isinstance(manifest, Manifest) else None
    seen = (
        Seen({(a.kind, a.name) for a in made.alarms}, _binding(made)) if made else Seen(set(), [])
    )
    if made:
        seen.mixed = yield from read_mixture(release, made)
    shards_read = depth == "rows"
    for shard in manifest.shards:
        whole = yield from check_file(release, shard, digest=depth != "tables")
        if depth == "rows":
            shards_read = whole and (yield from check_shard(release, shard, seen)) and shards_read
    # Where rows are not what the manifest says, that tables differ from them says no more.
    agreed = shards_read and (yield from check_totals(manifest, seen))
    if made and loss_example.PATH in {table.path for table in made.tables}:
        seen.examples = yield from read_examples(release)
    ledger_read = made is not None and (yield from check_ledger(release, made, seen))
    if made and shards_read and ledger_read:
        yield from check_inputs(made, seen)
        yield from check_alarms(made, seen)
    there = set()
    for table in manifest.tables:
        if (yield from check_file(release, table)):
            there.add(table.path)
    if made and ledger_read:
        yield from check_copies(release, made, there, seen.left_out)
        yield from check_reasons(release, made, there)
        yield from check_mixture(release, made, seen.mixed)
        yield from check_month(release, made, there)
    if made:
        counted = agreed and ledger_read
        yield from check_domains(release, made, there, seen.domains, counted)
        yield from check_log(release, made, there)
    needed = _OF_RELEASES if made else _OF_SAMPLES
    for path in sorted(needed - {table.path for table in manifest.tables}):
        yield f"{path}: the manifest does not name it"
    if tree.PATH in there:
        yield from check_tree(release, manifest, seen.nodes if agreed else None)
    if buckets.PATH in there:
        yield from check_buckets(release, manifest, seen.buckets if agreed else None)
    if made and distributions.PATH in there:
        yield from check_distributions(release, made, seen.distributions if agreed else None)
    if made and by is not None:
        yield from derived.check(release, made, by)


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
        elif key_id(key) not in {signature.keyid for signature in envelope.signatures}:
            yield f"{envelopes.NAME}: the signature of key {key_id(key)} goes by another name"


def _check_statement(release: Location, envelope: Envelope) -> Iterator[str]:
    said, true = envelopes.statement_of(envelope), envelopes.about(release)
    digest = sha256((release / manifests.NAME).read_bytes()).hexdigest()
    if said.subject[:1] != true.subject[:1]:
        yield f"{envelopes.NAME}: signs another manifest than the one of SHA-256 {digest}"
    elif said.predicate != true.predicate:
        yield f"{envelopes.NAME}: says of the release what its manifest does not: {said.predicate}"
    there = {one.name: one.digest for one in true.subject}
    for signed in said.subject[1:]:
        if there.get(signed.name) != signed.digest:
            yield f"{signed.name}: not the file that was signed"


def _binding(manifest: Manifest) -> list[str]:
    if manifest.opt_outs is None or manifest.opt_outs.regime != "commercial_art4":
        return []
    later = ["rights_build"] if manifest.opt_outs.retroactive == "all" else []
    return ["rights_crawl", *later]
