"""What auditors ask of finished releases. Each command returns the exit code of the program."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from florilegium.manifests import envelope, proof, secret
from florilegium.manifests import keys as keyfiles
from florilegium.manifests import manifest as manifests
from florilegium.manifests import verify as checks
from florilegium.manifests.derived import Derived, not_compared
from florilegium.manifests.identity import parsed
from florilegium.manifests.keys import PassphraseError, key_id
from florilegium.manifests.location import Location, find_release
from florilegium.manifests.samples import Sample
from florilegium.manifests.samples import contents as contents_of
from florilegium.manifests.verify_erasures import check_parent
from florilegium.manifests.verify_sample import verify_sample
from florilegium.pipelines.commands.answers import DONE, FAILED, USAGE, ended, print_json, stopped
from florilegium.pipelines.commands.summary import alarm_lines
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.publishing import derived

PASSPHRASE = "FLORILEGIUM_KEY_PASSPHRASE"


def make_key(file: Path, locked: bool, output: str) -> int:
    """Make a key and its public half."""
    try:
        key = keyfiles.make(file, _new_passphrase() if locked else None)
    except (OSError, ValueError) as error:
        return stopped(error)
    return _answer_key(key_id(key.public_key()), f"{file} and {file}.pub written", output)


def show_key(file: Path, output: str) -> int:
    """Say what the name of a public key is."""
    try:
        name = key_id(keyfiles.load_public(file))
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    return _answer_key(name, str(file), output)


def sign(release: str, key: Path, output: str) -> int:
    """Sign a release."""
    try:
        name = envelope.sign(find_release(release), unlocked(key))
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    return _answer_key(name, f"{release} signed", output)


def unlocked(file: Path) -> Ed25519PrivateKey:
    """Return the key in a file; a passphrase is taken from the environment, or asked for.

    KeyFileError if there is none, or it stays locked.
    """
    given = os.environ.get(PASSPHRASE)
    try:
        return keyfiles.load(file, given.encode() if given else None)
    except PassphraseError:
        if given or not sys.stdin.isatty():
            raise
    asked: str = click.prompt(f"Passphrase of {file}", hide_input=True, err=True)
    return keyfiles.load(file, asked.encode())


def verify(
    release: str,
    depth: checks.Depth,
    keys: Iterable[Path],
    root: str | None,
    traced: int,
    inputs: Iterable[str],
    parent: str | None,
    output: str,
    erasure_key: Path | None = None,
) -> int:
    """Check a release, and make some documents of it again, and print every finding.

    With the key of erasures, that nothing is left that the log names; with the parent, that nothing
    else is gone.
    """
    try:
        place, known = find_release(release), _public(keys)
        by = derived.ours()
        findings = list(checks.verify(place, known, depth, root, by))
        if traced and not findings:
            findings = list(_lineage(place, traced, inputs))
        if parent is not None and not findings:
            findings = list(_against(place, find_release(parent)))
        if erasure_key is not None and not findings:
            findings = list(_left(place, erasure_key))
        alarms, signers, others = _alarms(place), checks.signers(place), _not_compared(place, by)
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if output == "json":
        print_json(
            {
                "release": str(release),
                "depth": depth,
                "lineage": traced,
                "findings": findings,
                "alarms": alarms,
                "not_compared": others,
                "signed_by": signers,
                "keys": [key_id(key) for key in known],
            }
        )
        return FAILED if findings else DONE
    remarks = [f"{', '.join(others)}: written by other code: not compared"] if others else []
    for line in (*findings, *alarms, *remarks):
        click.echo(line)
    click.echo(_signature_line(signers, known, bool(findings)))
    return _conclude(release, findings)


def _against(release: Location, parent: Location) -> Iterator[str]:
    """Hold a sample against what it was drawn from, a release against what it was erased from."""
    if isinstance(contents_of(release), Sample):
        return verify_sample(release, parent)
    return check_parent(release, parent)


def _lineage(release: Location, traced: int, inputs: Iterable[str]) -> Iterator[str]:
    from florilegium.pipelines import own_code
    from florilegium.pipelines.research.lineage import lineage

    made_by, ours = manifests.read(release).code, own_code.code()
    if made_by != ours:
        click.echo(
            f"florilegium: the release was made by version {made_by['version']}, code "
            f"{made_by['sha256'][:12]}, this is {ours['version']}, {ours['sha256'][:12]}: "
            "differences may come from that",
            err=True,
        )
    return lineage(release, traced, {file.name: file.file for file in find_files(inputs)})


def _left(release: Location, key: Path) -> Iterator[str]:
    from florilegium.pipelines.erasure.rows import left

    return left(release, secret.load(key))


def verify_proof(file: Path, keys: Iterable[Path], root: str | None, output: str) -> int:
    """Check a proof and print every finding."""
    try:
        known, found = _public(keys), proof.decode(file.read_bytes())
    except ValueError as error:
        return ended(USAGE, f"{file}: {error}")
    except OSError as error:
        return stopped(error)
    findings = list(proof.check(found, known))
    if root is not None and found.root != root.lower():
        findings.append(f"root: it is {found.root}, not {root}")
    if output == "json":
        print_json({"proof": str(file), "findings": findings, "id": found.id, "root": found.root})
        return FAILED if findings else DONE
    for finding in findings:
        click.echo(finding)
    if not findings:
        click.echo(f"{found.url}\n  id    {found.id}\n  text  SHA-256 {found.text_sha256}")
        click.echo(f"is document {found.leaf:,} of {found.documents:,} under root {found.root}")
        if root is None and not known:
            click.echo("compare that root with the release's, or give --root, or --key")
    return _conclude(str(file), findings)


def prove(release: str, wanted: str) -> int:
    """Print a proof that a document is in a release."""
    try:
        found = proof.prove(find_release(release), parsed(wanted))
    except ValueError as error:
        return ended(USAGE, str(error))
    except OSError as error:
        return stopped(error)
    if found is None:
        return ended(FAILED, f"{release}: holds no document of id {wanted}")
    click.echo(proof.encode(found), nl=False)
    return DONE


def _conclude(what: str, findings: list[str]) -> int:
    things = "finding" if len(findings) == 1 else "findings"
    click.echo(f"{what}: {f'{len(findings):,} {things}' if findings else 'verified'}")
    return FAILED if findings else DONE


def _signature_line(signers: list[str], known: list[Ed25519PublicKey], failed: bool) -> str:
    if not signers:
        return "not signed"
    if known and not failed:
        return f"signed by {', '.join(key_id(key) for key in known)}"
    return f"says it is signed by {', '.join(signers)}; --key checks that"


def _public(files: Iterable[Path]) -> list[Ed25519PublicKey]:
    return [keyfiles.load_public(file) for file in files]


def _new_passphrase() -> bytes:
    given = os.environ.get(PASSPHRASE)
    asked: str = given or click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    return asked.encode()


def _answer_key(name: str, done: str, output: str) -> int:
    if output == "json":
        print_json({"key": name})
    else:
        click.echo(f"{done}\nkey {name}")
    return DONE


def _not_compared(release: Location, by: Derived) -> list[str]:
    """Return the derived files that another program made; none if the manifest cannot be read."""
    try:
        return not_compared(release, manifests.read(release), by)
    except (OSError, ValueError, RecursionError):
        return []


def _alarms(release: Location) -> list[str]:
    """Return the alarms of a release; none if its manifest cannot be read, which is a finding."""
    try:
        return alarm_lines(manifests.read(release))
    except (OSError, ValueError, RecursionError):
        return []
