"""What gates said of a release before it was promoted: `gates/<build id>.json` of a corpus."""

import msgspec
from msgspec import Struct

from florilegium.manifests.location import Location, replacing

FOLDER = "gates"


class Gate(Struct, frozen=True, kw_only=True):
    """One thing that a release must keep within a limit."""

    name: str
    """Name of the gate, as in `[gates]`."""
    about: str = ""
    """The language, kind or measure it is about; empty for the release as a whole."""
    value: float | None
    """What was found; null if there is nothing to judge."""
    limit: float | None
    """What it may be; null if there is no limit."""
    n: int
    """Documents, pages or other things that it rests on."""
    passed: bool
    """Whether the value is within the limit, or there is nothing to judge."""
    said: str
    """The same in a sentence."""

    @property
    def title(self) -> str:
        """Name and what it is about."""
        return f"{self.name} {self.about}" if self.about else self.name


class Fate(Struct, frozen=True, kw_only=True):
    """What became of a page that was planted in the input."""

    canary: str
    """What was planted."""
    expected: str
    """Where it should be lost, or that it should reach the end; empty if any fate is right."""
    found: str
    """Where it was."""
    passed: bool
    """Whether that is as it should be."""
    said: str
    """The same in a sentence."""


class GateReport(Struct, frozen=True, kw_only=True):
    """What all gates said of a release."""

    build_id: str
    """Name of the release."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""
    parent: str | None
    """The release it was compared with; null if there was none."""
    gates: tuple[Gate, ...]
    """What was judged."""
    canaries: tuple[Fate, ...] = ()
    """Fates of the pages that were planted, if any were."""

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the gates that failed, once each."""
        return tuple(dict.fromkeys(gate.name for gate in self.gates if not gate.passed))


def path_of(release: Location) -> Location:
    """Return where the report on a release is."""
    return release.parent / FOLDER / f"{release.name}.json"


def read(release: Location) -> GateReport | None:
    """Return the report on a release; None if there is none. ValueError if it cannot be read."""
    path = path_of(release)
    try:
        return msgspec.json.decode(path.read_bytes(), type=GateReport)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no report of gates: {error}; if it is removed, `florilegium promote` "
            "judges the release again"
        ) from error


def write(release: Location, report: GateReport) -> None:
    """Write the report on a release."""
    path = path_of(release)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
