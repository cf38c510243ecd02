"""What must not be in a corpus any more: the log of its erasures, ready to be asked."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from florilegium.filters.address import address
from florilegium.filters.optouts.origin import host_of, origin
from florilegium.manifests import erasures
from florilegium.manifests.erasures import Basis, Erasure, Kind
from florilegium.manifests.funnel import COMPARED
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate
from florilegium.manifests.secret import Secret, SecretError, load

NOWHERE = -1
"""Stands in the ledger for the place of a record that nobody shall find by it."""
KEY_VARIABLE = "FLORILEGIUM_ERASURE_KEY"
_KEY_NAME = "erasures.key"
_HOSTS = 65_536
"""Hosts whose answer is held; others are hashed again."""


class Noted(Struct, frozen=True):
    """The log of a corpus as it is now, and its key: what travels to workers."""

    log: str
    """Where it is."""
    sha256: str
    """Digest of the log; empty if nothing was ever erased."""
    key: bytes

    def blocked(self) -> "Blocked":
        """Return what the log names. LogError if it is another by now, or broken."""
        return Blocked(erasures.decode(self.content()), Secret(self.key))

    def content(self) -> bytes:
        """Return the log. LogError if it is another by now."""
        content = locate(self.log).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise erasures.LogError(f"{self.log} changed while it was in use; run this again")
        return content


def noted(home: Location, named: Path | None = None) -> Noted | None:
    """Return the log of a corpus, None if nothing was erased from it.

    SecretError if its key is not there, LogError if the log is broken.
    """
    try:
        content = (home / erasures.NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        log = erasures.decode(content)
    except erasures.LogError as error:
        raise erasures.LogError(f"{home / erasures.NAME}: {error}") from None
    secret = load(key_path(home, named))
    _check_key(log, secret)
    digest = hashlib.sha256(content).hexdigest()
    return Noted(str(home / erasures.NAME), digest, secret.key)


def check_still(home: Location, known: Noted | None) -> None:
    """Raise LogError if something was erased from a corpus since its log was read."""
    if noted(home) != known:
        raise erasures.LogError(
            f"something was erased from {home} since this began: run the same command again"
        )


def key_path(home: Location, named: Path | None = None) -> Path:
    """Return where the key of a corpus is: as named, by the environment, or beside the releases.

    SecretError if it is not named and the corpus is in a store.
    """
    if named is not None:
        return named
    if given := os.environ.get(KEY_VARIABLE):
        return Path(given)
    if not isinstance(home, Path):
        raise SecretError(
            f"{home} is in a store, where no key belongs: name a local file, "
            f"by --erasure-key or {KEY_VARIABLE}"
        )
    return home / _KEY_NAME


def _check_key(log: Iterable[Erasure], secret: Secret) -> None:
    if any(one.key != secret.name for one in log):
        raise SecretError(f"this is not the key of the log of erasures: its name is {secret.name}")


class Blocked:
    """What a log names, asked by id, address, host and words."""

    def __init__(self, log: Iterable[Erasure], secret: Secret) -> None:
        """Take the erasures; of several that name something, the first is cited.

        SecretError if the key is another than that of the log.
        """
        log = list(log)
        _check_key(log, secret)
        self._secret = secret
        self._bases: dict[Kind, dict[str, Basis]] = {}
        for one in log:
            for kind, some in one.hashes.items():
                mine = self._bases.setdefault(kind, {})
                for name in some:
                    mine.setdefault(name, one.basis)
        self._hosts: dict[str, Basis | None] = {}

    def by_id(self, identity: bytes) -> Basis | None:
        """Return why a capture is erased; None if it is not."""
        return self._by("id", identity)

    def by_words(self, words: bytes) -> Basis | None:
        """Return why a text is erased, by the hash of its words; None if it is not."""
        return self._by("text", words)

    def by_url(self, url: str) -> Basis | None:
        """Return why what lies at an address is erased, by the address or by its host."""
        if "url" in self._bases and (found := self._by("url", encoded(address(url)))):
            return found
        of = origin(url) if self._knows_hosts else None
        return self._by_known_host(host_of(of)) if of else None

    def by_host(self, host: str) -> Basis | None:
        """Return why a host is erased, in whatever form it is written; None if it is not."""
        of = origin(f"https://{host}/") if host and self._knows_hosts else None
        return self._by_known_host(host_of(of)) if of else None

    def masked(self, identity: bytes) -> bytes:
        """Return what stands in the ledger for the id of something that is erased."""
        return self._secret.digest("id", identity)

    def loss(self, loss: Loss) -> Loss:
        """Return a line of the ledger as it may stand there.

        That on something erased names nothing but the input; of an erased host no line names it.
        """
        basis = self.by_id(loss.id)
        host = self.by_host(loss.host)
        if loss.stage in COMPARED and loss.lang and (why := basis or host):
            return self.erased(loss.id, loss.warc, loss.lang, why)
        changes: dict[str, object] = {}
        if basis or host:
            changes = {"host": "", "domain": "", "detail": None}
        if basis:
            changes |= {"id": self.masked(loss.id), "warc_offset": NOWHERE, "size": 0}
        if loss.dup_of is not None and self.by_id(loss.dup_of):
            changes["dup_of"] = self.masked(loss.dup_of)
        return replace(loss, **changes) if changes else loss

    def erased(self, identity: bytes, warc: str, lang: str, basis: Basis) -> Loss:
        """Return the loss of a document that is erased."""
        return Loss(
            id=self.masked(identity), warc=warc, warc_offset=NOWHERE, size=0, stage=erasures.STAGE,
            rule=erasures.rule(basis), lang=lang,
        )  # fmt: skip

    @property
    def knows_words(self) -> bool:
        """Whether any text is named by its words; else nobody need look at them."""
        return "text" in self._bases

    @property
    def _knows_hosts(self) -> bool:
        return "host" in self._bases or "below" in self._bases

    def _by(self, kind: Kind, value: bytes) -> Basis | None:
        known = self._bases.get(kind)
        return known.get(self._secret.digest(kind, value).hex()) if known else None

    def _by_known_host(self, host: str) -> Basis | None:
        if host not in self._hosts:
            if len(self._hosts) == _HOSTS:
                self._hosts.clear()
            self._hosts[host] = self._by("host", encoded(host)) or next(
                (basis for above in _above(host) if (basis := self._by("below", encoded(above)))),
                None,
            )
        return self._hosts[host]


def _above(host: str) -> Iterator[str]:
    while host := host.partition(".")[2]:
        yield host


def encoded(text: str) -> bytes:
    """Return the bytes of an address or a host that are hashed."""
    return text.encode("utf-8", "replace")
